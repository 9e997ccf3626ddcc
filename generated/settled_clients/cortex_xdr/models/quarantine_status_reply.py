from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.quarantine_status import QuarantineStatus


T = TypeVar("T", bound="QuarantineStatusReply")


@_attrs_define
class QuarantineStatusReply:
    """The envelope around the files that were looked up.

    Attributes:
        reply (list[QuarantineStatus] | Unset): What is true of each file, a list where other replies have an object.
    """

    reply: list[QuarantineStatus] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        reply: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.reply, Unset):
            reply = []
            for reply_item_data in self.reply:
                reply_item = reply_item_data.to_dict()
                reply.append(reply_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if reply is not UNSET:
            field_dict["reply"] = reply

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.quarantine_status import QuarantineStatus  # noqa: PLC0415

        d = dict(src_dict)
        _reply = d.pop("reply", UNSET)
        reply: list[QuarantineStatus] | Unset = UNSET
        if _reply is not UNSET:
            reply = []
            for reply_item_data in _reply:
                reply_item = QuarantineStatus.from_dict(reply_item_data)

                reply.append(reply_item)

        quarantine_status_reply = cls(
            reply=reply,
        )

        quarantine_status_reply.additional_properties = d
        return quarantine_status_reply

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
