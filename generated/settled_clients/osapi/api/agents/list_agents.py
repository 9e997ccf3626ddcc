from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.agent_list import AgentList
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs() -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/agent",
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AgentList | VendorError | None:
    if response.status_code == 200:
        response_200 = AgentList.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = VendorError.from_dict(response.json())

        return response_401

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
) -> AgentList | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AgentList | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[AgentList | VendorError]:
    """List the agents that are there

     An agent that has not reported for 30 s is no longer listed. Which of them a job for all or for a
    label goes to depends on `state` and `labels`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AgentList | VendorError]
    """

    kwargs = request_kwargs()

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
) -> AgentList | VendorError | None:
    """List the agents that are there

     An agent that has not reported for 30 s is no longer listed. Which of them a job for all or for a
    label goes to depends on `state` and `labels`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AgentList | VendorError
    """

    response = client.get_httpx_client().request(**request_kwargs())

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
) -> Response[AgentList | VendorError]:
    """List the agents that are there

     An agent that has not reported for 30 s is no longer listed. Which of them a job for all or for a
    label goes to depends on `state` and `labels`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AgentList | VendorError]
    """

    kwargs = request_kwargs()

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
) -> AgentList | VendorError | None:
    """List the agents that are there

     An agent that has not reported for 30 s is no longer listed. Which of them a job for all or for a
    label goes to depends on `state` and `labels`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AgentList | VendorError
    """

    response = await client.get_async_httpx_client().request(**request_kwargs())

    return _parsed_or_none(client=client, response=response)
