"""Contains all the data models used in inputs/outputs"""

from .create_scan_request import CreateScanRequest
from .execute_scan_request import ExecuteScanRequest
from .label import Label
from .scan import Scan
from .scan_callback import ScanCallback
from .scan_priority import ScanPriority
from .scan_status import ScanStatus
from .scan_submission import ScanSubmission
from .sensor_config import SensorConfig
from .sensor_scan_submission import SensorScanSubmission
from .submission_status import SubmissionStatus
from .submit_scan_request import SubmitScanRequest
from .vendor_error import VendorError

__all__ = (
    "CreateScanRequest",
    "ExecuteScanRequest",
    "Label",
    "Scan",
    "ScanCallback",
    "ScanPriority",
    "ScanStatus",
    "ScanSubmission",
    "SensorConfig",
    "SensorScanSubmission",
    "SubmissionStatus",
    "SubmitScanRequest",
    "VendorError",
)
