from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="LoadAverage")


@_attrs_define
class LoadAverage:
    """A host's load.

    Attributes:
        field_1min (float | Unset): The average of the last minute.
        field_5min (float | Unset): The average of the last five minutes.
        field_15min (float | Unset): The average of the last fifteen minutes.
    """

    field_1min: float | Unset = UNSET
    field_5min: float | Unset = UNSET
    field_15min: float | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        field_1min = self.field_1min

        field_5min = self.field_5min

        field_15min = self.field_15min

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if field_1min is not UNSET:
            field_dict["1min"] = field_1min
        if field_5min is not UNSET:
            field_dict["5min"] = field_5min
        if field_15min is not UNSET:
            field_dict["15min"] = field_15min

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field_1min = d.pop("1min", UNSET)

        field_5min = d.pop("5min", UNSET)

        field_15min = d.pop("15min", UNSET)

        load_average = cls(
            field_1min=field_1min,
            field_5min=field_5min,
            field_15min=field_15min,
        )

        load_average.additional_properties = d
        return load_average

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
