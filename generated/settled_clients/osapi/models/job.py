from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_status import JobStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.agent_responses import AgentResponses
    from ..models.agent_states import AgentStates
    from ..models.job_operation import JobOperation
    from ..models.timeline_entry import TimelineEntry


T = TypeVar("T", bound="Job")


@_attrs_define
class Job:
    """A job, its status and what came of it. The server leaves out what it does not know.

    Attributes:
        id (str | Unset): The job's id, a UUID.
        status (JobStatus | Unset): Where a job stands, or one agent with its share of it.
        created (datetime.datetime | Unset): When the job was submitted.
        operation (JobOperation | Unset): What the job is to do. Its form depends on the kind of operation.
        result (Any | Unset): What the operation answered, as any JSON.
        changed (bool | None | Unset): Whether the job changed anything on the host. Null while unknown, and for a
            failed job.
        error (str | Unset): What went wrong, if all agents that have answered so far failed or skipped the job. A
            partial failure says so for each agent instead.
        hostname (str | Unset): The host whose agent ran the job.
        updated_at (datetime.datetime | Unset): When the job last changed.
        responses (AgentResponses | Unset): What the agents answered, also where there is one alone. The keys are the
            host names with other characters replaced by an underscore; machines of one name share a response.
        agent_states (AgentStates | Unset): How far the agents that have begun are, keyed by host name, also where there
            is one alone.
        timeline (list[TimelineEntry] | Unset): What happened to the job, oldest first.
    """

    id: str | Unset = UNSET
    status: JobStatus | Unset = UNSET
    created: datetime.datetime | Unset = UNSET
    operation: JobOperation | Unset = UNSET
    result: Any | Unset = UNSET
    changed: bool | None | Unset = UNSET
    error: str | Unset = UNSET
    hostname: str | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    responses: AgentResponses | Unset = UNSET
    agent_states: AgentStates | Unset = UNSET
    timeline: list[TimelineEntry] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        from .. import types as _types  # noqa: PLC0415

        created: str | Unset = UNSET
        if not isinstance(self.created, Unset):
            created = _types.format_timestamp(self.created)

        operation: dict[str, Any] | Unset = UNSET
        if not isinstance(self.operation, Unset):
            operation = self.operation.to_dict()

        result = self.result

        changed: bool | None | Unset
        if isinstance(self.changed, Unset):
            changed = UNSET
        else:
            changed = self.changed

        error = self.error

        hostname = self.hostname

        from .. import types as _types  # noqa: PLC0415

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = _types.format_timestamp(self.updated_at)

        responses: dict[str, Any] | Unset = UNSET
        if not isinstance(self.responses, Unset):
            responses = self.responses.to_dict()

        agent_states: dict[str, Any] | Unset = UNSET
        if not isinstance(self.agent_states, Unset):
            agent_states = self.agent_states.to_dict()

        timeline: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.timeline, Unset):
            timeline = []
            for timeline_item_data in self.timeline:
                timeline_item = timeline_item_data.to_dict()
                timeline.append(timeline_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if status is not UNSET:
            field_dict["status"] = status
        if created is not UNSET:
            field_dict["created"] = created
        if operation is not UNSET:
            field_dict["operation"] = operation
        if result is not UNSET:
            field_dict["result"] = result
        if changed is not UNSET:
            field_dict["changed"] = changed
        if error is not UNSET:
            field_dict["error"] = error
        if hostname is not UNSET:
            field_dict["hostname"] = hostname
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if responses is not UNSET:
            field_dict["responses"] = responses
        if agent_states is not UNSET:
            field_dict["agent_states"] = agent_states
        if timeline is not UNSET:
            field_dict["timeline"] = timeline

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.agent_responses import AgentResponses  # noqa: PLC0415
        from ..models.agent_states import AgentStates  # noqa: PLC0415
        from ..models.job_operation import JobOperation  # noqa: PLC0415
        from ..models.timeline_entry import TimelineEntry  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id", UNSET)

        _status = d.pop("status", UNSET)
        status: JobStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = JobStatus(_status)

        from .. import types as _types  # noqa: PLC0415

        _created = d.pop("created", UNSET)
        created: datetime.datetime | Unset
        if isinstance(_created, Unset):
            created = UNSET
        else:
            created = _types.parse_timestamp(_created)

        _operation = d.pop("operation", UNSET)
        operation: JobOperation | Unset
        if isinstance(_operation, Unset):
            operation = UNSET
        else:
            operation = JobOperation.from_dict(_operation)

        result = d.pop("result", UNSET)

        def _parse_changed(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        changed = _parse_changed(d.pop("changed", UNSET))

        error = d.pop("error", UNSET)

        hostname = d.pop("hostname", UNSET)

        from .. import types as _types  # noqa: PLC0415

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = _types.parse_timestamp(_updated_at)

        _responses = d.pop("responses", UNSET)
        responses: AgentResponses | Unset
        if isinstance(_responses, Unset):
            responses = UNSET
        else:
            responses = AgentResponses.from_dict(_responses)

        _agent_states = d.pop("agent_states", UNSET)
        agent_states: AgentStates | Unset
        if isinstance(_agent_states, Unset):
            agent_states = UNSET
        else:
            agent_states = AgentStates.from_dict(_agent_states)

        _timeline = d.pop("timeline", UNSET)
        timeline: list[TimelineEntry] | Unset = UNSET
        if _timeline is not UNSET:
            timeline = []
            for timeline_item_data in _timeline:
                timeline_item = TimelineEntry.from_dict(timeline_item_data)

                timeline.append(timeline_item)

        job = cls(
            id=id,
            status=status,
            created=created,
            operation=operation,
            result=result,
            changed=changed,
            error=error,
            hostname=hostname,
            updated_at=updated_at,
            responses=responses,
            agent_states=agent_states,
            timeline=timeline,
        )

        job.additional_properties = d
        return job

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
