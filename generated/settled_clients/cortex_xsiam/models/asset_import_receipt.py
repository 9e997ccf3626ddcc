from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AssetImportReceipt")


@_attrs_define
class AssetImportReceipt:
    """The job that was made, and how much it is to import.

    Attributes:
        job_id (str | Unset): The job's id.
        assets_count (int | Unset): How many assets were taken.
        vulnerabilities_count (int | Unset): How many vulnerabilities were taken.
    """

    job_id: str | Unset = UNSET
    assets_count: int | Unset = UNSET
    vulnerabilities_count: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        job_id = self.job_id

        assets_count = self.assets_count

        vulnerabilities_count = self.vulnerabilities_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if job_id is not UNSET:
            field_dict["job_id"] = job_id
        if assets_count is not UNSET:
            field_dict["assets_count"] = assets_count
        if vulnerabilities_count is not UNSET:
            field_dict["vulnerabilities_count"] = vulnerabilities_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        job_id = d.pop("job_id", UNSET)

        assets_count = d.pop("assets_count", UNSET)

        vulnerabilities_count = d.pop("vulnerabilities_count", UNSET)

        asset_import_receipt = cls(
            job_id=job_id,
            assets_count=assets_count,
            vulnerabilities_count=vulnerabilities_count,
        )

        asset_import_receipt.additional_properties = d
        return asset_import_receipt

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
