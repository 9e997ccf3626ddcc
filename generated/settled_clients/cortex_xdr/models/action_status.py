from enum import StrEnum
from typing import Self


class ActionStatus(StrEnum):
    ABORTED = "ABORTED"
    CANCELLED = "CANCELLED"
    COMPLETED_PARTIAL = "COMPLETED_PARTIAL"
    COMPLETED_SUCCESSFULLY = "COMPLETED_SUCCESSFULLY"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    IN_PROGRESS = "IN_PROGRESS"
    PENDING = "PENDING"
    PENDING_ABORT = "PENDING_ABORT"
    TIMEOUT = "TIMEOUT"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unlisted = str.__new__(cls, value)
        unlisted._name_ = unlisted._value_ = value
        return unlisted

    def __str__(self) -> str:
        return str(self.value)
