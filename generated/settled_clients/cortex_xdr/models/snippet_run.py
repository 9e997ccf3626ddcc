from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_id_filter import EndpointIdFilter


T = TypeVar("T", bound="SnippetRun")


@_attrs_define
class SnippetRun:
    """Has the code, and names the endpoints to run it on.

    Attributes:
        snippet_code (str): The code, as it is or in Base64.
        filters (list[EndpointIdFilter]): The endpoints.
        timeout (int | Unset): After how many seconds the code is given up on an endpoint; 600 if it is left out.
        incident_id (str | Unset): The case that the action is listed in.
    """

    snippet_code: str
    filters: list[EndpointIdFilter]
    timeout: int | Unset = UNSET
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        snippet_code = self.snippet_code

        filters = []
        for filters_item_data in self.filters:
            filters_item = filters_item_data.to_dict()
            filters.append(filters_item)

        timeout = self.timeout

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "snippet_code": snippet_code,
                "filters": filters,
            }
        )
        if timeout is not UNSET:
            field_dict["timeout"] = timeout
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_id_filter import EndpointIdFilter  # noqa: PLC0415

        d = dict(src_dict)
        snippet_code = d.pop("snippet_code")

        filters = []
        _filters = d.pop("filters")
        for filters_item_data in _filters:
            filters_item = EndpointIdFilter.from_dict(filters_item_data)

            filters.append(filters_item)

        timeout = d.pop("timeout", UNSET)

        incident_id = d.pop("incident_id", UNSET)

        snippet_run = cls(
            snippet_code=snippet_code,
            filters=filters,
            timeout=timeout,
            incident_id=incident_id,
        )

        snippet_run.additional_properties = d
        return snippet_run

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
