from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.active_queries import ActiveQueries


T = TypeVar("T", bound="Quota")


@_attrs_define
class Quota:
    """The quota for queries, how much of it is used, and which queries run. Amounts are in its own units.

    Attributes:
        license_quota (float | Unset): What the license gives.
        additional_purchased_quota (float | Unset): What was bought besides.
        used_quota (float | Unset): What is used.
        eval_quota (float | Unset): What is given for an evaluation.
        daily_used_quota (float | Unset): What was used today.
        total_daily_running_queries (int | Unset): How many queries ran today.
        total_daily_concurrent_rejected_queries (int | Unset): How many queries were refused today, because too many
            ran.
        current_concurrent_active_queries (ActiveQueries | None | Unset): The queries that run, by id.
        current_concurrent_active_queries_count (int | Unset): How many queries run.
        max_daily_concurrent_active_query_count (int | Unset): How many queries ran at once today, at most.
    """

    license_quota: float | Unset = UNSET
    additional_purchased_quota: float | Unset = UNSET
    used_quota: float | Unset = UNSET
    eval_quota: float | Unset = UNSET
    daily_used_quota: float | Unset = UNSET
    total_daily_running_queries: int | Unset = UNSET
    total_daily_concurrent_rejected_queries: int | Unset = UNSET
    current_concurrent_active_queries: ActiveQueries | None | Unset = UNSET
    current_concurrent_active_queries_count: int | Unset = UNSET
    max_daily_concurrent_active_query_count: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.active_queries import ActiveQueries  # noqa: PLC0415

        license_quota = self.license_quota

        additional_purchased_quota = self.additional_purchased_quota

        used_quota = self.used_quota

        eval_quota = self.eval_quota

        daily_used_quota = self.daily_used_quota

        total_daily_running_queries = self.total_daily_running_queries

        total_daily_concurrent_rejected_queries = self.total_daily_concurrent_rejected_queries

        current_concurrent_active_queries: dict[str, Any] | None | Unset
        if isinstance(self.current_concurrent_active_queries, Unset):
            current_concurrent_active_queries = UNSET
        elif isinstance(self.current_concurrent_active_queries, ActiveQueries):
            current_concurrent_active_queries = self.current_concurrent_active_queries.to_dict()
        else:
            current_concurrent_active_queries = self.current_concurrent_active_queries

        current_concurrent_active_queries_count = self.current_concurrent_active_queries_count

        max_daily_concurrent_active_query_count = self.max_daily_concurrent_active_query_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if license_quota is not UNSET:
            field_dict["license_quota"] = license_quota
        if additional_purchased_quota is not UNSET:
            field_dict["additional_purchased_quota"] = additional_purchased_quota
        if used_quota is not UNSET:
            field_dict["used_quota"] = used_quota
        if eval_quota is not UNSET:
            field_dict["eval_quota"] = eval_quota
        if daily_used_quota is not UNSET:
            field_dict["daily_used_quota"] = daily_used_quota
        if total_daily_running_queries is not UNSET:
            field_dict["total_daily_running_queries"] = total_daily_running_queries
        if total_daily_concurrent_rejected_queries is not UNSET:
            field_dict["total_daily_concurrent_rejected_queries"] = total_daily_concurrent_rejected_queries
        if current_concurrent_active_queries is not UNSET:
            field_dict["current_concurrent_active_queries"] = current_concurrent_active_queries
        if current_concurrent_active_queries_count is not UNSET:
            field_dict["current_concurrent_active_queries_count"] = current_concurrent_active_queries_count
        if max_daily_concurrent_active_query_count is not UNSET:
            field_dict["max_daily_concurrent_active_query_count"] = max_daily_concurrent_active_query_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.active_queries import ActiveQueries  # noqa: PLC0415

        d = dict(src_dict)
        license_quota = d.pop("license_quota", UNSET)

        additional_purchased_quota = d.pop("additional_purchased_quota", UNSET)

        used_quota = d.pop("used_quota", UNSET)

        eval_quota = d.pop("eval_quota", UNSET)

        daily_used_quota = d.pop("daily_used_quota", UNSET)

        total_daily_running_queries = d.pop("total_daily_running_queries", UNSET)

        total_daily_concurrent_rejected_queries = d.pop("total_daily_concurrent_rejected_queries", UNSET)

        def _parse_current_concurrent_active_queries(data: object) -> ActiveQueries | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                current_concurrent_active_queries_type_0 = ActiveQueries.from_dict(data)

                return current_concurrent_active_queries_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ActiveQueries | None | Unset, data)

        current_concurrent_active_queries = _parse_current_concurrent_active_queries(
            d.pop("current_concurrent_active_queries", UNSET)
        )

        current_concurrent_active_queries_count = d.pop("current_concurrent_active_queries_count", UNSET)

        max_daily_concurrent_active_query_count = d.pop("max_daily_concurrent_active_query_count", UNSET)

        quota = cls(
            license_quota=license_quota,
            additional_purchased_quota=additional_purchased_quota,
            used_quota=used_quota,
            eval_quota=eval_quota,
            daily_used_quota=daily_used_quota,
            total_daily_running_queries=total_daily_running_queries,
            total_daily_concurrent_rejected_queries=total_daily_concurrent_rejected_queries,
            current_concurrent_active_queries=current_concurrent_active_queries,
            current_concurrent_active_queries_count=current_concurrent_active_queries_count,
            max_daily_concurrent_active_query_count=max_daily_concurrent_active_query_count,
        )

        quota.additional_properties = d
        return quota

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
