from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.query_stream_query import QueryStreamQuery


T = TypeVar("T", bound="QueryStreamRequest")


@_attrs_define
class QueryStreamRequest:
    """Asks for the rows of a stream.

    Attributes:
        request_data (QueryStreamQuery): Names the stream to read.
    """

    request_data: QueryStreamQuery
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        request_data = self.request_data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_data": request_data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.query_stream_query import QueryStreamQuery  # noqa: PLC0415

        d = dict(src_dict)
        request_data = QueryStreamQuery.from_dict(d.pop("request_data"))

        query_stream_request = cls(
            request_data=request_data,
        )

        query_stream_request.additional_properties = d
        return query_stream_request

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
