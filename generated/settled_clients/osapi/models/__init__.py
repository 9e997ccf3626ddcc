"""Contains all the data models used in inputs/outputs"""

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
