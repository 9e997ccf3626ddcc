"""Contains all the data models used in inputs/outputs"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent import Agent
    from .agent_list import AgentList
    from .agent_response import AgentResponse
    from .agent_responses import AgentResponses
    from .agent_state import AgentState
    from .agent_states import AgentStates
    from .agent_status import AgentStatus
    from .agent_timeline_entry import AgentTimelineEntry
    from .command_result import CommandResult
    from .command_results import CommandResults
    from .command_status import CommandStatus
    from .exec_request import ExecRequest
    from .facts import Facts
    from .job import Job
    from .job_list import JobList
    from .job_operation import JobOperation
    from .job_status import JobStatus
    from .labels import Labels
    from .listed_status import ListedStatus
    from .load_average import LoadAverage
    from .memory import Memory
    from .network_interface import NetworkInterface
    from .node_condition import NodeCondition
    from .os_info import OsInfo
    from .retry_request import RetryRequest
    from .route import Route
    from .scheduling_state import SchedulingState
    from .shell_request import ShellRequest
    from .status_counts import StatusCounts
    from .submitted_job import SubmittedJob
    from .timeline_entry import TimelineEntry
    from .timeline_event import TimelineEvent
    from .vendor_error import VendorError

__all__ = (
    "Agent",
    "AgentList",
    "AgentResponse",
    "AgentResponses",
    "AgentState",
    "AgentStates",
    "AgentStatus",
    "AgentTimelineEntry",
    "CommandResult",
    "CommandResults",
    "CommandStatus",
    "ExecRequest",
    "Facts",
    "Job",
    "JobList",
    "JobOperation",
    "JobStatus",
    "Labels",
    "ListedStatus",
    "LoadAverage",
    "Memory",
    "NetworkInterface",
    "NodeCondition",
    "OsInfo",
    "RetryRequest",
    "Route",
    "SchedulingState",
    "ShellRequest",
    "StatusCounts",
    "SubmittedJob",
    "TimelineEntry",
    "TimelineEvent",
    "VendorError",
)

_MODULES = {
    "Agent": ".agent",
    "AgentList": ".agent_list",
    "AgentResponse": ".agent_response",
    "AgentResponses": ".agent_responses",
    "AgentState": ".agent_state",
    "AgentStates": ".agent_states",
    "AgentStatus": ".agent_status",
    "AgentTimelineEntry": ".agent_timeline_entry",
    "CommandResult": ".command_result",
    "CommandResults": ".command_results",
    "CommandStatus": ".command_status",
    "ExecRequest": ".exec_request",
    "Facts": ".facts",
    "Job": ".job",
    "JobList": ".job_list",
    "JobOperation": ".job_operation",
    "JobStatus": ".job_status",
    "Labels": ".labels",
    "ListedStatus": ".listed_status",
    "LoadAverage": ".load_average",
    "Memory": ".memory",
    "NetworkInterface": ".network_interface",
    "NodeCondition": ".node_condition",
    "OsInfo": ".os_info",
    "RetryRequest": ".retry_request",
    "Route": ".route",
    "SchedulingState": ".scheduling_state",
    "ShellRequest": ".shell_request",
    "StatusCounts": ".status_counts",
    "SubmittedJob": ".submitted_job",
    "TimelineEntry": ".timeline_entry",
    "TimelineEvent": ".timeline_event",
    "VendorError": ".vendor_error",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(_import_module(_MODULES[name], __name__), name)
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
