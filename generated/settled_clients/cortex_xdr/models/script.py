from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Script")


@_attrs_define
class Script:
    """A script of the library.

    Attributes:
        script_id (int | Unset): The script's number, which no other operation asks for.
        name (str | Unset): What the script is called.
        description (None | str | Unset): What the script does.
        modification_date (int | None | str | Unset): When the script was changed last, in milliseconds since 1970.
        created_by (None | str | Unset): Who wrote the script.
        is_high_risk (bool | Unset): Whether the script can do harm.
        windows_supported (bool | Unset): Whether the script runs on Windows.
        linux_supported (bool | Unset): Whether the script runs on Linux.
        macos_supported (bool | Unset): Whether the script runs on macOS.
        script_uid (str | Unset): The script's id, by which it is run.
    """

    script_id: int | Unset = UNSET
    name: str | Unset = UNSET
    description: None | str | Unset = UNSET
    modification_date: int | None | str | Unset = UNSET
    created_by: None | str | Unset = UNSET
    is_high_risk: bool | Unset = UNSET
    windows_supported: bool | Unset = UNSET
    linux_supported: bool | Unset = UNSET
    macos_supported: bool | Unset = UNSET
    script_uid: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        script_id = self.script_id

        name = self.name

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        modification_date: int | None | str | Unset
        if isinstance(self.modification_date, Unset):
            modification_date = UNSET
        else:
            modification_date = self.modification_date

        created_by: None | str | Unset
        if isinstance(self.created_by, Unset):
            created_by = UNSET
        else:
            created_by = self.created_by

        is_high_risk = self.is_high_risk

        windows_supported = self.windows_supported

        linux_supported = self.linux_supported

        macos_supported = self.macos_supported

        script_uid = self.script_uid

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if script_id is not UNSET:
            field_dict["script_id"] = script_id
        if name is not UNSET:
            field_dict["name"] = name
        if description is not UNSET:
            field_dict["description"] = description
        if modification_date is not UNSET:
            field_dict["modification_date"] = modification_date
        if created_by is not UNSET:
            field_dict["created_by"] = created_by
        if is_high_risk is not UNSET:
            field_dict["is_high_risk"] = is_high_risk
        if windows_supported is not UNSET:
            field_dict["windows_supported"] = windows_supported
        if linux_supported is not UNSET:
            field_dict["linux_supported"] = linux_supported
        if macos_supported is not UNSET:
            field_dict["macos_supported"] = macos_supported
        if script_uid is not UNSET:
            field_dict["script_uid"] = script_uid

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        script_id = d.pop("script_id", UNSET)

        name = d.pop("name", UNSET)

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_modification_date(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        modification_date = _parse_modification_date(d.pop("modification_date", UNSET))

        def _parse_created_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_by = _parse_created_by(d.pop("created_by", UNSET))

        is_high_risk = d.pop("is_high_risk", UNSET)

        windows_supported = d.pop("windows_supported", UNSET)

        linux_supported = d.pop("linux_supported", UNSET)

        macos_supported = d.pop("macos_supported", UNSET)

        script_uid = d.pop("script_uid", UNSET)

        script = cls(
            script_id=script_id,
            name=name,
            description=description,
            modification_date=modification_date,
            created_by=created_by,
            is_high_risk=is_high_risk,
            windows_supported=windows_supported,
            linux_supported=linux_supported,
            macos_supported=macos_supported,
            script_uid=script_uid,
        )

        script.additional_properties = d
        return script

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
