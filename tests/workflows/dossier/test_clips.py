"""A clip shows reference and stream in step, made of sealed media alone."""

from __future__ import annotations

import asyncio
import io
import json
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.decoder import MOST_STRIP, ChildDecoder
from cautery.adapters.side_by_side import encoded
from cautery.errors import DecodeError, InputError
from cautery.workflows.dossier.clips import clips_of

from .conftest import Made, segment, watched


async def clips(case: Path, most: int = 3):
    async with ChildDecoder(1) as decoder:
        return await clips_of(case, most=most, store=FolderStore(), decoder=decoder, encode=encoded)


def frames(clip: bytes) -> np.ndarray:
    with av.open(io.BytesIO(clip)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.fixture(scope="module")
def aligned(tmp_path_factory) -> Made:
    return watched(tmp_path_factory.mktemp("aligned"), aligned=True)


async def test_both_halves_show_the_same_at_each_moment(aligned: Made) -> None:
    made = await clips(aligned.path)
    [line] = map(json.loads, made["clips/clips.jsonl"].splitlines())
    assert line["why_not"] is None
    clip = made[line["clip"]]
    assert sha256(clip).hexdigest() == line["sha256"]
    assert all(name.startswith("sha256:") for name in line["made_from"])
    shown = frames(clip).astype(int)
    assert shown.shape[1:] == (180, 640, 3)
    assert len(shown) >= 4 * 12.5
    left, right = shown[:, :, :320], shown[:, :, 320:]
    in_step = np.abs(left - right).mean()
    assert in_step < 4
    assert np.abs(left[:-5] - right[5:]).mean() > 1.5 * in_step


async def test_a_case_without_the_references_media_says_so(made: Made) -> None:
    assert await clips(made.path) == {}
    assert await clips(made.path, most=0) == {}


async def test_a_strip_holds_the_picture_that_is_shown() -> None:
    data = segment(1, 20, 32)
    async with ChildDecoder(1) as decoder:
        strip = await decoder.strip(data, times=(-5.0, 1.0, 1.01, 6.0, 500.0))
        assert strip.shape == (5, 180, 320, 3)
        assert (strip[0] == strip[1]).all()
        assert (strip[1] == strip[2]).all()
        assert (strip[3] != strip[1]).any()
        with pytest.raises(InputError):
            await decoder.strip(data, times=())
        with pytest.raises(InputError):
            await decoder.strip(data, times=(0.0,) * (MOST_STRIP + 1))
        with pytest.raises(InputError):
            await decoder.strip(data, times=(float("nan"),))
        with pytest.raises(DecodeError):
            await decoder.strip(b"\x00" * 5000, times=(0.0,))


def test_only_pictures_and_stereo_are_encoded() -> None:
    pictures, sound = np.zeros((3, 180, 640, 3), np.uint8), np.zeros((2, 4000), np.float32)
    assert encoded(pictures, sound, 12.5)[4:8] == b"ftyp"
    for bad in (pictures[0], pictures[:0], pictures[:, :179]):
        with pytest.raises(InputError):
            encoded(bad, sound, 12.5)
    with pytest.raises(InputError):
        encoded(pictures, sound[:1], 12.5)


def test_the_references_media_are_handed_to_a_court_alone(aligned: Made, tmp_path: Path) -> None:
    from cautery.workflows.dossier.audiences import Audience

    made = asyncio.run(clips(aligned.path))
    names = {
        name for line in made["clips/clips.jsonl"].splitlines()
        for name in json.loads(line)["made_from"]
    }  # fmt: skip
    aligned.dossier(tmp_path / "hoster", Audience.HOSTER, clips=made)
    held = {f"sha256:{path.name}" for path in (tmp_path / "hoster/data").rglob("vault/*/*")}
    withheld = [
        (aligned.path / "vault" / name[7:9] / name[7:]).read_bytes() for name in names - held
    ]
    assert len([data for data in withheld if not data.startswith(b"CAUTERY1")]) == 1
    assert not list((tmp_path / "hoster").rglob("clips"))
    aligned.dossier(tmp_path / "court", clips=made)
    assert (tmp_path / "court/data/clips/1.mp4").exists()
