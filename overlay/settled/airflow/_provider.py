"""The provider's metadata, which every Airflow process reads at its start: so this module imports nothing."""

from __future__ import annotations

from typing import Any

_KEY_FIELDS = {"host": "Tenant (FQDN or URL)", "login": "Key ID", "password": "Key"}
_TOKEN_FIELDS = {"host": "URL", "password": "Token"}
_OPTIONS = {
    "max_rate": {
        "label": "Polls a second",
        "description": "How many polls a second all tasks may make together; empty for the vendor's limit",
        "schema": {"type": ["number", "null"]},
    },
    "timeout": {
        "label": "Timeout of a request",
        "description": "How many seconds connecting, sending or receiving may take each; empty for 30",
        "schema": {"type": ["number", "null"]},
    },
    "verify": {
        "label": "CA bundle",
        "description": "The path of a file with certificates to trust; empty for the usual ones",
        "schema": {"type": ["string", "null"]},
    },
    "fast": {
        "label": "Through aiohttp",
        "description": "Poll at a fraction of the CPU time; needs the extra fast of settled",
        "schema": {"type": ["boolean", "null"]},
    },
}
_ADVANCED = {
    "advanced": {
        "label": "Advanced key",
        "description": "Whether the key is an advanced one, which signs every request",
        "schema": {"type": ["boolean", "null"]},
    }
}


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, with its connection types."""
    return {
        "package-name": "settled",
        "name": "Settled",
        "description": "Waits for vendors' jobs that finish later.",
        "connection-types": [
            _key_type("cortex_xsiam", "Cortex XSIAM", "CortexXsiamHook"),
            _key_type("cortex_xdr", "Cortex XDR", "CortexXdrHook"),
            _token_type("agilesec", "AgileSec", "AgilesecHook"),
            _token_type("osapi", "OSAPI", "OsapiHook"),
        ],
    }


def _key_type(vendor: str, name: str, hook: str) -> dict[str, Any]:
    return _type(vendor, name, hook, labels=_KEY_FIELDS, hidden=[], fields=_ADVANCED | _OPTIONS)


def _token_type(vendor: str, name: str, hook: str) -> dict[str, Any]:
    return _type(vendor, name, hook, labels=_TOKEN_FIELDS, hidden=["login"], fields=_OPTIONS)


def _type(
    vendor: str, name: str, hook: str, *, labels: dict[str, str], hidden: list[str], fields: dict[str, Any]
) -> dict[str, Any]:
    return {
        "connection-type": f"settled_{vendor}",
        "hook-class-name": f"settled.airflow.{hook}",
        "hook-name": f"Settled: {name}",
        "ui-field-behaviour": {"hidden-fields": ["schema", *hidden], "relabeling": labels, "placeholders": {}},
        "conn-fields": fields,
    }
