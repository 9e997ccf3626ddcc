from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.scan_priority import ScanPriority
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.label import Label
    from ..models.sensor_config import SensorConfig


T = TypeVar("T", bound="SubmitScanRequest")


@_attrs_define
class SubmitScanRequest:
    """A scan to run. For the deprecated operation only.

    Attributes:
        sensor_type (str): The kind of sensor, as the platform names it, such as Artifactory Sensor.
        sensor_name (str): A name for the sensor that no other has. The platform's logs show it.
        sensor_config (SensorConfig): The sensor's settings. Each kind of sensor has its own, described in its guide.
        priority (ScanPriority | Unset): Which scans go first; among equals, the one that came first does. A scan
            without a priority is low.
        callback_id (str | Unset): The id of the registered endpoint that is told of the scan's end, as 24 hexadecimal
            digits.
        labels (list[Label] | Unset): Labels for the sensor and its results.
    """

    sensor_type: str
    sensor_name: str
    sensor_config: SensorConfig
    priority: ScanPriority | Unset = UNSET
    callback_id: str | Unset = UNSET
    labels: list[Label] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        sensor_type = self.sensor_type

        sensor_name = self.sensor_name

        sensor_config = self.sensor_config.to_dict()

        priority: str | Unset = UNSET
        if not isinstance(self.priority, Unset):
            priority = self.priority.value

        callback_id = self.callback_id

        labels: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = []
            for labels_item_data in self.labels:
                labels_item = labels_item_data.to_dict()
                labels.append(labels_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sensorType": sensor_type,
                "sensorName": sensor_name,
                "sensorConfig": sensor_config,
            }
        )
        if priority is not UNSET:
            field_dict["priority"] = priority
        if callback_id is not UNSET:
            field_dict["callbackId"] = callback_id
        if labels is not UNSET:
            field_dict["labels"] = labels

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.label import Label  # noqa: PLC0415
        from ..models.sensor_config import SensorConfig  # noqa: PLC0415

        d = dict(src_dict)
        sensor_type = d.pop("sensorType")

        sensor_name = d.pop("sensorName")

        sensor_config = SensorConfig.from_dict(d.pop("sensorConfig"))

        _priority = d.pop("priority", UNSET)
        priority: ScanPriority | Unset
        if isinstance(_priority, Unset):
            priority = UNSET
        else:
            priority = ScanPriority(_priority)

        callback_id = d.pop("callbackId", UNSET)

        _labels = d.pop("labels", UNSET)
        labels: list[Label] | Unset = UNSET
        if _labels is not UNSET:
            labels = []
            for labels_item_data in _labels:
                labels_item = Label.from_dict(labels_item_data)

                labels.append(labels_item)

        submit_scan_request = cls(
            sensor_type=sensor_type,
            sensor_name=sensor_name,
            sensor_config=sensor_config,
            priority=priority,
            callback_id=callback_id,
            labels=labels,
        )

        return submit_scan_request
