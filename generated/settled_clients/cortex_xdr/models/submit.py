from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Submit")


@_attrs_define
class Submit:
    """What became of a submit. By the vendor's pages ids and counts are texts, but those of a script run integers; replies
    have either.

        Attributes:
            action_id (int | str | Unset): The id to ask for the status with. A refused submit has none.
            status (int | str | Unset): 1 if the action was created, 0 if it was refused. Not every operation answers one.
            endpoints_count (int | str | Unset): How many endpoints the action is for.
    """

    action_id: int | str | Unset = UNSET
    status: int | str | Unset = UNSET
    endpoints_count: int | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action_id: int | str | Unset
        if isinstance(self.action_id, Unset):
            action_id = UNSET
        else:
            action_id = self.action_id

        status: int | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

        endpoints_count: int | str | Unset
        if isinstance(self.endpoints_count, Unset):
            endpoints_count = UNSET
        else:
            endpoints_count = self.endpoints_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if action_id is not UNSET:
            field_dict["action_id"] = action_id
        if status is not UNSET:
            field_dict["status"] = status
        if endpoints_count is not UNSET:
            field_dict["endpoints_count"] = endpoints_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_action_id(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        action_id = _parse_action_id(d.pop("action_id", UNSET))

        def _parse_status(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        def _parse_endpoints_count(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        endpoints_count = _parse_endpoints_count(d.pop("endpoints_count", UNSET))

        submit = cls(
            action_id=action_id,
            status=status,
            endpoints_count=endpoints_count,
        )

        submit.additional_properties = d
        return submit

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
