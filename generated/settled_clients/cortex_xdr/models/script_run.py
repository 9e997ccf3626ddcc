from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_id_filter import EndpointIdFilter
    from ..models.script_parameters import ScriptParameters


T = TypeVar("T", bound="ScriptRun")


@_attrs_define
class ScriptRun:
    """Names a script, and the endpoints to run it on.

    Attributes:
        script_uid (str): The script's id, as the library lists it.
        filters (list[EndpointIdFilter]): The endpoints, 1,000 at most.
        timeout (int | Unset): After how many seconds the script is given up on an endpoint; 600 if it is left out.
        parameters_values (ScriptParameters | Unset): The values of the script's parameters, keyed by the names that the
            script gives them.
        incident_id (str | Unset): The case that the action is listed in.
    """

    script_uid: str
    filters: list[EndpointIdFilter]
    timeout: int | Unset = UNSET
    parameters_values: ScriptParameters | Unset = UNSET
    incident_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        script_uid = self.script_uid

        filters = []
        for filters_item_data in self.filters:
            filters_item = filters_item_data.to_dict()
            filters.append(filters_item)

        timeout = self.timeout

        parameters_values: dict[str, Any] | Unset = UNSET
        if not isinstance(self.parameters_values, Unset):
            parameters_values = self.parameters_values.to_dict()

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "script_uid": script_uid,
                "filters": filters,
            }
        )
        if timeout is not UNSET:
            field_dict["timeout"] = timeout
        if parameters_values is not UNSET:
            field_dict["parameters_values"] = parameters_values
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_id_filter import EndpointIdFilter  # noqa: PLC0415
        from ..models.script_parameters import ScriptParameters  # noqa: PLC0415

        d = dict(src_dict)
        script_uid = d.pop("script_uid")

        filters = []
        _filters = d.pop("filters")
        for filters_item_data in _filters:
            filters_item = EndpointIdFilter.from_dict(filters_item_data)

            filters.append(filters_item)

        timeout = d.pop("timeout", UNSET)

        _parameters_values = d.pop("parameters_values", UNSET)
        parameters_values: ScriptParameters | Unset
        if isinstance(_parameters_values, Unset):
            parameters_values = UNSET
        else:
            parameters_values = ScriptParameters.from_dict(_parameters_values)

        incident_id = d.pop("incident_id", UNSET)

        script_run = cls(
            script_uid=script_uid,
            filters=filters,
            timeout=timeout,
            parameters_values=parameters_values,
            incident_id=incident_id,
        )

        script_run.additional_properties = d
        return script_run

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
