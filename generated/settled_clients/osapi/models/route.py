from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Route")


@_attrs_define
class Route:
    """A route of the routing table.

    Attributes:
        destination (str | Unset): The network it leads to.
        gateway (str | Unset): The gateway's address.
        interface (str | Unset): The interface it takes.
        mask (str | Unset): The network's mask, such as /24.
        metric (int | Unset): Its metric.
        flags (str | Unset): Its flags.
    """

    destination: str | Unset = UNSET
    gateway: str | Unset = UNSET
    interface: str | Unset = UNSET
    mask: str | Unset = UNSET
    metric: int | Unset = UNSET
    flags: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        destination = self.destination

        gateway = self.gateway

        interface = self.interface

        mask = self.mask

        metric = self.metric

        flags = self.flags

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if destination is not UNSET:
            field_dict["destination"] = destination
        if gateway is not UNSET:
            field_dict["gateway"] = gateway
        if interface is not UNSET:
            field_dict["interface"] = interface
        if mask is not UNSET:
            field_dict["mask"] = mask
        if metric is not UNSET:
            field_dict["metric"] = metric
        if flags is not UNSET:
            field_dict["flags"] = flags

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        destination = d.pop("destination", UNSET)

        gateway = d.pop("gateway", UNSET)

        interface = d.pop("interface", UNSET)

        mask = d.pop("mask", UNSET)

        metric = d.pop("metric", UNSET)

        flags = d.pop("flags", UNSET)

        route = cls(
            destination=destination,
            gateway=gateway,
            interface=interface,
            mask=mask,
            metric=metric,
            flags=flags,
        )

        route.additional_properties = d
        return route

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
