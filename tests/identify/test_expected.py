"""A stream that goes on as its last probe did is looked for where it is expected, first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from cautery.fingerprint.sliding import Patterns, Peaks
from cautery.fingerprint.video import Signature
from cautery.identify.observe import observing
from cautery.identify.steps import in_turn
from cautery.model import Observation, Witness

from .moving_pictures import all_films, beside, film, inset, mine, others, shaken, shown, square

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def probed(luma: np.ndarray, at_s: float, earlier: Observation | None = None,
           speed: float = 1.0) -> Observation:  # fmt: skip
    """Look at pictures that begin at a time of the stream's clock."""
    search = observing(
        shown(luma, speed=speed), all_films(), media_at_s=at_s, at=NOON, earlier=earlier, keep=False,
    )  # fmt: skip
    observation, _ = in_turn(search)
    return observation


def seen(observation: Observation) -> dict[str, Witness]:
    return {one.reference: one for one in observation.witnesses if one.log10_lr > 1}


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of references that patterns were slid along."""
    counts: list[int] = []
    peaks = Patterns.peaks

    def noted(
        self: Patterns,
        references: list[Signature],
        spans: list[tuple[float, float]],
        *,
        most: int,
    ) -> Peaks:
        counts.append(len(references))
        return peaks(self, references, spans, most=most)

    monkeypatch.setattr(Patterns, "peaks", noted)
    return counts


@pytest.mark.parametrize(("disguised", "speed"), [
    (lambda luma: luma, 1.0),
    (lambda luma: luma, 0.96),
    (lambda luma: luma[:, ::-1], 1.0),
    (lambda luma: 255 - luma, 1.0),
], ids=["as it is", "slower", "vertical flip", "negative"])  # fmt: skip
def test_what_goes_on_is_found_without_a_search_of_the_others(
    searched: list[int], disguised: Callable[[np.ndarray], np.ndarray], speed: float
) -> None:
    first = probed(disguised(mine()[200:325]), 1000.0, speed=speed)
    later_s = 1000.0 + 12.0 / speed
    piece = disguised(mine()[350:475])
    whole = probed(piece, later_s, speed=speed)
    assert max(searched) > 1
    searched.clear()
    again = probed(piece, later_s, first, speed=speed)
    assert set(searched) == {1}
    assert seen(again).keys() == seen(whole).keys() == {"mine"}
    one, other = seen(again)["mine"], seen(whole)["mine"]
    assert one.delay_s == pytest.approx(other.delay_s, abs=0.05)
    assert one.score == pytest.approx(other.score, rel=0.05)


def test_what_shows_something_else_now_is_searched_everywhere(searched: list[int]) -> None:
    first = probed(mine()[200:325], 1000.0)
    searched.clear()
    again = probed(others()["other2"][350:475], 1012.0, first)
    assert max(searched) == 8
    assert seen(again) == seen(probed(others()["other2"][350:475], 1012.0))
    assert seen(again).keys() == {"other2"}


def test_strange_pictures_are_no_match_wherever_they_are_expected() -> None:
    first = probed(mine()[200:325], 1000.0)
    strange = film(40, 10)
    again = probed(strange, 1012.0, first)
    assert seen(again) == {}
    assert again.unmatched == probed(strange, 1012.0).unmatched


@pytest.mark.parametrize("how", [inset, beside])
def test_a_second_content_is_found_beside_what_was_expected(
    how: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> None:
    alone = probed(others()["other3"][600:725], 1000.0)
    both = how(mine()[400:525], others()["other3"][750:875])
    assert seen(probed(both, 1012.0, alone)).keys() == {"mine", "other3"}
    first = probed(how(mine()[250:375], others()["other3"][600:725]), 1000.0)
    again = seen(probed(both, 1012.0, first))
    assert again.keys() == {"mine", "other3"}
    assert again["mine"].part is not None


def test_a_place_of_an_earlier_probe_keeps_its_runner_up() -> None:
    first = probed(mine()[200:325], 1000.0)
    rival = replace(seen(first)["mine"], runner_up=3.25)
    again = probed(mine()[350:475], 1012.0, replace(first, witnesses=(rival,)))
    assert seen(again)["mine"].runner_up == 3.25


def test_a_shaking_crop_goes_on() -> None:
    piece = shaken(square()[400:525])
    assert probed(piece, 1000.0, probed(mine()[200:325], 988.0)).witnesses == (
        probed(piece, 1000.0).witnesses
    )
