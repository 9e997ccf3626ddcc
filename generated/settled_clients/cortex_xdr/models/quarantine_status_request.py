from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.quarantine_status_query import QuarantineStatusQuery


T = TypeVar("T", bound="QuarantineStatusRequest")


@_attrs_define
class QuarantineStatusRequest:
    """Asks whether files are in quarantine.

    Attributes:
        request_data (QuarantineStatusQuery): Lists the files to look up.
    """

    request_data: QuarantineStatusQuery
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request_data = self.request_data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_data": request_data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.quarantine_status_query import QuarantineStatusQuery  # noqa: PLC0415

        d = dict(src_dict)
        request_data = QuarantineStatusQuery.from_dict(d.pop("request_data"))

        quarantine_status_request = cls(
            request_data=request_data,
        )

        quarantine_status_request.additional_properties = d
        return quarantine_status_request

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
