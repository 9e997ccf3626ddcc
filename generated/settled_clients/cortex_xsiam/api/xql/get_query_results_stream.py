from typing import Any, cast

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.query_stream_request import QueryStreamRequest
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    *,
    body: QueryStreamRequest,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/public_api/v1/xql/get_query_results_stream",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | VendorError | None:
    if response.status_code == 200:
        response_200 = cast(Any, None)
        return response_200

    if response.status_code == 400:
        response_400 = VendorError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = VendorError.from_dict(response.json())

        return response_401

    if response.status_code == 402:
        response_402 = VendorError.from_dict(response.json())

        return response_402

    if response.status_code == 403:
        response_403 = VendorError.from_dict(response.json())

        return response_403

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
    *,
    client: AuthenticatedClient,
    body: QueryStreamRequest,
) -> Response[Any | VendorError]:
    """Read the rows of an XQL query that has more than 1,000

     The answer to a stream is chunked: one row a line, as a JSON object. With `is_gzip_compressed` it is
    packed with gzip. The tenant needs Cortex XSIAM Premium, Enterprise or Enterprise Plus.

    Args:
        body (QueryStreamRequest): Asks for the rows of a stream.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | VendorError]
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
    body: QueryStreamRequest,
) -> Any | VendorError | None:
    """Read the rows of an XQL query that has more than 1,000

     The answer to a stream is chunked: one row a line, as a JSON object. With `is_gzip_compressed` it is
    packed with gzip. The tenant needs Cortex XSIAM Premium, Enterprise or Enterprise Plus.

    Args:
        body (QueryStreamRequest): Asks for the rows of a stream.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | VendorError
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
    body: QueryStreamRequest,
) -> Response[Any | VendorError]:
    """Read the rows of an XQL query that has more than 1,000

     The answer to a stream is chunked: one row a line, as a JSON object. With `is_gzip_compressed` it is
    packed with gzip. The tenant needs Cortex XSIAM Premium, Enterprise or Enterprise Plus.

    Args:
        body (QueryStreamRequest): Asks for the rows of a stream.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | VendorError]
    """

    kwargs = request_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: QueryStreamRequest,
) -> Any | VendorError | None:
    """Read the rows of an XQL query that has more than 1,000

     The answer to a stream is chunked: one row a line, as a JSON object. With `is_gzip_compressed` it is
    packed with gzip. The tenant needs Cortex XSIAM Premium, Enterprise or Enterprise Plus.

    Args:
        body (QueryStreamRequest): Asks for the rows of a stream.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
