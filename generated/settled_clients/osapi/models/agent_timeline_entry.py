from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AgentTimelineEntry")


@_attrs_define
class AgentTimelineEntry:
    """Something that happened to an agent.

    Attributes:
        timestamp (datetime.datetime | Unset): When it happened.
        event (str | Unset): What it was.
        hostname (str | Unset): The agent's host.
        message (str | Unset): What happened, in words.
        error (str | Unset): What went wrong, if anything did.
    """

    timestamp: datetime.datetime | Unset = UNSET
    event: str | Unset = UNSET
    hostname: str | Unset = UNSET
    message: str | Unset = UNSET
    error: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from .. import types as _types  # noqa: PLC0415

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = _types.format_timestamp(self.timestamp)

        event = self.event

        hostname = self.hostname

        message = self.message

        error = self.error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if event is not UNSET:
            field_dict["event"] = event
        if hostname is not UNSET:
            field_dict["hostname"] = hostname
        if message is not UNSET:
            field_dict["message"] = message
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        from .. import types as _types  # noqa: PLC0415

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = _types.parse_timestamp(_timestamp)

        event = d.pop("event", UNSET)

        hostname = d.pop("hostname", UNSET)

        message = d.pop("message", UNSET)

        error = d.pop("error", UNSET)

        agent_timeline_entry = cls(
            timestamp=timestamp,
            event=event,
            hostname=hostname,
            message=message,
            error=error,
        )

        agent_timeline_entry.additional_properties = d
        return agent_timeline_entry

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
