from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.command_results import CommandResults
from ...models.shell_request import ShellRequest
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    hostname: str,
    *,
    body: ShellRequest,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/node/{hostname}/command/shell".format(
            hostname=quote(str(hostname), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> CommandResults | VendorError | None:
    if response.status_code == 202:
        response_202 = CommandResults.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = VendorError.from_dict(response.json())

        return response_400

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
) -> CommandResults | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[CommandResults | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    hostname: str,
    *,
    client: AuthenticatedClient,
    body: ShellRequest,
) -> Response[CommandResults | VendorError]:
    """Run a line of shell

     The line is run by `/bin/sh -c`. The answer comes when the agents have answered, or after the
    server's own time limit (30 s by default). A job that takes longer, and a job of one agent that
    fails, are answered with 500 and without an id: then only the list of jobs has it.

    Args:
        hostname (str):
        body (ShellRequest): A line of shell to run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CommandResults | VendorError]
    """

    kwargs = request_kwargs(
        hostname=hostname,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    hostname: str,
    *,
    client: AuthenticatedClient,
    body: ShellRequest,
) -> CommandResults | VendorError | None:
    """Run a line of shell

     The line is run by `/bin/sh -c`. The answer comes when the agents have answered, or after the
    server's own time limit (30 s by default). A job that takes longer, and a job of one agent that
    fails, are answered with 500 and without an id: then only the list of jobs has it.

    Args:
        hostname (str):
        body (ShellRequest): A line of shell to run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CommandResults | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            hostname=hostname,
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    hostname: str,
    *,
    client: AuthenticatedClient,
    body: ShellRequest,
) -> Response[CommandResults | VendorError]:
    """Run a line of shell

     The line is run by `/bin/sh -c`. The answer comes when the agents have answered, or after the
    server's own time limit (30 s by default). A job that takes longer, and a job of one agent that
    fails, are answered with 500 and without an id: then only the list of jobs has it.

    Args:
        hostname (str):
        body (ShellRequest): A line of shell to run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CommandResults | VendorError]
    """

    kwargs = request_kwargs(
        hostname=hostname,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    hostname: str,
    *,
    client: AuthenticatedClient,
    body: ShellRequest,
) -> CommandResults | VendorError | None:
    """Run a line of shell

     The line is run by `/bin/sh -c`. The answer comes when the agents have answered, or after the
    server's own time limit (30 s by default). A job that takes longer, and a job of one agent that
    fails, are answered with 500 and without an id: then only the list of jobs has it.

    Args:
        hostname (str):
        body (ShellRequest): A line of shell to run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CommandResults | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            hostname=hostname,
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
