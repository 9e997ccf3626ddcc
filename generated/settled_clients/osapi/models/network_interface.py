from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="NetworkInterface")


@_attrs_define
class NetworkInterface:
    """A network interface.

    Attributes:
        name (str | Unset): Its name.
        ipv4 (str | Unset): Its IPv4 address.
        ipv6 (str | Unset): Its IPv6 address.
        mac (str | Unset): Its hardware address.
        family (str | Unset): Which addresses it has, inet, inet6 or dual.
    """

    name: str | Unset = UNSET
    ipv4: str | Unset = UNSET
    ipv6: str | Unset = UNSET
    mac: str | Unset = UNSET
    family: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        ipv4 = self.ipv4

        ipv6 = self.ipv6

        mac = self.mac

        family = self.family

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if ipv4 is not UNSET:
            field_dict["ipv4"] = ipv4
        if ipv6 is not UNSET:
            field_dict["ipv6"] = ipv6
        if mac is not UNSET:
            field_dict["mac"] = mac
        if family is not UNSET:
            field_dict["family"] = family

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name", UNSET)

        ipv4 = d.pop("ipv4", UNSET)

        ipv6 = d.pop("ipv6", UNSET)

        mac = d.pop("mac", UNSET)

        family = d.pop("family", UNSET)

        network_interface = cls(
            name=name,
            ipv4=ipv4,
            ipv6=ipv6,
            mac=mac,
            family=family,
        )

        network_interface.additional_properties = d
        return network_interface

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
