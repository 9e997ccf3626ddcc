from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.vendor_error_position import VendorErrorPosition


T = TypeVar("T", bound="VendorErrorDetails")


@_attrs_define
class VendorErrorDetails:
    """The API's account of what went wrong with the request.

    Attributes:
        err_code (int | None | str | Unset): The HTTP status once more, as text or as a number.
        err_msg (None | str | Unset | VendorErrorPosition): What went wrong, as text or as a place in the request.
        err_extra (Any | Unset): Anything more there is to tell. Text by the vendor's page, often null, other JSON at
            times.
    """

    err_code: int | None | str | Unset = UNSET
    err_msg: None | str | Unset | VendorErrorPosition = UNSET
    err_extra: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.vendor_error_position import VendorErrorPosition  # noqa: PLC0415

        err_code: int | None | str | Unset
        if isinstance(self.err_code, Unset):
            err_code = UNSET
        else:
            err_code = self.err_code

        err_msg: dict[str, Any] | None | str | Unset
        if isinstance(self.err_msg, Unset):
            err_msg = UNSET
        elif isinstance(self.err_msg, VendorErrorPosition):
            err_msg = self.err_msg.to_dict()
        else:
            err_msg = self.err_msg

        err_extra = self.err_extra

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if err_code is not UNSET:
            field_dict["err_code"] = err_code
        if err_msg is not UNSET:
            field_dict["err_msg"] = err_msg
        if err_extra is not UNSET:
            field_dict["err_extra"] = err_extra

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.vendor_error_position import VendorErrorPosition  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_err_code(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        err_code = _parse_err_code(d.pop("err_code", UNSET))

        def _parse_err_msg(data: object) -> None | str | Unset | VendorErrorPosition:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                err_msg_type_0 = VendorErrorPosition.from_dict(data)

                return err_msg_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | str | Unset | VendorErrorPosition, data)

        err_msg = _parse_err_msg(d.pop("err_msg", UNSET))

        err_extra = d.pop("err_extra", UNSET)

        vendor_error_details = cls(
            err_code=err_code,
            err_msg=err_msg,
            err_extra=err_extra,
        )

        vendor_error_details.additional_properties = d
        return vendor_error_details

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
