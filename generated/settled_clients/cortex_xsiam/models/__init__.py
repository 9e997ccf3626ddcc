"""Contains all the data models used in inputs/outputs"""

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
