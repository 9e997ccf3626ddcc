from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_id_filter import EndpointIdFilter
    from ..models.file_paths import FilePaths


T = TypeVar("T", bound="FileRetrieval")


@_attrs_define
class FileRetrieval:
    """Names files, and the endpoints to fetch them from.

    Attributes:
        filters (list[EndpointIdFilter]): The endpoints, 10 at most.
        files (FilePaths): The paths of files by operating system, 20 at most and one at least.
        incident_id (str | Unset): The case that the action is listed in.
    """

    filters: list[EndpointIdFilter]
    files: FilePaths
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        filters = []
        for filters_item_data in self.filters:
            filters_item = filters_item_data.to_dict()
            filters.append(filters_item)

        files = self.files.to_dict()

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "filters": filters,
                "files": files,
            }
        )
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_id_filter import EndpointIdFilter  # noqa: PLC0415
        from ..models.file_paths import FilePaths  # noqa: PLC0415

        d = dict(src_dict)
        filters = []
        _filters = d.pop("filters")
        for filters_item_data in _filters:
            filters_item = EndpointIdFilter.from_dict(filters_item_data)

            filters.append(filters_item)

        files = FilePaths.from_dict(d.pop("files"))

        incident_id = d.pop("incident_id", UNSET)

        file_retrieval = cls(
            filters=filters,
            files=files,
            incident_id=incident_id,
        )

        file_retrieval.additional_properties = d
        return file_retrieval

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
