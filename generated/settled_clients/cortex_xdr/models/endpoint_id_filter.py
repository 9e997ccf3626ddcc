from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.endpoint_id_filter_field import EndpointIdFilterField
from ..models.endpoint_id_filter_operator import EndpointIdFilterOperator

T = TypeVar("T", bound="EndpointIdFilter")


@_attrs_define
class EndpointIdFilter:
    """Selects endpoints by their ids.

    Attributes:
        field (EndpointIdFilterField): What endpoints are selected by.
        operator (EndpointIdFilterOperator): How to compare. One page writes it in capitals.
        value (list[str]): The ids.
    """

    field: EndpointIdFilterField
    operator: EndpointIdFilterOperator
    value: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        field = self.field.value

        operator = self.operator.value

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
        field = EndpointIdFilterField(d.pop("field"))

        operator = EndpointIdFilterOperator(d.pop("operator"))

        value = cast(list[str], d.pop("value"))

        endpoint_id_filter = cls(
            field=field,
            operator=operator,
            value=value,
        )

        endpoint_id_filter.additional_properties = d
        return endpoint_id_filter

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
