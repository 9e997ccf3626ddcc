"""Contains all the data models used in inputs/outputs"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "CreateScanRequest": ".create_scan_request",
    "ExecuteScanRequest": ".execute_scan_request",
    "Label": ".label",
    "Scan": ".scan",
    "ScanCallback": ".scan_callback",
    "ScanPriority": ".scan_priority",
    "ScanStatus": ".scan_status",
    "ScanSubmission": ".scan_submission",
    "SensorConfig": ".sensor_config",
    "SensorScanSubmission": ".sensor_scan_submission",
    "SubmissionStatus": ".submission_status",
    "SubmitScanRequest": ".submit_scan_request",
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
