from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_status import JobStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="SubmittedJob")


@_attrs_define
class SubmittedJob:
    """A job that was submitted.

    Attributes:
        job_id (str): The job's id, a UUID.
        status (JobStatus): Where a job stands, or one agent with its share of it.
        revision (int | Unset): The revision of the job's entry in the server's store.
        timestamp (datetime.datetime | Unset): When the job was submitted.
    """

    job_id: str
    status: JobStatus
    revision: int | Unset = UNSET
    timestamp: datetime.datetime | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        job_id = self.job_id

        status = self.status.value

        revision = self.revision

        from .. import types as _types  # noqa: PLC0415

        timestamp: str | Unset = UNSET
        if not isinstance(self.timestamp, Unset):
            timestamp = _types.format_timestamp(self.timestamp)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "job_id": job_id,
                "status": status,
            }
        )
        if revision is not UNSET:
            field_dict["revision"] = revision
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        job_id = d.pop("job_id")

        status = JobStatus(d.pop("status"))

        revision = d.pop("revision", UNSET)

        from .. import types as _types  # noqa: PLC0415

        _timestamp = d.pop("timestamp", UNSET)
        timestamp: datetime.datetime | Unset
        if isinstance(_timestamp, Unset):
            timestamp = UNSET
        else:
            timestamp = _types.parse_timestamp(_timestamp)

        submitted_job = cls(
            job_id=job_id,
            status=status,
            revision=revision,
            timestamp=timestamp,
        )

        submitted_job.additional_properties = d
        return submitted_job

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
