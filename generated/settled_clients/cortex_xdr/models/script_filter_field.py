from enum import StrEnum
from typing import Self


class ScriptFilterField(StrEnum):
    CREATED_BY = "created_by"
    DESCRIPTION = "description"
    IS_HIGH_RISK = "is_high_risk"
    LINUX_SUPPORTED = "linux_supported"
    MACOS_SUPPORTED = "macos_supported"
    MODIFICATION_DATE = "modification_date"
    NAME = "name"
    SCRIPT_UID = "script_uid"
    WINDOWS_SUPPORTED = "windows_supported"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unlisted = str.__new__(cls, value)
        unlisted._name_ = unlisted._value_ = value
        return unlisted

    def __str__(self) -> str:
        return str(self.value)
