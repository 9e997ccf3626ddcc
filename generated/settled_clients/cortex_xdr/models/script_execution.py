from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ScriptExecution")


@_attrs_define
class ScriptExecution:
    """Where a script run stands, over all its endpoints. The counts are integers by the vendor's page; replies also hold
    them as text or as null.

        Attributes:
            general_status (str | Unset): Where the whole run stands. The vendor publishes no list of its words; they
                resemble those of an action. Left out where `error_message` says why there is none.
            endpoints_pending (int | None | str | Unset): How many endpoints have yet to start.
            endpoints_canceled (int | None | str | Unset): How many endpoints had the run canceled.
            endpoints_in_progress (int | None | str | Unset): How many endpoints are running the script.
            endpoints_timeout (int | None | str | Unset): How many endpoints took too long.
            endpoints_failed (int | None | str | Unset): How many endpoints failed.
            endpoints_completed_successfully (int | None | str | Unset): How many endpoints succeeded.
            endpoints_pending_abort (int | None | str | Unset): How many endpoints are about to stop.
            endpoints_aborted (int | None | str | Unset): How many endpoints stopped early.
            endpoints_expired (int | None | str | Unset): How many endpoints did not start in time.
            error_message (None | str | Unset): Why there is no status; the action may be unknown or the key not allowed.
                Empty is no error.
    """

    general_status: str | Unset = UNSET
    endpoints_pending: int | None | str | Unset = UNSET
    endpoints_canceled: int | None | str | Unset = UNSET
    endpoints_in_progress: int | None | str | Unset = UNSET
    endpoints_timeout: int | None | str | Unset = UNSET
    endpoints_failed: int | None | str | Unset = UNSET
    endpoints_completed_successfully: int | None | str | Unset = UNSET
    endpoints_pending_abort: int | None | str | Unset = UNSET
    endpoints_aborted: int | None | str | Unset = UNSET
    endpoints_expired: int | None | str | Unset = UNSET
    error_message: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        general_status = self.general_status

        endpoints_pending: int | None | str | Unset
        if isinstance(self.endpoints_pending, Unset):
            endpoints_pending = UNSET
        else:
            endpoints_pending = self.endpoints_pending

        endpoints_canceled: int | None | str | Unset
        if isinstance(self.endpoints_canceled, Unset):
            endpoints_canceled = UNSET
        else:
            endpoints_canceled = self.endpoints_canceled

        endpoints_in_progress: int | None | str | Unset
        if isinstance(self.endpoints_in_progress, Unset):
            endpoints_in_progress = UNSET
        else:
            endpoints_in_progress = self.endpoints_in_progress

        endpoints_timeout: int | None | str | Unset
        if isinstance(self.endpoints_timeout, Unset):
            endpoints_timeout = UNSET
        else:
            endpoints_timeout = self.endpoints_timeout

        endpoints_failed: int | None | str | Unset
        if isinstance(self.endpoints_failed, Unset):
            endpoints_failed = UNSET
        else:
            endpoints_failed = self.endpoints_failed

        endpoints_completed_successfully: int | None | str | Unset
        if isinstance(self.endpoints_completed_successfully, Unset):
            endpoints_completed_successfully = UNSET
        else:
            endpoints_completed_successfully = self.endpoints_completed_successfully

        endpoints_pending_abort: int | None | str | Unset
        if isinstance(self.endpoints_pending_abort, Unset):
            endpoints_pending_abort = UNSET
        else:
            endpoints_pending_abort = self.endpoints_pending_abort

        endpoints_aborted: int | None | str | Unset
        if isinstance(self.endpoints_aborted, Unset):
            endpoints_aborted = UNSET
        else:
            endpoints_aborted = self.endpoints_aborted

        endpoints_expired: int | None | str | Unset
        if isinstance(self.endpoints_expired, Unset):
            endpoints_expired = UNSET
        else:
            endpoints_expired = self.endpoints_expired

        error_message: None | str | Unset
        if isinstance(self.error_message, Unset):
            error_message = UNSET
        else:
            error_message = self.error_message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if general_status is not UNSET:
            field_dict["general_status"] = general_status
        if endpoints_pending is not UNSET:
            field_dict["endpoints_pending"] = endpoints_pending
        if endpoints_canceled is not UNSET:
            field_dict["endpoints_canceled"] = endpoints_canceled
        if endpoints_in_progress is not UNSET:
            field_dict["endpoints_in_progress"] = endpoints_in_progress
        if endpoints_timeout is not UNSET:
            field_dict["endpoints_timeout"] = endpoints_timeout
        if endpoints_failed is not UNSET:
            field_dict["endpoints_failed"] = endpoints_failed
        if endpoints_completed_successfully is not UNSET:
            field_dict["endpoints_completed_successfully"] = endpoints_completed_successfully
        if endpoints_pending_abort is not UNSET:
            field_dict["endpoints_pending_abort"] = endpoints_pending_abort
        if endpoints_aborted is not UNSET:
            field_dict["endpoints_aborted"] = endpoints_aborted
        if endpoints_expired is not UNSET:
            field_dict["endpoints_expired"] = endpoints_expired
        if error_message is not UNSET:
            field_dict["error_message"] = error_message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        general_status = d.pop("general_status", UNSET)

        def _parse_endpoints_pending(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_pending = _parse_endpoints_pending(d.pop("endpoints_pending", UNSET))

        def _parse_endpoints_canceled(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_canceled = _parse_endpoints_canceled(d.pop("endpoints_canceled", UNSET))

        def _parse_endpoints_in_progress(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_in_progress = _parse_endpoints_in_progress(d.pop("endpoints_in_progress", UNSET))

        def _parse_endpoints_timeout(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_timeout = _parse_endpoints_timeout(d.pop("endpoints_timeout", UNSET))

        def _parse_endpoints_failed(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_failed = _parse_endpoints_failed(d.pop("endpoints_failed", UNSET))

        def _parse_endpoints_completed_successfully(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_completed_successfully = _parse_endpoints_completed_successfully(
            d.pop("endpoints_completed_successfully", UNSET)
        )

        def _parse_endpoints_pending_abort(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_pending_abort = _parse_endpoints_pending_abort(d.pop("endpoints_pending_abort", UNSET))

        def _parse_endpoints_aborted(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_aborted = _parse_endpoints_aborted(d.pop("endpoints_aborted", UNSET))

        def _parse_endpoints_expired(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        endpoints_expired = _parse_endpoints_expired(d.pop("endpoints_expired", UNSET))

        def _parse_error_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_message = _parse_error_message(d.pop("error_message", UNSET))

        script_execution = cls(
            general_status=general_status,
            endpoints_pending=endpoints_pending,
            endpoints_canceled=endpoints_canceled,
            endpoints_in_progress=endpoints_in_progress,
            endpoints_timeout=endpoints_timeout,
            endpoints_failed=endpoints_failed,
            endpoints_completed_successfully=endpoints_completed_successfully,
            endpoints_pending_abort=endpoints_pending_abort,
            endpoints_aborted=endpoints_aborted,
            endpoints_expired=endpoints_expired,
            error_message=error_message,
        )

        script_execution.additional_properties = d
        return script_execution

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
