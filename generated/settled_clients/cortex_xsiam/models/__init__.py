"""Contains all the data models used in inputs/outputs"""

from .byos_import_job import ByosImportJob
from .byos_import_job_status import ByosImportJobStatus
from .job_not_found import JobNotFound
from .validation_failed import ValidationFailed
from .validation_problem import ValidationProblem

__all__ = (
    "ByosImportJob",
    "ByosImportJobStatus",
    "JobNotFound",
    "ValidationFailed",
    "ValidationProblem",
)
