"""Which measured error rates bear on a claim: these come first, wherever rates are shown.

A rate says in words what erred, as ``bench/identify/fit.py`` writes it: the sense, the length of
the probe, the content, and the number of references. A claim rests on sound, on pictures, or on
both at one place; its probes have a length; it is of an event or of a work; and so many references
were searched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from cautery.model import ErrorRate, Finding, Mandate, Verdict
from cautery.model.verdict import at_one_place

BOTH = "sound and pictures together"
_SENSES = {"sound": "sound", "picture": "pictures"}
_SHORT_S = 7.5
"""Halfway between the two lengths of a probe that are measured, 5 s and 10 s."""
_FALSE = re.compile(
    r"false match of (?P<sense>sound and pictures together|sound|pictures)(?:-short)?"
    r"(?P<unusual> in unusual views)?, "
    r"one (?P<seconds>\d+)-s probe of (?P<content>.+) against (?P<references>\d+) references"
)
_MISSED = re.compile(
    r"(?P<sense>sound and pictures together|sound|pictures)(?:-short)?(?: in unusual views)? "
    r"missed, "
    r"one (?P<seconds>\d+)-s probe, .+"
)
_ALIKE = "a match that looks alike"


_CLAIMED = frozenset((Finding.PROVEN, Finding.UNDECIDED))


def bearing(
    verdict: Verdict | None, mandate: Mandate | None, rates: Iterable[ErrorRate]
) -> tuple[ErrorRate, ...]:
    """Return the rates of false matches that bear on a verdict, the nearest first.

    Before others comes what was measured of both senses together, if the verdict rests on both, and
    of its strongest sense; then of content like the claimed one; then among a number of references
    like the searched one. What was measured of pictures in unusual views comes after pictures as
    they are. Of what is as near, the larger bound comes first.

    Parameters
    ----------
    verdict : Verdict or None
        Without a claim nothing bears on it.
    mandate : Mandate or None
        Whose references were searched.
    """
    if verdict is None or verdict.finding not in _CLAIMED:
        return ()
    senses, short = _rests_on(verdict)
    searched = 1 if mandate is None else _references(mandate)
    ranked = []
    for rate in rates:
        words = _FALSE.fullmatch(rate.what)
        if words is None or words["sense"] not in senses or _short(words) not in short:
            continue
        unlike = (words["content"] == _ALIKE) != (verdict.event is not None)
        far = round(abs(math.log(int(words["references"]) / searched)), 6)
        # A witness does not say in which view its pictures were found.
        unusual = words["unusual"] is not None
        order = (
            senses.index(words["sense"]),
            unusual,
            unlike,
            far,
            -(rate.upper_bound or 1.0),
            rate.what,
        )
        ranked.append((order, rate))
    return tuple(rate for _, rate in sorted(ranked, key=lambda row: row[0]))


def in_order(first: Iterable[ErrorRate], rates: Iterable[ErrorRate]) -> tuple[ErrorRate, ...]:
    """Return all rates: first those that bear on claims, then what the same senses miss.

    Parameters
    ----------
    first : iterable of ErrorRate
        What :func:`bearing` returned, a claim after the other.
    """
    first, rates = tuple(first), tuple(rates)
    borne = {
        (words["sense"], _short(words)) for rate in first if (words := _FALSE.fullmatch(rate.what))
    }
    missed = [
        rate for rate in rates
        if (words := _MISSED.fullmatch(rate.what)) and (words["sense"], _short(words)) in borne
    ]  # fmt: skip
    return tuple({(rate.what, rate.source): rate for rate in (*first, *missed, *rates)}.values())


def _rests_on(verdict: Verdict) -> tuple[tuple[str, ...], frozenset[bool]]:
    """Return the senses, the strongest first, and whether its probes are short, long, or both."""
    witnesses = [
        witness for observation in verdict.observations for witness in observation.witnesses
        if witness.kind in _SENSES and witness.log10_lr >= 1
    ]  # fmt: skip
    strength: dict[str, float] = {}
    for witness in witnesses:
        sense = _SENSES[witness.kind]
        strength[sense] = max(strength.get(sense, 0.0), witness.log10_lr)
    senses = sorted(strength, key=lambda sense: -strength[sense])
    together = (BOTH,) if at_one_place(witnesses) else ()
    return (*together, *senses), frozenset(witness.probe_s < _SHORT_S for witness in witnesses)


def _short(words: re.Match[str]) -> bool:
    return float(words["seconds"]) < _SHORT_S


def _references(mandate: Mandate) -> int:
    """Return how many references a mandate names, one at least."""
    references_named = [
        *(event.clean_feed for event in mandate.events),
        *(channel.reference for channel in mandate.channels),
        *(work.reference for work in mandate.works),
    ]
    return max(1, sum(location is not None for location in references_named))
