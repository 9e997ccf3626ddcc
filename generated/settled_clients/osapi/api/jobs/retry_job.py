from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.retry_request import RetryRequest
from ...models.submitted_job import SubmittedJob
from ...models.vendor_error import VendorError
from ...types import UNSET, Response, Unset


def request_kwargs(
    id: str,
    *,
    body: RetryRequest | Unset = UNSET,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/job/{id}/retry".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> SubmittedJob | VendorError | None:
    if response.status_code == 201:
        response_201 = SubmittedJob.from_dict(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = VendorError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = VendorError.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = VendorError.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = VendorError.from_dict(response.json())

        return response_404

    if response.status_code == 500:
        response_500 = VendorError.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _parsed_or_none(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> SubmittedJob | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[SubmittedJob | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: RetryRequest | Unset = UNSET,
) -> Response[SubmittedJob | VendorError]:
    """Submit a job once more, as a new job

     The answer comes at once, with the id of the new job. The old job stays as it is, and its timeline
    says that it was retried.

    Args:
        id (str):
        body (RetryRequest | Unset): Where a job that is submitted once more goes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[SubmittedJob | VendorError]
    """

    kwargs = request_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: RetryRequest | Unset = UNSET,
) -> SubmittedJob | VendorError | None:
    """Submit a job once more, as a new job

     The answer comes at once, with the id of the new job. The old job stays as it is, and its timeline
    says that it was retried.

    Args:
        id (str):
        body (RetryRequest | Unset): Where a job that is submitted once more goes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        SubmittedJob | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            id=id,
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: RetryRequest | Unset = UNSET,
) -> Response[SubmittedJob | VendorError]:
    """Submit a job once more, as a new job

     The answer comes at once, with the id of the new job. The old job stays as it is, and its timeline
    says that it was retried.

    Args:
        id (str):
        body (RetryRequest | Unset): Where a job that is submitted once more goes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[SubmittedJob | VendorError]
    """

    kwargs = request_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: RetryRequest | Unset = UNSET,
) -> SubmittedJob | VendorError | None:
    """Submit a job once more, as a new job

     The answer comes at once, with the id of the new job. The old job stays as it is, and its timeline
    says that it was retried.

    Args:
        id (str):
        body (RetryRequest | Unset): Where a job that is submitted once more goes.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        SubmittedJob | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            id=id,
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
