"""From probes to verdicts: found under disguise, never accused without cause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE, Recipe
from cautery.identify import (
    ReferenceInfo,
    References,
    alignment,
    graphics,
    published_error_rates,
)
from cautery.identify.decide import decide
from cautery.identify.observe import observe
from cautery.identify.references import adopted
from cautery.identify.references.adopted import adopt
from cautery.identify.references.opening import load as load_references
from cautery.identify.references.saved import save
from cautery.messages import say
from cautery.model import (
    Channel,
    Decoded,
    Event,
    Finding,
    Mandate,
    Observation,
    Partner,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    Witness,
)

T0 = 1_800_000_000.0
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = RedactedUrl("http://pirate.example/live/1.m3u8")
LATE = {"event:m": 0.0, "fr": 1.3, "it": 2.1, "film": 0.4, "talk": 0.0}


def music(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * 8000)).astype(np.float32) * 0.003
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * 8000)
        t = np.arange(min(length, len(out) - start)) / 8000
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


def match(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n, x, y = int(seconds * 12.5), np.arange(64), np.arange(36)[:, None]
    walk = np.cumsum(rng.standard_normal((6, 2, n)), axis=2) * 0.8 + 30
    out = np.full((n, 36, 64), 60.0)
    for k in range(6):
        cx, cy = walk[k, 0] % 64, walk[k, 1] % 36
        out += 90 * np.exp(-((x - cx[:, None, None]) ** 2 + (y - cy[:, None, None]) ** 2) / 40)
    return np.clip(out + rng.normal(0, 1, out.shape), 0, 255).astype(np.uint8)


def branded(luma: np.ndarray, which: str, *, covered: int | None = None) -> np.ndarray:
    """A bug and a score box with letters in them; or, ``covered``, a flat box over each."""
    luma = luma.copy()
    places = [(5, 7, 3, 8)] if which == "fr" else [(5, 50, 3, 7), (29, 10, 3, 12)]
    for number, (top, left, high, wide) in enumerate(places):
        letters = np.random.default_rng([len(which) + ord(which[0]), number]).random((high, wide))
        shown = (20 + 210 * (letters > 0.5)).astype(np.uint8) if covered is None else covered
        luma[:, top : top + high, left : left + wide] = shown
    return luma


def media(audio: np.ndarray, luma: np.ndarray | None = None) -> Decoded:
    luma = np.empty((0, 36, 64), np.uint8) if luma is None else luma
    return Decoded(
        audio=audio,
        audio_s=5.0,
        luma=luma,
        luma_s=5 + np.arange(len(luma)) / 12.5,
        duration_s=len(audio) / 8000,
    )


@cache
def play() -> np.ndarray:
    return match(1, 120)


@cache
def sounds() -> dict[str, np.ndarray]:
    made = {name: music(k, 120) for k, name in enumerate(LATE)}
    made["film"][30 * 8000 : 50 * 8000] = made["talk"][60 * 8000 : 80 * 8000]  # a shared advert
    return made


@pytest.fixture(scope="module")
def references() -> References:
    infos = [
        ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
        ReferenceInfo(id="fr", event="m", territory="FR"),
        ReferenceInfo(id="it", event="m", territory="IT"),
        ReferenceInfo(id="film"),
        ReferenceInfo(id="talk"),
    ]
    made = References(DEFAULT_RECIPE, infos)
    for info in infos:
        luma = play() if info.clean else branded(play(), info.id) if info.event else None
        for start in range(0, 120, 4):
            piece = luma[start * 25 // 2 : (start + 4) * 25 // 2] if luma is not None else None
            made.add(
                info.id,
                media(sounds()[info.id][start * 8000 : (start + 4) * 8000], piece),
                at_s=T0 + start + LATE[info.id],
            )
    return made


MANDATE = Mandate(
    id="t", who="League", regime=Regime.GDPR, legal_basis="contract",
    window=Window(start=NOON, end=NOON + timedelta(hours=2)), territories=("FR", "IT"),
    events=(Event(id="m", name="H v A", kick_off=NOON, legal_basis="contract"),),
    channels=(
        Channel(id="fr", names=("F",), territory="FR", event="m", legal_basis="c"),
        Channel(id="it", names=("I",), territory="IT", event="m", legal_basis="c"),
        Channel(id="film", names=("Film",), legal_basis="c"),
    ),
    partners=(Partner(name="Lawful", hosts=("lawful.example",), channels=("fr",)),),
)  # fmt: skip


def probe(
    references: References,
    start: float,
    *,
    sound: np.ndarray,
    luma: np.ndarray | None = None,
    delay: float = 20.0,
    seconds: float = 12.0,
) -> Observation:
    a, b = int(start * 8000), int((start + seconds) * 8000)
    p, q = int(start * 12.5), int((start + seconds) * 12.5)
    return observe(
        media(sound[a:b], luma[p:q] if luma is not None else None),
        references,
        media_at_s=T0 + start + delay,
        at=NOON + timedelta(seconds=start),
    )


def judge(*observations: Observation, host: str = "pirate.example", **more: float) -> Verdict:
    return decide(URL, observations, mandate=MANDATE, host=host, at=NOON, **more)  # type: ignore[arg-type]


def test_a_licensees_own_sound_names_it_with_its_delay(references: References) -> None:
    found = judge(
        *(probe(references, s, sound=sounds()["fr"], luma=branded(play(), "fr")) for s in (40, 54))
    )
    assert (found.finding, found.event, found.licensee, found.territory) == (
        Finding.PROVEN,
        "m",
        "fr",
        "FR",
    )
    assert found.delay_s == pytest.approx(20 - LATE["fr"], abs=0.1)


def test_with_other_commentary_pictures_name_the_event_and_graphics_the_licensee(
    references: References,
) -> None:
    other = music(77, 120)
    mirrored = np.ascontiguousarray(branded(play(), "it")[:, :, ::-1])
    found = judge(*(probe(references, s, sound=other, luma=mirrored) for s in (40, 54)))
    assert (found.finding, found.event, found.licensee) == (Finding.PROVEN, "m", "it")


def test_with_commentary_and_graphics_replaced_only_the_event_is_named(
    references: References,
) -> None:
    sound = music(78, 120)
    found = judge(*(probe(references, s, sound=sound, luma=play()) for s in (40, 54)))
    assert (found.finding, found.event, found.licensee, found.channels) == (
        Finding.PROVEN,
        "m",
        None,
        (),
    )


@pytest.mark.parametrize("which", ["fr", "it"])
@pytest.mark.parametrize("grey", [30, 70, 128, 220])
def test_a_box_over_a_licensees_graphics_names_nobody(
    references: References, which: str, grey: int
) -> None:
    luma = branded(play(), which, covered=grey)
    sound = music(79, 120)
    found = judge(*(probe(references, s, sound=sound, luma=luma) for s in (40, 54)))
    assert (found.finding, found.event, found.licensee) == (Finding.PROVEN, "m", None)


@pytest.mark.parametrize("which", ["fr", "it"])
def test_a_band_over_other_parts_does_not_hide_the_graphics(
    references: References, which: str
) -> None:
    luma = branded(play(), which)
    luma[:, 33:] = 140
    sound = music(79, 120)
    found = judge(*(probe(references, s, sound=sound, luma=luma) for s in (40, 54)))
    assert found.licensee == which


@pytest.mark.parametrize("speed", [0.98, 1.02])
def test_a_changed_speed_is_measured_and_allowed_for(references: References, speed: float) -> None:
    at = np.arange(int(119 * 8000 / speed)) * speed
    sound = np.interp(at, np.arange(len(sounds()["it"])), sounds()["it"]).astype(np.float32)
    found = judge(*(probe(references, s, sound=sound) for s in (40, 54)))
    assert (found.finding, found.licensee) == (Finding.PROVEN, "it")
    assert found.speed == pytest.approx(speed, abs=0.003)


def test_one_probe_alone_accuses_nobody(references: References) -> None:
    found = judge(probe(references, 40, sound=sounds()["fr"]))
    assert found.finding is Finding.UNDECIDED
    assert found.reasons[0].id == "verdict.second-probe-needed"


def test_ten_seconds_in_a_news_programme_are_a_quotation(references: References) -> None:
    news = music(90, 120)
    news[42 * 8000 : 52 * 8000] = sounds()["fr"][42 * 8000 : 52 * 8000]
    seen = [probe(references, s, sound=news) for s in (38, 41, 44, 48, 52)]
    for count in range(1, 6):
        assert judge(*seen[:count]).finding is not Finding.PROVEN


def test_an_advert_that_two_channels_share_is_no_evidence(references: References) -> None:
    seen = [
        probe(references, s, sound=sounds()["talk"], delay=d) for s, d in ((61, 20.0), (67, 20.0))
    ]
    assert judge(*seen).finding is not Finding.PROVEN


def test_a_linear_channel_is_claimed_only_past_an_adverts_length(references: References) -> None:
    early = [probe(references, s, sound=sounds()["film"]) for s in (55, 68)]
    assert judge(*early).finding is Finding.UNDECIDED
    later = [*early, probe(references, 81, sound=sounds()["film"])]
    assert (judge(*later).finding, judge(*later).licensee) == (Finding.PROVEN, "film")


@pytest.mark.parametrize("seed", range(5))
def test_other_music_and_another_match_are_nothing(references: References, seed: int) -> None:
    other = match(50 + seed, 120)
    found = judge(
        *(probe(references, s, sound=music(60 + seed, 120), luma=other) for s in (40, 54))
    )
    assert found.finding is Finding.NOTHING


def test_silence_and_black_have_no_opinion(references: References) -> None:
    seen = probe(references, 40, sound=np.zeros(960_000, np.float32), luma=np.zeros_like(play()))
    assert not seen.witnesses
    assert "sound: silent" in say(seen.reason)
    assert judge(seen, seen).finding is Finding.UNDECIDED


def test_no_probe_at_all_is_unreachable() -> None:
    assert judge().finding is Finding.UNREACHABLE


def test_a_partner_with_what_it_may_carry_is_licensed_and_otherwise_not(
    references: References,
) -> None:
    mine = [probe(references, s, sound=sounds()["fr"]) for s in (40, 54)]
    theirs = [probe(references, s, sound=sounds()["it"]) for s in (40, 54)]
    assert (
        judge(*mine, host="eu.lawful.example").finding,
        judge(*mine, host="lawful.example").partner,
    ) == (Finding.LICENSED, "Lawful")
    accused = judge(*theirs, host="lawful.example")
    assert accused.finding is Finding.PROVEN
    assert say(accused.reasons[0]).endswith("not for it")


def test_delays_that_disagree_are_not_claimed_unless_the_clock_is_coarse(
    references: References,
) -> None:
    seen = [
        probe(references, 40, sound=sounds()["fr"]),
        probe(references, 54, sound=sounds()["fr"], delay=22.0),
    ]
    assert judge(*seen).finding is Finding.UNDECIDED
    assert judge(*seen, tolerance_s=4.0).finding is Finding.PROVEN


def test_two_licensees_that_cannot_be_told_apart_are_both_named() -> None:
    def tie(start: float) -> Observation:
        both = [
            Witness(
                kind="sound",
                reference=name,
                score=100,
                runner_up=0,
                delay_s=9,
                speed=1,
                coverage=1,
                probe_s=12,
                log10_lr=3,
            )
            for name in ("fr", "it")
        ]
        return Observation(
            at=NOON, witnesses=tuple(both), media_start_s=start, media_end_s=start + 12
        )

    found = judge(tie(0), tie(13))
    assert (found.licensee, found.channels) == (None, ("fr", "it"))


@pytest.mark.parametrize("other", ["rival", "talk"])
@pytest.mark.parametrize("host", ["pirate.example", "lawful.example"])
def test_channels_of_a_simulcast_are_a_set_which_a_partner_may_carry(other: str, host: str) -> None:
    def both(start: float) -> Observation:
        found = tuple(
            Witness(
                kind="sound",
                reference=name,
                score=score,
                runner_up=0,
                delay_s=9,
                speed=1,
                coverage=1,
                probe_s=12,
                log10_lr=3,
            )
            for name, score in (("film", 100), (other, 95))
        )
        return Observation(at=NOON, witnesses=found, media_start_s=start, media_end_s=start + 12)

    mandate = replace(
        MANDATE,
        channels=(*MANDATE.channels, Channel(id="rival", names=("R",), legal_basis="c")),
        partners=(Partner(name="Lawful", hosts=("lawful.example",), channels=("film",)),),
    )
    seen = [both(start) for start in (0, 13, 26)]
    found = decide(URL, seen, mandate=mandate, host=host, at=NOON)
    assert (found.licensee, found.channels) == (None, tuple(sorted(("film", other))))
    licensed = host == "lawful.example"
    assert found.finding is (Finding.LICENSED if licensed else Finding.PROVEN)


def test_the_alignment_peaks_at_the_delay(references: References) -> None:
    decoded = media(sounds()["fr"][320_000:416_000], play()[500:650])
    seen = observe(decoded, references, media_at_s=T0 + 60, at=NOON)
    for witness in seen.witnesses:
        lags, strength = alignment(decoded, references, witness, media_at_s=T0 + 60)
        assert 10 < len(lags) <= 400
        assert lags[int(np.argmax(strength))] == pytest.approx(witness.delay_s, abs=0.15)


def test_a_reference_file_gives_back_the_same_witnesses(
    references: References, tmp_path: Path
) -> None:
    save(references, tmp_path / "m.ref")
    again = load_references(tmp_path / "m.ref", recipe=DEFAULT_RECIPE)
    one, two = (
        probe(r, 40, sound=sounds()["fr"], luma=branded(play(), "fr")) for r in (references, again)
    )
    assert one.witnesses == two.witnesses
    with pytest.raises(InputError, match="recipe"):
        load_references(tmp_path / "m.ref", recipe=Recipe(pairs=6))


def test_an_adopted_reference_gives_the_witnesses_of_the_file(
    references: References, tmp_path: Path
) -> None:
    save(references, tmp_path / "m.ref")
    held = References(DEFAULT_RECIPE, references.infos)
    held.add("talk", media(sounds()["talk"][:320_000]), at_s=T0 - 7.3)
    for info in references.infos:
        if info.id != "talk":
            adopt(held, info.id, tmp_path / "m.ref")
    one, two = (
        probe(r, 70, sound=sounds()["fr"], luma=branded(play(), "fr")) for r in (references, held)
    )
    assert [(w.kind, w.reference) for w in one.witnesses] == [
        (w.kind, w.reference) for w in two.witnesses
    ]
    for a, b in zip(one.witnesses, two.witnesses, strict=True):
        assert a.delay_s == pytest.approx(b.delay_s, abs=0.02)
        # Time is cut elsewhere, so the scores differ by as much as a grid's half step takes.
        assert a.score == pytest.approx(b.score, rel=0.02)


def test_the_only_reference_of_a_file_is_adopted_under_any_name(tmp_path: Path) -> None:
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id="stem", kind="work")])
    made.add("stem", media(sounds()["film"]), at_s=0.0)
    save(made, tmp_path / "w.ref")
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id="the-film", kind="work")])
    adopt(held, "the-film", tmp_path / "w.ref")
    assert held.span("the-film") == made.span("stem")
    seen = observe(media(sounds()["film"][320_000:416_000]), held, media_at_s=T0, at=NOON)
    assert seen.witnesses[0].reference == "the-film"


@pytest.mark.parametrize("fault", ["several", "live", "held", "unknown"])
def test_a_reference_that_does_not_fit_is_not_adopted(
    references: References, tmp_path: Path, fault: str
) -> None:
    save(references, tmp_path / "m.ref")
    infos = [ReferenceInfo(id="other"), ReferenceInfo(id="film", kind="work")]
    held = References(DEFAULT_RECIPE, [*infos, ReferenceInfo(id="talk")])
    held.add("talk", media(sounds()["talk"][:80_000]), at_s=T0)
    name = {"several": "other", "live": "film", "held": "talk", "unknown": "nobody"}[fault]
    with pytest.raises(InputError):
        adopt(held, name, tmp_path / "m.ref")


def test_several_references_of_a_file_are_adopted_from_one_reading(
    references: References, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(references, tmp_path / "m.ref")
    readings: list[Path] = []

    def counted(path: Path, **wishes: Any) -> References:
        readings.append(path)
        return load_references(path, **wishes)

    monkeypatch.setattr(adopted, "load", counted)
    names = [info.id for info in references.infos]
    several = References(DEFAULT_RECIPE, references.infos)
    several.add("talk", media(sounds()["talk"][:80_000]), at_s=T0)
    wrong = adopted.adopt_several(several, names, tmp_path / "m.ref")
    assert len(readings) == 1
    assert wrong.keys() == {"talk"}
    assert "already loaded" in str(wrong["talk"])
    single = References(DEFAULT_RECIPE, references.infos)
    single.add("talk", media(sounds()["talk"][:80_000]), at_s=T0)
    for name in names:
        if name != "talk":
            adopt(single, name, tmp_path / "m.ref")
    for one, other in zip(single.works.everything(), several.works.everything(), strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(single.live.everything(), several.live.everything(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("fault", ["cut", "magic", "noise", "long"])
def test_a_damaged_reference_file_is_refused(
    references: References, tmp_path: Path, fault: str
) -> None:
    save(references, tmp_path / "m.ref")
    data = (tmp_path / "m.ref").read_bytes()
    bad = {
        "cut": data[:-9],
        "magic": b"PK" + data[2:],
        "noise": data[:30] + b"\xff" * 40 + data[70:],
        "long": data + b"x",
    }[fault]
    (tmp_path / "b.ref").write_bytes(bad)
    with pytest.raises(InputError):
        load_references(tmp_path / "b.ref")


def test_old_media_are_forgotten_and_works_are_kept() -> None:
    held = References(
        DEFAULT_RECIPE, [ReferenceInfo(id="c"), ReferenceInfo(id="w", kind="work")], 60.0
    )
    held.add("w", media(music(3, 20)), at_s=0.0)
    for start in range(0, 400, 40):
        held.add("c", media(music(start, 40), play()[:500]), at_s=T0 + start)
    assert held.live.nbytes < 300_000
    assert len(held.snapshot(works=True)._runs) == 1
    assert held.pictures("c").times[0] > T0 + 250  # type: ignore[union-attr]


def test_works_that_came_in_piece_by_piece_are_searched_as_one_run_and_saved_so(
    tmp_path: Path,
) -> None:
    held = References(
        DEFAULT_RECIPE, [ReferenceInfo(id=f"w{k}", kind="work") for k in range(6)], 60.0
    )
    for number in range(6):
        held.add(f"w{number}", media(music(number, 20)), at_s=0.0)
        held.snapshot(works=True)
        runs = held.works.runs()[0]
        sizes = sorted(map(len, runs))
        assert sum(sizes[:-1]) < sum(sizes) / 8
    save(held, tmp_path / "six.ref")
    saved = load_references(tmp_path / "six.ref")
    assert [len(runs) for runs in saved.works.runs().values()] == [1]
    assert sum(len(run) for run in saved.works.runs()[0]) == sum(sizes)


def test_media_given_twice_are_held_once() -> None:
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id="c")])
    held.add("c", media(music(3, 20)), at_s=T0)
    before = len(held.live.everything()[0])
    held.add("c", media(music(3, 20)), at_s=T0)
    assert len(held.live.everything()[0]) == before


def test_published_error_rates_carry_their_trials() -> None:
    rates = published_error_rates()
    assert len(rates) >= 5
    scripts = {one.source.partition(",")[0] for one in rates}
    assert all(one.trials > 0 for one in rates)
    assert scripts == {"bench/identify/scores.py", "bench/identify/graphics_lab.py"}
    assert any("covered" in one.what for one in rates)


def test_probes_do_not_depend_on_their_order(references: References) -> None:
    seen = [probe(references, s, sound=sounds()["fr"]) for s in (40, 54)]
    assert replace(judge(*seen), observations=()) == replace(judge(*seen[::-1]), observations=())


@pytest.mark.parametrize(
    ("mirror", "scale", "shift"),
    [
        (False, (1.0, 1.0), (0.0, 0.0)),
        (True, (0.8, 0.7), (0.05, -0.1)),
        (False, (1.3, 1.2), (0.1, 0.2)),
    ],
)
def test_pictures_are_as_alike_under_a_placement_as_when_it_is_undone(
    *, mirror: bool, scale: tuple[float, float], shift: tuple[float, float]
) -> None:
    rng = np.random.default_rng(9)
    suspect, clean = rng.standard_normal((2, 4, 36, 64)).astype(np.float32)
    clean += suspect
    where = graphics.Placement(mirror, scale, shift)
    back, visible = where.undone(suspect)
    plain = [
        float(np.corrcoef(ours[visible], theirs[visible])[0, 1])
        for ours, theirs in zip(back, clean, strict=True)
    ]
    handicap = 0.05 * (1 - visible.mean())
    alike = graphics._alike(where, suspect, clean)
    assert alike == pytest.approx(np.mean(plain) - handicap, abs=1e-5)
