from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.agent_status import AgentStatus
from ..models.scheduling_state import SchedulingState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.agent_timeline_entry import AgentTimelineEntry
    from ..models.facts import Facts
    from ..models.labels import Labels
    from ..models.load_average import LoadAverage
    from ..models.memory import Memory
    from ..models.network_interface import NetworkInterface
    from ..models.node_condition import NodeCondition
    from ..models.os_info import OsInfo
    from ..models.route import Route


T = TypeVar("T", bound="Agent")


@_attrs_define
class Agent:
    """An agent and its host. The server leaves out what it does not know.

    Attributes:
        hostname (str): The host's name.
        status (AgentStatus): Whether an agent is ready.
        machine_id (str | Unset): The machine's permanent id.
        fingerprint (str | Unset): The SHA-256 of the agent's public key. Empty where agents have none.
        labels (Labels | Unset): An agent's labels, each a key with a value.
        registered_at (datetime.datetime | Unset): When the agent last reported.
        started_at (datetime.datetime | Unset): When the agent was started.
        os_info (OsInfo | Unset): A host's operating system.
        uptime (str | Unset): For how long the host has been up, in words.
        load_average (LoadAverage | Unset): A host's load.
        memory (Memory | Unset): A host's memory, in bytes.
        architecture (str | Unset): The processor's architecture.
        kernel_version (str | Unset): The kernel's version.
        cpu_count (int | Unset): How many logical processors the host has.
        fqdn (str | Unset): The host's name with its domain.
        service_mgr (str | Unset): What manages the host's services.
        package_mgr (str | Unset): What manages the host's packages.
        interfaces (list[NetworkInterface] | Unset): The host's network interfaces.
        primary_interface (str | Unset): The interface of the default route.
        routes (list[Route] | Unset): The host's routes.
        facts (Facts | Unset): What more is known of a host.
        state (SchedulingState | Unset): Whether an agent takes jobs. Jobs for many agents go to ready ones alone.
        conditions (list[NodeCondition] | Unset): What is found to be the matter with the host.
        timeline (list[AgentTimelineEntry] | Unset): What happened to the agent, oldest first.
    """

    hostname: str
    status: AgentStatus
    machine_id: str | Unset = UNSET
    fingerprint: str | Unset = UNSET
    labels: Labels | Unset = UNSET
    registered_at: datetime.datetime | Unset = UNSET
    started_at: datetime.datetime | Unset = UNSET
    os_info: OsInfo | Unset = UNSET
    uptime: str | Unset = UNSET
    load_average: LoadAverage | Unset = UNSET
    memory: Memory | Unset = UNSET
    architecture: str | Unset = UNSET
    kernel_version: str | Unset = UNSET
    cpu_count: int | Unset = UNSET
    fqdn: str | Unset = UNSET
    service_mgr: str | Unset = UNSET
    package_mgr: str | Unset = UNSET
    interfaces: list[NetworkInterface] | Unset = UNSET
    primary_interface: str | Unset = UNSET
    routes: list[Route] | Unset = UNSET
    facts: Facts | Unset = UNSET
    state: SchedulingState | Unset = UNSET
    conditions: list[NodeCondition] | Unset = UNSET
    timeline: list[AgentTimelineEntry] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        hostname = self.hostname

        status = self.status.value

        machine_id = self.machine_id

        fingerprint = self.fingerprint

        labels: dict[str, Any] | Unset = UNSET
        if not isinstance(self.labels, Unset):
            labels = self.labels.to_dict()

        from .. import types as _types  # noqa: PLC0415

        registered_at: str | Unset = UNSET
        if not isinstance(self.registered_at, Unset):
            registered_at = _types.format_timestamp(self.registered_at)

        from .. import types as _types  # noqa: PLC0415

        started_at: str | Unset = UNSET
        if not isinstance(self.started_at, Unset):
            started_at = _types.format_timestamp(self.started_at)

        os_info: dict[str, Any] | Unset = UNSET
        if not isinstance(self.os_info, Unset):
            os_info = self.os_info.to_dict()

        uptime = self.uptime

        load_average: dict[str, Any] | Unset = UNSET
        if not isinstance(self.load_average, Unset):
            load_average = self.load_average.to_dict()

        memory: dict[str, Any] | Unset = UNSET
        if not isinstance(self.memory, Unset):
            memory = self.memory.to_dict()

        architecture = self.architecture

        kernel_version = self.kernel_version

        cpu_count = self.cpu_count

        fqdn = self.fqdn

        service_mgr = self.service_mgr

        package_mgr = self.package_mgr

        interfaces: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.interfaces, Unset):
            interfaces = []
            for interfaces_item_data in self.interfaces:
                interfaces_item = interfaces_item_data.to_dict()
                interfaces.append(interfaces_item)

        primary_interface = self.primary_interface

        routes: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.routes, Unset):
            routes = []
            for routes_item_data in self.routes:
                routes_item = routes_item_data.to_dict()
                routes.append(routes_item)

        facts: dict[str, Any] | Unset = UNSET
        if not isinstance(self.facts, Unset):
            facts = self.facts.to_dict()

        state: str | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = self.state.value

        conditions: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.conditions, Unset):
            conditions = []
            for conditions_item_data in self.conditions:
                conditions_item = conditions_item_data.to_dict()
                conditions.append(conditions_item)

        timeline: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.timeline, Unset):
            timeline = []
            for timeline_item_data in self.timeline:
                timeline_item = timeline_item_data.to_dict()
                timeline.append(timeline_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "hostname": hostname,
                "status": status,
            }
        )
        if machine_id is not UNSET:
            field_dict["machine_id"] = machine_id
        if fingerprint is not UNSET:
            field_dict["fingerprint"] = fingerprint
        if labels is not UNSET:
            field_dict["labels"] = labels
        if registered_at is not UNSET:
            field_dict["registered_at"] = registered_at
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if os_info is not UNSET:
            field_dict["os_info"] = os_info
        if uptime is not UNSET:
            field_dict["uptime"] = uptime
        if load_average is not UNSET:
            field_dict["load_average"] = load_average
        if memory is not UNSET:
            field_dict["memory"] = memory
        if architecture is not UNSET:
            field_dict["architecture"] = architecture
        if kernel_version is not UNSET:
            field_dict["kernel_version"] = kernel_version
        if cpu_count is not UNSET:
            field_dict["cpu_count"] = cpu_count
        if fqdn is not UNSET:
            field_dict["fqdn"] = fqdn
        if service_mgr is not UNSET:
            field_dict["service_mgr"] = service_mgr
        if package_mgr is not UNSET:
            field_dict["package_mgr"] = package_mgr
        if interfaces is not UNSET:
            field_dict["interfaces"] = interfaces
        if primary_interface is not UNSET:
            field_dict["primary_interface"] = primary_interface
        if routes is not UNSET:
            field_dict["routes"] = routes
        if facts is not UNSET:
            field_dict["facts"] = facts
        if state is not UNSET:
            field_dict["state"] = state
        if conditions is not UNSET:
            field_dict["conditions"] = conditions
        if timeline is not UNSET:
            field_dict["timeline"] = timeline

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.agent_timeline_entry import AgentTimelineEntry  # noqa: PLC0415
        from ..models.facts import Facts  # noqa: PLC0415
        from ..models.labels import Labels  # noqa: PLC0415
        from ..models.load_average import LoadAverage  # noqa: PLC0415
        from ..models.memory import Memory  # noqa: PLC0415
        from ..models.network_interface import NetworkInterface  # noqa: PLC0415
        from ..models.node_condition import NodeCondition  # noqa: PLC0415
        from ..models.os_info import OsInfo  # noqa: PLC0415
        from ..models.route import Route  # noqa: PLC0415

        d = dict(src_dict)
        hostname = d.pop("hostname")

        status = AgentStatus(d.pop("status"))

        machine_id = d.pop("machine_id", UNSET)

        fingerprint = d.pop("fingerprint", UNSET)

        _labels = d.pop("labels", UNSET)
        labels: Labels | Unset
        if isinstance(_labels, Unset):
            labels = UNSET
        else:
            labels = Labels.from_dict(_labels)

        from .. import types as _types  # noqa: PLC0415

        _registered_at = d.pop("registered_at", UNSET)
        registered_at: datetime.datetime | Unset
        if isinstance(_registered_at, Unset):
            registered_at = UNSET
        else:
            registered_at = _types.parse_timestamp(_registered_at)

        from .. import types as _types  # noqa: PLC0415

        _started_at = d.pop("started_at", UNSET)
        started_at: datetime.datetime | Unset
        if isinstance(_started_at, Unset):
            started_at = UNSET
        else:
            started_at = _types.parse_timestamp(_started_at)

        _os_info = d.pop("os_info", UNSET)
        os_info: OsInfo | Unset
        if isinstance(_os_info, Unset):
            os_info = UNSET
        else:
            os_info = OsInfo.from_dict(_os_info)

        uptime = d.pop("uptime", UNSET)

        _load_average = d.pop("load_average", UNSET)
        load_average: LoadAverage | Unset
        if isinstance(_load_average, Unset):
            load_average = UNSET
        else:
            load_average = LoadAverage.from_dict(_load_average)

        _memory = d.pop("memory", UNSET)
        memory: Memory | Unset
        if isinstance(_memory, Unset):
            memory = UNSET
        else:
            memory = Memory.from_dict(_memory)

        architecture = d.pop("architecture", UNSET)

        kernel_version = d.pop("kernel_version", UNSET)

        cpu_count = d.pop("cpu_count", UNSET)

        fqdn = d.pop("fqdn", UNSET)

        service_mgr = d.pop("service_mgr", UNSET)

        package_mgr = d.pop("package_mgr", UNSET)

        _interfaces = d.pop("interfaces", UNSET)
        interfaces: list[NetworkInterface] | Unset = UNSET
        if _interfaces is not UNSET:
            interfaces = []
            for interfaces_item_data in _interfaces:
                interfaces_item = NetworkInterface.from_dict(interfaces_item_data)

                interfaces.append(interfaces_item)

        primary_interface = d.pop("primary_interface", UNSET)

        _routes = d.pop("routes", UNSET)
        routes: list[Route] | Unset = UNSET
        if _routes is not UNSET:
            routes = []
            for routes_item_data in _routes:
                routes_item = Route.from_dict(routes_item_data)

                routes.append(routes_item)

        _facts = d.pop("facts", UNSET)
        facts: Facts | Unset
        if isinstance(_facts, Unset):
            facts = UNSET
        else:
            facts = Facts.from_dict(_facts)

        _state = d.pop("state", UNSET)
        state: SchedulingState | Unset
        if isinstance(_state, Unset):
            state = UNSET
        else:
            state = SchedulingState(_state)

        _conditions = d.pop("conditions", UNSET)
        conditions: list[NodeCondition] | Unset = UNSET
        if _conditions is not UNSET:
            conditions = []
            for conditions_item_data in _conditions:
                conditions_item = NodeCondition.from_dict(conditions_item_data)

                conditions.append(conditions_item)

        _timeline = d.pop("timeline", UNSET)
        timeline: list[AgentTimelineEntry] | Unset = UNSET
        if _timeline is not UNSET:
            timeline = []
            for timeline_item_data in _timeline:
                timeline_item = AgentTimelineEntry.from_dict(timeline_item_data)

                timeline.append(timeline_item)

        agent = cls(
            hostname=hostname,
            status=status,
            machine_id=machine_id,
            fingerprint=fingerprint,
            labels=labels,
            registered_at=registered_at,
            started_at=started_at,
            os_info=os_info,
            uptime=uptime,
            load_average=load_average,
            memory=memory,
            architecture=architecture,
            kernel_version=kernel_version,
            cpu_count=cpu_count,
            fqdn=fqdn,
            service_mgr=service_mgr,
            package_mgr=package_mgr,
            interfaces=interfaces,
            primary_interface=primary_interface,
            routes=routes,
            facts=facts,
            state=state,
            conditions=conditions,
            timeline=timeline,
        )

        agent.additional_properties = d
        return agent

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
