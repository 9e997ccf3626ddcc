from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.endpoint_errors import EndpointErrors
    from ..models.endpoint_statuses import EndpointStatuses


T = TypeVar("T", bound="ActionStatuses")


@_attrs_define
class ActionStatuses:
    """Where an action stands on each endpoint, and what went wrong there.

    Attributes:
        data (EndpointStatuses | None | Unset): The status word of each endpoint. Empty, null or left out before the
            endpoints are known.
        error_reasons (EndpointErrors | None | Unset): What went wrong on each endpoint that has something to tell.
    """

    data: EndpointStatuses | None | Unset = UNSET
    error_reasons: EndpointErrors | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.endpoint_errors import EndpointErrors  # noqa: PLC0415
        from ..models.endpoint_statuses import EndpointStatuses  # noqa: PLC0415

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, EndpointStatuses):
            data = self.data.to_dict()
        else:
            data = self.data

        error_reasons: dict[str, Any] | None | Unset
        if isinstance(self.error_reasons, Unset):
            error_reasons = UNSET
        elif isinstance(self.error_reasons, EndpointErrors):
            error_reasons = self.error_reasons.to_dict()
        else:
            error_reasons = self.error_reasons

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if data is not UNSET:
            field_dict["data"] = data
        if error_reasons is not UNSET:
            field_dict["errorReasons"] = error_reasons

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.endpoint_errors import EndpointErrors  # noqa: PLC0415
        from ..models.endpoint_statuses import EndpointStatuses  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_data(data: object) -> EndpointStatuses | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = EndpointStatuses.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EndpointStatuses | None | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        def _parse_error_reasons(data: object) -> EndpointErrors | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_reasons_type_0 = EndpointErrors.from_dict(data)

                return error_reasons_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EndpointErrors | None | Unset, data)

        error_reasons = _parse_error_reasons(d.pop("errorReasons", UNSET))

        action_statuses = cls(
            data=data,
            error_reasons=error_reasons,
        )

        action_statuses.additional_properties = d
        return action_statuses

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
