"""What is kept of a request is readable, and holds no secret, wherever in it the secret stood."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from settled._http.redact import without_secrets

SECRET = "pW-9x7q"


@pytest.mark.parametrize(
    "sent",
    [
        *({name: SECRET} for name in ("cred", "cookie", "pat", "jwt", "dsn", "connection", "githubPat", "PASSWD")),
        *({name: SECRET} for name in ("connectionString", "sessionId", "x-sig", "Signature", "privateKey")),
        {"name": "password", "value": SECRET},
        {"key": "db_password", "value": SECRET},
        {"header": "Authorization", "values": [SECRET]},
        {"Name": "API_TOKEN", "Value": {"default": SECRET}},
        ["--password", SECRET],
        ["Cookie", SECRET],
        ("token", SECRET),
        ["curl", "-u", f"me:{SECRET}", "https://h.example"],
        f"--password={SECRET}",
        f"--password '{SECRET} and more {SECRET}' --depth 3",
        f"curl -u me:{SECRET} https://h.example",
        f"PGPASSWORD={SECRET} psql",
        f"https://me:{SECRET}@h.example/x",
        f"https://me:a/{SECRET}@h.example/x",
        f"postgres://me:a#{SECRET}@h.example/x",
        f"redis://:{SECRET}@h.example",
        f"me:{SECRET}@tcp(h.example:3306)/db",
        f"https://h.example/x?api_key={SECRET}&depth=3",
        f"https://h.example/x?depth=3&sig={SECRET}#top",
        f"url=https://h.example/?access_token={SECRET}",
        f"Server=h.example;User Id=me;Password=a {SECRET};Database=x",
        f"AccountName=x;AccountKey={SECRET}",
        f"Driver={{x}};Pwd={{a;{SECRET}}};Server=h",
        f"host=h.example password='a {SECRET}' user=me",
        f"Authorization: Bearer {SECRET}",
        f"sent Bearer {SECRET} to it",
        json.dumps({"password": SECRET}),
        *({name: SECRET} for name in ("psk", "wifi-psk", "pin", "bearer", "mfa")),
        f"<login><password>{SECRET}</password></login>",
        f'<db:Secret type="plain">{SECRET}</db:Secret>',
        json.dumps(json.dumps({"password": SECRET})),
        {"settings": json.dumps([{"name": "token", "value": SECRET}])},
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.{SECRET}",
        {f"https://me:{SECRET}@h.example": "x"},
        f"key: {SECRET}, and key: value store",
        f'the body {{"token": "{SECRET}"}} is wrong',
    ],
    ids=str,
)
def test_secrets_are_hidden(sent: Any) -> None:
    """A secret is hidden under its name, beside it, behind it, or by its own form."""
    text = json.dumps(without_secrets(sent))
    assert SECRET not in text
    assert "[secret]" in text


@pytest.mark.parametrize(
    "sent",
    [
        {"path": "a/b", "pattern": "x*", "design": "d", "spatial": 3, "useAuth": True, "token": None, "password": ""},
        {"name": "branch", "value": "main"},
        ["--depth", "3", "main"],
        "https://h.example:8443/x@y?to=a@b",
        {"pinned": "main", "spin": "fast", "page": "<title>all keys and tokens</title><p>path</p>"},
        '"quoted" words',
        "git@github.com:owner/name.git",
        "mailto:me@h.example",
        "it began at 10:30: all is well; more follows",
        {"cwd": "C:\\x", "args": ["-u", "-v"], "url": "https://h.example/x?depth=3&all"},
    ],
    ids=str,
)
def test_what_is_no_secret_stays(sent: Any) -> None:
    """Ordinary names, paths, addresses and sentences are kept as they are."""
    assert without_secrets(sent) == sent


@pytest.mark.parametrize(
    "text",
    [
        "etcd is a key: value store",
        "the token: expired",
        "session: closed (auth: failed).",
        "Authentication: required, credentials: invalid",
        "connection: refused",
    ],
)
def test_prose_stays(text: str) -> None:
    """A plain word behind the name of a key or a token and a colon is prose: machines make no such secrets."""
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "password: swordfish",
        "client_secret: swordfish is wrong",
        "key=swordfish",
        "--token swordfish",
        'token: "swordfish"',
        "app key: swordfishswordfish",
        "token: Swordfish7",
        "token: swordFish",
        "key: sword-fish",
        "Authorization: Bearer swordfish",
    ],
)
def test_words_that_may_be_secrets(text: str) -> None:
    """A word is hidden where people choose it, where it is assigned or quoted, or is longer or other than words are."""
    assert "fish" not in without_secrets(text)


@pytest.mark.parametrize("part", ["a:", "a=1;", "://", "key=", "-a ", "{", '"', "@", "token ", "eyJ.", 'key="', "a@"])
def test_no_text_takes_long(part: str) -> None:
    """A text of a hundred thousand characters takes about as long for each of them as a short one."""
    began = time.process_time()
    without_secrets(part * (100_000 // len(part)))
    assert time.process_time() - began < 10
