from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.job import Job
    from ..models.status_counts import StatusCounts


T = TypeVar("T", bound="JobList")


@_attrs_define
class JobList:
    """A page of the list of jobs.

    Attributes:
        total_items (int | Unset): How many jobs there are of the status that was asked for.
        status_counts (None | StatusCounts | Unset): How many jobs of any status there are, or null where there are
            none.
        items (list[Job] | Unset): The page's jobs.
    """

    total_items: int | Unset = UNSET
    status_counts: None | StatusCounts | Unset = UNSET
    items: list[Job] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.status_counts import StatusCounts  # noqa: PLC0415

        total_items = self.total_items

        status_counts: dict[str, Any] | None | Unset
        if isinstance(self.status_counts, Unset):
            status_counts = UNSET
        elif isinstance(self.status_counts, StatusCounts):
            status_counts = self.status_counts.to_dict()
        else:
            status_counts = self.status_counts

        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if total_items is not UNSET:
            field_dict["total_items"] = total_items
        if status_counts is not UNSET:
            field_dict["status_counts"] = status_counts
        if items is not UNSET:
            field_dict["items"] = items

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.job import Job  # noqa: PLC0415
        from ..models.status_counts import StatusCounts  # noqa: PLC0415

        d = dict(src_dict)
        total_items = d.pop("total_items", UNSET)

        def _parse_status_counts(data: object) -> None | StatusCounts | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                status_counts_type_0 = StatusCounts.from_dict(data)

                return status_counts_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StatusCounts | Unset, data)

        status_counts = _parse_status_counts(d.pop("status_counts", UNSET))

        _items = d.pop("items", UNSET)
        items: list[Job] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = Job.from_dict(items_item_data)

                items.append(items_item)

        job_list = cls(
            total_items=total_items,
            status_counts=status_counts,
            items=items,
        )

        job_list.additional_properties = d
        return job_list

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
