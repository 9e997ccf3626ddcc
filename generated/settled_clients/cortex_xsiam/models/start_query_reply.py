from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.started_query import StartedQuery


T = TypeVar("T", bound="StartQueryReply")


@_attrs_define
class StartQueryReply:
    """The envelope around the id of a query.

    Attributes:
        reply (StartedQuery | str | Unset): The query's id, as text or, by an older page, within an object.
    """

    reply: StartedQuery | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.started_query import StartedQuery  # noqa: PLC0415

        reply: dict[str, Any] | str | Unset
        if isinstance(self.reply, Unset):
            reply = UNSET
        elif isinstance(self.reply, StartedQuery):
            reply = self.reply.to_dict()
        else:
            reply = self.reply

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if reply is not UNSET:
            field_dict["reply"] = reply

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.started_query import StartedQuery  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_reply(data: object) -> StartedQuery | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reply_type_0 = StartedQuery.from_dict(data)

                return reply_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(StartedQuery | str | Unset, data)

        reply = _parse_reply(d.pop("reply", UNSET))

        start_query_reply = cls(
            reply=reply,
        )

        start_query_reply.additional_properties = d
        return start_query_reply

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
