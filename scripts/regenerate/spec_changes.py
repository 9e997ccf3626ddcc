"""Comparing specs and terminal tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from findings import Change, Finding, Place, in_order, worse
from spec_tree import (
    DOCS,
    SHAPES,
    Json,
    Node,
    Pair,
    listed,
    model_nodes,
    operation_nodes,
    pairs,
    preamble,
    reach,
    squashed,
    users,
)
from terminal_tables import JobTable

LIMITS = re.compile("pattern|multipleOf|uniqueItems|format|(min|max)(Length|Items|Properties|imum)")
REREAD = "x-source.read"
UNKNOWN = "programs that use it fail"
GONE = {  # what becomes of programs that use it
    "operation": "importing it fails",
    "model": "importing it fails",
    "field": "neither passing nor reading it works",
    "argument": "calls that pass it fail",
    "word": "naming its member fails",
}
MOVED = {
    "call": "Calls go to another address: servers and stand-ins that know only the old one do not answer.",
    "tag": "It is in another module: importing it from the old one fails.",
    "in": "It goes to another part of the request: servers and stand-ins that look in the old one do not find it.",
}


@dataclass(frozen=True)
class Side:
    """What is compared: the specs by vendor, and the kinds of job by name."""

    specs: dict[str, Json]
    jobs: dict[str, JobTable]


def compare_specs(vendor: str, old: Json, new: Json) -> Iterator[Finding]:
    """What differs between two versions of a vendor's spec."""
    models = list(pairs(model_nodes(old), model_nodes(new)))
    everywhere = Place(vendor, "*", renamed={pair.name: pair.now for pair in models if pair.old})
    yield from compare_part(everywhere, "", preamble(old), preamble(new))
    for pair in pairs(operation_nodes(old), operation_nodes(new)):
        is_webhook = "webhook" in {node.what for node in (pair.old, pair.new) if node}
        place = replace(everywhere, operation=pair.name, sent=is_webhook)
        yield from compare_pair(place, "operation", pair)
    was, will = users(old), users(new)
    for pair in models:
        used = {sent: was.get((pair.name, sent)) or will.get((pair.now, sent)) for sent in (True, False)}
        worst: dict[str, Finding] = {}
        for sent in [sent for sent in used if used[sent]] or [True, False]:
            place = replace(everywhere, operation=", ".join(sorted(used[sent] or "*")), sent=sent)
            for finding in compare_pair(place, pair.name, pair):
                worst[finding.where] = worse(worst.get(finding.where, finding), finding)
        yield from worst.values()


def compare_pair(place: Place, where: str, pair: Pair) -> Iterator[Finding]:
    """Compare a part with what has become of it."""
    old, new = pair.old, pair.new
    name, now = (each.removeprefix("parameter ").removeprefix(".") for each in (pair.name, pair.now))
    who = name if where == "operation" else where.removeprefix("parameter ")
    if old is None and new is not None:
        demanded = place.sent and bool(new.aspects.get("required"))
        said = f"There is a new {new.what}, {who}{', that has to be passed' if demanded else ''}."
        yield place.finding(demanded, where, (None, now), said)
    elif old is not None and new is None:
        yield place.finding(True, where, (name, None), f"The {old.what} {who} is gone: {GONE.get(old.what, UNKNOWN)}.")
    elif old is not None and new is not None:
        if now != name:
            said = f"The {old.what} {who} is now called {now}: {GONE.get(old.what, UNKNOWN)}."
            yield place.finding(True, where, (name, now), said)
        yield from compare_part(place, "" if where == "operation" else where, old, new)


def compare_part(place: Place, where: str, old: Node, new: Node) -> Iterator[Finding]:
    """Compare what two versions of a part say, and their own parts."""
    for key in {**old.aspects, **new.aspects}:
        before, after = old.aspects.get(key), new.aspects.get(key)
        if key == "type":
            yield from compare_types(place, where, before or {}, after or {})
        elif before != after and not key.startswith("x-"):  # which only tools read
            yield judged(place, where, key, (before, after))
    shapes = [{label for label in node.aspects.get("type", ()) if label.startswith(SHAPES)} for node in (old, new)]
    if shapes[0] == shapes[1]:
        for pair in pairs(old.parts, new.parts):
            # The SDK sends what an operation asks for and reads what it answers; of a webhook it is the reverse.
            turned = {node.what for node in (pair.old, pair.new) if node} & {"argument", "body"}
            there = replace(place, sent=not place.sent) if turned else place
            yield from compare_pair(there, f"{where}{pair.name}", pair)


def compare_types(place: Place, where: str, old: Json, new: Json) -> Iterator[Finding]:
    """Compare the types that a value can have."""
    types = " | ".join(old), " | ".join(new)
    olds = {place.renamed.get(label, label): wide for label, wide in old.items()}
    lost = [label for label, wide in olds.items() if label not in new and not new.keys() & {*wide}]
    gained = [label for label, wide in new.items() if label not in olds and not olds.keys() & {*wide}]
    if lost and gained:
        yield place.finding(True, where, types, f"{where} is of another type.")
    elif lost:
        said = "takes {}." if place.sent else "comes as {}: code that is typed for it no longer passes its type check."
        yield place.finding(True, where, types, f"{where} no longer {said.format(' or '.join(lost))}")
    elif gained:
        said = (
            "takes {} as well." if place.sent else "can come as {} as well: programs that read it have to expect that."
        )
        yield place.finding(not place.sent, where, types, f"{where} {said.format(' or '.join(gained))}")


def judged(place: Place, where: str, aspect: str, change: Change) -> Finding:
    """What the change of something that a part says means."""
    old, new = change
    at, key = f"{where} {aspect}".strip(), aspect.rpartition(" ")[2]
    who = where or place.operation
    breaks, bump, said = True, "minor", MOVED.get(key, f"{at} is not what it was: {UNKNOWN}.")
    if key in {*DOCS, "source"} or aspect.startswith("example "):
        how = "new" if old is None else "gone" if new is None else "worded differently"
        breaks, bump, said = False, "patch", f"{at} is {how}."
    elif key == "required":
        sending = "has to be passed now" if new else "may be left out now"
        reading = "is sure to come now" if new else "is no longer sure to come: programs may read Unset"
        change = ("required" if old else "optional", "required" if new else "optional")
        breaks, said = bool(new) == place.sent, f"{who} {sending if place.sent else reading}."
    elif key == "deprecated":
        breaks, said = False, f"{who} is {'now' if new else 'no longer'} deprecated."
    elif key == "security":
        breaks, said = not old or any(way not in new for way in old), f"{who} has other ways to sign in."
    elif key == "default":
        breaks, said = place.sent, f"{who} has another value where none is given."
    elif LIMITS.fullmatch(key):
        ordered = key[:3] in {"min", "max"} and None not in change
        tighter = (new < old if key[:3] == "max" else new > old) if ordered else new is not None
        breaks, said = place.sent and tighter, f"{who} has another {key}."
    finding = place.finding(breaks, at, change, said, bump)
    if key == "read":
        said = (
            f"The vendor's page was read again, on {new}, and nothing else changed: confirm it, or keep the old date."
        )
        return replace(finding, kind="undecided", where=REREAD, message=said, bump="none")
    return finding


def status_enum(side: Side, job: JobTable) -> tuple[str, list[str]]:
    """The enum that has a kind's status words, in its body or else anywhere in the spec, and these words."""
    models = model_nodes(side.specs.get(job.name.partition(".")[0], {}))
    body = {name for name in models if squashed(name) == squashed(job.body)}
    held = {name for root in body for name in reach(models, models[root], {root})}
    enums = {name: listed(name, node) for name, node in models.items()}
    inside = [enum for name in sorted(held) for enum in enums[name].items()]
    candidates = inside or [enum for each in enums.values() for enum in each.items()]
    return max(candidates, key=lambda enum: sum(map(job.decides, enum[1])), default=("", []))


def compare_tables(old: Side, new: Side) -> Iterator[Finding]:
    """What differs in the overlay's terminal tables, and the words that they have yet to decide about."""
    for name, job in {**old.jobs, **new.jobs}.items():
        vendor = name.partition(".")[0]
        specs = [side.specs.get(vendor, {}) for side in (old, new)]
        if specs[0] == specs[1] and old.jobs.get(name) == new.jobs.get(name):
            continue
        reads = [
            names
            for document in specs
            for (model, _), names in users(document).items()
            if squashed(model) == squashed(job.body)
        ]
        place = Place(vendor, ", ".join(sorted(reads[0])) if reads else name)
        there = tuple(name if name in side.jobs else None for side in (old, new))
        if None in there:
            said = f"Jobs of the kind {name} can {'now' if there[1] else 'no longer'} be waited for."
            finding = place.finding(False, f"{job.module}: {name}", (there[0], there[1]), said)
            yield finding if there[1] else replace(finding, kind="terminal-set", bump="major")
        else:
            was, now = old.jobs[name].fates, new.jobs[name].fates
            for word in [word for word in {**was, **now} if was.get(word) != now.get(word)]:
                said = (
                    f"{name}: {word} now means {now.get(word, 'nothing known')}; it was {was.get(word, 'not known')}."
                )
                where = f"{job.module}: {job.enum}.{word}"
                finding = place.finding(True, where, (was.get(word), now.get(word)), said)
                yield replace(finding, kind="terminal-set")
        if name in new.jobs:
            where, words = status_enum(new, job)
            known = [
                enum
                for model, node in model_nodes(specs[0]).items()
                for at, enum in listed(model, node).items()
                if at == where
            ]
            for word in [word for word in words if not job.decides(word) and word not in (known or [[]])[0]]:
                said = (
                    f"The new word {word} of {name} is in no table: until {job.module} has it in {job.enum} (settled) "
                )
                said += "or in `running`, it passes for running."
                yield replace(place.finding(False, f"{where}.{word}", (None, word), said), kind="undecided")


def compare(old: Side, new: Side) -> list[Finding]:
    """What differs between the specs and the tables of two sides, worst first."""
    found: list[Finding] = []
    for vendor in sorted({*old.specs, *new.specs}):
        if old.specs.get(vendor) == new.specs.get(vendor):
            continue
        if vendor in old.specs and vendor in new.specs:
            found += compare_specs(vendor, old.specs[vendor], new.specs[vendor])
        else:
            is_new = vendor in new.specs
            said = f"The API {vendor} is {'new' if is_new else 'gone: importing its client fails'}."
            change = (None, vendor) if is_new else (vendor, None)
            found.append(Place(vendor, "*").finding(not is_new, f"specs/{vendor}.yaml", change, said))
    found += compare_tables(old, new)
    undecided = {(finding.vendor, finding.where) for finding in found if finding.kind == "undecided"}
    changed = {
        (finding.vendor, name) for finding in found for name in finding.operation.split(", ") if finding.where != REREAD
    }
    return in_order(
        finding
        for finding in found
        if finding.kind != "additive" or (finding.vendor, finding.where) not in undecided
        if finding.where != REREAD or (finding.vendor, finding.operation) not in changed
    )
