r"""Traits as they are exchanged: ``seen.jsonl``, one trait a line, and ``traits.json`` of networks.

A line is ``{"entity": ..., "kind": ..., "value": ..., "day": "YYYY-MM-DD", "source": ...}``, and
may have ``"exhibit": "sha256:..."``. ``traits.json`` is a list of trait sets.

Examples
--------
>>> line = b'{"entity":"New-TV.example","kind":"hoster","value":"as64500","day":"2026-03-01",'
>>> [seen] = read_seen([line + b'"source":"passive-dns"}\n'])
>>> seen.entity, str(seen.day)
('new-tv.example', '2026-03-01')
>>> b"".join(seen_lines([seen])).startswith(b'{"day":"2026-03-01","entity":"new-tv.example"')
True
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from cautery.errors import ForbiddenAddressError, InputError
from cautery.formats._json import lines
from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.json_text import parsed_json
from cautery.messages import message
from cautery.model.descent import TraitKind, TraitSeen, TraitSet
from cautery.model.evidence import ExhibitId
from cautery.model.host_names import ascii_name, literal
from cautery.model.screen import finds_personal
from cautery.model.wire import from_json, to_json

MOST_ROWS = 20_000_000
"""Lines of one file: a day of certificate logs has some ten million names."""
MOST_SETS = 1_000
"""Networks in one ``traits.json``."""
MOST_SETS_BYTES = 256 << 20
"""Of ``traits.json``: a thousand networks of some hundred traits take 60 MB."""

_FREE_TEXT = frozenset(
    {
        TraitKind.SITE_NAME,
        TraitKind.PRICE_LIST,
        TraitKind.PAYMENT_END,
        TraitKind.TEMPLATE,
        TraitKind.GUIDE_QUIRK,
        TraitKind.CATALOGUE_ORDER,
    }
)
"""Kinds whose values people write, so that a telephone number or an address may stand in one."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELDS = ("entity", "kind", "value", "day", "source")


def read_seen(
    chunks: Iterable[bytes], *, most: int = MOST_ROWS
) -> Iterator[TraitSeen | ReadWarning]:
    """Yield the traits of ``seen.jsonl``; a line that is none is a warning, and reading goes on.

    Parameters
    ----------
    chunks : iterable of bytes
        The file's bytes, unpacked.
    most : int
        Lines that are read; the rest is one warning.

    Raises
    ------
    SourceError
        If the bytes are plainly something else.

    Notes
    -----
    A value in which a person is found (an e-mail address, a telephone number) is left out, and the
    warning does not quote it.
    """
    tally = Tally()
    for count, (number, row, problem) in enumerate(lines(chunks, wanted="traits that were seen")):
        if count >= most:
            yield ReadWarning(line=number, why=message("unread.entries", most=most))
            break
        if problem is not None:
            yield from tally.add(number, problem, row)
            continue
        try:
            seen = _seen(row)
        except InputError as error:
            yield from tally.add(number, message("unread.trait", error=str(error)), "")
            continue
        if seen.kind in _FREE_TEXT and finds_personal(seen.value):
            yield from tally.add(number, message("unread.trait-of-a-person"), "")
            continue
        yield seen
    yield from tally.rest()


def seen_lines(seen: Iterable[TraitSeen]) -> Iterator[bytes]:
    """Yield the lines of ``seen.jsonl``, each with its end."""
    for trait in seen:
        row = {
            "day": trait.day.isoformat(),
            "entity": trait.entity,
            "kind": trait.kind.value,
            "source": trait.source,
            "value": trait.value,
        }
        if trait.exhibit is not None:
            row["exhibit"] = trait.exhibit
        yield json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def read_trait_sets(raw: bytes) -> tuple[TraitSet, ...]:
    """Return the trait sets of ``traits.json``.

    Raises
    ------
    InputError
        If it is no such list, holds more than :data:`MOST_SETS`, or two of one network.
    """
    try:
        body = parsed_json(raw)
    except ValueError as error:
        raise InputError(f"trait sets: not valid JSON ({error})") from error
    if not isinstance(body, list) or not 1 <= len(body) <= MOST_SETS:
        raise InputError(f"trait sets: expected a list of 1 to {MOST_SETS:,} networks")
    sets = tuple(from_json(TraitSet, entry) for entry in body)
    if len({traits.of for traits in sets}) < len(sets):
        raise InputError("trait sets: two of one network")
    return sets


def trait_sets_json(sets: Sequence[TraitSet]) -> bytes:
    """Return the bytes of ``traits.json``, one network a line."""
    rows = [json.dumps(to_json(traits), ensure_ascii=False, sort_keys=True) for traits in sets]
    return ("[\n" + ",\n".join(rows) + "\n]\n").encode()


def _seen(row: Any) -> TraitSeen:
    """Return the trait of a line.

    Raises
    ------
    InputError
        If it is none; what the line said is quoted with its odd characters escaped.
    """
    if not isinstance(row, dict):
        raise InputError("expected an object")
    texts = []
    for name in _FIELDS:
        text = row.get(name)
        if not isinstance(text, str):
            raise InputError(f"{name}: expected a text")
        texts.append(text)
    entity, kind, value, day, source = texts
    exhibit = row.get("exhibit")
    if exhibit is not None and not isinstance(exhibit, str):
        raise InputError("exhibit: expected a text")
    try:
        trait_kind = TraitKind(kind)
    except ValueError:
        raise InputError(f"kind {kind[:40]!a}: no such kind of trait") from None
    return TraitSeen(
        entity=_entity(entity),
        kind=trait_kind,
        value=value.strip(),
        day=_day(day),
        source=source,
        exhibit=None if exhibit is None else ExhibitId(exhibit),
    )


def _entity(text: str) -> str:
    """Return a host or an address in its one spelling."""
    try:
        name = ascii_name(text).rstrip(".")
        return (literal(name) or name) if name[:1].isdigit() or ":" in name else name
    except (UnicodeError, ForbiddenAddressError):
        raise InputError(f"entity {text[:60]!a}: not a host or an address") from None


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):  # Python would read weeks as well
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f"day {text[:20]!a}: expected YYYY-MM-DD")
