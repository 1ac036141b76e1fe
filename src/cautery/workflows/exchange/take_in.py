"""Take what a partner sent into an open case: sealed, counted, compared, and never evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.exchange.loss import Loss
from cautery.exchange.told import MEDIA_TYPE, Standing, ToldItem, as_table, hidden_kinds
from cautery.formats import redacted_text
from cautery.model import Pseudonyms, RedactedUrl
from cautery.model.evidence import digest_of
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Marking, Tlp, strictest
from cautery.model.records import (
    Contradiction,
    Evaluated,
    ExchangeImported,
    ItemCount,
    NotTaken,
    PolledFrom,
)
from cautery.model.records.importing import SEALED_FILE, SEALED_TABLE
from cautery.projections.told import Told, told_in
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.open import Case
from cautery.workflows.case.told import tables_of
from cautery.workflows.exchange.reading import ReadFile

MOST_CONTRADICTIONS = 100
MOST_LEFT_OUT = 50
LONGEST_SOURCE = 100
LONGEST_H3 = 4096
_LONGEST_WORDS = 200
_IN_FILE = "in the sealed file alone"
"""Stands for the conditions of H3 of a file under TLP:RED."""
_NAME = re.compile(
    r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|[0-9a-fA-F:.]{2,45}|sha256:[0-9a-f]{64}"
)
"""A host, an address or a digest: names no person, and has no secret."""
_PLAIN_KINDS = frozenset((ItemKind.HOST, ItemKind.ADDRESS, ItemKind.BLOCK, ItemKind.EXHIBIT))
_OF_STATEMENT = frozenset(("kind", "id", "by", "marking", "at"))
"""Fields that name a statement or say how to handle it: they are not what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What became of a file.

    Parameters
    ----------
    imported : ExchangeImported
        The record of it.
    is_new : bool
        Whether it was written now; else the same file was imported from this source before.
    """

    imported: ExchangeImported
    is_new: bool


def take_in(
    case: Case,
    read: ReadFile,
    *,
    source: str,
    evaluation: Evaluated,
    own: Package | None = None,
    polled: PolledFrom | None = None,
) -> TakenIn:
    """Seal a partner's file and record what it says; the same file of a source is recorded once.

    Parameters
    ----------
    case : Case
        Open for writing.
    source : str
        The partner.
    evaluation : Evaluated
        How far the partner and what it sent are trusted.
    own : Package or None
        What the case itself says, to find what a partner puts into its mouth; ``None``: unknown.
    polled : PolledFrom or None
        The collection that it came from.

    Raises
    ------
    InputError
        If the source has no name, or what the file says cannot be kept.
    CauteryError
        If the case cannot be written.
    """
    source = source.strip()
    if not source or not source.isprintable() or len(source) > LONGEST_SOURCE:
        raise InputError(
            f"--source: the name of a partner has 1 to {LONGEST_SOURCE} printable characters"
        )
    journal, told = journal_of(case), told_in(case.ledger)
    if (known := told.of_file(read.digest, source=source)) is not None:
        return TakenIn(imported=known.imported, is_new=False)
    package = read.reading.package
    items = package.items
    marking = _marking(read.file, package)
    is_red = marking.tlp is Tlp.RED
    rows = told_items(items, journal.pseudonyms)
    now = journal.now()
    standing = _standing(told, journal)
    changes = _compared(rows, standing.get(source, {}), stands_at=min(package.made_at, now))
    contradictions = [
        *_against_others(items, rows, standing, source),
        *_against_own(items, rows, own),
    ]
    exhibit = journal.seal(
        read.raw, what=SEALED_FILE, media_type=read.format.media_type, at=now, confidential=True
    )
    table = journal.seal(as_table(rows), what=SEALED_TABLE, media_type=MEDIA_TYPE, at=now)
    imported = ExchangeImported(
        at=now,
        source=source,
        evaluation=evaluation,
        marking=_recorded(marking, journal.pseudonyms),
        format=read.format.name,
        package=journal.pseudonyms.of(f"package {package.id}"),
        by="" if is_red else _shown(package.by, journal.pseudonyms)[:_LONGEST_WORDS],
        made_at=package.made_at,
        digest=read.digest,
        exhibit=exhibit,
        table=table,
        items=_counts(items),
        relations=len(package.relations),
        hidden=sum(row.is_hidden for row in rows),
        left_out=not_taken(read.reading.left_out, journal.pseudonyms, only_counted=is_red),
        added=changes["added"],
        changed=changes["changed"],
        revoked=changes["revoked"],
        unchanged=changes["unchanged"],
        returned=changes["returned"],
        older=changes["older"],
        contradictions=tuple(contradictions[:MOST_CONTRADICTIONS]),
        contradicted=len(contradictions),
        polled=polled,
    )
    journal.write(imported)
    return TakenIn(imported=imported, is_new=True)


def told_items(items: Sequence[Item], pseudonyms: Pseudonyms) -> tuple[ToldItem, ...]:
    """Return what may be shown of items: redacted, without texts; of some, only that they are."""
    keys = pseudonyms.all_of([f"item {_named(item)}" for item in items])
    contents = pseudonyms.all_of([f"says {content_of(item)}" for item in items])
    markings = {item.marking: item.marking.words for item in items}
    names = {
        name: _shown(name, pseudonyms)
        for item in items
        for name in (item.by, item.role, item.order, item.territory, item.country)
        if name
    }
    return tuple(
        _hidden(item, key, content, markings[item.marking])
        if item.marking.tlp is Tlp.RED or item.kind in hidden_kinds()
        else _open(item, key, content, markings[item.marking], names=names, pseudonyms=pseudonyms)
        for item, key, content in zip(items, keys, contents, strict=True)
    )


_SAYS = tuple(field.name for field in fields(Item) if field.name not in _OF_STATEMENT)
_VALUES = attrgetter(*_SAYS)


def content_of(item: Item) -> str:
    """Return the digest of what an item says, but for its marking and the time of the statement.

    What is not stated is not in it, so that a field which a later version has changes nothing.
    """
    said = [
        (name, value.value if isinstance(value, Enum) else value)
        for name, value in zip(_SAYS, _VALUES(item), strict=True)
        if value is not None and value is not False and value not in ("", ())
    ]
    return digest_of(repr(said).encode("utf-8", "surrogatepass"))


def shown_id(item: Item, pseudonyms: Pseudonyms) -> str:
    """Return the id of an item without secrets and people."""
    if item.kind in _PLAIN_KINDS and _NAME.fullmatch(item.id):
        return item.id
    return _shown(item.id, pseudonyms)


def words_of(item: Item, pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return the words of an item by its fields, without credentials and addresses of people."""
    names = ("by", "text", "name", "role", "order", "territory", "country")
    words = {name: getattr(item, name) for name in names}
    shown = {name: shown_words(text, pseudonyms) for name, text in words.items() if text}
    return {"id": shown_id(item, pseudonyms), **shown}


def not_taken(
    left_out: Iterable[Loss], pseudonyms: Pseudonyms, *, only_counted: bool = False
) -> tuple[NotTaken, ...]:
    """Return what has no place in a package, the most frequent first; the rest as one line.

    Types and fields are words of the partner's, too: of a file under TLP:RED they are only counted.
    """
    ranked = sorted(left_out, key=lambda loss: (-loss.count, loss.noun, loss.field))
    most = 0 if only_counted else MOST_LEFT_OUT
    rows = [
        NotTaken(
            words=shown_words(f"{loss.noun} {loss.field}", pseudonyms)[:_LONGEST_WORDS],
            count=loss.count,
        )
        for loss in ranked[:most]
    ]
    if rest := ranked[most:]:
        rows.append(NotTaken(words="others", count=sum(loss.count for loss in rest)))
    return tuple(rows)


def _marking(file: str, package: Package) -> Marking:
    markings = {package.marking}
    markings.update(item.marking for item in package.items)
    markings.update(relation.marking for relation in package.relations)
    marking = strictest(markings)
    assert marking is not None  # the package has one
    if len(marking.h3_text or "") > LONGEST_H3:
        raise InputError(
            f"{file}: the conditions of H3 in it have over {LONGEST_H3} characters together",
            hint="Ask the partner for a file for each condition.",
        )
    return marking


def _recorded(marking: Marking, pseudonyms: Pseudonyms) -> Marking:
    """Return a marking whose conditions of H3, which are a partner's words, have no secret."""
    if marking.h3_text is None:
        return marking
    is_red = marking.tlp is Tlp.RED
    words = _IN_FILE if is_red else shown_words(marking.h3_text, pseudonyms)[:LONGEST_H3]
    return replace(marking, h3_text=words)


def _counts(items: Sequence[Item]) -> tuple[ItemCount, ...]:
    counts = Counter(item.kind for item in items)
    revoked = Counter(item.kind for item in items if item.revoked)
    return tuple(
        ItemCount(kind=kind, count=counts[kind], revoked=revoked[kind]) for kind in sorted(counts)
    )


def _standing(told: Told, journal: Journal) -> dict[str, Mapping[str, Standing]]:
    """Return of each source what stands by key."""
    standing: dict[str, Mapping[str, Standing]] = {}
    for name, imports in told.by_source().items():
        tables, _ = tables_of(imports, journal.stored)
        standing[name] = tables.contents()
    return standing


def _compared(
    rows: Sequence[ToldItem], before: Mapping[str, Standing], *, stands_at: datetime
) -> Counter[str]:
    """Count what is new, changed, taken back, given back and as it was, against earlier imports."""
    changes: Counter[str] = Counter()
    for row in rows:
        known = before.get(row.key)
        if known is None:
            changes["added"] += 1
        elif known.is_newer(row.at, stands_at=stands_at):
            changes["older"] += 1
        elif row.revoked and not known.revoked:
            changes["revoked"] += 1
        elif known.revoked and not row.revoked:
            changes["returned"] += 1
        elif (row.content, row.marking) != (known.content, known.marking):
            changes["changed"] += 1
        else:
            changes["unchanged"] += 1
    return changes


def _against_others(
    items: Sequence[Item],
    rows: Sequence[ToldItem],
    standing: Mapping[str, Mapping[str, Standing]],
    source: str,
) -> list[Contradiction]:
    """Return items that another source relays as of the same moment with another content."""
    found = []
    for name, theirs in standing.items():
        if name == source:
            continue
        for item, row in zip(items, rows, strict=True):
            known = theirs.get(row.key)
            if known is not None and known.content != row.content and known.at == item.at:
                found.append(_contradiction(row, against=name))
    return found


def _against_own(
    items: Sequence[Item], rows: Sequence[ToldItem], own: Package | None
) -> list[Contradiction]:
    """Return items in the name of this case that it does not state, or not so and no longer ago."""
    if own is None:
        return []
    mine, name = {item.key: item for item in own.items}, own.by.strip().casefold()
    found = []
    for item, row in zip(items, rows, strict=True):
        ours = mine.get(item.key)
        if ours is None:
            is_other = item.by.strip().casefold() == name
        else:
            is_other = item.at >= ours.at and content_of(item) != content_of(ours)
        if is_other:
            found.append(_contradiction(row, against=""))
    return found


def _named(item: Item) -> str:
    key = item.key
    return canonical([key.kind.value, key.id, key.by]).decode()


def _contradiction(row: ToldItem, *, against: str) -> Contradiction:
    return Contradiction(kind=ItemKind(row.kind), subject=row.id, by=row.by, against=against)


def _open(
    item: Item,
    key: str,
    content: str,
    marking: str,
    *,
    names: Mapping[str, str],
    pseudonyms: Pseudonyms,
) -> ToldItem:
    return ToldItem(
        kind=item.kind.value,
        id=shown_id(item, pseudonyms),
        by=names[item.by],
        key=key,
        content=content,
        is_hidden=False,
        marking=marking,
        source=item.marking.source,
        accuracy=item.marking.accuracy,
        at=item.at,
        first_seen=item.first_seen,
        last_seen=item.last_seen,
        valid_from=item.valid_from,
        valid_until=item.valid_until,
        revoked=item.revoked,
        statement=item.statement.value,
        role=names[item.role] if item.role else None,
        finding=_word(item.finding),
        confidence=item.confidence,
        probability=item.probability,
        log10_lr=item.log10_lr,
        lever=_word(item.lever),
        order=names[item.order] if item.order else None,
        territory=names[item.territory] if item.territory else None,
        country=names[item.country] if item.country else None,
        exhibits=len(item.exhibits),
    )


def _hidden(item: Item, key: str, content: str, marking: str) -> ToldItem:
    return ToldItem(
        kind=item.kind.value,
        id="~" + key,
        by="",
        key=key,
        content=content,
        is_hidden=True,
        marking=marking,
        source=item.marking.source,
        accuracy=item.marking.accuracy,
        at=item.at,
        revoked=item.revoked,
        valid_until=item.valid_until,
    )


def _word(value: Any) -> str | None:
    return None if value is None else str(value.value)


def shown_words(text: str, pseudonyms: Pseudonyms) -> str:
    """Return a partner's words without credentials and addresses of people."""
    return redacted_text(text, pseudonyms, kind="message")


def _shown(text: str, pseudonyms: Pseudonyms) -> str:
    """Return an id or a name of a partner's without secrets and people."""
    if "://" in text:
        try:
            return RedactedUrl.of(text, pseudonyms).text
        except InputError:
            return "~" + pseudonyms.of(text)
    return shown_words(text, pseudonyms)
