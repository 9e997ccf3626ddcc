from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="QuarantineStatus")


@_attrs_define
class QuarantineStatus:
    """Whether a file on an endpoint is in quarantine.

    Attributes:
        endpoint_id (str | Unset): The endpoint's id.
        file_path (str | Unset): Where on the endpoint the file is or was.
        file_hash (str | Unset): The file's SHA-256, in hexadecimal.
        status (bool | Unset): Whether the file is in quarantine.
    """

    endpoint_id: str | Unset = UNSET
    file_path: str | Unset = UNSET
    file_hash: str | Unset = UNSET
    status: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        endpoint_id = self.endpoint_id

        file_path = self.file_path

        file_hash = self.file_hash

        status = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if endpoint_id is not UNSET:
            field_dict["endpoint_id"] = endpoint_id
        if file_path is not UNSET:
            field_dict["file_path"] = file_path
        if file_hash is not UNSET:
            field_dict["file_hash"] = file_hash
        if status is not UNSET:
            field_dict["status"] = status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        endpoint_id = d.pop("endpoint_id", UNSET)

        file_path = d.pop("file_path", UNSET)

        file_hash = d.pop("file_hash", UNSET)

        status = d.pop("status", UNSET)

        quarantine_status = cls(
            endpoint_id=endpoint_id,
            file_path=file_path,
            file_hash=file_hash,
            status=status,
        )

        quarantine_status.additional_properties = d
        return quarantine_status

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
