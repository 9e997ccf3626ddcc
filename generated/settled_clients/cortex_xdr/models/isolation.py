from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_id_filter import EndpointIdFilter


T = TypeVar("T", bound="Isolation")


@_attrs_define
class Isolation:
    """Names one endpoint by `endpoint_id`, or several by `filters`.

    Attributes:
        endpoint_id (str | Unset): The endpoint, if it is one.
        filters (list[EndpointIdFilter] | Unset): The endpoints, if they are several; 1,000 at most.
        incident_id (str | Unset): The case that the action is listed in.
    """

    endpoint_id: str | Unset = UNSET
    filters: list[EndpointIdFilter] | Unset = UNSET
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        endpoint_id = self.endpoint_id

        filters: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.filters, Unset):
            filters = []
            for filters_item_data in self.filters:
                filters_item = filters_item_data.to_dict()
                filters.append(filters_item)

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if endpoint_id is not UNSET:
            field_dict["endpoint_id"] = endpoint_id
        if filters is not UNSET:
            field_dict["filters"] = filters
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_id_filter import EndpointIdFilter  # noqa: PLC0415

        d = dict(src_dict)
        endpoint_id = d.pop("endpoint_id", UNSET)

        _filters = d.pop("filters", UNSET)
        filters: list[EndpointIdFilter] | Unset = UNSET
        if _filters is not UNSET:
            filters = []
            for filters_item_data in _filters:
                filters_item = EndpointIdFilter.from_dict(filters_item_data)

                filters.append(filters_item)

        incident_id = d.pop("incident_id", UNSET)

        isolation = cls(
            endpoint_id=endpoint_id,
            filters=filters,
            incident_id=incident_id,
        )

        isolation.additional_properties = d
        return isolation

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
