"""What a probe is: confirmed by two windows, a set, a quotation, or nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References, likelihood
from cautery.identify.confirm import named
from cautery.identify.likelihood import tail
from cautery.identify.windows import Glance, Look, look_at, seconds_of, windows_in
from cautery.messages import say
from cautery.model import Decoded, Identification, Observation, Partner, Stretch, Witness
from cautery.model.verdict import NoMatch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
INFOS = (
    ReferenceInfo(id="a"),
    ReferenceInfo(id="b"),
    ReferenceInfo(id="film", kind="work"),
    ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
    ReferenceInfo(id="fr", event="m"),
    ReferenceInfo(id="it", event="m"),
)


def witness(
    reference: str,
    at_s: float,
    *,
    seconds: float = 5.0,
    speed: float = 1.0,
    score: float = 100.0,
    log10_lr: float = 3.0,
    coverage: float = 1.0,
    **more: object,
) -> Witness:
    """``at_s``: reference time at the window's start, the clock being 0 there."""
    return Witness(
        kind=str(more.pop("kind", "sound")),
        reference=reference,
        score=score,
        runner_up=0.0,
        delay_s=seconds / 2 - (at_s + speed * seconds / 2),
        speed=speed,
        coverage=coverage,
        probe_s=seconds,
        log10_lr=log10_lr,
        methods=("landmark",),
        **more,  # type: ignore[arg-type]
    )


def glance(
    start_s: float, witnesses: Sequence[Witness], seconds: float = 5.0, **unmatched: NoMatch
) -> Glance:
    seen = Observation(
        at=NOON, witnesses=tuple(witnesses), media_end_s=seconds, unmatched=unmatched
    )
    return Glance(start_s, start_s + seconds, seen)


def judge(*windows: Glance, whole: Glance | None = None, **more: object) -> Identification:
    return named([Look(whole, windows)], INFOS, recipe="r", **more)  # type: ignore[arg-type]


def windows(count: int, seconds: float, *references: str, **more: object) -> list[Glance]:
    return [
        glance(
            k * seconds,
            [witness(one, 100 + k * seconds, seconds=seconds, **more) for one in references],  # type: ignore[arg-type]
            seconds,
        )
        for k in range(count)
    ]


def test_two_windows_that_agree_confirm_and_state_the_offset_at_the_start() -> None:
    found = judge(*windows(2, 5, "a"))
    assert (found.channels, found.confirmed, found.witnesses) == (("a",), True, ("landmark",))
    assert found.offset_s == pytest.approx(100)
    assert found.delay_s is None
    assert "two windows agree" in say(found.reason)
    assert "not an accusation" in say(found.reason)


def test_two_windows_that_disagree_by_over_a_fifth_of_a_second_do_not_confirm() -> None:
    for off, confirmed in ((0.15, True), (0.25, False)):
        found = judge(glance(0, [witness("a", 100)]), glance(5, [witness("a", 105 + off)]))
        assert (found.channels, found.confirmed) == (("a",), confirmed)


def test_a_window_under_the_threshold_confirms_nothing() -> None:
    weak = 0.5 * tail("sound", 5.0).log10_lr(tail("sound", 5.0).least)
    found = judge(glance(0, [witness("a", 100)]), glance(5, [witness("a", 105, log10_lr=weak)]))
    assert (found.channels, found.confirmed) == (("a",), False)


def test_the_whole_and_a_part_of_it_are_not_two_windows() -> None:
    whole = glance(0, [witness("a", 100, seconds=10)], 10)
    found = judge(glance(0, [witness("a", 100)]), glance(5, []), whole=whole)
    assert (found.channels, found.confirmed) == (("a",), False)


@given(st.sampled_from([0.95, 0.98, 1.02, 1.05]), st.floats(0, 500))
def test_a_speed_is_undone_before_offsets_are_compared(speed: float, at_s: float) -> None:
    found = judge(
        glance(0, [witness("a", at_s, speed=speed)]),
        glance(5, [witness("a", at_s + 5 * speed, speed=speed)]),
    )
    assert found.confirmed
    assert found.offset_s == pytest.approx(at_s, abs=1e-6)
    assert found.speed == pytest.approx(speed)


def test_a_delay_is_stated_where_there_is_a_clock() -> None:
    assert judge(*windows(2, 5, "a"), live=True).delay_s == pytest.approx(-100)


def test_references_that_say_the_same_are_a_set_without_a_licensee() -> None:
    found = judge(*windows(3, 10, "a", "b"))
    assert (found.channels, found.licensee, found.confirmed) == (("a", "b"), None, True)
    assert "any of them" in say(found.reason)


def test_what_is_seen_in_different_parts_of_the_picture_are_two_contents() -> None:
    corner, rest = (0.5, 0.5, 0.4, 0.4), None
    both = [
        glance(5.0 * k, [
            witness("a", 100 + 5 * k, kind="picture", part=rest),
            witness("b", 900 + 5 * k, kind="picture", part=corner),
        ])
        for k in range(2)
    ]  # fmt: skip
    found = judge(*both)
    assert {stretch.references: stretch.part for stretch in found.stretches} == {
        ("a",): None, ("b",): corner
    }  # fmt: skip
    assert [round(stretch.offset_s) for stretch in found.stretches] == [100, 900]
    assert found.channels == ("a", "b")
    assert "40 % of its width from 50 %" in say(found.reason)


def test_what_is_seen_in_one_part_of_the_picture_is_a_set() -> None:
    parts = (0.5, 0.5, 0.4, 0.4), (0.48, 0.5, 0.42, 0.41)
    found = judge(*(
        glance(5.0 * k, [
            witness(name, 100 + 5 * k, kind="picture", part=part)
            for name, part in zip("ab", parts, strict=True)
        ])
        for k in range(2)
    ))  # fmt: skip
    assert [len(stretch.references) for stretch in found.stretches] == [2]


def test_a_partner_who_may_carry_one_of_a_set_is_named_as_licensed() -> None:
    partner = Partner(name="Lawful", hosts=("lawful.example",), channels=("b",))
    assert judge(*windows(4, 10, "a", "b"), partner=partner).partner == "Lawful"
    assert judge(*windows(4, 10, "a"), partner=partner).partner is None


def test_a_licensees_own_sound_names_it_and_its_event() -> None:
    probe = [
        glance(k * 10, [
            witness("fr", 100 + k * 10, seconds=10, score=300),
            witness("it", 101 + k * 10, seconds=10, score=90),
            witness("event:m", 99 + k * 10, seconds=10, score=80),
        ], 10)
        for k in range(3)
    ]  # fmt: skip
    found = judge(*probe)
    assert (found.channels, found.event, found.licensee) == (("fr",), "m", "fr")


def heard_over(fr: float, clean: float, *, pictures_speed: float = 1.0) -> Identification:
    """Three windows of the event's pictures, with a licensee and the clean feed heard so well."""
    return judge(*(
        glance(k * 10, [
            witness("event:m", 100 + k * 10 * pictures_speed, seconds=10, speed=pictures_speed,
                    kind="picture", score=9.0, log10_lr=4.0),
            witness("fr", 100 + k * 10, seconds=10, score=fr),
            witness("event:m", 100 + k * 10, seconds=10, score=clean),
        ], 10)
        for k in range(3)
    ))  # fmt: skip


def test_another_voice_over_the_ambience_is_no_licensees_own() -> None:
    assert heard_over(fr=140, clean=100).licensee == "fr"
    found = heard_over(fr=110, clean=100)
    assert (found.event, found.channels, found.licensee) == ("m", (), None)


def test_the_ambience_is_weighed_even_where_pictures_lie_at_a_speed_slightly_off() -> None:
    found = heard_over(fr=90, clean=100, pictures_speed=1.012)
    assert (found.event, found.channels, found.licensee) == ("m", (), None)


def test_a_clean_feed_alone_names_the_event_and_nobody() -> None:
    found = judge(*windows(3, 10, "event:m", kind="picture", score=0.5))
    assert (found.channels, found.event, found.licensee) == ((), "m", None)
    assert found.confirmed


def test_ten_seconds_of_a_film_in_an_hour_are_a_quotation() -> None:
    probe = [glance(k * 10, [], 10, sound=NoMatch.NONE) for k in range(360)]
    probe[100] = glance(1000, [witness("film", 50, seconds=10, coverage=0.5)], 10)
    probe[101] = glance(1010, [witness("film", 60, seconds=10, coverage=0.5)], 10)
    found = judge(*probe)
    assert (found.channels, found.event, found.confirmed) == ((), None, False)
    assert found.quoted == ("film",)
    assert "film is quoted for 10 s at 1,005 s" in say(found.reason)
    (part,) = found.stretches
    assert (part.start_s, part.end_s, part.offset_s) == (1005, 1015, 55)


@pytest.mark.parametrize("seconds", [20, 30, 40])
def test_up_to_an_advert_of_a_longer_probe_never_names(seconds: int) -> None:
    probe = [glance(k * 10, [], 10, sound=NoMatch.NONE) for k in range(60)]
    probe[5 : 5 + seconds // 10] = [
        glance(50 + k * 10, [witness("a", k * 10, seconds=10)], 10) for k in range(seconds // 10)
    ]
    found = judge(*probe)
    assert bool(found.channels) == (seconds > 30)
    assert bool(found.quoted) == (seconds <= 30)


def test_cutting_a_little_out_of_every_half_minute_makes_no_quotations_of_a_re_broadcast() -> None:
    # Own adverts make up 40 % of it, and each 20 s of the reference begin 3 s late.
    probe: list[Glance] = []
    for run in range(6):
        start_s, at_s = run * 50.0, 100 + run * 23.0
        probe += [glance(start_s + k * 10, [], 10, sound=NoMatch.NONE) for k in range(2)]
        probe += [
            glance(start_s + 20 + k * 10, [witness("a", at_s + k * 10, seconds=10)], 10)
            for k in range(2)
        ]
        probe.append(glance(start_s + 40, [], 10, sound=NoMatch.NONE))
    assert judge(*probe).channels == ("a",)


def test_the_same_half_minute_twice_is_most_of_the_probe_and_no_quotation() -> None:
    probe = [glance(k * 10, [witness("a", 100 + k % 3 * 10, seconds=10)], 10) for k in range(6)]
    assert judge(*probe).channels == ("a",)


def test_three_goals_of_a_match_in_the_news_are_quotations() -> None:
    probe = [glance(k * 10, [], 10, sound=NoMatch.NONE) for k in range(30)]
    for at, reference_s in ((3, 700.0), (9, 2900.0), (15, 4000.0)):
        probe[at] = glance(at * 10, [witness("fr", reference_s, seconds=10)], 10)
    found = judge(*probe)
    assert (found.channels, found.event) == ((), None)
    assert set(found.quoted) == {"fr"}


def test_a_long_probe_gives_a_timeline() -> None:
    probe = [
        glance(k * 10, [witness("a" if k < 30 else "film", 7 + k * 10, seconds=10)], 10)
        for k in range(60)
    ]
    found = judge(*probe)
    assert [(one.references, one.start_s, one.end_s) for one in found.stretches] == [
        (("a",), 0, 300),
        (("film",), 300, 600),
    ]
    assert set(found.channels) == {"a", "film"}


def test_what_has_no_length_is_no_stretch() -> None:
    # The reference begins where its window ends.
    empty = glance(40, [witness("b", -10, seconds=10)], 10)
    found = judge(*windows(4, 10, "a"), empty)
    assert [one.references for one in found.stretches] == [("a",)]
    assert all(one.seconds > 0 for one in found.stretches)


def test_a_recording_of_a_day_is_a_timetable_of_its_programmes() -> None:
    hours = [("a", "film", "b")[hour % 3] for hour in range(24)]
    probe = [
        glance(k * 10, [witness(hours[k // 360], 7 + 10 * (k % 360), seconds=10)], 10)
        for k in range(24 * 360)
    ]
    found = judge(*probe)
    assert [(one.references[0], one.start_s, one.end_s) for one in found.stretches] == [
        (name, 3600 * hour, 3600 * (hour + 1)) for hour, name in enumerate(hours)
    ]
    assert all(one.offset_s == pytest.approx(7) and one.confirmed for one in found.stretches)


def test_sound_and_pictures_together_name_before_sound_alone_at_the_same_odds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(likelihood, "joint_trial", lambda probe_s=None: None)
    heard = windows(4, 10, "a", score=120.0)
    both = [
        glance(
            40 + 10 * k,
            [
                witness("b", 100 + 10 * k, kind=kind, seconds=10.0, score=100.0)
                for kind in ("sound", "picture")
            ],
            10,
        )
        for k in range(4)
    ]
    found = judge(*heard, *both)
    assert [one.references for one in found.stretches] == [("a",), ("b",)]
    assert {one.log10_lr for one in found.stretches} == {tail("sound").cap}
    assert (found.score, found.log10_lr) == (100.0, tail("sound").cap)


def test_a_missed_window_does_not_break_a_stretch() -> None:
    probe = windows(10, 10, "a")
    probe[4] = glance(40, [], 10)
    (part,) = judge(*probe).stretches
    assert (part.start_s, part.end_s) == (0, 100)


def test_a_loop_confirms_through_its_repeats_and_says_that_the_place_is_open() -> None:
    found = judge(
        glance(0, [witness("a", 100)]),
        glance(5, [witness("a", 205, repeats_s=(-105.0,))]),
    )
    assert found.confirmed
    again = judge(
        *(glance(k * 5, [witness("a", 100 + k * 5, repeats_s=(-200.0 - k * 5,))]) for k in range(2))
    )
    assert again.offset_s == pytest.approx(100)
    assert again.alternatives == pytest.approx((200.0,))
    assert "repeats itself" in say(again.reason)


def test_nothing_found_is_evidence_against_and_silence_is_no_opinion() -> None:
    heard = judge(whole=glance(0, [], 10, sound=NoMatch.NONE, pictures=NoMatch.NO_PICTURES))
    assert (heard.channels, heard.confirmed) == ((), False)
    assert heard.log10_lr == tail("sound", 10).floor < 0
    assert heard.probability is not None
    assert heard.probability < heard.base_rate  # type: ignore[operator]
    mute = judge(whole=glance(0, [], 10, sound=NoMatch.SILENT, pictures=NoMatch.NO_PICTURES))
    assert (mute.log10_lr, mute.probability) == (0.0, None)
    assert "no opinion" in say(mute.reason)
    assert "silent" in say(mute.reason)


def test_an_identification_contradicts_itself_nowhere() -> None:
    with pytest.raises(InputError):
        Identification(confirmed=True)
    with pytest.raises(InputError):
        Identification(channels=("a",), licensee="b")
    with pytest.raises(InputError):
        Identification(witnesses=("smell",))
    with pytest.raises(InputError):
        Stretch(references=("a",), start_s=2, end_s=1, offset_s=0)


def media(audio: np.ndarray) -> Decoded:
    return Decoded(
        audio=audio,
        audio_s=5.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(audio) / 8000,
    )


@given(st.floats(0.2, 130))
def test_windows_are_even_at_least_five_seconds_and_lose_nothing(seconds: float) -> None:
    whole = media(np.arange(round(seconds * 8000), dtype=np.float32))
    cut = windows_in(whole)
    assert bool(cut) == (seconds_of(whole) >= 9.95)
    if cut:
        assert (np.concatenate([one.audio for one in cut]) == whole.audio).all()
        assert min(seconds_of(one) for one in cut) >= 4.97


@pytest.mark.parametrize("rate_hz", [4, 10, 25])
def test_pictures_of_ten_seconds_without_sound_are_two_windows_at_any_rate(rate_hz: int) -> None:
    times = np.arange(10 * rate_hz) / rate_hz
    decoded = Decoded(
        audio=np.empty(0, np.float32), audio_s=0.0, luma=np.zeros((len(times), 36, 64), np.uint8),
        luma_s=times, duration_s=float(times[-1]),
    )  # fmt: skip
    parts = windows_in(decoded)
    assert [round(seconds_of(part), 1) for part in parts] == [round(times[-1] / 2, 1)] * 2


def test_a_file_without_a_clock_is_found_in_a_work_and_in_a_live_window() -> None:
    rng = np.random.default_rng(3)
    sounds = [rng.standard_normal(480_000).astype(np.float32) / 10 for _ in range(2)]
    infos = [ReferenceInfo(id="film", kind="work"), ReferenceInfo(id="live")]
    held = References(DEFAULT_RECIPE, infos)
    held.add("film", media(sounds[0]), at_s=0.0)
    held.add("live", media(sounds[1]), at_s=1_800_000_000.0)
    for sound, name, start_s in ((sounds[0], "film", 0.0), (sounds[1], "live", 1_800_000_000.0)):
        look = look_at(media(sound[160_000:256_000]), held, at=NOON)
        found = named([look], infos, recipe="r")
        assert (found.channels, found.confirmed) == ((name,), True)
        assert found.offset_s == pytest.approx(start_s + 20, abs=0.05)


def test_what_two_references_share_names_both_and_accuses_nobody() -> None:
    jingle = witness("a", 100, log10_lr=-1.0, shared=("b",), score=40.0)
    found = named([Look(glance(0, [jingle]), ())], INFOS, recipe="r")
    assert found.channels == ("a", "b")
    assert not found.confirmed
    assert "accuses nobody" in say(found.reason)


def test_of_a_probe_that_is_a_shared_jingle_throughout_all_are_named_however_long_it_is() -> None:
    # What is shared is in no coverage, so that by it no window would carry any of the jingle.
    jingle = {"log10_lr": -1.0, "shared": ("b",), "score": 40.0, "coverage": 0.0}
    whole = glance(0, [witness("a", 100, seconds=16, **jingle)], 16)
    found = judge(*windows(2, 8, "a", **jingle), whole=whole)
    assert (found.channels, found.confirmed) == (("a", "b"), False)
    assert "accuses nobody" in say(found.reason)


def test_a_shared_jingle_in_a_part_of_a_long_probe_is_placed_by_its_windows() -> None:
    jingle = {"log10_lr": -1.0, "shared": ("b",), "score": 40.0, "coverage": 0.0}
    carries = [glance(30, [witness("a", 100, seconds=10, **jingle)], 10)]
    part = Look(glance(0, [witness("a", 70, seconds=60, **jingle)], 60), tuple(carries))
    found = named([part, Look(None, (glance(60, [], 10),))], INFOS, recipe="r")
    assert "quoted for 10 s at 30 s of the probe (beginning at 100 s of it)" in say(found.reason)


def test_an_advert_that_two_channels_carry_in_a_strangers_programme_is_a_quotation() -> None:
    def shared(at_s: float) -> Witness:
        return witness("a", at_s, seconds=10, log10_lr=-1.0, shared=("b",), score=40.0)

    probe = [glance(k * 10, [], 10, sound=NoMatch.NONE) for k in range(4)]
    probe[1], probe[2] = glance(10, [shared(100)], 10), glance(20, [shared(110)], 10)
    whole = glance(0, [witness("a", 90, seconds=40, log10_lr=-1.0, shared=("b",), score=60.0)], 40)
    found = judge(*probe, whole=whole)
    assert (found.channels, found.confirmed) == ((), False)
    assert found.quoted == ("a", "b")
    assert found.score == 60.0
    assert "quotation" in say(found.reason)
    (part,) = found.stretches
    assert (part.start_s, part.end_s, part.offset_s) == (10, 30, 100)
