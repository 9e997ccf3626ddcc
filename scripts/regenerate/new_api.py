"""Begin a new vendor's API: write its spec, overlay module and test, with the places to fill in marked FILL IN.

python scripts/regenerate/new_api.py NAME: what it writes is valid as it stands, so that generation and tests tell of
each slip.

The exit code is 0, or 3 if the name cannot be used; then nothing is written.
"""

from __future__ import annotations

import argparse
import builtins
import datetime
import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).with_suffix("")
FILES = {
    "spec.yaml": "specs/{}.yaml",
    "module.py": "overlay/settled/{}.py",
    "test.py": "tests/vendors/test_{}.py",
}


RESERVED = {"client", "cls", "conftest", "httpx", "job", "outcome", "pytest", "self", "settled", "settled_clients"}
SCHEME = "      type: apiKey\n      in: header\n      name: X-Api-Token # FILL IN\n"
BEARER = {
    'HeaderToken("X-Api-Token", token)  # FILL IN': 'HeaderToken("Authorization", token, prefix="Bearer ")',
    SCHEME: "      type: http\n      scheme: bearer\n",
    '"x-api-token"': '"authorization"',
    '(PATH, "t1")': '(PATH, "Bearer t1")',
}
BASIC = {  # what a template says of a token, and what it says of a user's name and password
    "from typing import Any, Unpack\n": "import base64\nfrom typing import Any, Unpack\n",
    "client_arguments, token_environment\n": "client_arguments, from_environment\n",
    "import HeaderToken, Secret\n": "import HeaderToken, checked_secret\n",
    "connect(base_url: str, *, token: Secret, **options: Unpack[ConnectOptions]) -> AuthenticatedClient:": (
        "connect(base_url: str, *, username: str, password: str, **options: Unpack[ConnectOptions])"
        " -> AuthenticatedClient:"
    ),
    "If the address or the token cannot be such": "If the address or the password cannot be such",
    '    auth = HeaderToken("X-Api-Token", token)  # FILL IN\n': (
        "    pair = f\"{username}:{checked_secret('password', password)}\"\n"
        '    auth = HeaderToken("Authorization", base64.b64encode(pair.encode()).decode(), prefix="Basic ")\n'
    ),
    "with the token SETTLED_@NAME@_TOKEN": "with SETTLED_@NAME@_USERNAME and _PASSWORD",
    '    return connect(**token_environment("@name@"), **options)': (
        '    names = {"base_url": "URL", "username": "USERNAME", "password": "PASSWORD"}\n'
        '    return connect(**from_environment("@name@", **names), **options)'
    ),
    SCHEME: "      type: http\n      scheme: basic\n",
    "A token that the vendor issued": "A user's name and password",
    'TOKEN_HEADER = "/jobs/17", "x-api-token"': 'TOKEN_HEADER = "/jobs/17", "authorization"',
    'token="t1"': 'username="u", password="p1"',
    '(PATH, "t1")': '(PATH, "Basic dTpwMQ==")',
}


class UnusableName(Exception):
    """A name that a new vendor cannot have."""


def targets(name: str, root: Path) -> dict[str, Path]:
    """The file to write for each template."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise UnusableName(f"{name!r} is no name for a Python module: use lower-case letters, digits and underscores")
    files = {template: root / path.format(name) for template, path in FILES.items()}
    taken = [*files.values(), root / "overlay" / "settled" / name, root / "generated" / "settled_clients" / name]
    for path in taken:
        if path.exists():
            raise UnusableName(f"{name} is taken: {path.relative_to(root)} exists")
    package = root / "overlay" / "settled" / "__init__.py"
    if f'"{name}"' in package.read_text(encoding="utf-8"):
        raise UnusableName(f"{name} is taken: {package.relative_to(root)} exports it")
    modules = {path.stem.strip("_") for path in (root / "overlay" / "settled").rglob("*.py")}
    if name in modules | RESERVED | sys.stdlib_module_names | {*dir(builtins)} or keyword.issoftkeyword(name):
        raise UnusableName(f"{name} is taken: Python, the package or its tests use that name")
    return files


def enlist(name: str, root: Path) -> bool:
    """Name the new kind and its status enum where the tests of all kinds look for them; False if that is nowhere."""
    for path in (root / "tests").rglob("test_kinds.py"):
        text = path.read_text(encoding="utf-8")
        head, found, rest = text.partition("STATUS_ENUMS = {\n")
        if found:
            lines, end, after = rest.partition("}\n")
            every = sorted([*lines.splitlines(keepends=True), f'    "{name}.job": "JobStatus",\n'])
            path.write_text("".join((head, found, *every, end, after)), encoding="utf-8")
            return True
    return False


def filled(template: str, name: str, auth: str = "token") -> str:
    """A template's text for a vendor, with one way to sign in."""
    words = {
        "name": name,
        "Name": "".join(map(str.capitalize, name.split("_"))),
        "NAME": name.upper(),
        "today": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }
    text = (TEMPLATES / f"{template}.template").read_text(encoding="utf-8")
    for old, new in {"basic": BASIC, "bearer": BEARER}.get(auth, {}).items():
        text = text.replace(old, new)
    return re.sub(r"@(\w+)@", lambda match: words[match[1]], text)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 3 if the name cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the vendor's, as a Python module")
    parser.add_argument("--auth", choices=("token", "bearer", "basic"), default="token", help="how one signs in")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this one)")
    options = parser.parse_args(argv)
    try:
        files = targets(options.name, options.root)
    except (UnusableName, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    for template, path in files.items():
        text = filled(template, options.name, options.auth)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {text.count('FILL IN')} places to fill in")
    if not enlist(options.name, options.root):
        print(f"then name {options.name}.job and its enum of status words where the tests of all kinds do")
    print("then run `make generate readme test`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
