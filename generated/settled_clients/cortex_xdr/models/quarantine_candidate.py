from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="QuarantineCandidate")


@_attrs_define
class QuarantineCandidate:
    """A file on an endpoint.

    Attributes:
        endpoint_id (str): The endpoint's id.
        file_path (str): Where on the endpoint the file is or was.
        file_hash (str): The file's SHA-256, in hexadecimal.
    """

    endpoint_id: str
    file_path: str
    file_hash: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        endpoint_id = self.endpoint_id

        file_path = self.file_path

        file_hash = self.file_hash

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "endpoint_id": endpoint_id,
                "file_path": file_path,
                "file_hash": file_hash,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        endpoint_id = d.pop("endpoint_id")

        file_path = d.pop("file_path")

        file_hash = d.pop("file_hash")

        quarantine_candidate = cls(
            endpoint_id=endpoint_id,
            file_path=file_path,
            file_hash=file_hash,
        )

        quarantine_candidate.additional_properties = d
        return quarantine_candidate

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
