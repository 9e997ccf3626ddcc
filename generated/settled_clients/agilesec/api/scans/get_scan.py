from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.scan import Scan
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    execution_id: str,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v3/scan/{execution_id}".format(
            execution_id=quote(str(execution_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Scan | VendorError | None:
    if response.status_code == 200:
        response_200 = Scan.from_dict(response.json())

        return response_200

    if response.status_code == 404:
        response_404 = VendorError.from_dict(response.json())

        return response_404

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _parsed_or_none(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Scan | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Scan | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    execution_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[Scan | VendorError]:
    """Read where a scan stands

     The error code of a failed scan comes in the callback alone, not here.

    Args:
        execution_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Scan | VendorError]
    """

    kwargs = request_kwargs(
        execution_id=execution_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    execution_id: str,
    *,
    client: AuthenticatedClient,
) -> Scan | VendorError | None:
    """Read where a scan stands

     The error code of a failed scan comes in the callback alone, not here.

    Args:
        execution_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Scan | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            execution_id=execution_id,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    execution_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[Scan | VendorError]:
    """Read where a scan stands

     The error code of a failed scan comes in the callback alone, not here.

    Args:
        execution_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Scan | VendorError]
    """

    kwargs = request_kwargs(
        execution_id=execution_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    execution_id: str,
    *,
    client: AuthenticatedClient,
) -> Scan | VendorError | None:
    """Read where a scan stands

     The error code of a failed scan comes in the callback alone, not here.

    Args:
        execution_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Scan | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            execution_id=execution_id,
        )
    )

    return _parsed_or_none(client=client, response=response)
