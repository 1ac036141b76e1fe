"""Open cases one after the other, leave their decoys out, and put their facts on one sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from cautery.errors import InputError
from cautery.estimate.kpi import Facts, OfferFact, Period, Sheet, sheet_of
from cautery.messages import message, say
from cautery.model import Regime
from cautery.model.ports import Ledger
from cautery.projections import folded
from cautery.projections.decoys import Decoys
from cautery.projections.kpi import KpiRecords
from cautery.projections.without_decoys import without_decoys

MOST_CASES = 5_000


def facts_of(ledger: Ledger) -> tuple[Facts, Regime] | None:
    """Return what a case says, without its decoys; ``None``: they are not revealed yet.

    Raises
    ------
    InputError
        If no record opens it.
    """
    if Decoys().read_on(ledger).secret:
        return None
    records = folded(KpiRecords(), without_decoys(ledger, redacts=False).read())
    if records.mandate is None:
        raise InputError(
            "no mandate opens this case",
            hint="Key figures are counted of watches; an agency's case of an operation has none.",
        )
    return records.facts(), records.mandate.regime


def sheet_of_cases(
    paths: Sequence[Path],
    *,
    reading: Callable[[Path], AbstractContextManager[Ledger]],
    period: Period | None = None,
    offers: Sequence[OfferFact] | None = None,
    progress: Callable[[str], None],
) -> Sheet:
    """Return the sheet of some cases.

    Parameters
    ----------
    reading : callable
        Opens the ledger of a case.
    offers : sequence of OfferFact or None
        A list of lawful offers that people keep.
    progress : callable
        Is told what is read, where there are many.

    Raises
    ------
    InputError
        If there is no case, too many, or cases of both regimes; if one cannot be read.
    """
    if not paths:
        raise InputError("no case is named")
    if len(paths) > MOST_CASES:
        raise InputError(f"{len(paths):,} cases are more than {MOST_CASES:,}")
    facts: list[Facts] = []
    regimes: dict[Regime, Path] = {}
    secret = 0
    for number, path in enumerate(paths, 1):
        if len(paths) > 1:
            progress(f"{number}/{len(paths)} {path}")
        with reading(path) as ledger:
            try:
                read = facts_of(ledger)
            except InputError as error:
                raise InputError(f"{path}: {error}", hint=error.hint) from error
        if read is None:
            secret += 1
            continue
        facts.append(read[0])
        regimes.setdefault(read[1], path)
        if len(regimes) > 1:
            case, other_case = regimes.values()
            raise InputError(
                f"{case} and {other_case} are under different regimes: no sheet holds both",
                hint="Make one sheet of the cases under gdpr and another of those under led.",
            )
    if not facts:
        raise InputError(
            "no case is left: the decoys of all of them are not revealed yet",
            hint="The planner reveals them: cautery decoy reveal.",
        )
    sheet = sheet_of(facts, period=period, offers=offers)
    notes = [*sheet.notes, message("kpi-note.own-probes")]
    if secret:
        notes.insert(0, message("kpi-note.secret", count=secret))
    return replace(sheet, notes=tuple(notes))


def rows_of(sheet: Sheet) -> Iterable[tuple[str, ...]]:
    """Yield the sheet as cells: family, id, of, label, kind, n, count, low, mid, high, unit ..."""
    for family, indicator in sheet.rows:
        figure = indicator.figure
        yield (
            family.value,
            indicator.id,
            indicator.of,
            say(indicator.label),
            figure.kind,
            _plain(figure.n),
            _plain(figure.count),
            _plain(figure.low),
            _plain(figure.mid),
            _plain(figure.high),
            figure.unit,
            _plain(figure.coverage),
            "" if figure.method is None else say(figure.method),
            "" if figure.need is None else say(figure.need),
        )


COLUMNS = (
    *("family", "indicator", "of", "what", "kind", "n", "count", "low", "mid", "high", "unit"),
    *("coverage", "method", "needed"),
)
"""Of the CSV."""


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
