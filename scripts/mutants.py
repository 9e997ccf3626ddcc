"""Mutation tests of the waiting machine and the readers: make small changes one by one, and list those no test notices.

mutmut makes the changes and runs the tests in a copy of the project, because it looks for code in the current folder.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / ".cache" / "mutants"

MUTATED = (
    "_core/failures", "_core/job", "_core/outcome", "_core/rate_limit", "_core/schedule", "_core/snapshot",
    "_core/wait", "_core/wait_json", "_cortex/credentials", "_cortex/submits", "_http/retry_after", "agilesec/__init__",
    "cortex_xdr", "cortex_xsiam", "osapi",
)  # fmt: skip
TESTS = (
    "core/test_answers", "core/test_batch", "core/test_copies", "core/test_errors", "core/test_found_by_fuzzing",
    "core/test_ids", "core/test_kinds", "core/test_likely_mistakes", "core/test_messages", "core/test_rate_limit",
    "core/test_refs", "core/test_schedules", "core/test_wait_json", "core/test_wait_machine", "core/test_wait_model",
    "http/test_retry_after", "http/test_submits", "run/test_logging", "run/test_tracing", "run/test_waiting", "vendors",
)  # fmt: skip
NOTICED = ("killed", "timeout", "segfault", "suspicious")

_SETTINGS = f"""
[tool.mutmut]
source_paths = ["settled"]
only_mutate = {[f"settled/{name}.py" for name in MUTATED]}
also_copy = ["README.md", "scripts", "specs"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {[f"tests/{name}" + ("" if name == "vendors" else ".py") for name in TESTS]}
timeout_multiplier = 2.0
timeout_constant = 5.0
process_isolation = "forkserver"
use_git_change_detection = false
"""


def main() -> int:
    """Run mutmut; print the share of noticed changes by file, and the command that shows each of the others."""
    copy_project()
    subprocess.run([*_MUTMUT, "run", *sys.argv[1:]], cwd=COPY, check=True)  # noqa: S603 - the command is ours
    results = subprocess.check_output([*_MUTMUT, "results", "--all", "true"], cwd=COPY, text=True)  # noqa: S603
    found = re.findall(r"^\s+(settled\.([\w.]+)\.\w+): ([\w ]+)$", results, re.MULTILINE)
    for name in MUTATED:
        statuses = Counter(status for _, module, status in found if module == _dotted(name))
        print(f"{name:20} {_share(statuses)}")
    print(f"{'all':20} {_share(Counter(status for *_, status in found))}\n")
    for mutant, _, status in found:
        if status not in NOTICED:
            print(f"{status}: mutmut show {mutant}")
    return 0


def copy_project() -> None:
    """Update the copy of the project."""
    COPY.mkdir(parents=True, exist_ok=True)
    for folder in (ROOT / "overlay" / "settled", ROOT / "tests", ROOT / "scripts", ROOT / "specs"):
        shutil.rmtree(COPY / folder.name, ignore_errors=True)
        shutil.copytree(folder, COPY / folder.name)
    shutil.copy(ROOT / "README.md", COPY)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (COPY / "pyproject.toml").write_text(settings + _SETTINGS, encoding="utf-8")


def _dotted(name: str) -> str:
    return name.replace("/", ".").removesuffix(".__init__")


def _share(statuses: Counter[str]) -> str:
    noticed, of = sum(statuses[status] for status in NOTICED), statuses.total()
    others = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()) if status != "killed")
    return f"{noticed:5} of {of:5} noticed, {noticed / max(of, 1):4.0%}{f' ({others})' if others else ''}"


_MUTMUT = (sys.executable, "-m", "mutmut")

if __name__ == "__main__":
    sys.exit(main())
