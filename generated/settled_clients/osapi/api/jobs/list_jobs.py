from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.job_list import JobList
from ...models.listed_status import ListedStatus
from ...models.vendor_error import VendorError
from ...types import UNSET, Response, Unset


def request_kwargs(
    *,
    status: ListedStatus | Unset = UNSET,
    limit: int | Unset = 10,
    offset: int | Unset = 0,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    params["limit"] = limit

    params["offset"] = offset

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/job",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> JobList | VendorError | None:
    if response.status_code == 200:
        response_200 = JobList.from_dict(response.json())

        return response_200

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


def _parsed_or_none(*, client: AuthenticatedClient | Client, response: httpx.Response) -> JobList | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[JobList | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    status: ListedStatus | Unset = UNSET,
    limit: int | Unset = 10,
    offset: int | Unset = 0,
) -> Response[JobList | VendorError]:
    """List the jobs that the server still knows

     Jobs come in the order of their ids, from the last one on. A page is where the list stands when it
    is asked for, so a job that is submitted meanwhile can move the others on. An item has neither
    `responses` nor `agent_states` nor `timeline`, and no item says which target its job was for.

    Args:
        status (ListedStatus | Unset): A status that the list can be narrowed to.
        limit (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JobList | VendorError]
    """

    kwargs = request_kwargs(
        status=status,
        limit=limit,
        offset=offset,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: ListedStatus | Unset = UNSET,
    limit: int | Unset = 10,
    offset: int | Unset = 0,
) -> JobList | VendorError | None:
    """List the jobs that the server still knows

     Jobs come in the order of their ids, from the last one on. A page is where the list stands when it
    is asked for, so a job that is submitted meanwhile can move the others on. An item has neither
    `responses` nor `agent_states` nor `timeline`, and no item says which target its job was for.

    Args:
        status (ListedStatus | Unset): A status that the list can be narrowed to.
        limit (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JobList | VendorError
    """

    response = client.get_httpx_client().request(
        **request_kwargs(
            status=status,
            limit=limit,
            offset=offset,
        )
    )

    return _parsed_or_none(client=client, response=response)


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: ListedStatus | Unset = UNSET,
    limit: int | Unset = 10,
    offset: int | Unset = 0,
) -> Response[JobList | VendorError]:
    """List the jobs that the server still knows

     Jobs come in the order of their ids, from the last one on. A page is where the list stands when it
    is asked for, so a job that is submitted meanwhile can move the others on. An item has neither
    `responses` nor `agent_states` nor `timeline`, and no item says which target its job was for.

    Args:
        status (ListedStatus | Unset): A status that the list can be narrowed to.
        limit (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JobList | VendorError]
    """

    kwargs = request_kwargs(
        status=status,
        limit=limit,
        offset=offset,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: ListedStatus | Unset = UNSET,
    limit: int | Unset = 10,
    offset: int | Unset = 0,
) -> JobList | VendorError | None:
    """List the jobs that the server still knows

     Jobs come in the order of their ids, from the last one on. A page is where the list stands when it
    is asked for, so a job that is submitted meanwhile can move the others on. An item has neither
    `responses` nor `agent_states` nor `timeline`, and no item says which target its job was for.

    Args:
        status (ListedStatus | Unset): A status that the list can be narrowed to.
        limit (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JobList | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            status=status,
            limit=limit,
            offset=offset,
        )
    )

    return _parsed_or_none(client=client, response=response)
