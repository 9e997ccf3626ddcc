from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.external_asset import ExternalAsset


T = TypeVar("T", bound="AssetImport")


@_attrs_define
class AssetImport:
    """What an external scanner has found.

    Attributes:
        assets (list[ExternalAsset]): The assets. There has to be one at least.
        vendor (str | Unset): Who makes the scanner.
        product (str | Unset): The scanner.
        version (str | Unset): The scanner's version.
    """

    assets: list[ExternalAsset]
    vendor: str | Unset = UNSET
    product: str | Unset = UNSET
    version: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        assets = []
        for assets_item_data in self.assets:
            assets_item = assets_item_data.to_dict()
            assets.append(assets_item)

        vendor = self.vendor

        product = self.product

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "assets": assets,
            }
        )
        if vendor is not UNSET:
            field_dict["vendor"] = vendor
        if product is not UNSET:
            field_dict["product"] = product
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.external_asset import ExternalAsset  # noqa: PLC0415

        d = dict(src_dict)
        assets = []
        _assets = d.pop("assets")
        for assets_item_data in _assets:
            assets_item = ExternalAsset.from_dict(assets_item_data)

            assets.append(assets_item)

        vendor = d.pop("vendor", UNSET)

        product = d.pop("product", UNSET)

        version = d.pop("version", UNSET)

        asset_import = cls(
            assets=assets,
            vendor=vendor,
            product=product,
            version=version,
        )

        asset_import.additional_properties = d
        return asset_import

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
