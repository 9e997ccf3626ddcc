from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.script_filter_field import ScriptFilterField

T = TypeVar("T", bound="ScriptFilter")


@_attrs_define
class ScriptFilter:
    """Selects scripts by one of their properties.

    Attributes:
        field (ScriptFilterField): What scripts are selected by.
        operator (str): How to compare, as `in` does with a list. The vendor publishes no list of operators here.
        value (int | list[str] | str): What to compare with. Truth values are texts, `true` or `false`.
    """

    field: ScriptFilterField
    operator: str
    value: int | list[str] | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        field = self.field.value

        operator = self.operator

        value: int | list[str] | str
        if isinstance(self.value, list):
            value = self.value

        else:
            value = self.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "field": field,
                "operator": operator,
                "value": value,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = ScriptFilterField(d.pop("field"))

        operator = d.pop("operator")

        def _parse_value(data: object) -> int | list[str] | str:
            try:
                if not isinstance(data, list):
                    raise TypeError()
                value_type_0 = cast(list[str], data)

                return value_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(int | list[str] | str, data)

        value = _parse_value(d.pop("value"))

        script_filter = cls(
            field=field,
            operator=operator,
            value=value,
        )

        script_filter.additional_properties = d
        return script_filter

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
