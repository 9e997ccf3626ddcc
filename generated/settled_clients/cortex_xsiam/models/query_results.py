from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.query_status import QueryStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.query_cost import QueryCost
    from ..models.query_rows import QueryRows


T = TypeVar("T", bound="QueryResults")


@_attrs_define
class QueryResults:
    """Where a query stands, what it has cost, and its rows.

    Attributes:
        status (QueryStatus): Where a query stands. The page lists PENDING, SUCCESS and FAIL. PARTIAL_SUCCESS is of a
            query that failed for some of its tenants.
        number_of_results (int | None | Unset): How many rows there are.
        query_cost (None | QueryCost | Unset): What the query has cost, in units of the quota.
        remaining_quota (float | None | Unset): How many units of the quota are left.
        results (None | QueryRows | Unset): The rows, or where they are.
        error (Any | Unset): Why the query failed. Not in the page; the form differs.
        error_message (Any | Unset): Why the query failed, under another name. Not in the page; the form differs.
    """

    status: QueryStatus
    number_of_results: int | None | Unset = UNSET
    query_cost: None | QueryCost | Unset = UNSET
    remaining_quota: float | None | Unset = UNSET
    results: None | QueryRows | Unset = UNSET
    error: Any | Unset = UNSET
    error_message: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.query_cost import QueryCost  # noqa: PLC0415
        from ..models.query_rows import QueryRows  # noqa: PLC0415

        status = self.status.value

        number_of_results: int | None | Unset
        if isinstance(self.number_of_results, Unset):
            number_of_results = UNSET
        else:
            number_of_results = self.number_of_results

        query_cost: dict[str, Any] | None | Unset
        if isinstance(self.query_cost, Unset):
            query_cost = UNSET
        elif isinstance(self.query_cost, QueryCost):
            query_cost = self.query_cost.to_dict()
        else:
            query_cost = self.query_cost

        remaining_quota: float | None | Unset
        if isinstance(self.remaining_quota, Unset):
            remaining_quota = UNSET
        else:
            remaining_quota = self.remaining_quota

        results: dict[str, Any] | None | Unset
        if isinstance(self.results, Unset):
            results = UNSET
        elif isinstance(self.results, QueryRows):
            results = self.results.to_dict()
        else:
            results = self.results

        error = self.error

        error_message = self.error_message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
            }
        )
        if number_of_results is not UNSET:
            field_dict["number_of_results"] = number_of_results
        if query_cost is not UNSET:
            field_dict["query_cost"] = query_cost
        if remaining_quota is not UNSET:
            field_dict["remaining_quota"] = remaining_quota
        if results is not UNSET:
            field_dict["results"] = results
        if error is not UNSET:
            field_dict["error"] = error
        if error_message is not UNSET:
            field_dict["error_message"] = error_message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.query_cost import QueryCost  # noqa: PLC0415
        from ..models.query_rows import QueryRows  # noqa: PLC0415

        d = dict(src_dict)
        status = QueryStatus(d.pop("status"))

        def _parse_number_of_results(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        number_of_results = _parse_number_of_results(d.pop("number_of_results", UNSET))

        def _parse_query_cost(data: object) -> None | QueryCost | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                query_cost_type_0 = QueryCost.from_dict(data)

                return query_cost_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QueryCost | Unset, data)

        query_cost = _parse_query_cost(d.pop("query_cost", UNSET))

        def _parse_remaining_quota(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        remaining_quota = _parse_remaining_quota(d.pop("remaining_quota", UNSET))

        def _parse_results(data: object) -> None | QueryRows | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                results_type_0 = QueryRows.from_dict(data)

                return results_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QueryRows | Unset, data)

        results = _parse_results(d.pop("results", UNSET))

        error = d.pop("error", UNSET)

        error_message = d.pop("error_message", UNSET)

        query_results = cls(
            status=status,
            number_of_results=number_of_results,
            query_cost=query_cost,
            remaining_quota=remaining_quota,
            results=results,
            error=error,
            error_message=error_message,
        )

        query_results.additional_properties = d
        return query_results

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
