"""Pictures against references: right, or no opinion; whatever else is held."""

from collections.abc import Callable

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.video import Signature
from cautery.identify import ReferenceInfo, References, _looking
from cautery.identify._judging import Place
from cautery.identify._scored import Scored
from cautery.identify.picture import Seen, look
from cautery.identify.references.track import Pictures
from cautery.model import Decoded
from cautery.model.picture_part import WHOLE, Part, overlap
from cautery.model.verdict import NoMatch

from .moving_pictures import (
    SILENT,
    all_films,
    beside,
    film,
    holding,
    inset,
    mine,
    other_films,
    others,
    shaken,
    shown,
    shrunk,
    square,
)


def asked(
    luma: np.ndarray, held: References, *, speed: float = 1.0, least: float | None = 0.0
) -> Seen:
    return look(shown(luma, speed=speed), held, media_at_s=None, speed_heard=None, least=least)


@pytest.mark.parametrize("speed", [0.95, 1.0, 1.04])
def test_a_disguised_piece_is_found_at_its_place_and_speed(speed: float) -> None:
    piece = np.roll(mine()[400:550, :, ::-1], 2, axis=1) * 0.8 + 20
    best = asked(piece.astype(np.uint8), all_films(), speed=speed).witnesses[0]
    middle_s = best.probe_s / 2
    assert best.reference == "mine"
    assert best.speed == pytest.approx(speed, abs=0.004)
    assert middle_s - best.delay_s == pytest.approx(32 + middle_s * speed, abs=0.06)


def test_the_score_is_the_same_whatever_else_is_held() -> None:
    piece = mine()[400:525, 3:33, 5:60].repeat(2, axis=1)[:, :36].repeat(2, axis=2)[:, :, :64]
    alone = asked(piece, holding({"mine": mine()})).witnesses[0]
    among = asked(piece, all_films()).witnesses[0]
    assert (alone.reference, among.reference) == ("mine", "mine")
    assert among.score == pytest.approx(alone.score, rel=0.15)


def test_other_content_scores_low_against_one_reference_and_against_many() -> None:
    right = asked(mine()[400:525], holding({"mine": mine()})).witnesses[0].score
    one, many = holding({"mine": mine()}), all_films()
    for seed in range(30, 36):
        for held in (one, many):
            seen = asked(film(seed, 10), held)
            assert max((found.score for found in seen.witnesses), default=0.0) < right / 4


def test_two_references_with_the_same_pictures_are_both_found() -> None:
    held = holding({"mine": mine(), "again": mine()[100:], **others()})
    best = asked(mine()[400:525], held).witnesses[:2]
    assert {one.reference for one in best} == {"mine", "again"}
    assert min(one.score for one in best) > 0.8 * max(one.score for one in best)


def test_a_wide_shot_where_two_small_figures_walk_is_right() -> None:
    square = film(50, 90, actors=2, pace=0.3)
    best = asked(square[400:525], holding({"square": square, **others()})).witnesses[0]
    assert best.reference == "square"
    assert best.probe_s / 2 - best.delay_s == pytest.approx(32 + best.probe_s / 2, abs=0.1)


def test_without_references_that_hold_pictures_there_is_no_opinion() -> None:
    for held in (holding({}), holding({"mine": None})):
        seen = look(shown(mine()[:125]), held, media_at_s=None, speed_heard=None)
        assert (seen.witnesses, seen.reason) == ((), NoMatch.NO_REFERENCE)


def test_where_too_little_moves_for_a_match_to_count_there_is_no_opinion() -> None:
    swing = 90 + 60 * np.sin(np.arange(125) / 12.5)[:, None, None]
    luma = np.full((125, 36, 64), 90.0)
    luma[:, 12:24, 20:40] = swing
    seen = look(shown(luma.astype(np.uint8)), other_films(), media_at_s=None,
                speed_heard=None)  # fmt: skip
    assert not seen.witnesses
    assert seen.reason is NoMatch.TOO_STILL


def test_other_content_that_moves_well_matches_none() -> None:
    seen = look(shown(film(60, 10)), other_films(), media_at_s=None, speed_heard=None)
    assert (seen.witnesses, seen.reason) == ((), NoMatch.NONE)


def leaves(seed: int, seconds: float) -> np.ndarray:
    """Return pictures of patches that change a little, two and a half a second."""
    rng = np.random.default_rng(seed)
    patches = rng.normal(0, 4, (int(seconds * 2.5), 6, 8))
    return np.clip(120 + np.kron(patches, np.ones((6, 8))), 0, 255).astype(np.uint8)


def laid_over(small: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return pictures with others at seven tenths of their size, up on the left."""
    out = behind.copy()
    rows, columns = (np.arange(25) * 36 / 25).astype(int), (np.arange(45) * 64 / 45).astype(int)
    out[:, 3:28, 3:48] = small[:, rows][:, :, columns]
    return out


def slow(luma: np.ndarray) -> Decoded:
    """Return pictures at the pace of :func:`leaves`."""
    times = np.arange(len(luma)) / 2.5
    return Decoded(audio=SILENT, audio_s=0.0, luma=luma, luma_s=times, duration_s=times[-1])


def holding_leaves() -> References:
    names = ["leaves", "leaves elsewhere", *others()]
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id=name, kind="work") for name in names])
    for name, luma in others().items():
        made.add(name, shown(luma), at_s=0.0)
    made.add("leaves", slow(leaves(70, 60)), at_s=0.0)
    made.add("leaves elsewhere", slow(leaves(71, 60)), at_s=0.0)
    return made


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_quiet_picture_before_a_lively_street_is_found(*, mirrored: bool) -> None:
    piece = np.repeat(leaves(70, 60)[60:85], 5, axis=0)
    piece = piece[:, :, ::-1] if mirrored else piece
    held, street = holding_leaves(), film(72, 10, actors=12, pace=2.0)
    best = asked(laid_over(piece, street), held).witnesses[0]
    assert best.reference == "leaves"
    assert best.probe_s / 2 - best.delay_s == pytest.approx(24 + best.probe_s / 2, abs=0.2)
    strange = np.repeat(leaves(73, 10), 5, axis=0)
    others = asked(laid_over(strange, street), held).witnesses
    assert max((one.score for one in others), default=0.0) < best.score / 2


def test_references_that_are_too_long_are_not_searched_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looked(_: Pictures, part: Part) -> Signature:
        assert part == WHOLE, "in parts"
        return whole(_, part)

    whole = Pictures.part
    monkeypatch.setattr(Pictures, "part", looked)
    stranger = film(30, 10)
    with pytest.raises(AssertionError, match="in parts"):
        asked(stranger, holding(dict(others())), least=None)
    monkeypatch.setattr("cautery.identify._looking._MOST_PARTS_S", 600.0)
    asked(stranger, holding(dict(others())), least=None)


def halved(luma: np.ndarray) -> np.ndarray:
    """Return the left half of pictures, drawn out to the usual shape."""
    return np.repeat(luma[:, :, :32], 2, axis=2)


def places_of(seen: Seen) -> dict[str, float]:
    """Return where in each reference a probe begins."""
    return {
        one.reference: one.probe_s / 2 * (1 - one.speed) - one.delay_s for one in seen.witnesses
    }


@pytest.mark.parametrize(
    "disguised",
    [
        lambda luma: luma[:, ::-1],
        lambda luma: luma[:, ::-1, ::-1],
        lambda luma: 255 - luma,
        halved,
        lambda luma: np.repeat(luma[:, 18:], 2, axis=1),
        lambda luma: inset(luma, film(31, 10)),
        lambda luma: beside(luma, film(31, 10)),
        lambda luma: beside(film(31, 10), luma),
    ],
    ids=["vertical flip", "upside down", "negative", "left half", "lower half", "inset",
         "left of another", "right of another"],
)  # fmt: skip
def test_an_unusual_picture_is_named_at_its_place(
    disguised: Callable[[np.ndarray], np.ndarray],
) -> None:
    seen = asked(disguised(mine()[400:525]), all_films(), least=None)
    assert places_of(seen) == {"mine": pytest.approx(32, abs=0.15)}
    strange = asked(disguised(film(40, 10)), all_films(), least=None)
    assert not strange.witnesses


def test_a_shaking_crop_is_named_at_its_place() -> None:
    held = holding({"square": square()[:, 4:40, 4:68], **others()})
    seen = asked(shaken(square()[400:525]), held, least=None)
    assert places_of(seen) == {"square": pytest.approx(32, abs=0.15)}
    assert not asked(shaken(square()[400:525]), other_films(), least=None).witnesses


@pytest.mark.parametrize(("how", "parts"), [
    (inset, {"mine": (20 / 36, 36 / 64, 14 / 36, 26 / 64), "other3": None}),
    (beside, {"mine": (0, 0, 1, 0.5), "other3": (0, 0.5, 1, 0.5)}),
])  # fmt: skip
def test_two_contents_at_once_are_two_answers(
    how: Callable[[np.ndarray, np.ndarray], np.ndarray],
    parts: dict[str, tuple[float, ...] | None],
) -> None:
    seen = asked(how(mine()[400:525], others()["other3"][700:825]), all_films(), least=None)
    assert places_of(seen) == {
        "mine": pytest.approx(32, abs=0.15), "other3": pytest.approx(56, abs=0.15)
    }  # fmt: skip
    for one in seen.witnesses:
        wanted = parts[one.reference]
        assert (one.part or (0, 0, 1, 1)) == pytest.approx(wanted or (0, 0, 1, 1), abs=0.1)
        assert one.runner_up < one.score / 2


@pytest.mark.parametrize(("top", "left"), [(1, 2), (1, 32), (18, 2)])
def test_the_edges_of_an_inset_are_found_though_a_strip_beside_it_shows_another_film(
    top: int, left: int
) -> None:
    both = others()["other3"][700:825].copy()
    both[:, top : top + 17, left : left + 30] = shrunk(mine()[400:525], 17, 30)
    seen = {one.reference: one for one in asked(both, all_films(), least=None).witnesses}
    assert seen.keys() == {"mine", "other3"}
    wanted = (top / 36, left / 64, 17 / 36, 30 / 64)
    assert seen["mine"].part == pytest.approx(wanted, abs=0.035)
    assert overlap(seen["mine"].part or WHOLE, wanted) > 0.85


def pieces() -> dict[str, np.ndarray]:
    """Probes of 10 s: ours as it is and disguised, half of it covered, and others' content."""
    piece = mine()[400:525]
    covered, around = piece.copy(), film(31, 10)
    covered[:, 12:, 20:] = film(30, 10)[:, 12:, 20:]
    around[:, 6:30, 8:56] = piece[:, np.arange(24) * 3 // 2][:, :, np.arange(48) * 4 // 3]
    return {
        "as it is": piece,
        "mirrored": np.ascontiguousarray(piece[:, :, ::-1]),
        "covered": covered,
        "inset": around,
        "noisy": (piece * 0.5 + film(33, 10) * 0.5).astype(np.uint8),
        **{f"other {seed}": film(seed, 10) for seed in range(40, 44)},
    }


def test_no_place_is_left_unscored_that_could_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = {name: asked(luma, all_films(), least=None) for name, luma in pieces().items()}
    # Every place is asked for what chance reaches there, at every step, as if each might matter.
    candidate = _looking._Candidate

    def hopeful(rough: Place, place: Place, spread: float, most: float) -> object:
        all_scores.append((place, most))
        return candidate(rough, place, spread, float("inf"))

    all_scores: list[tuple[Place, float]] = []
    monkeypatch.setattr(_looking, "_Candidate", hopeful)
    every = {name: asked(luma, all_films(), least=None) for name, luma in pieces().items()}
    assert every == scored
    assert any(seen.witnesses for seen in scored.values())
    assert any(not seen.witnesses for seen in scored.values())
    assert all_scores


def test_no_score_is_above_what_it_could_be_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = _looking.Look._scored
    pairs: list[tuple[float, float]] = []

    def noted(self: _looking.Look, one: _looking._Candidate) -> Scored:
        result = scored(self, one)
        pairs.append((result.score, one.most))
        return result

    monkeypatch.setattr(_looking.Look, "_scored", noted)
    for luma in pieces().values():
        asked(luma, all_films())
    assert len(pairs) > 4
    assert all(score <= most for score, most in pairs)


def test_strange_pictures_are_not_asked_what_chance_reaches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scored(*_: object) -> None:
        raise AssertionError("scored")

    monkeypatch.setattr(_looking.Look, "_scored", scored)
    assert not asked(film(40, 10), all_films(), least=None).witnesses
    with pytest.raises(AssertionError, match="scored"):
        asked(mine()[400:525], all_films(), least=None)
