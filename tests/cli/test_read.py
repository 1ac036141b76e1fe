"""``cautery read`` says how much it shows, and says so in words where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHANNEL = "#EXTINF:-1,Channel\nhttp://203.0.113.5:8080/live/1.ts\n"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_file_without_a_record_has_nothing_to_show(
    cautery: Callable[..., Any], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    empty = tmp_path / "empty.m3u"
    empty.write_text("#EXTM3U\n")
    ended = cautery("read", empty, *flags)
    assert (ended.code, ended.out) == (0, "")
    assert "nothing to show" in ended.err
    assert "holds no record" in " ".join(ended.err.split())
    assert "0 of 0" not in ended.err


def test_a_file_with_records_says_how_many_are_shown(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    full = tmp_path / "list.m3u"
    full.write_text("#EXTM3U\n" + CHANNEL * 3)
    assert "3 of 3 shown" in cautery("read", full).err
