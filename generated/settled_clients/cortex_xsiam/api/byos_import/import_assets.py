from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.asset_import import AssetImport
from ...models.asset_import_reply import AssetImportReply
from ...models.validation_failed import ValidationFailed
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    *,
    body: AssetImport,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/public_api/vulnerability-management/v1/external-scans/assets",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AssetImportReply | ValidationFailed | VendorError | None:
    if response.status_code == 200:
        response_200 = AssetImportReply.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = AssetImportReply.from_dict(response.json())

        return response_201

    if response.status_code == 202:
        response_202 = AssetImportReply.from_dict(response.json())

        return response_202

    if response.status_code == 422:
        response_422 = ValidationFailed.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = VendorError.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _parsed_or_none(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AssetImportReply | ValidationFailed | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AssetImportReply | ValidationFailed | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: AssetImport,
) -> Response[AssetImportReply | ValidationFailed | VendorError]:
    """Import assets and findings of an external scanner

     The assets are imported as a job, which get_byos_import_job tells of. One request is one job, and
    the same request sent twice is two. Everything is checked before a job is made: a 422 tells what is
    wrong, field by field, and that there is no job. No limit of size or number is published; large
    uploads take minutes. A key needs the permission manage_vulnerabilities_action. The tenant needs
    Exposure Management, and either XSIAM Premium or an XSIAM product with the Cloud Runtime Security or
    Cloud Posture Security add-on.

    Args:
        body (AssetImport): What an external scanner has found.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AssetImportReply | ValidationFailed | VendorError]
    """

    kwargs = request_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: AssetImport,
) -> AssetImportReply | ValidationFailed | VendorError | None:
    """Import assets and findings of an external scanner

     The assets are imported as a job, which get_byos_import_job tells of. One request is one job, and
    the same request sent twice is two. Everything is checked before a job is made: a 422 tells what is
    wrong, field by field, and that there is no job. No limit of size or number is published; large
    uploads take minutes. A key needs the permission manage_vulnerabilities_action. The tenant needs
    Exposure Management, and either XSIAM Premium or an XSIAM product with the Cloud Runtime Security or
    Cloud Posture Security add-on.

    Args:
        body (AssetImport): What an external scanner has found.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AssetImportReply | ValidationFailed | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: AssetImport,
) -> Response[AssetImportReply | ValidationFailed | VendorError]:
    """Import assets and findings of an external scanner

     The assets are imported as a job, which get_byos_import_job tells of. One request is one job, and
    the same request sent twice is two. Everything is checked before a job is made: a 422 tells what is
    wrong, field by field, and that there is no job. No limit of size or number is published; large
    uploads take minutes. A key needs the permission manage_vulnerabilities_action. The tenant needs
    Exposure Management, and either XSIAM Premium or an XSIAM product with the Cloud Runtime Security or
    Cloud Posture Security add-on.

    Args:
        body (AssetImport): What an external scanner has found.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AssetImportReply | ValidationFailed | VendorError]
    """

    kwargs = request_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: AssetImport,
) -> AssetImportReply | ValidationFailed | VendorError | None:
    """Import assets and findings of an external scanner

     The assets are imported as a job, which get_byos_import_job tells of. One request is one job, and
    the same request sent twice is two. Everything is checked before a job is made: a 422 tells what is
    wrong, field by field, and that there is no job. No limit of size or number is published; large
    uploads take minutes. A key needs the permission manage_vulnerabilities_action. The tenant needs
    Exposure Management, and either XSIAM Premium or an XSIAM product with the Cloud Runtime Security or
    Cloud Posture Security add-on.

    Args:
        body (AssetImport): What an external scanner has found.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AssetImportReply | ValidationFailed | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
