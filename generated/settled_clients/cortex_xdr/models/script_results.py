from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_script_result import EndpointScriptResult
    from ..models.script_parameter import ScriptParameter


T = TypeVar("T", bound="ScriptResults")


@_attrs_define
class ScriptResults:
    """What a script run has put out, and what was run.

    Attributes:
        results (list[EndpointScriptResult]): What came of the script on each endpoint that has begun.
        script_name (None | str | Unset): The name of the script.
        script_description (None | str | Unset): What the script is for.
        script_parameters (list[ScriptParameter] | None | Unset): What the script was given.
        date_created (None | str | Unset): When the run was started, as in `2026-11-26 08:15:30`, of a time zone that
            nobody names.
        scope (None | str | Unset): On what the script was run.
        error_message (None | str | Unset): Why there are no results; the run may be unknown or the key not allowed.
            Empty is no error.
    """

    results: list[EndpointScriptResult]
    script_name: None | str | Unset = UNSET
    script_description: None | str | Unset = UNSET
    script_parameters: list[ScriptParameter] | None | Unset = UNSET
    date_created: None | str | Unset = UNSET
    scope: None | str | Unset = UNSET
    error_message: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        script_name: None | str | Unset
        if isinstance(self.script_name, Unset):
            script_name = UNSET
        else:
            script_name = self.script_name

        script_description: None | str | Unset
        if isinstance(self.script_description, Unset):
            script_description = UNSET
        else:
            script_description = self.script_description

        script_parameters: list[dict[str, Any]] | None | Unset
        if isinstance(self.script_parameters, Unset):
            script_parameters = UNSET
        elif isinstance(self.script_parameters, list):
            script_parameters = []
            for script_parameters_type_0_item_data in self.script_parameters:
                script_parameters_type_0_item = script_parameters_type_0_item_data.to_dict()
                script_parameters.append(script_parameters_type_0_item)

        else:
            script_parameters = self.script_parameters

        date_created: None | str | Unset
        if isinstance(self.date_created, Unset):
            date_created = UNSET
        else:
            date_created = self.date_created

        scope: None | str | Unset
        if isinstance(self.scope, Unset):
            scope = UNSET
        else:
            scope = self.scope

        error_message: None | str | Unset
        if isinstance(self.error_message, Unset):
            error_message = UNSET
        else:
            error_message = self.error_message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "results": results,
            }
        )
        if script_name is not UNSET:
            field_dict["script_name"] = script_name
        if script_description is not UNSET:
            field_dict["script_description"] = script_description
        if script_parameters is not UNSET:
            field_dict["script_parameters"] = script_parameters
        if date_created is not UNSET:
            field_dict["date_created"] = date_created
        if scope is not UNSET:
            field_dict["scope"] = scope
        if error_message is not UNSET:
            field_dict["error_message"] = error_message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_script_result import EndpointScriptResult  # noqa: PLC0415
        from ..models.script_parameter import ScriptParameter  # noqa: PLC0415

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = EndpointScriptResult.from_dict(results_item_data)

            results.append(results_item)

        def _parse_script_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        script_name = _parse_script_name(d.pop("script_name", UNSET))

        def _parse_script_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        script_description = _parse_script_description(d.pop("script_description", UNSET))

        def _parse_script_parameters(data: object) -> list[ScriptParameter] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                script_parameters_type_0 = []
                _script_parameters_type_0 = data
                for script_parameters_type_0_item_data in _script_parameters_type_0:
                    script_parameters_type_0_item = ScriptParameter.from_dict(script_parameters_type_0_item_data)

                    script_parameters_type_0.append(script_parameters_type_0_item)

                return script_parameters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ScriptParameter] | None | Unset, data)

        script_parameters = _parse_script_parameters(d.pop("script_parameters", UNSET))

        def _parse_date_created(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        date_created = _parse_date_created(d.pop("date_created", UNSET))

        def _parse_scope(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        scope = _parse_scope(d.pop("scope", UNSET))

        def _parse_error_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_message = _parse_error_message(d.pop("error_message", UNSET))

        script_results = cls(
            results=results,
            script_name=script_name,
            script_description=script_description,
            script_parameters=script_parameters,
            date_created=date_created,
            scope=scope,
            error_message=error_message,
        )

        script_results.additional_properties = d
        return script_results

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
