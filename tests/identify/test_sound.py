"""The ladder of the sound witness: each disguise is found on the rung that is there for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References, sound
from cautery.identify._leads import LEAST_SCORE, Lead
from cautery.identify.ladder import SURE_SCORE, Ladder, listen
from cautery.identify.sound import SEARCH_S, Heard, Rung
from cautery.model import Decoded
from cautery.model.verdict import NoMatch

RATE = 8000
T0 = 1_800_000_000.0
DELAY_S = 20.0
BEGIN_S = 30


@cache
def notes(seed: int, seconds: float, *, tempo: float = 1.0, pitch: float = 1.0) -> np.ndarray:
    """The same notes at any tempo and pitch, so that what is undone is exactly known."""
    rng = np.random.default_rng(seed)
    out = np.random.default_rng([seed, 1]).standard_normal(int(seconds / tempo * RATE)) * 0.003
    for _ in range(int(seconds * 9)):
        begin, hz = rng.uniform(0, seconds), rng.uniform(220, 3500)
        start = int(begin / tempo * RATE)
        size = min(int(rng.uniform(0.1, 0.5) / tempo * RATE), len(out) - start)
        t = np.arange(size) / RATE
        out[start : start + size] += (
            0.1 * np.sin(2 * np.pi * hz * pitch * t) * np.exp(-4 * tempo * t)
        )
    return out.astype(np.float32)


@cache
def voice(seed: int, seconds: float) -> np.ndarray:
    """Syllables of harmonics under three formants, with pauses between some."""
    rng = np.random.default_rng([seed, 7])
    out, at = np.zeros(int(seconds * RATE)), 0.0
    while at < seconds - 0.5:
        lasts, hz = rng.uniform(0.12, 0.35), rng.uniform(90, 240)
        t, formants = np.arange(int(lasts * RATE)) / RATE, rng.uniform(250, 3200, 3)
        spoken = sum(
            np.sin(2 * np.pi * hz * k * t) * np.exp(-(((hz * k - formants) / 180) ** 2)).sum()
            for k in range(1, 24)
        )
        out[int(at * RATE) : int(at * RATE) + len(t)] += spoken * np.hanning(len(t))
        at += lasts + rng.choice([0.02, 0.03, 0.25])
    return out.astype(np.float32)


def under(audio: np.ndarray, other: np.ndarray, snr_db: float) -> np.ndarray:
    level = np.sqrt((audio**2).mean() / (other**2).mean()) * 10 ** (-snr_db / 20)
    return (audio + other[: len(audio)] * level).astype(np.float32)


def media(audio: np.ndarray) -> Decoded:
    return Decoded(
        audio=np.asarray(audio, np.float32),
        audio_s=5.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(audio) / RATE,
    )


def cut(
    seed: int = 3, *, seconds: float = 10, tempo: float = 1.0, pitch: float = 1.0
) -> np.ndarray:
    start = int(BEGIN_S / tempo * RATE)
    return notes(seed, 60, tempo=tempo, pitch=pitch)[start : start + int(seconds * RATE)]


@pytest.fixture(scope="module")
def references() -> References:
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id=f"c{k}") for k in range(8)])
    for k in range(8):
        made.add(f"c{k}", media(notes(k, 60)), at_s=T0)
    return made


def heard(references: References, audio: np.ndarray, **more: object) -> Heard:
    return listen(media(audio), references, media_at_s=T0 + BEGIN_S + DELAY_S, **more)  # type: ignore[arg-type]


def best(found: Heard) -> tuple[str, float]:
    """Return the reference named first and its delay, which must be sure."""
    assert found.matches, found.reason
    assert all(one.reference == found.matches[0].reference for one in found.matches)
    return found.matches[0].reference, found.matches[0].delay_s


class Climbed:
    """Which rungs were climbed, told by what each looks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, landmarks: bool = True) -> None:
        self.rungs: list[str] = []
        proposed, leads_from = sound.proposed, sound.leads_from

        def propose(sounding: object, speeds: Sequence[tuple[float, float]]) -> list[object]:
            self.rungs.append("votes" if len(speeds) == 1 else "votes at speeds")
            return proposed(sounding, speeds) if landmarks else []  # type: ignore[arg-type]

        def scan(
            *given: object,
            phases: Sequence[int],
            among: frozenset[int] | None = None,
            **how: object,
        ) -> object:
            # What has been found is sought at all four phases elsewhere: that is no rung.
            which = "all" if among is None else "hinted" if len(phases) < 4 else None
            if which and which not in self.rungs:
                self.rungs.append(which)
            return leads_from(*given, phases=phases, among=among, **how)  # type: ignore[arg-type]

        monkeypatch.setattr(sound, "proposed", propose)
        monkeypatch.setattr(sound, "leads_from", scan)


def test_a_clean_probe_is_sure_on_the_first_rung_to_a_few_milliseconds(
    references: References, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbed = Climbed(monkeypatch)
    found = heard(references, cut(), hints=("c3",))
    assert best(found) == ("c3", pytest.approx(DELAY_S, abs=0.004))
    match = found.matches[0]
    assert match.score > 2 * SURE_SCORE
    assert match.speed == 1.0
    assert match.methods == ("landmark", "bit-error")
    assert match.covered.all()
    assert match.searched == 8
    assert climbed.rungs == ["votes"]


@pytest.mark.parametrize("hints", [(), ("c3",), ("c1",)])
@pytest.mark.parametrize("snr_db", [0.0, -6.0])
def test_another_voice_over_it_is_heard_through_with_a_hint_and_without(
    references: References, hints: tuple[str, ...], snr_db: float
) -> None:
    for seed in range(3):
        mixed = under(cut(), voice(seed, 10), snr_db)
        found = heard(references, mixed, hints=hints)
        assert best(found) == ("c3", pytest.approx(DELAY_S, abs=0.012))
        assert found.matches[0].score < heard(references, cut()).matches[0].score


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        *((kind, by) for kind in ("speed", "tempo", "pitch") for by in (0.95, 1.02, 1.05)),
        *(("speed", by) for by in (0.85, 0.925, 1.08, 1.15)),
    ],
)
def test_a_speed_a_tempo_and_a_pitch_are_undone_and_told(
    references: References, kind: str, changed: float
) -> None:
    tempo = 1.0 if kind == "pitch" else changed
    probe = cut(tempo=tempo, pitch=1.0 if kind == "tempo" else changed)
    name, delay_s = best(heard(references, probe))
    # The delay is that of the probe's middle: it plays 10 s of clock while 10 s x tempo go by.
    begin_s = int(BEGIN_S / tempo * RATE) / RATE * tempo
    assert name == "c3"
    assert delay_s == pytest.approx(BEGIN_S + DELAY_S + 5 - begin_s - 5 * tempo, abs=0.02)
    match = heard(references, probe).matches[0]
    assert match.speed == pytest.approx(tempo, abs=0.003)


def test_a_probe_without_a_clock_is_searched_in_all_that_is_held(references: References) -> None:
    found = listen(media(cut()), references, media_at_s=None)
    name, delay_s = best(found)
    assert (name, delay_s) == ("c3", pytest.approx(-T0 - BEGIN_S, abs=0.01))


@pytest.mark.parametrize("delay_s", [SEARCH_S[0] - 5, SEARCH_S[1] + 5])
def test_a_delay_outside_those_searched_is_no_match(references: References, delay_s: float) -> None:
    probe = media(cut())
    assert listen(probe, references, media_at_s=T0 + BEGIN_S + DELAY_S).matches
    assert not listen(probe, references, media_at_s=T0 + BEGIN_S + delay_s).matches


# What the dearer rungs are for: here landmarks propose nothing.


def test_codes_alone_find_a_probe_among_all_references(
    references: References, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbed = Climbed(monkeypatch, landmarks=False)
    found = heard(references, under(cut(), voice(1, 10), 0.0))
    assert best(found) == ("c3", pytest.approx(DELAY_S, abs=0.012))
    assert found.matches[0].searched == 8
    assert climbed.rungs == ["votes", "all"]


def test_a_quick_search_asks_the_codes_of_hinted_references_only(
    references: References, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = under(cut(), voice(1, 10), 0.0)
    climbed = Climbed(monkeypatch, landmarks=False)
    assert not heard(references, mixed, effort="quick").matches
    assert not heard(references, mixed, effort="quick", hints=("c1",)).matches
    found = heard(references, mixed, effort="quick", hints=("c3", "c5", "not held"))
    assert best(found) == ("c3", pytest.approx(DELAY_S, abs=0.012))
    assert found.matches[0].searched == 2
    assert "all" not in climbed.rungs


@pytest.mark.parametrize(("effort", "pitch"), [("quick", 1.0), ("quick", 1.05), ("full", 1.05)])
def test_codes_alone_undo_a_change_on_a_hinted_reference_and_at_last_on_all(
    references: References, monkeypatch: pytest.MonkeyPatch, effort: str, pitch: float
) -> None:
    Climbed(monkeypatch, landmarks=False)
    hints = ("c3",) if effort == "quick" else ()
    found = heard(references, cut(tempo=1.05, pitch=pitch), effort=effort, hints=hints)
    assert best(found)[0] == "c3"
    assert found.matches[0].speed == pytest.approx(1.05, abs=0.004)


# What there is no opinion on.


def test_other_music_is_no_match_however_far_it_is_followed(
    references: References, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbed = Climbed(monkeypatch)
    for seed in range(70, 76):
        found = heard(references, notes(seed, 10), hints=("c3",))
        assert (found.matches, found.reason) == ((), None)
    assert set(climbed.rungs) == {"votes", "votes at speeds", "hinted", "all"}


@pytest.mark.parametrize("effort", ["quick", "full"])
@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(10 * RATE), NoMatch.SILENT),
        (np.random.default_rng(1).uniform(-1, 1, 10 * RATE) / 32768, NoMatch.SILENT),
        (notes(3, 60)[: 2 * RATE], NoMatch.SHORT_SOUND),
        (np.zeros(0), NoMatch.NO_SOUND),
    ],
)
def test_silence_and_too_little_sound_have_no_opinion_and_say_why(
    references: References, audio: np.ndarray, reason: NoMatch, effort: str
) -> None:
    found = heard(references, audio, effort=effort, hints=("c3",))
    assert (found.matches, found.reason, found.witnesses()) == ((), reason, [])


def test_a_steady_tone_matches_nothing(references: References) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(10 * RATE) / RATE)
    assert not heard(references, tone).matches


def test_three_seconds_are_enough_and_longer_probes_score_higher(references: References) -> None:
    scores = []
    for seconds in (3, 5, 10, 20):
        found = heard(references, cut(seconds=seconds))
        assert best(found) == ("c3", pytest.approx(DELAY_S, abs=0.02))
        scores.append(found.matches[0].score)
    assert scores == sorted(scores)


def test_a_probe_of_which_a_part_is_ours_says_which_seconds(references: References) -> None:
    audio = np.concatenate((cut(seconds=8), notes(90, 8)))
    match = heard(references, audio).matches[0]
    assert match.reference == "c3"
    assert match.covered[1:7].all()
    assert not match.covered[9:].any()


def test_a_witness_says_all_that_its_match_does(references: References) -> None:
    found = heard(references, cut())
    match, witness = found.matches[0], found.witnesses()[0]
    assert (witness.kind, witness.reference, witness.methods) == ("sound", "c3", match.methods)
    assert (witness.score, witness.delay_s, witness.speed) == (
        match.score,
        match.delay_s,
        match.speed,
    )
    assert witness.coverage == 1.0
    assert witness.log10_lr > 0
    assert witness.runner_up < LEAST_SCORE


def test_nothing_held_matches_nothing() -> None:
    empty = References(DEFAULT_RECIPE, [ReferenceInfo(id="c3")])
    found = heard(empty, cut(), hints=("c3",))
    assert (found.matches, found.reason) == ((), None)


def test_what_a_reference_says_twice_is_found_at_both_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = notes(40, 12)
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id="loop"), ReferenceInfo(id="other")])
    made.add("loop", media(np.concatenate((loop, notes(41, 8), loop, notes(42, 8)))), at_s=T0)
    made.add("other", media(notes(43, 40)), at_s=T0)
    for landmarks in (True, False):
        with monkeypatch.context() as patched:
            Climbed(patched, landmarks=landmarks)
            found = listen(media(loop[RATE : 11 * RATE]), made, media_at_s=T0 + 41)
        [match] = found.matches
        delays = sorted((match.delay_s, *match.repeats_s))
        assert delays == [pytest.approx(20, abs=0.012), pytest.approx(40, abs=0.012)]


def leads(*found: tuple[int, int, float]) -> Rung:
    """Return a rung's answer: leads at (reference, offset) with a score."""
    return Rung(
        tuple(Lead(number, True, 0, offset, 1.0, 1.0, score) for number, offset, score in found),
        {str(number): score for number, _, score in found},
        among=3,
    )


def test_places_that_cannot_become_repeats_are_left_out_where_one_reference_is_met() -> None:
    alone, beside, apart = Ladder(10.0), Ladder(10.0), Ladder(10.0)
    mine = (0, 0, 40.0), (0, 400, 16.0), (0, 800, 14.0)
    alone.add([leads(*mine)])
    assert [[one.score for one in shard] for shard in alone.chosen()] == [[40.0, 16.0]]
    beside.add([leads(*mine, (1, 0, 9.0))])
    assert [[one.score for one in shard] for shard in beside.chosen()] == [[40.0, 16.0, 14.0, 9.0]]
    # Another shard's reference is another one, though it has the same number there.
    apart.add([leads(*mine), leads((0, 0, 9.0))])
    assert [[one.score for one in shard] for shard in apart.chosen()] == [[40.0, 16.0, 14.0], [9.0]]
