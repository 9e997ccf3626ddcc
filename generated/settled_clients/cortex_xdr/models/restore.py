from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Restore")


@_attrs_define
class Restore:
    """Names a file in quarantine.

    Attributes:
        file_hash (str): The file's SHA-256.
        endpoint_id (str | Unset): The endpoint to restore it on; without it, every one that holds it.
        incident_id (int | Unset): The case that the action is listed in; here a number.
    """

    file_hash: str
    endpoint_id: str | Unset = UNSET
    incident_id: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        file_hash = self.file_hash

        endpoint_id = self.endpoint_id

        incident_id = self.incident_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "file_hash": file_hash,
            }
        )
        if endpoint_id is not UNSET:
            field_dict["endpoint_id"] = endpoint_id
        if incident_id is not UNSET:
            field_dict["incident_id"] = incident_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file_hash = d.pop("file_hash")

        endpoint_id = d.pop("endpoint_id", UNSET)

        incident_id = d.pop("incident_id", UNSET)

        restore = cls(
            file_hash=file_hash,
            endpoint_id=endpoint_id,
            incident_id=incident_id,
        )

        restore.additional_properties = d
        return restore

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
