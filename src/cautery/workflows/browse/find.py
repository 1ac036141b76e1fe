"""The search over cases of one regime: things by words, and the history of one thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cautery.errors import AbsentError, InputError, NotYetError
from cautery.evidence.manifest import LEDGER
from cautery.messages import tr
from cautery.model import Regime
from cautery.pages.room.find import FindView, HistoryView, Searched, ThingInCase, ThingRow
from cautery.projections.across import (
    LONGEST_WORDS,
    MOST_CASES,
    FoundThing,
    SeenIn,
    Words,
    require_words,
)
from cautery.projections.things import LONGEST_KEY, ThingKind
from cautery.workflows.browse.gathering import CaseThere, Gathering

_MOST_UNREADABLE = 20
_TRIES = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose cases are searched.

    Parameters
    ----------
    regime : Regime or None
        Of this regime alone; ``None``: of the one that all cases have, if they have one.
    among : callable
        Tells by its name whether a case may be seen: all others are as if they were not there.
    """

    regime: Regime | None = None
    among: Callable[[str], bool] = lambda _: True


def find_view(gathering: Gathering, whose: Whose, words: Words) -> FindView:
    """Return a page of the things that have some words in their name.

    Without words, or where the regime has to be chosen first, nothing is searched.

    Raises
    ------
    CauteryError
        If nothing can be searched.
    """
    cases, searched = _searched(gathering, whose)
    regime, kind = searched.regime, words.kind.value if words.kind else ""
    if regime is None or not words.text.strip():
        return FindView(searched=searched, words=words.text, kind=kind)
    page = _of_present(
        gathering,
        cases,
        lambda names: gathering.ask(regime, lambda store: store.find(words, names)),
        lambda page: (case for thing in page.things for case in thing.newest),
    )
    return FindView(
        searched=searched,
        words=words.text,
        kind=kind,
        things=tuple(map(_row, page.things)),
        older=page.older,
        found=page.found,
        found_more=page.found_more,
        complete=page.complete,
    )


def history_view(
    gathering: Gathering,
    whose: Whose,
    kind: ThingKind,
    key: str,
    *,
    after: str = "",
    limit: int = 50,
) -> HistoryView:
    """Return one thing, case by case, by the names of the cases.

    Raises
    ------
    AbsentError
        If no case that may be seen has it.
    InputError
        If the regime has to be said first.
    """
    cases, searched = _searched(gathering, whose)
    regime = searched.regime
    if regime is None and len(searched.regimes) > 1:
        raise InputError(
            tr("Cases under gdpr and cases under led are never searched together."),
            hint=tr("Say under which regime."),
        )
    limit = min(limit, MOST_CASES)
    thing: FoundThing | None = None
    rows: tuple[SeenIn, ...] = ()
    if regime is not None and len(key) <= LONGEST_KEY:
        require_words(key[:LONGEST_WORDS])
        thing, rows = _of_present(
            gathering,
            cases,
            lambda names: gathering.ask(
                regime,
                lambda store: store.history(kind, key, names, after=after, limit=limit),
            ),
            lambda history: history[1],
        )
    if thing is None:
        raise AbsentError(tr("No case that you may see has this."))
    page_rows = rows[:limit]
    return HistoryView(
        searched=searched,
        thing=_row(thing, text=page_rows[0].text if page_rows else thing.key),
        rows=tuple(map(_in_case, page_rows)),
        next=page_rows[-1].case if len(rows) > limit else None,
    )


def _of_present(
    gathering: Gathering,
    cases: Mapping[str, CaseThere],
    ask: Callable[[Collection[str]], T],
    lines_of: Callable[[T], Iterable[SeenIn]],
) -> T:
    """Ask until no case that is shown has gone meanwhile: what is deleted is not shown once more.

    Raises
    ------
    NotYetError
        If cases go all the time.
    """
    names = set(cases)
    for _ in range(_TRIES):
        answer = ask(names)
        store = gathering.cases.store
        gone_cases = {
            name
            for name in {case.case for case in lines_of(answer)}
            if not store.exists(cases[name].path, LEDGER)
        }
        if not gone_cases:
            return answer
        names -= gone_cases
    raise NotYetError(tr("Cases are being removed just now."), hint=tr("Search again."))


def _searched(gathering: Gathering, whose: Whose) -> tuple[Mapping[str, CaseThere], Searched]:
    there = {name: case for name, case in gathering.look().items() if whose.among(name)}
    regimes = sorted({case.regime for case in there.values() if case.regime is not None})
    regime = whose.regime
    if regime is None and len(regimes) == 1:
        (regime,) = regimes
    cases = {
        name: case for name, case in there.items() if regime is not None and case.regime is regime
    }
    unreadable = [(name, case.why) for name, case in sorted(there.items()) if case.why]
    return cases, Searched(
        regime=regime,
        regimes=tuple(regimes),
        cases=len(cases),
        waiting=sum(not case.stamp for case in there.values()),
        unreadable=tuple(unreadable[:_MOST_UNREADABLE]),
        unreadable_count=len(unreadable),
    )


def _row(thing: FoundThing, *, text: str | None = None) -> ThingRow:
    if text is None:
        text = thing.newest[0].text if thing.newest else thing.key
    return ThingRow(
        kind=thing.kind.value,
        key=thing.key,
        text=text,
        first_at=thing.first_at,
        last_at=thing.last_at,
        months=thing.months,
        in_cases=thing.in_cases,
        newest=tuple(map(_in_case, thing.newest)),
    )


def _in_case(line: SeenIn) -> ThingInCase:
    return ThingInCase(
        case=line.case,
        text=line.text,
        first=line.first,
        first_at=line.first_at,
        named=line.named,
        last=line.last,
        last_at=line.last_at,
        stream=line.stream,
        has_map=line.has_map,
        months=line.months,
    )
