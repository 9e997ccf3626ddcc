from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_import_receipt import AssetImportReceipt


T = TypeVar("T", bound="AssetImportReply")


@_attrs_define
class AssetImportReply:
    """The job that was made, either bare or within `reply`.

    Attributes:
        job_id (str | Unset): The job's id.
        assets_count (int | Unset): How many assets were taken.
        vulnerabilities_count (int | Unset): How many vulnerabilities were taken.
        reply (AssetImportReceipt | None | Unset): The same fields, where the API puts an envelope around them.
    """

    job_id: str | Unset = UNSET
    assets_count: int | Unset = UNSET
    vulnerabilities_count: int | Unset = UNSET
    reply: AssetImportReceipt | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.asset_import_receipt import AssetImportReceipt  # noqa: PLC0415

        job_id = self.job_id

        assets_count = self.assets_count

        vulnerabilities_count = self.vulnerabilities_count

        reply: dict[str, Any] | None | Unset
        if isinstance(self.reply, Unset):
            reply = UNSET
        elif isinstance(self.reply, AssetImportReceipt):
            reply = self.reply.to_dict()
        else:
            reply = self.reply

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if job_id is not UNSET:
            field_dict["job_id"] = job_id
        if assets_count is not UNSET:
            field_dict["assets_count"] = assets_count
        if vulnerabilities_count is not UNSET:
            field_dict["vulnerabilities_count"] = vulnerabilities_count
        if reply is not UNSET:
            field_dict["reply"] = reply

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_import_receipt import AssetImportReceipt  # noqa: PLC0415

        d = dict(src_dict)
        job_id = d.pop("job_id", UNSET)

        assets_count = d.pop("assets_count", UNSET)

        vulnerabilities_count = d.pop("vulnerabilities_count", UNSET)

        def _parse_reply(data: object) -> AssetImportReceipt | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reply_type_0 = AssetImportReceipt.from_dict(data)

                return reply_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetImportReceipt | None | Unset, data)

        reply = _parse_reply(d.pop("reply", UNSET))

        asset_import_reply = cls(
            job_id=job_id,
            assets_count=assets_count,
            vulnerabilities_count=vulnerabilities_count,
            reply=reply,
        )

        asset_import_reply.additional_properties = d
        return asset_import_reply

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
