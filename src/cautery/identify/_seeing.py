"""Possible places of a probe's pictures in references, and how much better than chance.

Coarse signatures propose places, and finer cells judge them: in the whole picture first; then in
parts of it that have edges of their own, each of which may show something else; then at other
speeds. While nothing is named, the picture is turned over, taken as a negative, and compared with
parts of the references. The score is how far a place's correlation leads over what the same probe,
played backwards, reaches in the same views of the same reference, over the spread of chance for so
much motion. It depends on one probe and one reference alone, never on what else is held.
"""

from __future__ import annotations

from collections.abc import Sequence

from cautery.fingerprint.regions import regions
from cautery.fingerprint.video import PARTS
from cautery.identify._looking import (
    MOST_HELD_STILL,
    MOST_IN_VIEWS,
    MOST_JUDGED,
    Expected,
    Look,
    Search,
)
from cautery.identify._scored import Bars, Scored
from cautery.identify._shown import Probe
from cautery.identify._views import PLAIN, TURNED, View
from cautery.identify.references.held import References
from cautery.model.picture_part import WHOLE, Part

_SPEED_MOST = 0.06
_SPEED_STEP_SHORT, _SPEED_STEP_LONG, _LONG_S = 0.02, 0.01, 12.0
"""Half a step moves the ends of a 10-s probe by 50 ms, less than a picture lasts."""
_SURE = 12.0
"""Score from which no other speed is tried."""
_MOST_REGIONS, _EDGED, _MOST_BESIDE, _EDGED_BESIDE = 4, 5.5, 6, 4.0
"""Parts with edges of their own that are searched, and how clear these must be, in standard
deviations; the same beside what is named already, which explains most of them. Of 60 insets and
halves 58 lay among the first four (``bench/identify/geometry.py``, the side to tune on)."""
_HALF = 0.4
"""Of a picture, from which a part of it may show a part of a reference: an inset shows it whole."""


def searched(  # noqa: PLR0917 - what is sought, where, and how
    probe: Probe,
    references: References,
    names: Sequence[str],
    media_at_s: float | None,
    speed_heard: float | None,
    bars: Bars,
    expected: Sequence[Expected] = (),
) -> list[Scored]:
    """Return the best place in each reference that may be it, scored, best first.

    A look none of whose places can reach the least score gives none.
    """
    search = Search(probe, references, names, media_at_s)
    usual = 1.0 if speed_heard is None else speed_heard
    results = [result for place in expected for result in _as_expected(search, place, bars)]
    settled = any(result.fills for result in results)
    plain = Look(search, [PLAIN], speed=usual)
    places = [] if settled else plain.places(MOST_JUDGED)
    results += plain.best(places, bars)
    least, room = (_EDGED_BESIDE, _MOST_BESIDE) if bars.named(results) else (_EDGED, _MOST_REGIONS)
    for part in regions(probe.luma, least=least, most=2 * room if bars.named(results) else room):
        if any(search.explains(result.place, part) for result in bars.named(results)):
            continue
        room -= 1
        if room < 0:
            break
        halved = part[2] * part[3] >= _HALF and search.brief
        for parts in ((WHOLE,), PARTS) if halved else ((WHOLE,),):
            of_part = Look(search, [View(part)], parts, speed=usual).found(bars)
            results += of_part
            if bars.named(of_part):
                break
    sure = settled or any(result.score >= _SURE for result in results)
    if speed_heard is None and not sure:
        step = _SPEED_STEP_SHORT if probe.seconds < _LONG_S else _SPEED_STEP_LONG
        count = round(_SPEED_MOST / step)
        speeds = [1 + step * k for k in range(-count, count + 1) if k]
        results += plain.best([*places, *plain.at_speeds(speeds, MOST_IN_VIEWS)], bars)
    if not bars.named(results):
        results += Look(search, TURNED, speed=usual).found(bars)
    if not bars.named(results) and search.brief:
        results += Look(search, [PLAIN], PARTS, speed=usual).found(bars)
    for steady in [] if bars.named(results) else probe.steady(references.recipe):
        held_still = Search(steady, references, names, media_at_s)
        for parts in ((WHOLE,), PARTS) if search.brief else ((WHOLE,),):
            if not bars.named(results):
                results += Look(held_still, [PLAIN], parts, speed=usual).found(
                    bars, MOST_HELD_STILL
                )
    return _distinct(results)


def _as_expected(search: Search, expected: Expected, bars: Bars) -> list[Scored]:
    """Return what is named near an expected place, in the first view that names it."""
    if expected.name not in search.spans:
        return []
    looks: list[tuple[Sequence[View], Sequence[Part]]] = [([View(expected.part)], (WHOLE,))]
    if expected.part == WHOLE:
        looks += [(TURNED, (WHOLE,)), ([PLAIN], PARTS)]
    for views, parts in looks:
        near = Look(search, views, parts, speed=expected.speed).near(expected, bars)
        if near:
            return near
    return []


def _distinct(results: Sequence[Scored]) -> list[Scored]:
    """Return the best result of each reference, best first."""
    best: dict[str, Scored] = {}
    for result in sorted(results, key=lambda result: (-result.score, result.place.name)):
        best.setdefault(result.place.name, result)
    return list(best.values())
