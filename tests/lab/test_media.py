from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cautery.errors import InputError, StorageError
from cautery.lab import World, build_world, plan_world
from cautery.lab.encode import Rendered, frames_of, open_cut, sound_of
from cautery.lab.own_media import own_files, render_own
from cautery.lab.pirate import aes_key
from cautery.lab.programme import channel_sound, inserts_of, render_channel
from cautery.lab.sounds import RATE_HZ
from cautery.lab.timeline import span_of


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.read_bytes())
    return whole.hexdigest()


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    count = min(len(first), len(second))
    one, two = first[:count], second[:count]
    return float(one @ two / np.sqrt((one @ one) * (two @ two) + 1e-12))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = plan_world(5, "small")
    for name in ("once", "again"):
        render_channel(plan, plan.channels[1], tmp_path / name, 10, 14)
    assert digest(tmp_path / "once") == digest(tmp_path / "again")


def test_a_rendered_channel_is_as_long_as_asked(tmp_path: Path) -> None:
    plan = plan_world(5, "small")
    render_channel(plan, plan.channels[0], tmp_path / "clean", 0, 6)
    media = Rendered.load(tmp_path / "clean")
    assert media is not None
    assert media.seconds == pytest.approx(6, abs=0.05)
    data, first = open_cut(media, 3, 6)
    frames = list(frames_of(io.BytesIO(data), first))
    assert first == 2
    assert len(frames) == 100


def test_sound_and_pictures_keep_their_media_time(tmp_path: Path) -> None:
    plan = plan_world(5, "small")
    channel = plan.channels[1]
    render_channel(plan, channel, tmp_path / "feed", 0, 10)
    media = Rendered.load(tmp_path / "feed")
    assert media is not None
    data, first = open_cut(media, 4, 10)
    heard, at = sound_of(io.BytesIO(data), first)
    truth = channel_sound(plan, channel, 10.0)
    assert likeness(heard, truth[round(at * RATE_HZ) :]) > 0.9


def test_a_folder_is_whole_or_absent(tmp_path: Path) -> None:
    from cautery.lab.encode import Writer
    from cautery.lab.encode_options import Coding

    with pytest.raises(RuntimeError, match="cut off"), Writer(tmp_path / "half", Coding()):
        raise RuntimeError("cut off")
    assert list(tmp_path.iterdir()) == []


def test_licensees_share_the_crowd_but_not_the_voice() -> None:
    plan = plan_world(2, "small")
    clean, first, second = (channel_sound(plan, one, 20.0) for one in plan.channels[:3])
    assert likeness(clean, first) > 0.2
    assert likeness(first, second) < 0.5


def test_one_advert_runs_on_a_mandated_and_on_a_lawful_channel() -> None:
    plan = plan_world(2)
    shown: dict[int, set[str]] = {}
    for channel in plan.channels:
        for insert in inserts_of(plan, channel):
            if insert.kind == "advert":
                shown.setdefault(insert.seed, set()).add(channel.role)
    assert {"linear", "lawful"} in shown.values()


def test_a_world_built_twice_renders_nothing_the_second_time(small_world: World) -> None:
    told: list[tuple[int, int, str]] = []
    again = build_world(
        3, small_world.media.parent, size="small", progress=lambda *what: told.append(what)
    )
    assert again == small_world
    assert [done == total for done, total, _ in told] == [True]


def test_a_copy_shows_the_feed_at_its_delay(small_world: World) -> None:
    from cautery.lab.pirate import content_at

    plan = small_world.plan
    copy = next(
        one
        for one in plan.streams
        if one.kind == "rebroadcast" and one.speed == 1 and "mono-44k" in one.disguise
    )
    assert copy.content is not None
    media = Rendered.load(small_world.media / copy.id)
    assert media is not None
    data, first = open_cut(media, 4, 12)
    heard, at = sound_of(io.BytesIO(data), first)
    begin, _ = span_of(plan, plan.channel(copy.content))
    truth = channel_sound(plan, plan.channel(copy.content), plan.timing.end_s)
    place = round((content_at(copy, plan.timing, at) - begin) * RATE_HZ)
    best = max(likeness(heard, truth[place + shift :]) for shift in range(-400, 401, 8))
    assert best > 0.6


def test_encrypted_segments_open_with_the_key_and_their_number(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    from cautery.lab.pirate import render_copy

    plan = plan_world(5, "small")
    channel = plan.channels[1]
    render_channel(plan, channel, tmp_path / "feed", 0, 40)
    media = Rendered.load(tmp_path / "feed")
    assert media is not None
    stream = replace(
        plan.streams[0],
        content=channel.id,
        disguise=("aes-128",),
        delivery="hls",
        delay_s=30.0,
        speed=1.0,
    )
    timing = replace(plan.timing, after_s=2.0, before_s=4.0, edge_s=40.0)
    render_copy(stream, timing, media, 0.0, tmp_path / "copy")
    made = Rendered.load(tmp_path / "copy")
    assert made is not None
    sealed = (tmp_path / "copy" / made.pieces[1].file).read_bytes()
    cipher = Cipher(algorithms.AES(aes_key(stream)), modes.CBC((1).to_bytes(16, "big")))
    assert cipher.decryptor().update(sealed)[:1] == b"\x47"
    # Another process that renders the same world at the same time comes second.
    render_copy(stream, timing, media, 0.0, tmp_path / "copy")
    assert (tmp_path / "copy" / made.pieces[1].file).read_bytes() == sealed


def test_ones_own_files_stand_in_for_a_channel(tmp_path: Path) -> None:
    plan = plan_world(5, "small")
    render_channel(plan, plan.channels[0], tmp_path / "made", 0, 4)
    media = Rendered.load(tmp_path / "made")
    assert media is not None
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.ts").write_bytes(open_cut(media, 0, 4)[0])
    render_own(plan, plan.channels[1], tmp_path / "own", tmp_path / "feed", (0, 6))
    made = Rendered.load(tmp_path / "feed")
    assert made is not None
    assert made.seconds == pytest.approx(6, abs=0.05)


def test_a_folder_without_media_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no media files"):
        own_files(tmp_path)


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        build_world(1, tmp_path / "cache", size="small")


def test_what_a_dead_renderer_left_is_swept(tmp_path: Path) -> None:
    from cautery.lab.render import _sweep

    (tmp_path / ".clean.999999999").mkdir()
    (tmp_path / "clean").mkdir()
    _sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["clean"]
