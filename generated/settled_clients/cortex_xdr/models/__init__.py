"""Contains all the data models used in inputs/outputs"""

from .action_status import ActionStatus
from .action_status_query import ActionStatusQuery
from .action_status_reply import ActionStatusReply
from .action_status_request import ActionStatusRequest
from .action_statuses import ActionStatuses
from .endpoint_errors import EndpointErrors
from .endpoint_statuses import EndpointStatuses
from .script_execution import ScriptExecution
from .script_execution_reply import ScriptExecutionReply
from .script_execution_status_query import ScriptExecutionStatusQuery
from .script_execution_status_request import ScriptExecutionStatusRequest
from .vendor_error import VendorError
from .vendor_error_details import VendorErrorDetails
from .vendor_error_position import VendorErrorPosition

__all__ = (
    "ActionStatus",
    "ActionStatuses",
    "ActionStatusQuery",
    "ActionStatusReply",
    "ActionStatusRequest",
    "EndpointErrors",
    "EndpointStatuses",
    "ScriptExecution",
    "ScriptExecutionReply",
    "ScriptExecutionStatusQuery",
    "ScriptExecutionStatusRequest",
    "VendorError",
    "VendorErrorDetails",
    "VendorErrorPosition",
)
