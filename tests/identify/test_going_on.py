"""A stream is not said to show nothing where its reference was not heard so far."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.decide import decide
from cautery.identify.faults import foreign_sound
from cautery.identify.observe import observing
from cautery.identify.references.kept import FEW_REFERENCES, KEPT_S
from cautery.identify.references.volumes import AnyReferences, in_volumes, together
from cautery.identify.steps import in_turn
from cautery.messages import say
from cautery.model import (
    Channel,
    Decoded,
    Finding,
    Mandate,
    Observation,
    Partner,
    RedactedUrl,
    Regime,
    Window,
)
from cautery.model.verdict import NoMatch

from .moving_pictures import mine, shown
from .test_volumes import media, music

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
T0 = 1_800_000_000.0
RATE = 8000
DELAY_S, PROBE_S = 20.0, 12.0
NAMES = ("own", "other")
SOUND = {name: music(k, 160) for k, name in enumerate(NAMES)}
STRANGE = media(music(9, PROBE_S))


def piece(name: str, begin_s: float, seconds: float = PROBE_S) -> Decoded:
    return media(SOUND[name][round(begin_s * RATE) : round((begin_s + seconds) * RATE)])


def held(until_s: float, *, kind: str = "channel", volumes: int = 1) -> AnyReferences:
    """References of which the own one was heard until a moment, and the other one longer."""
    infos = tuple(ReferenceInfo(id=name, kind=kind) for name in NAMES)
    parts = in_volumes(infos, most=-(-len(infos) // volumes))
    references = together([References(DEFAULT_RECIPE, part, 420.0) for part in parts])
    from_s = 0.0 if kind == "work" else T0
    references.add("own", piece("own", 0.0, until_s), at_s=from_s)
    references.add("other", piece("other", 0.0, 150.0), at_s=from_s)
    return references


def looked(
    probe: Decoded,
    references: AnyReferences,
    at_s: float,
    named: Observation | None = None,
) -> Observation:
    """Look at a probe whose media became available some seconds after T0."""
    search = observing(probe, references, media_at_s=T0 + at_s, at=NOON, named=named, keep=False)
    observation, _ = in_turn(search)
    return observation


def first() -> Observation:
    """The look at which the stream shows the second minute of its reference."""
    named = looked(piece("own", 60.0), held(90.0), 60.0 + DELAY_S)
    assert [one.reference for one in named.witnesses] == ["own"]
    return named


@pytest.mark.parametrize("volumes", [1, 2])
@pytest.mark.parametrize(
    ("until_s", "why"),
    [
        (80.0, NoMatch.NOT_YET_HEARD),
        (100.0, NoMatch.NOT_YET_HEARD),
        (107.0, NoMatch.NOT_YET_HEARD),
        (109.0, NoMatch.NONE),
        (140.0, NoMatch.NONE),
    ],
)
def test_a_reference_that_ends_before_the_place_of_a_stream_leaves_it_unknown(
    until_s: float, why: NoMatch, volumes: int
) -> None:
    at_s = 100.0 + DELAY_S
    seen = looked(STRANGE, held(until_s, volumes=volumes), at_s, first())
    assert (seen.witnesses, seen.unmatched["sound"]) == ((), why)
    assert seen.has_opinion is (why is NoMatch.NONE)
    assert seen.came_too_early is not seen.has_opinion
    assert ("the reference was not yet heard so far" in say(seen.reason)) is seen.came_too_early


def test_what_goes_on_is_unknown_until_its_reference_comes_and_named_then() -> None:
    goes_on, at_s = piece("own", 100.0), 100.0 + DELAY_S
    assert looked(goes_on, held(90.0), at_s, first()).came_too_early
    [witness] = looked(goes_on, held(130.0), at_s, first()).witnesses
    assert witness.reference == "own"


def test_a_stream_that_shows_another_reference_now_is_named_by_it() -> None:
    [witness] = looked(piece("other", 100.0), held(90.0), 120.0, first()).witnesses
    assert witness.reference == "other"


def test_sound_is_foreign_only_where_its_reference_came_so_far() -> None:
    for references, is_foreign in ((held(90.0), False), (held(140.0), True)):
        seen = looked(STRANGE, references, 120.0, first())
        assert (foreign_sound(STRANGE, seen, references) is not None) is is_foreign


def test_where_nothing_was_named_a_look_says_that_nothing_matches() -> None:
    assert looked(STRANGE, held(90.0), 120.0).unmatched["sound"] is NoMatch.NONE
    nameless = replace(first(), witnesses=())
    assert looked(STRANGE, held(90.0), 120.0, nameless).unmatched["sound"] is NoMatch.NONE
    weak = replace(first().witnesses[0], log10_lr=0.1)
    named = replace(first(), witnesses=(weak,))
    assert looked(STRANGE, held(90.0), 120.0, named).unmatched["sound"] is NoMatch.NONE


def test_a_reference_that_is_not_there_at_all_cannot_disprove() -> None:
    elsewhere = replace(first().witnesses[0], reference="gone")
    named = replace(first(), witnesses=(elsewhere,))
    assert looked(STRANGE, held(140.0), 120.0, named).came_too_early
    empty = References(DEFAULT_RECIPE, (ReferenceInfo(id="own"),), 420.0)
    assert looked(STRANGE, empty, 120.0, first()).came_too_early


def test_works_are_held_whole_and_end_where_they_end() -> None:
    seen = looked(STRANGE, held(90.0, kind="work"), 120.0, first())
    assert seen.unmatched["sound"] is NoMatch.NONE


def test_a_stream_at_another_speed_lies_where_that_leads() -> None:
    named = replace(first(), witnesses=(replace(first().witnesses[0], speed=1.04),))
    # The media of 40 s at 4 % more: 1.6 s further on, and a probe shows as much more itself.
    assert looked(STRANGE, held(109.0), 120.0, named).came_too_early
    assert looked(STRANGE, held(111.5), 120.0, named).has_opinion


def test_what_nobody_can_compare_keeps_its_own_reason() -> None:
    silent = media(np.zeros(round(PROBE_S * RATE), np.float32))
    seen = looked(silent, held(90.0), 120.0, first())
    assert seen.unmatched["sound"] is NoMatch.SILENT
    assert not seen.came_too_early


def test_of_a_long_probe_ten_seconds_are_enough() -> None:
    strange = media(music(9, 36.0))
    assert looked(strange, held(108.0), 120.0, first()).came_too_early
    assert looked(strange, held(112.0), 120.0, first()).has_opinion


def test_pictures_wait_for_the_pictures_of_their_reference() -> None:
    def filmed(pictures: int) -> References:
        info = ReferenceInfo(id="event:m", event="m", clean=True, kind="event")
        references = References(DEFAULT_RECIPE, (info,), 420.0)
        references.add("event:m", shown(mine()[:pictures]), at_s=T0)
        return references

    def probed(
        luma: np.ndarray, at_s: float, references: References, named: Observation | None
    ) -> Observation:
        return looked(shown(luma), references, at_s, named)

    named = probed(mine()[200:325], 16.0 + DELAY_S, filmed(500), None)
    assert {one.kind for one in named.witnesses} >= {"picture"}
    strange = np.random.default_rng(3).integers(0, 255, (125, 36, 64)).astype(np.uint8)
    at_s = 41.0 + DELAY_S  # a hundred pictures are 8 s: its place is 41 s to 51 s
    early = probed(strange, at_s, filmed(500), named)
    assert early.unmatched["pictures"] is NoMatch.NOT_YET_HEARD
    assert probed(strange, at_s, filmed(620), named).unmatched["pictures"] is NoMatch.NONE


def test_among_many_what_came_in_of_late_is_not_searched_yet() -> None:
    infos = tuple(ReferenceInfo(id=f"ch{k}") for k in range(FEW_REFERENCES + 1))
    few, many = (
        References(DEFAULT_RECIPE, infos[:2], 420.0),
        References(DEFAULT_RECIPE, infos, 420.0),
    )
    assert few.searched_until("ch0") is None
    for references in (few, many):
        references.add("ch0", piece("own", 0.0, 60.0), at_s=T0)
    assert few.searched_until("ch0") == pytest.approx(T0 + 60.0)
    assert many.searched_until("ch0") == pytest.approx(T0 + 60.0 - KEPT_S)
    assert few.searched_until("ch0", pictures=True) is None


MANDATE = Mandate(
    id="m", who="A League", regime=Regime.GDPR, legal_basis="rights",
    window=Window(start=NOON, end=NOON.replace(hour=15)), territories=("FR",),
    channels=(Channel(id="own", names=("Own",), legal_basis="rights"),),
    partners=(Partner(name="Partner", hosts=("partner.example",), channels=("own",)),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("host", "finding"),
    [("pirate.example", Finding.PROVEN), ("partner.example", Finding.LICENSED)],
)
def test_what_was_found_stays_so_until_a_look_that_could_have_seen_otherwise(
    host: str, finding: Finding
) -> None:
    references = held(110.0)
    seen = [looked(piece("own", at_s), references, at_s + DELAY_S) for at_s in (50, 62, 74, 86)]

    def verdict() -> Finding:
        return decide(
            RedactedUrl(f"http://{host}/1"), seen, mandate=MANDATE, host=host, at=NOON
        ).finding

    assert verdict() is finding
    seen.append(looked(STRANGE, references, 105.0 + DELAY_S, seen[-1]))
    assert verdict() is finding
    seen.append(looked(STRANGE, held(150.0), 105.0 + DELAY_S, seen[-2]))
    assert verdict() is Finding.UNDECIDED
    # Only what was not heard: nobody can say it, and it is not called nothing.
    seen = seen[4:5]
    assert verdict() is Finding.UNDECIDED
