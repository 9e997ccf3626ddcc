import sys
from typing import Any

import httpx

if sys.version_info >= (3, 13):
    from warnings import deprecated
else:
    from typing_extensions import deprecated

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.sensor_scan_submission import SensorScanSubmission
from ...models.submit_scan_request import SubmitScanRequest
from ...models.vendor_error import VendorError
from ...types import Response


def request_kwargs(
    *,
    body: SubmitScanRequest,
) -> dict[str, Any]:
    """The request of this operation, as keyword arguments of httpx.Client.build_request"""
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v3/scan",
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


@deprecated("Deprecated: use create_scan instead. This operation goes in v3.6.")
def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: SubmitScanRequest,
) -> Response[SensorScanSubmission | VendorError]:
    """Start a scan

     Deprecated: use create_scan instead. This operation goes in v3.6.

    Args:
        body (SubmitScanRequest): A scan to run. For the deprecated operation only.

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


@deprecated("Deprecated: use create_scan instead. This operation goes in v3.6.")
def sync(
    *,
    client: AuthenticatedClient,
    body: SubmitScanRequest,
) -> SensorScanSubmission | VendorError | None:
    """Start a scan

     Deprecated: use create_scan instead. This operation goes in v3.6.

    Args:
        body (SubmitScanRequest): A scan to run. For the deprecated operation only.

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


@deprecated("Deprecated: use create_scan instead. This operation goes in v3.6.")
async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: SubmitScanRequest,
) -> Response[SensorScanSubmission | VendorError]:
    """Start a scan

     Deprecated: use create_scan instead. This operation goes in v3.6.

    Args:
        body (SubmitScanRequest): A scan to run. For the deprecated operation only.

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


@deprecated("Deprecated: use create_scan instead. This operation goes in v3.6.")
async def asyncio(
    *,
    client: AuthenticatedClient,
    body: SubmitScanRequest,
) -> SensorScanSubmission | VendorError | None:
    """Start a scan

     Deprecated: use create_scan instead. This operation goes in v3.6.

    Args:
        body (SubmitScanRequest): A scan to run. For the deprecated operation only.

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
