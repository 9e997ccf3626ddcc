from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.scan_status import ScanStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.label import Label


T = TypeVar("T", bound="Scan")


@_attrs_define
class Scan:
    """A run of a scan, its status and who started it.

    Attributes:
        sensor_id (str | Unset): The id of the sensor that scans.
        execution_id (str | Unset): The id of this run of the scan.
        status (ScanStatus | Unset): How a scan ended. The vendor lists these two words alone; while a scan waits or
            runs, others occur.
        message (str | Unset): More about the status.
        ran_by (str | Unset): The user or the system account that started the scan.
        ran_at (datetime.datetime | Unset): When the scan was started.
        labels (list[Label] | Unset): The labels of the sensor.
    """

    sensor_id: str | Unset = UNSET
    execution_id: str | Unset = UNSET
    status: ScanStatus | Unset = UNSET
    message: str | Unset = UNSET
    ran_by: str | Unset = UNSET
    ran_at: datetime.datetime | Unset = UNSET
    labels: list[Label] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sensor_id = self.sensor_id

        execution_id = self.execution_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        message = self.message

        ran_by = self.ran_by

        from .. import types as _types  # noqa: PLC0415

        ran_at: str | Unset = UNSET
        if not isinstance(self.ran_at, Unset):
            ran_at = _types.format_timestamp(self.ran_at)

        labels: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = []
            for labels_item_data in self.labels:
                labels_item = labels_item_data.to_dict()
                labels.append(labels_item)

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
        if ran_by is not UNSET:
            field_dict["ranBy"] = ran_by
        if ran_at is not UNSET:
            field_dict["ranAt"] = ran_at
        if labels is not UNSET:
            field_dict["labels"] = labels

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.label import Label  # noqa: PLC0415

        d = dict(src_dict)
        sensor_id = d.pop("sensorId", UNSET)

        execution_id = d.pop("executionId", UNSET)

        _status = d.pop("status", UNSET)
        status: ScanStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = ScanStatus(_status)

        message = d.pop("message", UNSET)

        ran_by = d.pop("ranBy", UNSET)

        from .. import types as _types  # noqa: PLC0415

        _ran_at = d.pop("ranAt", UNSET)
        ran_at: datetime.datetime | Unset
        if isinstance(_ran_at, Unset):
            ran_at = UNSET
        else:
            ran_at = _types.parse_timestamp(_ran_at)

        _labels = d.pop("labels", UNSET)
        labels: list[Label] | Unset = UNSET
        if _labels is not UNSET:
            labels = []
            for labels_item_data in _labels:
                labels_item = Label.from_dict(labels_item_data)

                labels.append(labels_item)

        scan = cls(
            sensor_id=sensor_id,
            execution_id=execution_id,
            status=status,
            message=message,
            ran_by=ran_by,
            ran_at=ran_at,
            labels=labels,
        )

        scan.additional_properties = d
        return scan

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
