from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.submission_status import SubmissionStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="SensorScanSubmission")


@_attrs_define
class SensorScanSubmission:
    """What came of submitting a scan together with its sensor.

    Attributes:
        sensor_id (str | Unset): The id of the sensor that was created.
        execution_id (str | Unset): The id of this run of the scan.
        status (SubmissionStatus | Unset): Whether a scan was taken on. It says nothing about how the scan goes.
        message (str | Unset): More about the submission.
    """

    sensor_id: str | Unset = UNSET
    execution_id: str | Unset = UNSET
    status: SubmissionStatus | Unset = UNSET
    message: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sensor_id = self.sensor_id

        execution_id = self.execution_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if sensor_id is not UNSET:
            field_dict["sensorId"] = sensor_id
        if execution_id is not UNSET:
            field_dict["executionId"] = execution_id
        if status is not UNSET:
            field_dict["status"] = status
        if message is not UNSET:
            field_dict["message"] = message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sensor_id = d.pop("sensorId", UNSET)

        execution_id = d.pop("executionId", UNSET)

        _status = d.pop("status", UNSET)
        status: SubmissionStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = SubmissionStatus(_status)

        message = d.pop("message", UNSET)

        sensor_scan_submission = cls(
            sensor_id=sensor_id,
            execution_id=execution_id,
            status=status,
            message=message,
        )

        sensor_scan_submission.additional_properties = d
        return sensor_scan_submission

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
