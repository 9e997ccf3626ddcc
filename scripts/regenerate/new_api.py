"""Begin a new vendor's API: write its spec, overlay module and test, with the places to fill in marked FILL IN.

python scripts/regenerate/new_api.py NAME: what it writes is valid as it stands, so that generation and tests tell of
each slip.

The exit code is 0, or 3 if the name cannot be used; then nothing is written.
"""

from __future__ import annotations

import argparse
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
    return files


def filled(template: str, name: str) -> str:
    """A template's text for a vendor."""
    words = {
        "name": name,
        "Name": "".join(map(str.capitalize, name.split("_"))),
        "NAME": name.upper(),
        "today": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }
    text = (TEMPLATES / f"{template}.template").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda match: words[match[1]], text)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 3 if the name cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the vendor's, as a Python module")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this one)")
    options = parser.parse_args(argv)
    try:
        files = targets(options.name, options.root)
    except (UnusableName, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    for template, path in files.items():
        text = filled(template, options.name)
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {text.count('FILL IN')} places to fill in")
    print(
        f"then name {options.name}.job and its enum of status words in tests/core/test_kinds.py, "
        "and run `make generate`"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
