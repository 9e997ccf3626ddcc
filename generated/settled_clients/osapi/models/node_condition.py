from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NodeCondition")


@_attrs_define
class NodeCondition:
    """Something that may be the matter with a host.

    Attributes:
        type_ (str | Unset): What it is, such as MemoryPressure, HighLoad or DiskPressure.
        status (bool | Unset): Whether it is so.
        reason (str | Unset): Why.
        last_transition_time (datetime.datetime | Unset): Since when.
    """

    type_: str | Unset = UNSET
    status: bool | Unset = UNSET
    reason: str | Unset = UNSET
    last_transition_time: datetime.datetime | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        status = self.status

        reason = self.reason

        from .. import types as _types  # noqa: PLC0415

        last_transition_time: str | Unset = UNSET
        if not isinstance(self.last_transition_time, Unset):
            last_transition_time = _types.format_timestamp(self.last_transition_time)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if type_ is not UNSET:
            field_dict["type"] = type_
        if status is not UNSET:
            field_dict["status"] = status
        if reason is not UNSET:
            field_dict["reason"] = reason
        if last_transition_time is not UNSET:
            field_dict["last_transition_time"] = last_transition_time

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = d.pop("type", UNSET)

        status = d.pop("status", UNSET)

        reason = d.pop("reason", UNSET)

        from .. import types as _types  # noqa: PLC0415

        _last_transition_time = d.pop("last_transition_time", UNSET)
        last_transition_time: datetime.datetime | Unset
        if isinstance(_last_transition_time, Unset):
            last_transition_time = UNSET
        else:
            last_transition_time = _types.parse_timestamp(_last_transition_time)

        node_condition = cls(
            type_=type_,
            status=status,
            reason=reason,
            last_transition_time=last_transition_time,
        )

        node_condition.additional_properties = d
        return node_condition

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
