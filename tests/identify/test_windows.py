"""Where in a long probe it is listened to closely, and what that costs in what is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References, windows
from cautery.identify.confirm import named
from cautery.identify.windows import CLOSE_S, Look, look_at
from cautery.model import Decoded, Observation, Witness

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RATE = 8000
RNG = np.random.default_rng(8)
LENGTHS_S = {"film": 180, "other": 60, "voice": 60, "reference": 60}


def noise(seconds: float) -> np.ndarray:
    """Noise whose bands come and go: as speech and music have it."""
    out = np.zeros(int(seconds * RATE), np.float32)
    for _ in range(int(seconds * 12)):
        start, length = int(RNG.integers(len(out))), int(RNG.uniform(0.1, 0.5) * RATE)
        t = np.arange(min(length, len(out) - start)) / RATE
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * RNG.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out + RNG.standard_normal(len(out)).astype(np.float32) * 0.003


def media(audio: np.ndarray) -> Decoded:
    return Decoded(
        audio=audio,
        audio_s=0.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(audio) / RATE,
    )


@cache
def sounds() -> dict[str, np.ndarray]:
    return {name: noise(seconds) for name, seconds in LENGTHS_S.items()}


@pytest.fixture(scope="module")
def held() -> References:
    made = References(
        DEFAULT_RECIPE, [ReferenceInfo(id=one, kind="work") for one in ("film", "other")]
    )
    made.add("film", media(sounds()["film"]), at_s=0.0)
    made.add("other", media(sounds()["reference"]), at_s=0.0)
    return made


class Asked:
    """Notes what each window is asked, and finds ``film`` in those of full effort."""

    def __init__(self, *, finds: bool) -> None:
        self.finds = finds
        self.windows: list[tuple[float, float, str, tuple[str, ...]]] = []

    def __call__(
        self, decoded: Decoded, _: References, *, at: datetime, hints: Sequence[str],
        effort: str, media_at_s: float | None,
    ) -> Observation:  # fmt: skip
        del media_at_s
        self.windows.append((decoded.audio_s, decoded.duration_s, effort, tuple(hints)))
        found = Witness(
            kind="sound", reference="film", score=50.0, runner_up=0.0, delay_s=0.0, speed=1.0,
            coverage=1.0, probe_s=10.0, log10_lr=4.0,
        )  # fmt: skip
        return Observation(at=at, witnesses=(found,) if self.finds and effort == "full" else ())


def asked(monkeypatch: pytest.MonkeyPatch, start_s: float, *, finds: bool) -> tuple[Asked, Look]:
    noted = Asked(finds=finds)
    monkeypatch.setattr(windows, "observe", noted)
    return noted, look_at(media(sounds()["other"]), None, at=NOON, start_s=start_s, hints=("h",))  # type: ignore[arg-type]


def test_the_first_ten_minutes_are_listened_to_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    noted, look = asked(monkeypatch, CLOSE_S - 60, finds=False)
    assert [(at, effort) for at, _, effort, _ in noted.windows] == [
        *((k * 10.0, "full") for k in range(6)),
        (0.0, "full"),
    ]
    assert look.whole is not None
    assert look.found == ()


@pytest.mark.parametrize("samples", [112_199, 112_200, 112_201])
def test_of_any_number_of_samples_two_windows_that_agree_confirm(
    held: References, samples: int
) -> None:
    # An odd number has no middle: half a sample in both windows once kept them from confirming.
    look = look_at(media(sounds()["film"][RATE : RATE + samples]), held, at=NOON)
    first, second = look.windows
    assert first.end_s <= second.start_s + 1e-9
    assert named([look], held.infos, recipe="r").confirmed


def test_then_one_window_of_a_part_is_and_what_it_finds_the_others_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted, look = asked(monkeypatch, CLOSE_S, finds=True)
    assert [(at, effort) for at, _, effort, _ in noted.windows] == [
        (30.0, "full"),
        *((k * 10.0, "quick") for k in (0, 1, 2, 4, 5)),
    ]
    assert [hints for *_, hints in noted.windows] == [("h",), *[("film", "h")] * 5]
    assert [one.start_s for one in look.windows] == [CLOSE_S + k * 10 for k in range(6)]
    assert look.found == ("film",)
    assert look.whole is None


def test_a_late_part_in_which_nothing_is_found_is_looked_at_whole_and_quickly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted, look = asked(monkeypatch, CLOSE_S, finds=False)
    assert noted.windows[-1][:3] == (0.0, 60.0, "quick")
    assert look.whole is not None


def test_late_in_a_probe_thirty_clean_seconds_are_found_away_from_the_close_window(
    held: References,
) -> None:
    audio = np.concatenate(
        [sounds()["film"][40 * RATE : 60 * RATE], sounds()["other"][: 40 * RATE]]
    )
    look = look_at(media(audio), held, at=NOON, start_s=3600.0)
    assert look.found == ("film",)
    (part,) = named([look], held.infos, recipe="r").stretches
    assert (part.start_s, part.end_s) == pytest.approx((3600, 3620), abs=1.5)
    assert part.offset_s == pytest.approx(40, abs=0.05)


def test_late_in_a_probe_a_minute_under_another_voice_is_followed_from_one_close_window(
    held: References,
) -> None:
    film = sounds()["film"][60 * RATE : 120 * RATE]
    voice = sounds()["voice"] * np.sqrt((film**2).mean() / (sounds()["voice"] ** 2).mean())
    look = look_at(media(film + voice), held, at=NOON, start_s=3600.0)
    (part,) = named([look], held.infos, recipe="r").stretches
    assert (part.start_s, part.end_s) == pytest.approx((3600, 3660), abs=3)
    assert part.confirmed
