from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.command_status import CommandStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="CommandResult")


@_attrs_define
class CommandResult:
    """What one agent has answered.

    Attributes:
        hostname (str): The agent's host.
        status (CommandStatus): Whether an agent has run a command.
        stdout (str | Unset): What the command printed.
        stderr (str | Unset): What it printed as errors.
        exit_code (int | Unset): How it ended. With another code than 0 the status is ok, too.
        duration_ms (int | Unset): How long it took, in milliseconds.
        changed (bool | Unset): Whether it may have changed the host.
        error (str | Unset): Why the agent has failed or skipped the command.
    """

    hostname: str
    status: CommandStatus
    stdout: str | Unset = UNSET
    stderr: str | Unset = UNSET
    exit_code: int | Unset = UNSET
    duration_ms: int | Unset = UNSET
    changed: bool | Unset = UNSET
    error: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        hostname = self.hostname

        status = self.status.value

        stdout = self.stdout

        stderr = self.stderr

        exit_code = self.exit_code

        duration_ms = self.duration_ms

        changed = self.changed

        error = self.error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "hostname": hostname,
                "status": status,
            }
        )
        if stdout is not UNSET:
            field_dict["stdout"] = stdout
        if stderr is not UNSET:
            field_dict["stderr"] = stderr
        if exit_code is not UNSET:
            field_dict["exit_code"] = exit_code
        if duration_ms is not UNSET:
            field_dict["duration_ms"] = duration_ms
        if changed is not UNSET:
            field_dict["changed"] = changed
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        hostname = d.pop("hostname")

        status = CommandStatus(d.pop("status"))

        stdout = d.pop("stdout", UNSET)

        stderr = d.pop("stderr", UNSET)

        exit_code = d.pop("exit_code", UNSET)

        duration_ms = d.pop("duration_ms", UNSET)

        changed = d.pop("changed", UNSET)

        error = d.pop("error", UNSET)

        command_result = cls(
            hostname=hostname,
            status=status,
            stdout=stdout,
            stderr=stderr,
            exit_code=exit_code,
            duration_ms=duration_ms,
            changed=changed,
            error=error,
        )

        command_result.additional_properties = d
        return command_result

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
