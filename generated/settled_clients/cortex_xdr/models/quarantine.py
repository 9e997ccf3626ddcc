from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_id_filter import EndpointIdFilter


T = TypeVar("T", bound="Quarantine")


@_attrs_define
class Quarantine:
    """Names a file, and the endpoints to look for it on.

    Attributes:
        filters (list[EndpointIdFilter]): The endpoints, 1,000 at most.
        file_path (str): Where the file is, which must not be a symbolic link.
        file_hash (str): The file's SHA-256.
        incident_id (str | Unset): The case that the action is listed in.
    """

    filters: list[EndpointIdFilter]
    file_path: str
    file_hash: str
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        filters = []
        for filters_item_data in self.filters:
            filters_item = filters_item_data.to_dict()
            filters.append(filters_item)

        file_path = self.file_path

        file_hash = self.file_hash

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "filters": filters,
                "file_path": file_path,
                "file_hash": file_hash,
            }
        )
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_id_filter import EndpointIdFilter  # noqa: PLC0415

        d = dict(src_dict)
        filters = []
        _filters = d.pop("filters")
        for filters_item_data in _filters:
            filters_item = EndpointIdFilter.from_dict(filters_item_data)

            filters.append(filters_item)

        file_path = d.pop("file_path")

        file_hash = d.pop("file_hash")

        incident_id = d.pop("incident_id", UNSET)

        quarantine = cls(
            filters=filters,
            file_path=file_path,
            file_hash=file_hash,
            incident_id=incident_id,
        )

        quarantine.additional_properties = d
        return quarantine

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
