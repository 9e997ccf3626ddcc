from enum import StrEnum
from typing import Self


class JobStatus(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    COMPLETED = "completed"
    CREATED = "created"
    FAILED = "failed"
    PARTIAL_FAILURE = "partial_failure"
    PENDING = "pending"
    PROCESSING = "processing"
    SKIPPED = "skipped"
    STARTED = "started"
    SUBMITTED = "submitted"
    UNPROCESSED = "unprocessed"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unlisted = str.__new__(cls, value)
        unlisted._name_ = unlisted._value_ = value
        return unlisted

    def __str__(self) -> str:
        return str(self.value)
