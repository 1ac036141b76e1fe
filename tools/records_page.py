"""The pages of ``docs/reference/records``: each kind of record, with the members of its body.

The members of a record may themselves have members. Such a part stands on the page of its subject;
one that several subjects share stands on a page of its own.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from cautery.model.records import (
    access,
    acting,
    action_day,
    alerting,
    backing_up,
    case,
    complaining,
    decoys,
    exporting,
    following,
    importing,
    inquiry,
    mapping,
    nodes,
    noticing,
    offers,
    operation,
    outside,
    persons,
    scoring,
    seasons,
    seized,
    sources,
    watching,
)
from cautery.model.records.described import members_of, parts_of, summary_of


@dataclass(frozen=True, slots=True)
class Subject:
    """The kinds of record that one page lists.

    Parameters
    ----------
    page : str
        Name of the page's file, without its suffix.
    introduction : str
        One sentence.
    """

    page: str
    title: str
    introduction: str
    kinds: Mapping[str, type]


def _subject(page: str, title: str, module: ModuleType) -> Subject:
    return Subject(page, title, (inspect.getdoc(module) or "").split("\n\n")[0], module.KINDS)


SUBJECTS = (
    _subject("case", "The case itself", case),
    _subject("watch", "The watch", watching),
    _subject("nodes", "Nodes of a watch", nodes),
    _subject("scores", "What scores rest on", scoring),
    _subject("readings", "Sources and their readings", sources),
    _subject("offers", "What sources offer", offers),
    _subject("hosts", "Who is behind a stream", mapping),
    _subject("acts", "What is decided and done", acting),
    _subject("notices", "Notices", noticing),
    _subject("complaints", "Complaints", complaining),
    _subject("operation", "An operation of several agencies", operation),
    _subject("inquiry", "What an agency finds out", inquiry),
    _subject("persons", "Persons after an arrest", persons),
    _subject("action-day", "The action day", action_day),
    _subject("seized", "Seized material", seized),
    _subject("outside", "Proofs from outside", outside),
    _subject("access", "The access log of an operations room", access),
    _subject("backups", "Backups", backing_up),
    _subject("alerts", "Alerts", alerting),
    _subject("seasons", "Seasons", seasons),
    _subject("decoys", "Blind tests", decoys),
    _subject("following", "What grows back", following),
    _subject("exchange", "What leaves for partners' tools", exporting),
    _subject("importing", "What partners tell", importing),
)
SHARED = "parts"
"""Name of the page with the parts of records that several subjects share."""
KIND_OF = {
    shape.__name__: kind
    for subject in SUBJECTS
    for kind, shape in subject.kinds.items()
    if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", shape.__name__)
}
"""By the name of a type that is not an English word, such as ``WatchStarted``, its kind."""

INTRODUCTION = """# Records

Everything that Cautery learns or does is a record in the case's ledger. A record has a `kind`, the
time `at` which it was made, and a `body`. A record never changes, and no record is ever removed.

These pages list every kind of record with the members of its body. `cautery records KIND` shows the
same on a terminal, and `cautery records --schema [KIND]` prints the JSON Schema.

## Rules for readers of records

- The first version of a kind has no number. A later version is spelled `probe.done/2`.
- A new Cautery may add members to a kind without a new version. It never changes the meaning of a
  member: ignore the members that you do not know.
- Cautery keeps a record of a kind or version that it does not know, and shows it as it is.
- Cautery passes over a record that does not have the shape of its kind. The report says how many
  such records there are.
- A sentence of Cautery's own is a `Message`: the id of a text, and the values that stand in it.
  In records of older versions the sentence is a plain text.

"""


def records_pages() -> dict[str, str]:
    """Return the text of each page, by its path below ``docs/reference``."""
    shared = {part.__name__: part for part in _shared_parts()}
    homes = dict.fromkeys(shared, f"{SHARED}.md")
    pages = {"records.md": _index()}
    for subject in SUBJECTS:
        own = [part for part in _parts(subject) if part.__name__ not in shared]
        links = {**homes, **{part.__name__: "" for part in own}}
        lines = [f"# {subject.title}\n\n{subject.introduction} [All kinds](../records.md).\n\n"]
        for kind, shape in subject.kinds.items():
            lines += _section(f"`{kind}`", shape, links, level="##")
        if own:
            lines.append("## Parts of these records\n\n")
        for part in own:
            lines += _section(part.__name__, part, links, level="###")
        pages[f"records/{subject.page}.md"] = _page(lines)
    lines = ["# Parts of records\n\nRecords of several subjects have these parts.\n\n"]
    for part in shared.values():
        lines += _section(part.__name__, part, dict.fromkeys(shared, ""), level="##")
    pages[f"records/{SHARED}.md"] = _page(lines)
    return pages


def _index() -> str:
    lines = [INTRODUCTION]
    for subject in SUBJECTS:
        path = f"records/{subject.page}.md"
        lines.append(f"## [{subject.title}]({path})\n\n| kind | what it says |\n| --- | --- |\n")
        lines += (
            f"| [`{kind}`]({path}#{_anchor(kind)}) | {_cell(_for_readers(summary_of(shape)))} |\n"
            for kind, shape in subject.kinds.items()
        )
        lines.append("\n")
    lines.append(
        f"## [Parts of records](records/{SHARED}.md)\n\n"
        "A member of a record can have members itself, such as the verdict of the guard in a"
        " referral.\n\n"
    )
    pages = (*(subject.page for subject in SUBJECTS), SHARED)
    listed = "\n".join(f"records/{page}" for page in pages)
    return _page([*lines, f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"])


def _section(title: str, shape: type, links: Mapping[str, str], *, level: str) -> Iterator[str]:
    yield f"{level} {title}\n\n{_for_readers(summary_of(shape))}\n\n"
    yield "| member | type | meaning |\n| --- | --- | --- |\n"
    for member in members_of(shape):
        cells = (f"`{member.name}`", _linked(member.type, links), _for_readers(member.meaning))
        yield "| " + " | ".join(map(_cell, cells)) + " |\n"
    yield "\n"


def _linked(type_: str, links: Mapping[str, str]) -> str:
    """Let the name of each part lead to the section that lists its members."""
    return re.sub(
        r"`(\w+)`",
        lambda name: (
            f"[{name[0]}]({links[name[1]]}#{_anchor(name[1])})" if name[1] in links else name[0]
        ),
        type_,
    )


def _for_readers(text: str) -> str:
    """Replace the names of types, which readers of a ledger do not see, by the kinds of record."""
    return re.sub(
        r"`?\b([A-Z]\w+)\b`?",
        lambda name: f"`{KIND_OF[name[1]]}`" if name[1] in KIND_OF else name[0],
        text,
    )


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _page(lines: Iterable[str]) -> str:
    return "".join(lines).rstrip("\n") + "\n"


def _parts(subject: Subject) -> list[type]:
    return sorted(parts_of(*subject.kinds.values()), key=lambda part: part.__name__)


def _shared_parts() -> list[type]:
    """Return the parts that several subjects use, and the parts of these."""
    uses = [part for subject in SUBJECTS for part in _parts(subject)]
    several = {part for part in uses if uses.count(part) > 1}
    return sorted(several | set(parts_of(*several)), key=lambda part: part.__name__)
