from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.all_endpoints import AllEndpoints
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.scan_filter import ScanFilter


T = TypeVar("T", bound="ScanSelection")


@_attrs_define
class ScanSelection:
    """Selects the endpoints of a scan.

    Attributes:
        filters (AllEndpoints | list[ScanFilter]): What endpoints have to match, all of it, or the word `all`. An empty
            list selects every endpoint.
        incident_id (str | Unset): The case that the action is listed in.
    """

    filters: AllEndpoints | list[ScanFilter]
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        filters: list[dict[str, Any]] | str
        if isinstance(self.filters, list):
            filters = []
            for filters_type_0_item_data in self.filters:
                filters_type_0_item = filters_type_0_item_data.to_dict()
                filters.append(filters_type_0_item)

        else:
            filters = self.filters.value

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "filters": filters,
            }
        )
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scan_filter import ScanFilter  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_filters(data: object) -> AllEndpoints | list[ScanFilter]:
            try:
                if not isinstance(data, list):
                    raise TypeError()
                filters_type_0 = []
                _filters_type_0 = data
                for filters_type_0_item_data in _filters_type_0:
                    filters_type_0_item = ScanFilter.from_dict(filters_type_0_item_data)

                    filters_type_0.append(filters_type_0_item)

                return filters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, str):
                raise TypeError()
            filters_type_1 = AllEndpoints(data)

            return filters_type_1

        filters = _parse_filters(d.pop("filters"))

        incident_id = d.pop("incident_id", UNSET)

        scan_selection = cls(
            filters=filters,
            incident_id=incident_id,
        )

        scan_selection.additional_properties = d
        return scan_selection

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
