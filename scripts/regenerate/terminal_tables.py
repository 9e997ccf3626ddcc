"""What the overlay's source says of the kinds of job: which words are terminal, with what outcome; which run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from spec_tree import Problem


@dataclass(frozen=True)
class JobTable:
    """What an overlay module says of one kind of job: the fate of each word is an outcome, or `running`."""

    name: str
    module: str
    enum: str
    body: str
    fates: dict[str, str]

    def decides(self, word: str) -> bool:
        """Whether a status word is in the tables, in any letter case."""
        return word.casefold() in {known.casefold() for known in self.fates}


def read_tables(source: str, module: str) -> dict[str, JobTable]:
    """The kinds of job that an overlay module's source defines, by name."""
    try:
        body = ast.parse(source).body
        enums = {node.name: node.body for node in body if isinstance(node, ast.ClassDef)}
        values = {ast.unparse(node.targets[0]): node.value for node in body if isinstance(node, ast.Assign)}
        imports = [alias for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]
        jobs = {}
        for call in values.values():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "JobKind":
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                name, enum = ast.literal_eval(given["name"]), ast.unparse(given["terminal"])
                fates = dict.fromkeys(sorted(_words(given["running"], values)), "running")
                for member in enums[enum]:
                    if isinstance(member, ast.Assign) and isinstance(member.value, ast.Tuple):
                        word, outcome = member.value.elts
                        fates[ast.literal_eval(word)] = ast.unparse(outcome).rpartition(".")[2]
                decoder = ast.unparse(given["decode"]).partition(".")[0]
                model = next((alias.name for alias in imports if alias.asname == decoder), decoder)
                jobs[name] = JobTable(name, module, enum, model, fates)
    except (SyntaxError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Problem(f"the terminal tables of {module} cannot be read from its source: {what}") from error
    return jobs


def _words(node: ast.expr, values: Mapping[str, ast.expr]) -> set[str]:
    if isinstance(node, ast.Name):
        return _words(values[node.id], values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _words(node.left, values) | _words(node.right, values)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "frozenset":
        return _words(node.args[0], values) if node.args else set()
    return set(ast.literal_eval(node))
