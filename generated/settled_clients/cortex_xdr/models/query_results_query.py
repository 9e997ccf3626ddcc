from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.row_format import RowFormat
from ..types import UNSET, Unset

T = TypeVar("T", bound="QueryResultsQuery")


@_attrs_define
class QueryResultsQuery:
    """Names the query to look up, and says how much of its rows to answer.

    Attributes:
        query_id (str): The query's id, as its start answered it and the console's Query Center shows it.
        pending_flag (bool | Unset): Whether to answer at once. With false the API answers when the query has ended.
        limit (int | Unset): How many rows to answer, at most.
        format_ (RowFormat | Unset): The form of the rows.
    """

    query_id: str
    pending_flag: bool | Unset = UNSET
    limit: int | Unset = UNSET
    format_: RowFormat | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        query_id = self.query_id

        pending_flag = self.pending_flag

        limit = self.limit

        format_: str | Unset = UNSET
        if not isinstance(self.format_, Unset):
            format_ = self.format_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "query_id": query_id,
            }
        )
        if pending_flag is not UNSET:
            field_dict["pending_flag"] = pending_flag
        if limit is not UNSET:
            field_dict["limit"] = limit
        if format_ is not UNSET:
            field_dict["format"] = format_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        query_id = d.pop("query_id")

        pending_flag = d.pop("pending_flag", UNSET)

        limit = d.pop("limit", UNSET)

        _format_ = d.pop("format", UNSET)
        format_: RowFormat | Unset
        if isinstance(_format_, Unset):
            format_ = UNSET
        else:
            format_ = RowFormat(_format_)

        query_results_query = cls(
            query_id=query_id,
            pending_flag=pending_flag,
            limit=limit,
            format_=format_,
        )

        query_results_query.additional_properties = d
        return query_results_query

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
