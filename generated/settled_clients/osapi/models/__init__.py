"""Contains all the data models used in inputs/outputs"""

from .agent_response import AgentResponse
from .agent_responses import AgentResponses
from .agent_state import AgentState
from .agent_states import AgentStates
from .job import Job
from .job_operation import JobOperation
from .job_status import JobStatus
from .timeline_entry import TimelineEntry
from .timeline_event import TimelineEvent
from .vendor_error import VendorError

__all__ = (
    "AgentResponse",
    "AgentResponses",
    "AgentState",
    "AgentStates",
    "Job",
    "JobOperation",
    "JobStatus",
    "TimelineEntry",
    "TimelineEvent",
    "VendorError",
)
