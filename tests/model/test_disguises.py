"""Recipes are chains of filters that compute; what reads files or sockets is never taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model.disguises import (
    AUDIO_FILTERS,
    DISGUISES,
    VIDEO_FILTERS,
    Disguise,
    FilterStep,
    chain_of,
)

READERS = frozenset(
    ("movie", "amovie", "sendcmd", "asendcmd", "zmq", "azmq", "drawtext", "subtitles", "ass",
     "lut3d", "lut1d", "haldclut", "curves", "frei0r", "frei0r_src", "ladspa", "lv2", "sofalizer",
     "afir", "arnndn", "metadata", "ametadata", "signature", "vidstabdetect", "vidstabtransform",
     "psnr", "ssim", "libvmaf", "ocr", "dnn_processing", "sr", "derain", "coreimage", "find_rect",
     "cover_rect", "removelogo", "abuffer", "buffer", "concat", "overlay", "amix", "nullsrc",
     "color", "testsrc", "lavfi", "program_opencl", "firequalizer", "geq", "aeval", "sendcmd")
)  # fmt: skip
"""Filters that open files or sockets, run programs, or have a costly language of their own."""


def test_no_filter_that_reads_is_allowed() -> None:
    assert not (VIDEO_FILTERS | AUDIO_FILTERS) & READERS


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_recipe_with_a_filter_that_reads_is_refused(name: str) -> None:
    for text in (name, f"{name}=filename=/etc/passwd", f"hflip,{name}=f=x"):
        with pytest.raises(InputError):
            chain_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "hue=/h=/etc/passwd",
        "hue=h=/etc/passwd",
        "hue=h='20'",
        "hue=h=20\\,movie=x",
        "hflip;movie=x",
        "[in]hflip[out]",
        "hflip@name",
        "hflip,,vflip",
        ",",
        "hue=",
        "hue==",
        "hue=h",
        "HFLIP",
        "hflip\nmovie=x",
        "hue=h=${HOME}",
        "hue=h=%{file}",
        "scale=w=320:flags=a:param0=http://x",
        "drawbox=t=\u202efill",
        "null," * 9 + "null",
        "n" * 600,
    ],
)
def test_what_is_no_plain_chain_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Disguise(name="own", video=chain_of(text))


@given(text=st.text(max_size=80))
def test_whatever_is_taken_has_allowed_filters_and_plain_options_alone(text: str) -> None:
    try:
        steps = chain_of(text)
    except InputError:
        return
    assert all(step.name in VIDEO_FILTERS | AUDIO_FILTERS for step in steps)
    assert not set("".join(step.arguments for step in steps)) & set("/\\'\"[];@%${}")


def test_a_chain_is_read_and_written_as_ffmpeg_has_it() -> None:
    hue, flip = chain_of("hue=h=20:s=1.3, hflip")
    assert (hue.name, hue.arguments, flip.arguments) == ("hue", "h=20:s=1.3", "")
    assert chain_of("") == chain_of("  ") == ()


def test_ours_are_named_and_none_is_twice() -> None:
    assert {"none", "mirror", "crop", "logo", "ticker", "dark", "aes-128"} <= DISGUISES.keys()
    assert all(name == disguise.name for name, disguise in DISGUISES.items())


def test_filters_of_sound_are_not_of_pictures() -> None:
    for wrong in ({"video": chain_of("volume=volume=2")}, {"audio": chain_of("hflip")}):
        with pytest.raises(InputError, match="no filter of"):
            Disguise(name="own", **wrong)
    with pytest.raises(InputError, match="not allowed"):
        FilterStep(name="movie")
