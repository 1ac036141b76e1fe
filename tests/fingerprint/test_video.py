"""Temporal signatures: found under disguise, silent about stillness."""

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE, _video_kernels, placement
from cautery.fingerprint.sliding import Patterns, correlate
from cautery.fingerprint.video import CELLS, COLUMNS, ROWS, cells_of, signature
from cautery.model.verdict import NoMatch

from .moving_film import TIMES, film_shown, moving


def lag_of(probe: np.ndarray, times: np.ndarray) -> tuple[float, float, float]:
    reference = signature(cells_of(film_shown()), TIMES, DEFAULT_RECIPE)
    mine = signature(cells_of(probe), times, DEFAULT_RECIPE)
    return correlate(mine, reference, low_s=-100, high_s=100).best()


@pytest.mark.parametrize(
    "disguise",
    [
        lambda v: v,
        lambda v: v[:, :, ::-1],
        lambda v: (v * 0.7 + 30).astype(np.uint8),
        lambda v: np.concatenate(
            [np.zeros((len(v), 4, 64), np.uint8), v[:, 4:32], np.zeros((len(v), 4, 64), np.uint8)],
            axis=1,
        ),
    ],
    ids=["as it is", "mirrored", "other contrast", "bars"],
)
def test_a_probe_is_found_where_it_was_cut(disguise: object) -> None:
    lag_s, peak, elsewhere = lag_of(
        np.ascontiguousarray(disguise(film_shown()[500:650])), np.arange(150) / 12.5
    )  # type: ignore[operator]
    assert lag_s == pytest.approx(-40.0, abs=0.1)
    assert peak > elsewhere + 0.2


@pytest.mark.parametrize("fps", [10.0, 12.0, 25.0])
def test_the_rate_of_pictures_does_not_matter(fps: float) -> None:
    times = np.arange(int(12 * fps)) / fps
    at = np.rint((times + 30) * 12.5).astype(int)
    assert lag_of(film_shown()[at], times)[0] == pytest.approx(-30.0, abs=0.12)


def test_few_pictures_a_second_are_found_where_another_rate_repeats_them() -> None:
    few = np.arange(0, len(film_shown()), 5)
    reference = signature(cells_of(film_shown()[few]), TIMES[few], DEFAULT_RECIPE)
    at = np.arange(0, 300) / 25
    repeated = film_shown()[few[np.searchsorted(TIMES[few], at + 30.001) - 1]]
    probe = signature(cells_of(repeated), at, DEFAULT_RECIPE)
    lag_s, peak, elsewhere = correlate(probe, reference, low_s=-100, high_s=100).best()
    assert lag_s == pytest.approx(-30.0, abs=0.05)
    assert peak > elsewhere + 0.3


def test_another_film_does_not_stand_out() -> None:
    _, peak, elsewhere = lag_of(moving(2, 12), np.arange(150) / 12.5)
    assert peak - elsewhere < 0.15


@pytest.mark.parametrize("level", [0, 130])
def test_black_or_frozen_pictures_have_no_opinion(level: int) -> None:
    still = np.full((150, 36, 64), level, np.uint8)
    found = signature(cells_of(still), np.arange(150) / 12.5, DEFAULT_RECIPE)
    assert found.silent is NoMatch.STILL


def test_a_slate_with_a_blinking_lamp_has_no_opinion() -> None:
    slate = np.full((150, 36, 64), 90, np.uint8)
    slate[::25, 5:9, 5:9] = 255
    assert signature(cells_of(slate), np.arange(150) / 12.5, DEFAULT_RECIPE).silent


def test_no_pictures_have_no_opinion() -> None:
    assert signature(np.empty((0, CELLS), np.float16), np.empty(0), DEFAULT_RECIPE).silent


def raw_of(luma: np.ndarray) -> np.ndarray:
    at = np.arange(len(luma)) / 12.5
    return placement.changes(cells_of(luma), at, at)[0]


def fine_of(luma: np.ndarray) -> np.ndarray:
    at = np.arange(len(luma)) / 12.5
    return placement.changes(luma.reshape(len(luma), -1), at, at)[0]


def changes_of(luma: np.ndarray) -> np.ndarray:
    return placement.evened(raw_of(luma))


def pair(
    luma: np.ndarray, of: np.ndarray, where: placement.Placement = placement.UPRIGHT
) -> tuple[np.ndarray, np.ndarray]:
    return placement.compared(fine_of(luma), raw_of(of), where)


def test_blocks_that_were_replaced_disagree() -> None:
    probe = film_shown()[300:450].copy()
    probe[75:] = moving(9, 6)
    ours, theirs = pair(probe, film_shown()[300:450])
    blocks = placement.agreement(ours, theirs, np.ones(150, np.bool_), rate_hz=12.5)
    assert all(blocks[:2])
    assert not any(blocks[4:])


def test_a_mirrored_stretch_is_placed_while_another_is_not() -> None:
    ours = changes_of(np.ascontiguousarray(film_shown()[300:425, :, ::-1]))
    same, where = placement.placed(ours, changes_of(film_shown()[300:425]))
    other, _ = placement.placed(ours, changes_of(film_shown()[600:725]))
    assert same > 0.9 > other + 0.4
    assert placement.alike(ours, changes_of(film_shown()[300:425]), where) == pytest.approx(
        same, rel=1e-3
    )
    assert where.across < 0


def test_a_crop_settles_between_the_placements_of_the_grid() -> None:
    fine = np.kron(film_shown()[300:425], np.ones((1, 2, 2), np.uint8))
    share, top, left = 0.9, 3, 9
    rows = (top + share * (np.arange(72) + 0.5)).astype(int)
    columns = (left + share * (np.arange(128) + 0.5)).astype(int)
    cropped = fine[:, rows][:, :, columns]
    small = cropped.reshape(125, 36, 2, 64, 2).mean(axis=(2, 4)).astype(np.uint8)
    ours, theirs = changes_of(small), changes_of(film_shown()[300:425])
    rough, where = placement.placed(ours, theirs)
    settled, at = placement.settled(ours, theirs, where)
    assert settled > rough + 0.03
    assert at.across == pytest.approx(share, abs=0.02)
    assert at.sideways == pytest.approx(left / 128 + share / 2 - 0.5, abs=0.02)
    assert at.upwards == pytest.approx(top / 72 + share / 2 - 0.5, abs=0.02)
    assert placement.alike(ours, theirs, at) == pytest.approx(settled, rel=1e-3)


def test_a_picture_in_a_picture_is_judged_without_what_moves_around_it() -> None:
    film = film_shown()[300:425]
    where = placement.Placement(4 / 3, 0.0, 1.5, 0.0)
    found = []
    for around in (moving(8, 10), np.zeros_like(film), 3 * moving(9, 10)[::-1]):
        around[:, 6:30, 8:56] = film[:, np.arange(24) * 3 // 2][:, :, np.arange(48) * 4 // 3]
        found.append(placement.correlation(*pair(around, film, where)))
    assert found[0] > 0.9
    assert found == pytest.approx([found[0]] * 3, abs=1e-4)


def test_what_is_read_of_a_mirrored_picture_is_mirrored_back() -> None:
    film = film_shown()[300:425]
    mirrored = np.ascontiguousarray(film[:, :, ::-1])
    back = placement.UPRIGHT._replace(across=-1.0)
    assert placement.correlation(*pair(mirrored, film, back)) == pytest.approx(1, abs=1e-4)
    assert placement.correlation(*pair(mirrored, film)) < 0.5


def test_a_sliver_says_nothing_by_itself() -> None:
    sliver = placement.Placement(0.4, 0.0, 0.4, 0.0)
    assert (
        placement.correlation(*pair(film_shown()[300:425], film_shown()[300:425], sliver)) == -1.0
    )


def test_chance_reaches_further_where_little_moves_or_long_alike() -> None:
    lively = changes_of(film_shown()[300:425])
    lone = np.zeros_like(lively)
    lone[:, 40:44] = lively[:, 40:44]
    lasting = np.repeat(lively[:25], 5, axis=0)
    usual = placement.spread(lively, lively)
    assert placement.spread(lone, lone) > 1.5 * usual
    assert placement.spread(lasting, lasting) > 1.5 * usual
    assert placement.spread(0 * lively, lively) == 1.0


def test_played_backwards_is_other_content_that_moves_as_much() -> None:
    whole = signature(cells_of(film_shown()), TIMES, DEFAULT_RECIPE)
    mine = signature(cells_of(film_shown()[300:425]), TIMES[:125], DEFAULT_RECIPE)
    forth, back = (
        Patterns([one]).peaks([whole], [(-100, 100)], most=6) for one in (mine, mine.backwards())
    )
    assert forth.lag_s[0] == pytest.approx(-24.0, abs=0.1)
    assert forth.strength[0] > 0.9 > back.strength[0] + 0.3
    assert np.square(mine.change).sum() == pytest.approx(np.square(mine.backwards().change).sum())


def test_the_kernel_and_its_plain_twin_choose_the_same_placement() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 60, CELLS)).astype(np.float32)
    columns, rows, pairs, _ = placement.placements()
    pairs = np.ascontiguousarray(pairs[::97])
    shared, mine, other = a.T @ b, (a**2).sum(axis=0), (b**2).sum(axis=0)
    plain = []
    for c, k in pairs:
        row, column = rows[k].astype(int)[:, None], columns[c].astype(int)[None]
        one = np.where((row >= 0) & (column >= 0), row * COLUMNS + column, -1).ravel()
        on = one >= 0
        left = 0.1 * mine.sum() + 0.9 * mine[on].sum()
        right = max(other[one[on]].sum(), 0.1 * other.sum())
        plain.append(shared[on, one[on]].sum() / np.sqrt(left * right))
    best, number = _video_kernels.best_placement(
        shared.reshape(ROWS, COLUMNS, ROWS, COLUMNS), mine.reshape(ROWS, COLUMNS),
        other.reshape(ROWS, COLUMNS), columns, rows, pairs, 0.1,
    )  # fmt: skip
    assert number == int(np.argmax(plain))
    assert best == pytest.approx(max(plain), rel=1e-3)


def test_the_strongest_places_are_those_of_the_plain_twin() -> None:
    rng = np.random.default_rng(5)
    reference, probe = rng.standard_normal((2, 8, 400)).astype(np.float32)
    probe = probe[:, :50]
    energy, covered = (
        np.concatenate(([0.0], np.cumsum((one.astype(float) ** 2).sum(axis=0))))
        for one in (reference, probe)
    )
    places = np.arange(-25, 376)
    padded = np.pad(reference, ((0, 0), (25, 75)))
    dot = np.array([(padded[:, k : k + 50] * probe).sum() for k in range(401)], np.float32)
    plain = []
    for k in range(1, 400):
        p = places[k]
        if dot[k] > 0 and dot[k] >= dot[k - 1] and dot[k] > dot[k + 1]:
            here = energy[min(p + 50, 400)] - energy[max(p, 0)]
            mine = covered[min(400 - p, 50)] - covered[max(-p, 0)]
            plain.append((float(dot[k] / np.sqrt(here * mine)), int(p)))
    strength, place = np.zeros(7, np.float32), np.zeros(7, np.int64)
    count = _video_kernels.strongest(dot, -25, energy, covered, 50, strength, place)
    best = sorted(plain, reverse=True)[:7]
    assert count == 7
    assert place.tolist() == [where for _, where in best]
    assert strength == pytest.approx([one for one, _ in best], rel=1e-3)


def test_pictures_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        cells_of(np.zeros((3, 35, 64), np.uint8))


def changes_plainly(cells: np.ndarray, times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """What the kernels do, as NumPy has it."""

    def shown(moments: np.ndarray) -> np.ndarray:
        columns = [np.interp(moments, times, cells[:, cell]) for cell in range(cells.shape[1])]
        return np.stack(columns, axis=1)

    return shown(at + placement.STEP_S) - shown(at - placement.STEP_S)


def evened_plainly(change: np.ndarray) -> np.ndarray:
    size = np.sqrt((change**2).mean(axis=0))
    change = change / (size + size.mean() + placement._LEAST_CHANGE)
    change = change - change.mean(axis=1, keepdims=True)
    size = np.sqrt((change**2).mean(axis=1))
    change = change / (size + 0.5 * np.median(size) + placement._LEAST_EVENED)[:, None]
    limit = placement._CLIP * np.sqrt((change**2).mean())
    return np.clip(change, -limit, limit)


@pytest.mark.parametrize("cells", [1, 7, CELLS, 36 * 64])
@pytest.mark.parametrize("instants", [1, 2, 150])
def test_the_kernels_of_changes_do_as_their_plain_twins(cells: int, instants: int) -> None:
    rng = np.random.default_rng([cells, instants])
    held = rng.uniform(0, 255, (instants + 8, cells)).astype(np.float32)
    held[3] += 300  # a cut, which is clipped
    times = np.cumsum(rng.uniform(0.05, 0.11, len(held)))
    at = np.linspace(times[3], times[-3], instants)
    change, known = placement.changes(held, times, at)
    assert known.all()
    np.testing.assert_allclose(change, changes_plainly(held, times, at), rtol=0, atol=1e-2)
    np.testing.assert_allclose(placement.evened(change), evened_plainly(change), rtol=0, atol=1e-4)


def test_of_nothing_nothing_changes() -> None:
    assert placement.evened(np.empty((0, CELLS), np.float32)).shape == (0, CELLS)


@pytest.mark.parametrize(
    "where",
    [
        placement.UPRIGHT,
        placement.Placement(-0.8, 0.07, 0.9, -0.04),
        placement.Placement(1.4, -0.1, 1.3, 0.2),
    ],
)
def test_the_correlation_under_a_placement_is_that_of_its_plain_twin(
    where: placement.Placement,
) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((2, 40, ROWS, COLUMNS)).astype(np.float32)
    b += a

    def taps(scale: float, shift: float, count: int) -> tuple[np.ndarray, np.ndarray]:
        at = (((np.arange(count) + 0.5) / count - 0.5) * scale + shift + 0.5) * count - 0.5
        low = np.clip(np.floor(at).astype(int), 0, count - 2)
        part = np.clip(at - low, 0, 1)
        weights = np.zeros((count, count))
        weights[np.arange(count), low] = 1 - part
        weights[np.arange(count), low + 1] = part
        shown = (at >= -0.5) & (at <= count - 0.5)
        return weights[shown], shown

    down, rows = taps(where.down, where.upwards, ROWS)
    across, columns = taps(where.across, where.sideways, COLUMNS)
    read, ours = down @ b @ across.T, a[:, rows][:, :, columns]
    left = 0.9 * (ours**2).sum() + 0.1 * (a**2).sum()
    right = max((read**2).sum(), 0.1 * (b**2).sum())
    plain = (ours * read).sum() / np.sqrt(left * right)
    flat = (a.reshape(40, -1), b.reshape(40, -1))
    assert placement.alike(*flat, where) == pytest.approx(plain, abs=1e-4)


def test_means_of_small_pictures_are_those_of_two_products_of_matrices() -> None:
    rng = np.random.default_rng(7)
    fine = rng.standard_normal((9, 36 * 64)).astype(np.float32)
    rows, columns = np.zeros((11, 36), np.float32), np.zeros((15, 64), np.float32)
    for weights, step in ((rows, 3), (columns, 4)):
        for k, weight in enumerate(weights):
            weight[step * k + 1 : step * k + 5] = rng.random(len(weight[step * k + 1 :][:4]))
    rows[4] = 0
    plain = (rows @ fine.reshape(-1, 36, 64) @ columns.T).reshape(9, -1)
    assert _video_kernels.read(fine, rows, columns, 64) == pytest.approx(plain, abs=1e-4)


def test_what_changes_share_with_themselves_later_is_summed_as_plainly() -> None:
    change = np.random.default_rng(8).standard_normal((30, 21)).astype(np.float32)
    plain = [float((change[k:] * change[: 30 - k]).sum()) for k in range(10)]
    assert _video_kernels.alike_later(change, 10) == pytest.approx(plain, abs=1e-3)
