from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="EndpointScriptResult")


@_attrs_define
class EndpointScriptResult:
    """What came of a script on one endpoint. Other fields are its outputs, under names that it chooses, and
    `_return_value`, which is what its entry point has returned, as JSON of any form.

        Attributes:
            endpoint_id (str): The endpoint's id.
            endpoint_name (None | str | Unset): The endpoint's host name.
            endpoint_ip_address (list[str] | None | Unset): The endpoint's addresses.
            endpoint_status (None | str | Unset): Whether the endpoint is connected. The words are not published.
            domain (None | str | Unset): The endpoint's domain or workgroup.
            execution_status (None | str | Unset): Where the script stands on this endpoint, in the words of an action.
            standard_output (None | str | Unset): What the script has written. Empty or null until it has ended.
            retrieved_files (int | None | str | Unset): How many files the script has brought.
            failed_files (int | None | str | Unset): How many files it was to bring and did not.
            retention_date (None | str | Unset): Until when the files are kept.
    """

    endpoint_id: str
    endpoint_name: None | str | Unset = UNSET
    endpoint_ip_address: list[str] | None | Unset = UNSET
    endpoint_status: None | str | Unset = UNSET
    domain: None | str | Unset = UNSET
    execution_status: None | str | Unset = UNSET
    standard_output: None | str | Unset = UNSET
    retrieved_files: int | None | str | Unset = UNSET
    failed_files: int | None | str | Unset = UNSET
    retention_date: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        endpoint_id = self.endpoint_id

        endpoint_name: None | str | Unset
        if isinstance(self.endpoint_name, Unset):
            endpoint_name = UNSET
        else:
            endpoint_name = self.endpoint_name

        endpoint_ip_address: list[str] | None | Unset
        if isinstance(self.endpoint_ip_address, Unset):
            endpoint_ip_address = UNSET
        elif isinstance(self.endpoint_ip_address, list):
            endpoint_ip_address = self.endpoint_ip_address

        else:
            endpoint_ip_address = self.endpoint_ip_address

        endpoint_status: None | str | Unset
        if isinstance(self.endpoint_status, Unset):
            endpoint_status = UNSET
        else:
            endpoint_status = self.endpoint_status

        domain: None | str | Unset
        if isinstance(self.domain, Unset):
            domain = UNSET
        else:
            domain = self.domain

        execution_status: None | str | Unset
        if isinstance(self.execution_status, Unset):
            execution_status = UNSET
        else:
            execution_status = self.execution_status

        standard_output: None | str | Unset
        if isinstance(self.standard_output, Unset):
            standard_output = UNSET
        else:
            standard_output = self.standard_output

        retrieved_files: int | None | str | Unset
        if isinstance(self.retrieved_files, Unset):
            retrieved_files = UNSET
        else:
            retrieved_files = self.retrieved_files

        failed_files: int | None | str | Unset
        if isinstance(self.failed_files, Unset):
            failed_files = UNSET
        else:
            failed_files = self.failed_files

        retention_date: None | str | Unset
        if isinstance(self.retention_date, Unset):
            retention_date = UNSET
        else:
            retention_date = self.retention_date

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "endpoint_id": endpoint_id,
            }
        )
        if endpoint_name is not UNSET:
            field_dict["endpoint_name"] = endpoint_name
        if endpoint_ip_address is not UNSET:
            field_dict["endpoint_ip_address"] = endpoint_ip_address
        if endpoint_status is not UNSET:
            field_dict["endpoint_status"] = endpoint_status
        if domain is not UNSET:
            field_dict["domain"] = domain
        if execution_status is not UNSET:
            field_dict["execution_status"] = execution_status
        if standard_output is not UNSET:
            field_dict["standard_output"] = standard_output
        if retrieved_files is not UNSET:
            field_dict["retrieved_files"] = retrieved_files
        if failed_files is not UNSET:
            field_dict["failed_files"] = failed_files
        if retention_date is not UNSET:
            field_dict["retention_date"] = retention_date

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        endpoint_id = d.pop("endpoint_id")

        def _parse_endpoint_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        endpoint_name = _parse_endpoint_name(d.pop("endpoint_name", UNSET))

        def _parse_endpoint_ip_address(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                endpoint_ip_address_type_0 = cast(list[str], data)

                return endpoint_ip_address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        endpoint_ip_address = _parse_endpoint_ip_address(d.pop("endpoint_ip_address", UNSET))

        def _parse_endpoint_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        endpoint_status = _parse_endpoint_status(d.pop("endpoint_status", UNSET))

        def _parse_domain(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        domain = _parse_domain(d.pop("domain", UNSET))

        def _parse_execution_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        execution_status = _parse_execution_status(d.pop("execution_status", UNSET))

        def _parse_standard_output(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        standard_output = _parse_standard_output(d.pop("standard_output", UNSET))

        def _parse_retrieved_files(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        retrieved_files = _parse_retrieved_files(d.pop("retrieved_files", UNSET))

        def _parse_failed_files(data: object) -> int | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | str | Unset, data)

        failed_files = _parse_failed_files(d.pop("failed_files", UNSET))

        def _parse_retention_date(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        retention_date = _parse_retention_date(d.pop("retention_date", UNSET))

        endpoint_script_result = cls(
            endpoint_id=endpoint_id,
            endpoint_name=endpoint_name,
            endpoint_ip_address=endpoint_ip_address,
            endpoint_status=endpoint_status,
            domain=domain,
            execution_status=execution_status,
            standard_output=standard_output,
            retrieved_files=retrieved_files,
            failed_files=failed_files,
            retention_date=retention_date,
        )

        endpoint_script_result.additional_properties = d
        return endpoint_script_result

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
