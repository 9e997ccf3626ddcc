from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="QueryStreamQuery")


@_attrs_define
class QueryStreamQuery:
    """Names the stream to read.

    Attributes:
        stream_id (str): The stream's id, from the reply of get_query_results.
        is_gzip_compressed (bool | Unset): Whether to pack the rows with gzip.
    """

    stream_id: str
    is_gzip_compressed: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        stream_id = self.stream_id

        is_gzip_compressed = self.is_gzip_compressed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "stream_id": stream_id,
            }
        )
        if is_gzip_compressed is not UNSET:
            field_dict["is_gzip_compressed"] = is_gzip_compressed

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        stream_id = d.pop("stream_id")

        is_gzip_compressed = d.pop("is_gzip_compressed", UNSET)

        query_stream_query = cls(
            stream_id=stream_id,
            is_gzip_compressed=is_gzip_compressed,
        )

        query_stream_query.additional_properties = d
        return query_stream_query

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
