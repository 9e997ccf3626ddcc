"""How AgileSec validates the requests that start a scan: its messages, in the order of the vendor's page.

The API reports only the first problem, so each function yields them lazily.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .._http.error_body import is_list, is_object
from ._scans import RANKS

_REQUIRED: dict[str, type] = {"sensorName": str, "sensorType": str, "sensorConfig": dict}
_OPTIONAL: dict[str, type] = {"incrementalScan": bool, "autoResolutionInterval": int, "callbackId": str}
_NAMES = {str: "string", dict: "object", bool: "boolean", int: "integer"}
_SUBMIT_FIELDS = {*_REQUIRED, "labels", "priority", "callbackId"}


def problems_of_create(body: Any) -> Iterator[str]:
    """What is wrong with the body of POST /v3/scan/create."""
    if not is_object(body):
        yield "Validation Failed."
        return
    yield from _missing(body)
    yield from _wrong_types(body, _REQUIRED | _OPTIONAL)
    yield from _unexpected(body, _SUBMIT_FIELDS | _OPTIONAL.keys())
    if not _is_priority(body):
        yield "Invalid type or value for priority: expected string ['low', 'medium', 'high']."
    if "://" not in str(body["sensorConfig"].get("url", "://")):
        yield "Invalid input for sensorConfig."


def problems_of_submit(body: Any) -> Iterator[str]:
    """What is wrong with the body of POST /v3/scan, the deprecated operation."""
    if not is_object(body):
        yield "Validation Failed."
        return
    yield from _missing(body)
    yield from _wrong_types(body, _REQUIRED)
    # Only this operation checks the form of the id.
    if not re.fullmatch("[0-9a-fA-F]{24}", str(body.get("callbackId", "0" * 24))):
        yield "Invalid format for callbackId: expected a 24-hex-character ObjectId."
    if not _is_priority(body):
        yield "Invalid type or value for priority: expected one of ['low', 'medium', 'high']."
    yield from _unexpected(body, _SUBMIT_FIELDS)


def problems_of_execute(body: Any) -> Iterator[str]:
    """What is wrong with the body of POST /v3/scan/execute."""
    if not is_object(body) or not isinstance(body.get("sensorId"), str):
        yield "sensorId is required"


def _missing(body: dict[str, Any]) -> Iterator[str]:
    return (f"Missing required field: {field}." for field in _REQUIRED if field not in body)


def _wrong_types(body: dict[str, Any], types: dict[str, type]) -> Iterator[str]:
    for field, expected in types.items():
        # Not isinstance, for which True is an integer.
        if field in body and type(body[field]) is not expected:
            yield f"Invalid type for {field}: expected {_NAMES[expected]}."
    if not _are_labels(body.get("labels", [])):
        yield "Invalid type for labels: expected array of single key/value objects."


def _unexpected(body: dict[str, Any], fields: Iterable[str]) -> Iterator[str]:
    return (f"Unexpected field '{field}' found in request body." for field in body if field not in fields)


def _is_priority(body: dict[str, Any]) -> bool:
    return body.get("priority", "low") in [*RANKS]


def _are_labels(value: Any) -> bool:
    return is_list(value) and all(is_object(label) and len(label) == 1 for label in value)
