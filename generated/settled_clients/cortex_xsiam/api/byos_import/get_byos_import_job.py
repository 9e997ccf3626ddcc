from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.byos_import_job import ByosImportJob
from ...models.job_not_found import JobNotFound
from ...models.validation_failed import ValidationFailed
from ...types import Response


def request_kwargs(
    job_id: str,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/public_api/vulnerability-management/v1/external-scans/assets/jobs/{job_id}".format(
            job_id=quote(str(job_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ByosImportJob | JobNotFound | ValidationFailed | None:
    if response.status_code == 200:
        response_200 = ByosImportJob.from_dict(response.json())

        return response_200

    if response.status_code == 404:
        response_404 = JobNotFound.from_dict(response.json())

        return response_404

    if response.status_code == 422:
        response_422 = ValidationFailed.from_dict(response.json())

        return response_422

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _parsed_or_none(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ByosImportJob | JobNotFound | ValidationFailed | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ByosImportJob | JobNotFound | ValidationFailed]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ByosImportJob | JobNotFound | ValidationFailed]:
    """Read where a BYOS import job stands

     The HTTP status tells about this request alone; how the import went is in `job_status`. A key needs
    the permission manage_vulnerabilities_action. The tenant needs Exposure Management, and either XSIAM
    Premium or an XSIAM product with the Cloud Runtime Security or Cloud Posture Security add-on.

    Args:
        job_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ByosImportJob | JobNotFound | ValidationFailed]
    """

    kwargs = request_kwargs(
        job_id=job_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    job_id: str,
    *,
    client: AuthenticatedClient,
) -> ByosImportJob | JobNotFound | ValidationFailed | None:
    """Read where a BYOS import job stands

     The HTTP status tells about this request alone; how the import went is in `job_status`. A key needs
    the permission manage_vulnerabilities_action. The tenant needs Exposure Management, and either XSIAM
    Premium or an XSIAM product with the Cloud Runtime Security or Cloud Posture Security add-on.

    Args:
        job_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ByosImportJob | JobNotFound | ValidationFailed
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            job_id=job_id,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    job_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ByosImportJob | JobNotFound | ValidationFailed]:
    """Read where a BYOS import job stands

     The HTTP status tells about this request alone; how the import went is in `job_status`. A key needs
    the permission manage_vulnerabilities_action. The tenant needs Exposure Management, and either XSIAM
    Premium or an XSIAM product with the Cloud Runtime Security or Cloud Posture Security add-on.

    Args:
        job_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ByosImportJob | JobNotFound | ValidationFailed]
    """

    kwargs = request_kwargs(
        job_id=job_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    job_id: str,
    *,
    client: AuthenticatedClient,
) -> ByosImportJob | JobNotFound | ValidationFailed | None:
    """Read where a BYOS import job stands

     The HTTP status tells about this request alone; how the import went is in `job_status`. A key needs
    the permission manage_vulnerabilities_action. The tenant needs Exposure Management, and either XSIAM
    Premium or an XSIAM product with the Cloud Runtime Security or Cloud Posture Security add-on.

    Args:
        job_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ByosImportJob | JobNotFound | ValidationFailed
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            job_id=job_id,
        )
    )

    return _parsed_or_none(client=client, response=response)
