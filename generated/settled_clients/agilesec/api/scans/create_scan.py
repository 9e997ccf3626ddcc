from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_scan_request import CreateScanRequest
from ...models.sensor_scan_submission import SensorScanSubmission
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    *,
    body: CreateScanRequest,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v3/scan/create",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> SensorScanSubmission | VendorError | None:
    if response.status_code == 200:
        response_200 = SensorScanSubmission.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = VendorError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = VendorError.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = VendorError.from_dict(response.json())

        return response_404

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _parsed_or_none(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> SensorScanSubmission | VendorError | None:
    try:
        return _parse_response(client=client, response=response)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        if client.raise_on_unexpected_status:
            raise errors.UnexpectedBody(response.status_code, response.content) from error
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[SensorScanSubmission | VendorError]:
    return Response(
        status_code=response.status_code,
        content=response.content,
        headers=response.headers,
        parsed=_parsed_or_none(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateScanRequest,
) -> Response[SensorScanSubmission | VendorError]:
    """Create a sensor and start a scan with it

     A 200 tells that the request was read; whether the scan was taken on is in `status`. How the scan
    itself goes is for get_scan to tell.

    Args:
        body (CreateScanRequest): A sensor to create and to scan with.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[SensorScanSubmission | VendorError]
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
    body: CreateScanRequest,
) -> SensorScanSubmission | VendorError | None:
    """Create a sensor and start a scan with it

     A 200 tells that the request was read; whether the scan was taken on is in `status`. How the scan
    itself goes is for get_scan to tell.

    Args:
        body (CreateScanRequest): A sensor to create and to scan with.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        SensorScanSubmission | VendorError
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
    body: CreateScanRequest,
) -> Response[SensorScanSubmission | VendorError]:
    """Create a sensor and start a scan with it

     A 200 tells that the request was read; whether the scan was taken on is in `status`. How the scan
    itself goes is for get_scan to tell.

    Args:
        body (CreateScanRequest): A sensor to create and to scan with.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[SensorScanSubmission | VendorError]
    """

    kwargs = request_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CreateScanRequest,
) -> SensorScanSubmission | VendorError | None:
    """Create a sensor and start a scan with it

     A 200 tells that the request was read; whether the scan was taken on is in `status`. How the scan
    itself goes is for get_scan to tell.

    Args:
        body (CreateScanRequest): A sensor to create and to scan with.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        SensorScanSubmission | VendorError
    """

    response = await client.get_async_httpx_client().request(
        **request_kwargs(
            body=body,
        )
    )

    return _parsed_or_none(client=client, response=response)
