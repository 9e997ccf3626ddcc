"""Contains all the data models used in inputs/outputs"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .action_status import ActionStatus
    from .action_status_query import ActionStatusQuery
    from .action_status_reply import ActionStatusReply
    from .action_status_request import ActionStatusRequest
    from .action_statuses import ActionStatuses
    from .active_queries import ActiveQueries
    from .active_query import ActiveQuery
    from .all_endpoints import AllEndpoints
    from .endpoint_errors import EndpointErrors
    from .endpoint_id_filter import EndpointIdFilter
    from .endpoint_id_filter_field import EndpointIdFilterField
    from .endpoint_id_filter_operator import EndpointIdFilterOperator
    from .endpoint_links import EndpointLinks
    from .endpoint_script_result import EndpointScriptResult
    from .endpoint_statuses import EndpointStatuses
    from .file_paths import FilePaths
    from .file_retrieval import FileRetrieval
    from .file_retrieval_request import FileRetrievalRequest
    from .isolation import Isolation
    from .isolation_request import IsolationRequest
    from .latest_time import LatestTime
    from .new_query import NewQuery
    from .period import Period
    from .quarantine import Quarantine
    from .quarantine_candidate import QuarantineCandidate
    from .quarantine_request import QuarantineRequest
    from .quarantine_status import QuarantineStatus
    from .quarantine_status_query import QuarantineStatusQuery
    from .quarantine_status_reply import QuarantineStatusReply
    from .quarantine_status_request import QuarantineStatusRequest
    from .query_cost import QueryCost
    from .query_results import QueryResults
    from .query_results_query import QueryResultsQuery
    from .query_results_reply import QueryResultsReply
    from .query_results_request import QueryResultsRequest
    from .query_row import QueryRow
    from .query_rows import QueryRows
    from .query_status import QueryStatus
    from .query_stream_query import QueryStreamQuery
    from .query_stream_request import QueryStreamRequest
    from .quota import Quota
    from .quota_query import QuotaQuery
    from .quota_reply import QuotaReply
    from .quota_request import QuotaRequest
    from .restore import Restore
    from .restore_request import RestoreRequest
    from .retrieved_files import RetrievedFiles
    from .retrieved_files_query import RetrievedFilesQuery
    from .retrieved_files_reply import RetrievedFilesReply
    from .retrieved_files_request import RetrievedFilesRequest
    from .row_format import RowFormat
    from .scan_filter import ScanFilter
    from .scan_filter_field import ScanFilterField
    from .scan_request import ScanRequest
    from .scan_selection import ScanSelection
    from .script import Script
    from .script_execution import ScriptExecution
    from .script_execution_reply import ScriptExecutionReply
    from .script_execution_status_query import ScriptExecutionStatusQuery
    from .script_execution_status_request import ScriptExecutionStatusRequest
    from .script_files import ScriptFiles
    from .script_files_query import ScriptFilesQuery
    from .script_files_reply import ScriptFilesReply
    from .script_files_request import ScriptFilesRequest
    from .script_filter import ScriptFilter
    from .script_filter_field import ScriptFilterField
    from .script_parameter import ScriptParameter
    from .script_parameters import ScriptParameters
    from .script_results import ScriptResults
    from .script_results_query import ScriptResultsQuery
    from .script_results_reply import ScriptResultsReply
    from .script_results_request import ScriptResultsRequest
    from .script_run import ScriptRun
    from .script_run_request import ScriptRunRequest
    from .script_selection import ScriptSelection
    from .scripts import Scripts
    from .scripts_reply import ScriptsReply
    from .scripts_request import ScriptsRequest
    from .snippet_run import SnippetRun
    from .snippet_run_request import SnippetRunRequest
    from .start_query_reply import StartQueryReply
    from .start_query_request import StartQueryRequest
    from .started_query import StartedQuery
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
    "ActiveQueries",
    "ActiveQuery",
    "AllEndpoints",
    "EndpointErrors",
    "EndpointIdFilter",
    "EndpointIdFilterField",
    "EndpointIdFilterOperator",
    "EndpointLinks",
    "EndpointScriptResult",
    "EndpointStatuses",
    "FilePaths",
    "FileRetrieval",
    "FileRetrievalRequest",
    "Isolation",
    "IsolationRequest",
    "LatestTime",
    "NewQuery",
    "Period",
    "Quarantine",
    "QuarantineCandidate",
    "QuarantineRequest",
    "QuarantineStatus",
    "QuarantineStatusQuery",
    "QuarantineStatusReply",
    "QuarantineStatusRequest",
    "QueryCost",
    "QueryResults",
    "QueryResultsQuery",
    "QueryResultsReply",
    "QueryResultsRequest",
    "QueryRow",
    "QueryRows",
    "QueryStatus",
    "QueryStreamQuery",
    "QueryStreamRequest",
    "Quota",
    "QuotaQuery",
    "QuotaReply",
    "QuotaRequest",
    "Restore",
    "RestoreRequest",
    "RetrievedFiles",
    "RetrievedFilesQuery",
    "RetrievedFilesReply",
    "RetrievedFilesRequest",
    "RowFormat",
    "ScanFilter",
    "ScanFilterField",
    "ScanRequest",
    "ScanSelection",
    "Script",
    "ScriptExecution",
    "ScriptExecutionReply",
    "ScriptExecutionStatusQuery",
    "ScriptExecutionStatusRequest",
    "ScriptFiles",
    "ScriptFilesQuery",
    "ScriptFilesReply",
    "ScriptFilesRequest",
    "ScriptFilter",
    "ScriptFilterField",
    "ScriptParameter",
    "ScriptParameters",
    "ScriptResults",
    "ScriptResultsQuery",
    "ScriptResultsReply",
    "ScriptResultsRequest",
    "ScriptRun",
    "ScriptRunRequest",
    "Scripts",
    "ScriptSelection",
    "ScriptsReply",
    "ScriptsRequest",
    "SnippetRun",
    "SnippetRunRequest",
    "StartedQuery",
    "StartQueryReply",
    "StartQueryRequest",
    "Submit",
    "SubmitReply",
    "VendorError",
    "VendorErrorDetails",
    "VendorErrorPosition",
)

_MODULES = {
    "ActionStatus": ".action_status",
    "ActionStatusQuery": ".action_status_query",
    "ActionStatusReply": ".action_status_reply",
    "ActionStatusRequest": ".action_status_request",
    "ActionStatuses": ".action_statuses",
    "ActiveQueries": ".active_queries",
    "ActiveQuery": ".active_query",
    "AllEndpoints": ".all_endpoints",
    "EndpointErrors": ".endpoint_errors",
    "EndpointIdFilter": ".endpoint_id_filter",
    "EndpointIdFilterField": ".endpoint_id_filter_field",
    "EndpointIdFilterOperator": ".endpoint_id_filter_operator",
    "EndpointLinks": ".endpoint_links",
    "EndpointScriptResult": ".endpoint_script_result",
    "EndpointStatuses": ".endpoint_statuses",
    "FilePaths": ".file_paths",
    "FileRetrieval": ".file_retrieval",
    "FileRetrievalRequest": ".file_retrieval_request",
    "Isolation": ".isolation",
    "IsolationRequest": ".isolation_request",
    "LatestTime": ".latest_time",
    "NewQuery": ".new_query",
    "Period": ".period",
    "Quarantine": ".quarantine",
    "QuarantineCandidate": ".quarantine_candidate",
    "QuarantineRequest": ".quarantine_request",
    "QuarantineStatus": ".quarantine_status",
    "QuarantineStatusQuery": ".quarantine_status_query",
    "QuarantineStatusReply": ".quarantine_status_reply",
    "QuarantineStatusRequest": ".quarantine_status_request",
    "QueryCost": ".query_cost",
    "QueryResults": ".query_results",
    "QueryResultsQuery": ".query_results_query",
    "QueryResultsReply": ".query_results_reply",
    "QueryResultsRequest": ".query_results_request",
    "QueryRow": ".query_row",
    "QueryRows": ".query_rows",
    "QueryStatus": ".query_status",
    "QueryStreamQuery": ".query_stream_query",
    "QueryStreamRequest": ".query_stream_request",
    "Quota": ".quota",
    "QuotaQuery": ".quota_query",
    "QuotaReply": ".quota_reply",
    "QuotaRequest": ".quota_request",
    "Restore": ".restore",
    "RestoreRequest": ".restore_request",
    "RetrievedFiles": ".retrieved_files",
    "RetrievedFilesQuery": ".retrieved_files_query",
    "RetrievedFilesReply": ".retrieved_files_reply",
    "RetrievedFilesRequest": ".retrieved_files_request",
    "RowFormat": ".row_format",
    "ScanFilter": ".scan_filter",
    "ScanFilterField": ".scan_filter_field",
    "ScanRequest": ".scan_request",
    "ScanSelection": ".scan_selection",
    "Script": ".script",
    "ScriptExecution": ".script_execution",
    "ScriptExecutionReply": ".script_execution_reply",
    "ScriptExecutionStatusQuery": ".script_execution_status_query",
    "ScriptExecutionStatusRequest": ".script_execution_status_request",
    "ScriptFiles": ".script_files",
    "ScriptFilesQuery": ".script_files_query",
    "ScriptFilesReply": ".script_files_reply",
    "ScriptFilesRequest": ".script_files_request",
    "ScriptFilter": ".script_filter",
    "ScriptFilterField": ".script_filter_field",
    "ScriptParameter": ".script_parameter",
    "ScriptParameters": ".script_parameters",
    "ScriptResults": ".script_results",
    "ScriptResultsQuery": ".script_results_query",
    "ScriptResultsReply": ".script_results_reply",
    "ScriptResultsRequest": ".script_results_request",
    "ScriptRun": ".script_run",
    "ScriptRunRequest": ".script_run_request",
    "ScriptSelection": ".script_selection",
    "Scripts": ".scripts",
    "ScriptsReply": ".scripts_reply",
    "ScriptsRequest": ".scripts_request",
    "SnippetRun": ".snippet_run",
    "SnippetRunRequest": ".snippet_run_request",
    "StartQueryReply": ".start_query_reply",
    "StartQueryRequest": ".start_query_request",
    "StartedQuery": ".started_query",
    "Submit": ".submit",
    "SubmitReply": ".submit_reply",
    "VendorError": ".vendor_error",
    "VendorErrorDetails": ".vendor_error_details",
    "VendorErrorPosition": ".vendor_error_position",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(_import_module(_MODULES[name], __name__), name)
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
