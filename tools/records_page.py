"""The page ``docs/reference/records.md``: each kind of record, with the members of its body."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from cautery.model.records import (
    acting,
    action_day,
    case,
    inquiry,
    mapping,
    offers,
    operation,
    seized,
    watching,
)
from cautery.model.records.described import members_of, parts_of, summary_of

ROOMS: tuple[tuple[str, ModuleType], ...] = (
    ("The case itself", case),
    ("The watch", watching),
    ("What sources offer", offers),
    ("Who stands behind it", mapping),
    ("What is decided and done", acting),
    ("An operation of several agencies", operation),
    ("What an agency finds out", inquiry),
    ("The action day", action_day),
    ("Seized material", seized),
)
INTRODUCTION = """# Records

Everything that Cautery learns or does is a record in the case's ledger. A record has a `kind`, the
time `at` which it was made, and a `body`. It never changes, and none is ever removed. This page
lists every kind with the members of its body; `cautery records KIND` shows the same on a terminal,
and `cautery records --schema [KIND]` prints the JSON Schema.

A kind's first version has no number; a later one would be `probe.done/2`. A Cautery that does not
know a kind or its version keeps the record and shows it as it stands. Within a version members may
be added, never changed: ignore what you do not know. A record that does not have the shape of its
kind counts for nothing, and the report says how many there are.

"""


def records_page() -> str:
    """Return the page."""
    shapes = [shape for _, room in ROOMS for shape in room.KINDS.values()]
    lines = [INTRODUCTION]
    for title, room in ROOMS:
        lines.append(f"## {title}\n\n")
        for kind, shape in room.KINDS.items():
            lines.append(f"### `{kind}`\n\n{summary_of(shape)}\n\n")
            lines += _table(shape)
    lines.append("## Parts of records\n\n")
    for part in sorted(parts_of(*shapes), key=lambda part: part.__name__):
        lines.append(f"### {part.__name__}\n\n{summary_of(part)}\n\n")
        lines += _table(part)
    return "".join(lines).rstrip("\n") + "\n"


def _table(shape: type) -> Iterator[str]:
    yield "| member | type | meaning |\n| --- | --- | --- |\n"
    for member in members_of(shape):
        cells = (f"`{member.name}`", member.type, member.meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
    yield "\n"
