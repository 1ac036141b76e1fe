"""Markings as MISP's tags, and back: ``tlp`` and ``PAP`` of its taxonomies, and ours for the rest.

MISP's own scales fit no evaluation of Regulation (EU) 2016/794: ``admiralty-scale`` has six degrees
of a source and six of information, so that no letter of it means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from cautery.errors import InputError
from cautery.exchange.markings import TLP_1
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp

_TAG = re.compile(r'[^:=]{1,100}:([^=]{1,200})(?:="(.{0,500})")?', re.DOTALL)
T = TypeVar("T")
HANDLING = "le-handling"
"""Our taxonomy of handling codes and evaluations."""
_MARKINGS = frozenset({"tlp", "pap", HANDLING})
"""Namespaces of which each tag is a marking."""
_CODES = {str(code).lower(): code for code in HandlingCode}
_SOURCES = {letter.lower(): letter for letter in "ABCX"}
_ACCURACIES = {digit: digit for digit in "1234"}
_FEW = 20
"""Tags of one thing whose meaning is remembered."""
_TLP = {str(tlp).removeprefix("TLP:").lower(): tlp for tlp in Tlp} | {"white": Tlp.CLEAR}
_PAP = {str(pap).removeprefix("PAP:").lower(): pap for pap in Pap} | {"white": Pap.CLEAR}


@dataclass(frozen=True, slots=True)
class Marks:
    """What the tags of one thing say of its marking; ``None`` or empty: nothing."""

    tlp: Tlp | None = None
    pap: Pap | None = None
    handling: frozenset[HandlingCode] = frozenset()
    source: str | None = None
    accuracy: int | None = None
    others: tuple[str, ...] = ()

    def with_codes(self, codes: Iterable[HandlingCode]) -> Marks:
        """Return these with further handling codes, which attributes state."""
        return replace(self, handling=self.handling.union(codes))


@lru_cache(maxsize=1024)
def tags_of(marking: Marking) -> tuple[dict[str, str], ...]:
    """Return the tags of a marking; the words of H3 are no tag, but an attribute."""
    names = [marking.tlp.lower(), str(marking.pap)]
    names += [f'{HANDLING}:handling-code="{code}"' for code in sorted(marking.handling)]
    if marking.source is not None:
        names.append(f'{HANDLING}:source-evaluation="{marking.source}"')
    if marking.accuracy is not None:
        names.append(f'{HANDLING}:information-evaluation="{marking.accuracy}"')
    return tuple({"name": name} for name in names)


def marks_of(names: tuple[str, ...], *, is_first: bool = False) -> Marks:
    """Return what tags say of a marking.

    Parameters
    ----------
    names : tuple of str
        Names of the tags of one thing.
    is_first : bool
        Whether the event speaks TLP 1, where AMBER forbids what AMBER+STRICT does.

    Raises
    ------
    InputError
        If a marking is unknown, or two of them disagree.
    """
    if len(names) <= _FEW:
        return _remembered(names, is_first=is_first)
    return _marks(names, is_first=is_first)


def _marks(names: tuple[str, ...], *, is_first: bool) -> Marks:
    tlps: set[Tlp] = set()
    paps: set[Pap] = set()
    codes: set[HandlingCode] = set()
    sources: set[str] = set()
    accuracies: set[str] = set()
    others: list[str] = []
    for name in names:
        space = name.partition(":")[0].strip().lower()
        if space not in _MARKINGS:
            others.append(name)
            continue
        match = _TAG.fullmatch(name)  # MISP compares tags without regard to case
        word, value = (match[1].lower(), match[2]) if match else ("", None)
        if space == "tlp":
            tlps.add(_known(TLP_1 if is_first and word in TLP_1 else _TLP, word, name))
        elif space == "pap":
            paps.add(_known(_PAP, word, name))
        elif word == "handling-code":
            codes.add(_known(_CODES, value, name))
        elif word == "source-evaluation":
            sources.add(_known(_SOURCES, value, name))
        elif word == "information-evaluation":
            accuracies.add(_known(_ACCURACIES, value, name))
        else:
            raise _unknown(name)
    for found in (tlps, paps, sources, accuracies):
        if len(found) > 1:
            raise InputError(f"two markings disagree: {', '.join(sorted(map(str, found)))}")
    return Marks(
        tlp=next(iter(tlps), None),
        pap=next(iter(paps), None),
        handling=frozenset(codes),
        source=next(iter(sources), None),
        accuracy=int(accuracy) if (accuracy := next(iter(accuracies), None)) else None,
        others=tuple(others),
    )


_remembered = lru_cache(maxsize=256)(_marks)  # most things in a file bear the same tags


def speaks_tlp_1(names: Iterable[str]) -> bool:
    """Tell whether a tag is of TLP 1 alone."""
    return any(name.lower() == "tlp:white" for name in names)


def _known(table: dict[str, T], word: str | None, name: str) -> T:
    found = table.get((word or "").lower())
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> InputError:
    return InputError(f"the marking {name[:120]!r} is unknown, and is not dropped")
