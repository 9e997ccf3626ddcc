"""Contains all the data models used in inputs/outputs"""

from .action_status import ActionStatus
from .action_status_query import ActionStatusQuery
from .action_status_reply import ActionStatusReply
from .action_status_request import ActionStatusRequest
from .action_statuses import ActionStatuses
from .all_endpoints import AllEndpoints
from .endpoint_errors import EndpointErrors
from .endpoint_id_filter import EndpointIdFilter
from .endpoint_id_filter_field import EndpointIdFilterField
from .endpoint_id_filter_operator import EndpointIdFilterOperator
from .endpoint_statuses import EndpointStatuses
from .file_paths import FilePaths
from .file_retrieval import FileRetrieval
from .file_retrieval_request import FileRetrievalRequest
from .isolation import Isolation
from .isolation_request import IsolationRequest
from .quarantine import Quarantine
from .quarantine_request import QuarantineRequest
from .restore import Restore
from .restore_request import RestoreRequest
from .scan_filter import ScanFilter
from .scan_filter_field import ScanFilterField
from .scan_request import ScanRequest
from .scan_selection import ScanSelection
from .script import Script
from .script_execution import ScriptExecution
from .script_execution_reply import ScriptExecutionReply
from .script_execution_status_query import ScriptExecutionStatusQuery
from .script_execution_status_request import ScriptExecutionStatusRequest
from .script_filter import ScriptFilter
from .script_filter_field import ScriptFilterField
from .script_parameters import ScriptParameters
from .script_run import ScriptRun
from .script_run_request import ScriptRunRequest
from .script_selection import ScriptSelection
from .scripts import Scripts
from .scripts_reply import ScriptsReply
from .scripts_request import ScriptsRequest
from .snippet_run import SnippetRun
from .snippet_run_request import SnippetRunRequest
from .submit import Submit
from .submit_reply import SubmitReply
from .vendor_error import VendorError
from .vendor_error_details import VendorErrorDetails
from .vendor_error_position import VendorErrorPosition

__all__ = (
    "ActionStatus",
    "ActionStatuses",
    "ActionStatusQuery",
    "ActionStatusReply",
    "ActionStatusRequest",
    "AllEndpoints",
    "EndpointErrors",
    "EndpointIdFilter",
    "EndpointIdFilterField",
    "EndpointIdFilterOperator",
    "EndpointStatuses",
    "FilePaths",
    "FileRetrieval",
    "FileRetrievalRequest",
    "Isolation",
    "IsolationRequest",
    "Quarantine",
    "QuarantineRequest",
    "Restore",
    "RestoreRequest",
    "ScanFilter",
    "ScanFilterField",
    "ScanRequest",
    "ScanSelection",
    "Script",
    "ScriptExecution",
    "ScriptExecutionReply",
    "ScriptExecutionStatusQuery",
    "ScriptExecutionStatusRequest",
    "ScriptFilter",
    "ScriptFilterField",
    "ScriptParameters",
    "ScriptRun",
    "ScriptRunRequest",
    "Scripts",
    "ScriptSelection",
    "ScriptsReply",
    "ScriptsRequest",
    "SnippetRun",
    "SnippetRunRequest",
    "Submit",
    "SubmitReply",
    "VendorError",
    "VendorErrorDetails",
    "VendorErrorPosition",
)
