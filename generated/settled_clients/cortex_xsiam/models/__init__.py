"""Contains all the data models used in inputs/outputs"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .active_queries import ActiveQueries
    from .active_query import ActiveQuery
    from .asset_import import AssetImport
    from .asset_import_receipt import AssetImportReceipt
    from .asset_import_reply import AssetImportReply
    from .byos_import_job import ByosImportJob
    from .byos_import_job_status import ByosImportJobStatus
    from .confidence import Confidence
    from .external_asset import ExternalAsset
    from .external_vulnerability import ExternalVulnerability
    from .job_not_found import JobNotFound
    from .latest_time import LatestTime
    from .new_query import NewQuery
    from .period import Period
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
    from .row_format import RowFormat
    from .start_query_reply import StartQueryReply
    from .start_query_request import StartQueryRequest
    from .started_query import StartedQuery
    from .validation_failed import ValidationFailed
    from .validation_problem import ValidationProblem
    from .vendor_error import VendorError
    from .vendor_error_details import VendorErrorDetails
    from .vendor_error_position import VendorErrorPosition

__all__ = (
    "ActiveQueries",
    "ActiveQuery",
    "AssetImport",
    "AssetImportReceipt",
    "AssetImportReply",
    "ByosImportJob",
    "ByosImportJobStatus",
    "Confidence",
    "ExternalAsset",
    "ExternalVulnerability",
    "JobNotFound",
    "LatestTime",
    "NewQuery",
    "Period",
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
    "RowFormat",
    "StartedQuery",
    "StartQueryReply",
    "StartQueryRequest",
    "ValidationFailed",
    "ValidationProblem",
    "VendorError",
    "VendorErrorDetails",
    "VendorErrorPosition",
)

_MODULES = {
    "ActiveQueries": ".active_queries",
    "ActiveQuery": ".active_query",
    "AssetImport": ".asset_import",
    "AssetImportReceipt": ".asset_import_receipt",
    "AssetImportReply": ".asset_import_reply",
    "ByosImportJob": ".byos_import_job",
    "ByosImportJobStatus": ".byos_import_job_status",
    "Confidence": ".confidence",
    "ExternalAsset": ".external_asset",
    "ExternalVulnerability": ".external_vulnerability",
    "JobNotFound": ".job_not_found",
    "LatestTime": ".latest_time",
    "NewQuery": ".new_query",
    "Period": ".period",
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
    "RowFormat": ".row_format",
    "StartQueryReply": ".start_query_reply",
    "StartQueryRequest": ".start_query_request",
    "StartedQuery": ".started_query",
    "ValidationFailed": ".validation_failed",
    "ValidationProblem": ".validation_problem",
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
