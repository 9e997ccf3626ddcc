from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.retrieved_files_reply import RetrievedFilesReply
from ...models.retrieved_files_request import RetrievedFilesRequest
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    *,
    body: RetrievedFilesRequest,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/public_api/v1/actions/file_retrieval_details",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> RetrievedFilesReply | VendorError | None:
    if response.status_code == 200:
        response_200 = RetrievedFilesReply.from_dict(response.json())

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


def _parsed_or_none(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> RetrievedFilesReply | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[RetrievedFilesReply | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RetrievedFilesRequest,
) -> Response[RetrievedFilesReply | VendorError]:
    """Ask for the files that an action has retrieved from its endpoints

     The reply holds a link for each endpoint whose files have arrived. Each leads to a ZIP archive: the
    part from `download/` on, behind `/public_api/v1/` of the tenant's own host, is read with the
    headers of any other request. The tenant needs Cortex XDR Prevent, Cortex XDR Pro per Endpoint or
    Cortex XDR Pro per GB, and the key a role that may read actions.

    Args:
        body (RetrievedFilesRequest): Asks for the files that an action has retrieved.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetrievedFilesReply | VendorError]
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
    body: RetrievedFilesRequest,
) -> RetrievedFilesReply | VendorError | None:
    """Ask for the files that an action has retrieved from its endpoints

     The reply holds a link for each endpoint whose files have arrived. Each leads to a ZIP archive: the
    part from `download/` on, behind `/public_api/v1/` of the tenant's own host, is read with the
    headers of any other request. The tenant needs Cortex XDR Prevent, Cortex XDR Pro per Endpoint or
    Cortex XDR Pro per GB, and the key a role that may read actions.

    Args:
        body (RetrievedFilesRequest): Asks for the files that an action has retrieved.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetrievedFilesReply | VendorError
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
    body: RetrievedFilesRequest,
) -> Response[RetrievedFilesReply | VendorError]:
    """Ask for the files that an action has retrieved from its endpoints

     The reply holds a link for each endpoint whose files have arrived. Each leads to a ZIP archive: the
    part from `download/` on, behind `/public_api/v1/` of the tenant's own host, is read with the
    headers of any other request. The tenant needs Cortex XDR Prevent, Cortex XDR Pro per Endpoint or
    Cortex XDR Pro per GB, and the key a role that may read actions.

    Args:
        body (RetrievedFilesRequest): Asks for the files that an action has retrieved.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetrievedFilesReply | VendorError]
    """

    kwargs = request_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RetrievedFilesRequest,
) -> RetrievedFilesReply | VendorError | None:
    """Ask for the files that an action has retrieved from its endpoints

     The reply holds a link for each endpoint whose files have arrived. Each leads to a ZIP archive: the
    part from `download/` on, behind `/public_api/v1/` of the tenant's own host, is read with the
    headers of any other request. The tenant needs Cortex XDR Prevent, Cortex XDR Pro per Endpoint or
    Cortex XDR Pro per GB, and the key a role that may read actions.

    Args:
        body (RetrievedFilesRequest): Asks for the files that an action has retrieved.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetrievedFilesReply | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
