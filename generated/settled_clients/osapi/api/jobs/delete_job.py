from typing import Any, cast
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    id: str,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/job/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | VendorError | None:
    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

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


def _parsed_or_none(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | VendorError]:
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
) -> Response[Any | VendorError]:
    """Make the server forget a job

     Nothing is cancelled: an agent that has the job goes on with it, and one that has not taken it yet
    may fail for want of the job's data.

    Args:
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | VendorError]
    """

    kwargs = request_kwargs(
        id=id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Any | VendorError | None:
    """Make the server forget a job

     Nothing is cancelled: an agent that has the job goes on with it, and one that has not taken it yet
    may fail for want of the job's data.

    Args:
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            id=id,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Response[Any | VendorError]:
    """Make the server forget a job

     Nothing is cancelled: an agent that has the job goes on with it, and one that has not taken it yet
    may fail for want of the job's data.

    Args:
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | VendorError]
    """

    kwargs = request_kwargs(
        id=id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
) -> Any | VendorError | None:
    """Make the server forget a job

     Nothing is cancelled: an agent that has the job goes on with it, and one that has not taken it yet
    may fail for want of the job's data.

    Args:
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            id=id,
        )
    )

    return _parsed_or_none(client=client, response=response)
