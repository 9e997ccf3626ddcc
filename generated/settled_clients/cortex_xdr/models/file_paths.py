from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="FilePaths")


@_attrs_define
class FilePaths:
    """The paths of files by operating system, 20 at most and one at least.

    Attributes:
        windows (list[str] | Unset): Paths on endpoints with Windows.
        linux (list[str] | Unset): Paths on endpoints with Linux.
        macos (list[str] | Unset): Paths on endpoints with macOS.
    """

    windows: list[str] | Unset = UNSET
    linux: list[str] | Unset = UNSET
    macos: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        windows: list[str] | Unset = UNSET
        if not isinstance(self.windows, Unset):
            windows = self.windows

        linux: list[str] | Unset = UNSET
        if not isinstance(self.linux, Unset):
            linux = self.linux

        macos: list[str] | Unset = UNSET
        if not isinstance(self.macos, Unset):
            macos = self.macos

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if windows is not UNSET:
            field_dict["windows"] = windows
        if linux is not UNSET:
            field_dict["linux"] = linux
        if macos is not UNSET:
            field_dict["macos"] = macos

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        windows = cast(list[str], d.pop("windows", UNSET))

        linux = cast(list[str], d.pop("linux", UNSET))

        macos = cast(list[str], d.pop("macos", UNSET))

        file_paths = cls(
            windows=windows,
            linux=linux,
            macos=macos,
        )

        file_paths.additional_properties = d
        return file_paths

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
