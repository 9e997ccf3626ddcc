"""Write the README's table of job systems from the code and the specs.

python scripts/docs/readme.py writes it; with --check it changes nothing, and exits 1 if the table is stale.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from settled import JobKind

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts" / "regenerate"))

from generate import read_spec  # noqa: E402 - found only now

BEGIN, END = "<!-- systems: written by scripts/docs/readme.py -->\n", "<!-- end of systems -->\n"
HEADINGS = ("module", "job", "body", "terminal words", "from the page")


def rows() -> Iterator[tuple[str, ...]]:
    """A row for each kind of job."""
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        spec = read_spec(path)
        for kind in importlib.import_module(f"settled.{path.stem}").KINDS:
            vendor, job = kind.name.split(".")
            words = "<br>".join(f"`{member.value}` {member.outcome}" for member in kind.terminal)
            source = _operation(spec, kind)["x-source"]
            yield f"`{vendor}`", f"`{job}`", f"`{_body_type(kind)}`", words, f"{source['product']}: {source['title']}"


def table() -> str:
    """The table in Markdown."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *rows()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _operation(spec: dict[str, Any], kind: JobKind[Any]) -> dict[str, Any]:
    request = kind.request(kind.example_id())
    for path, item in spec["paths"].items():
        if request["method"] in item and re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)), request["url"]):
            operation: dict[str, Any] = item[request["method"]]
            return operation
    raise LookupError(f"no operation of the spec is what {kind} asks for: {request}")


def _body_type(kind: JobKind[Any]) -> str:
    model: type = getattr(kind.decode, "__self__")  # noqa: B009 - from_dict is bound to its class
    return model.__name__


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 if the table is stale or has no place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the table is stale")
    options = parser.parse_args(argv)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        print(f"README.md has no place for the table: {BEGIN.strip()} ... {END.strip()}", file=sys.stderr)
        return 1
    fresh = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if options.check:
        print("the README's table is what code and specs say" if fresh == text else "stale: run `make readme`")
        return int(fresh != text)
    readme.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
