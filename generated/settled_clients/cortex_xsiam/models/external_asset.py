from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.external_vulnerability import ExternalVulnerability


T = TypeVar("T", bound="ExternalAsset")


@_attrs_define
class ExternalAsset:
    """An asset, as an external scanner knows it. Which fields are required is not published; clients send origin_asset_id,
    asset_name, last_seen and vulnerabilities.

        Attributes:
            origin_asset_id (str | Unset): The scanner's id of the asset.
            asset_name (str | Unset): The asset's name.
            ipv4 (list[str] | Unset): The asset's IPv4 addresses.
            ipv6 (list[str] | Unset): The asset's IPv6 addresses.
            fqdn (list[str] | Unset): The asset's fully qualified domain names.
            mac_address (str | Unset): The asset's MAC address.
            os_name (str | Unset): The asset's operating system.
            vendor (str | Unset): Who makes the scanner.
            product (str | Unset): The scanner.
            version (str | Unset): The scanner's version.
            origin_tags (list[str] | Unset): The asset's tags in the scanner.
            last_seen (int | Unset): When the scanner last saw the asset, in milliseconds since 1970.
            vulnerabilities (list[ExternalVulnerability] | Unset): What the scanner has found on the asset.
    """

    origin_asset_id: str | Unset = UNSET
    asset_name: str | Unset = UNSET
    ipv4: list[str] | Unset = UNSET
    ipv6: list[str] | Unset = UNSET
    fqdn: list[str] | Unset = UNSET
    mac_address: str | Unset = UNSET
    os_name: str | Unset = UNSET
    vendor: str | Unset = UNSET
    product: str | Unset = UNSET
    version: str | Unset = UNSET
    origin_tags: list[str] | Unset = UNSET
    last_seen: int | Unset = UNSET
    vulnerabilities: list[ExternalVulnerability] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        origin_asset_id = self.origin_asset_id

        asset_name = self.asset_name

        ipv4: list[str] | Unset = UNSET
        if not isinstance(self.ipv4, Unset):
            ipv4 = self.ipv4

        ipv6: list[str] | Unset = UNSET
        if not isinstance(self.ipv6, Unset):
            ipv6 = self.ipv6

        fqdn: list[str] | Unset = UNSET
        if not isinstance(self.fqdn, Unset):
            fqdn = self.fqdn

        mac_address = self.mac_address

        os_name = self.os_name

        vendor = self.vendor

        product = self.product

        version = self.version

        origin_tags: list[str] | Unset = UNSET
        if not isinstance(self.origin_tags, Unset):
            origin_tags = self.origin_tags

        last_seen = self.last_seen

        vulnerabilities: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.vulnerabilities, Unset):
            vulnerabilities = []
            for vulnerabilities_item_data in self.vulnerabilities:
                vulnerabilities_item = vulnerabilities_item_data.to_dict()
                vulnerabilities.append(vulnerabilities_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if origin_asset_id is not UNSET:
            field_dict["origin_asset_id"] = origin_asset_id
        if asset_name is not UNSET:
            field_dict["asset_name"] = asset_name
        if ipv4 is not UNSET:
            field_dict["ipv4"] = ipv4
        if ipv6 is not UNSET:
            field_dict["ipv6"] = ipv6
        if fqdn is not UNSET:
            field_dict["fqdn"] = fqdn
        if mac_address is not UNSET:
            field_dict["mac_address"] = mac_address
        if os_name is not UNSET:
            field_dict["os_name"] = os_name
        if vendor is not UNSET:
            field_dict["vendor"] = vendor
        if product is not UNSET:
            field_dict["product"] = product
        if version is not UNSET:
            field_dict["version"] = version
        if origin_tags is not UNSET:
            field_dict["origin_tags"] = origin_tags
        if last_seen is not UNSET:
            field_dict["last_seen"] = last_seen
        if vulnerabilities is not UNSET:
            field_dict["vulnerabilities"] = vulnerabilities

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.external_vulnerability import ExternalVulnerability  # noqa: PLC0415

        d = dict(src_dict)
        origin_asset_id = d.pop("origin_asset_id", UNSET)

        asset_name = d.pop("asset_name", UNSET)

        ipv4 = cast(list[str], d.pop("ipv4", UNSET))

        ipv6 = cast(list[str], d.pop("ipv6", UNSET))

        fqdn = cast(list[str], d.pop("fqdn", UNSET))

        mac_address = d.pop("mac_address", UNSET)

        os_name = d.pop("os_name", UNSET)

        vendor = d.pop("vendor", UNSET)

        product = d.pop("product", UNSET)

        version = d.pop("version", UNSET)

        origin_tags = cast(list[str], d.pop("origin_tags", UNSET))

        last_seen = d.pop("last_seen", UNSET)

        _vulnerabilities = d.pop("vulnerabilities", UNSET)
        vulnerabilities: list[ExternalVulnerability] | Unset = UNSET
        if _vulnerabilities is not UNSET:
            vulnerabilities = []
            for vulnerabilities_item_data in _vulnerabilities:
                vulnerabilities_item = ExternalVulnerability.from_dict(vulnerabilities_item_data)

                vulnerabilities.append(vulnerabilities_item)

        external_asset = cls(
            origin_asset_id=origin_asset_id,
            asset_name=asset_name,
            ipv4=ipv4,
            ipv6=ipv6,
            fqdn=fqdn,
            mac_address=mac_address,
            os_name=os_name,
            vendor=vendor,
            product=product,
            version=version,
            origin_tags=origin_tags,
            last_seen=last_seen,
            vulnerabilities=vulnerabilities,
        )

        external_asset.additional_properties = d
        return external_asset

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
