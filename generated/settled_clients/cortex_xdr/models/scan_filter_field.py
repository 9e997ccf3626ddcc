from enum import StrEnum
from typing import Self


class ScanFilterField(StrEnum):
    ALIAS = "alias"
    DIST_NAME = "dist_name"
    ENDPOINT_ID_LIST = "endpoint_id_list"
    FIRST_SEEN = "first_seen"
    GROUP_NAME = "group_name"
    HOSTNAME = "hostname"
    IP_LIST = "ip_list"
    ISOLATE = "isolate"
    LAST_SEEN = "last_seen"
    PLATFORM = "platform"
    SCAN_STATUS = "scan_status"
    USERNAME = "username"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unlisted = str.__new__(cls, value)
        unlisted._name_ = unlisted._value_ = value
        return unlisted

    def __str__(self) -> str:
        return str(self.value)
