from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.latest_time import LatestTime
    from ..models.period import Period


T = TypeVar("T", bound="NewQuery")


@_attrs_define
class NewQuery:
    """An XQL query, and what it looks at.

    Attributes:
        query (str): The query's text.
        tenants (list[str] | Unset): The ids of the tenants to look at. None means the one that is asked.
        timeframe (LatestTime | Period | Unset): The time to look at. The last 24 hours, if it is left out.
    """

    query: str
    tenants: list[str] | Unset = UNSET
    timeframe: LatestTime | Period | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.period import Period  # noqa: PLC0415

        query = self.query

        tenants: list[str] | Unset = UNSET
        if not isinstance(self.tenants, Unset):
            tenants = self.tenants

        timeframe: dict[str, Any] | Unset
        if isinstance(self.timeframe, Unset):
            timeframe = UNSET
        elif isinstance(self.timeframe, Period):
            timeframe = self.timeframe.to_dict()
        else:
            timeframe = self.timeframe.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "query": query,
            }
        )
        if tenants is not UNSET:
            field_dict["tenants"] = tenants
        if timeframe is not UNSET:
            field_dict["timeframe"] = timeframe

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.latest_time import LatestTime  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        query = d.pop("query")

        tenants = cast(list[str], d.pop("tenants", UNSET))

        def _parse_timeframe(data: object) -> LatestTime | Period | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                timeframe_type_0 = Period.from_dict(data)

                return timeframe_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            timeframe_type_1 = LatestTime.from_dict(data)

            return timeframe_type_1

        timeframe = _parse_timeframe(d.pop("timeframe", UNSET))

        new_query = cls(
            query=query,
            tenants=tenants,
            timeframe=timeframe,
        )

        new_query.additional_properties = d
        return new_query

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
