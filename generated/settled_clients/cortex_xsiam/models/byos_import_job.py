from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.byos_import_job_status import ByosImportJobStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="ByosImportJob")


@_attrs_define
class ByosImportJob:
    """A BYOS import job, its status and its dates.

    Attributes:
        job_id (str): The job's id.
        created_timestamp (datetime.datetime): When the job was received.
        job_status (ByosImportJobStatus): Where a BYOS import job stands.
        last_updated (datetime.datetime | Unset): When the job last changed.
        error_log (None | str | Unset): What went wrong, if anything did.
    """

    job_id: str
    created_timestamp: datetime.datetime
    job_status: ByosImportJobStatus
    last_updated: datetime.datetime | Unset = UNSET
    error_log: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        job_id = self.job_id

        from .. import types as _types  # noqa: PLC0415

        created_timestamp = _types.format_timestamp(self.created_timestamp)

        job_status = self.job_status.value

        from .. import types as _types  # noqa: PLC0415

        last_updated: str | Unset = UNSET
        if not isinstance(self.last_updated, Unset):
            last_updated = _types.format_timestamp(self.last_updated)

        error_log: None | str | Unset
        if isinstance(self.error_log, Unset):
            error_log = UNSET
        else:
            error_log = self.error_log

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "job_id": job_id,
                "created_timestamp": created_timestamp,
                "job_status": job_status,
            }
        )
        if last_updated is not UNSET:
            field_dict["last_updated"] = last_updated
        if error_log is not UNSET:
            field_dict["error_log"] = error_log

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        job_id = d.pop("job_id")

        from .. import types as _types  # noqa: PLC0415

        created_timestamp = _types.parse_timestamp(d.pop("created_timestamp"))

        job_status = ByosImportJobStatus(d.pop("job_status"))

        from .. import types as _types  # noqa: PLC0415

        _last_updated = d.pop("last_updated", UNSET)
        last_updated: datetime.datetime | Unset
        if isinstance(_last_updated, Unset):
            last_updated = UNSET
        else:
            last_updated = _types.parse_timestamp(_last_updated)

        def _parse_error_log(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_log = _parse_error_log(d.pop("error_log", UNSET))

        byos_import_job = cls(
            job_id=job_id,
            created_timestamp=created_timestamp,
            job_status=job_status,
            last_updated=last_updated,
            error_log=error_log,
        )

        byos_import_job.additional_properties = d
        return byos_import_job

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
