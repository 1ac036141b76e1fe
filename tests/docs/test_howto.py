"""What the how-to guides show is what the commands take."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from cautery.cli import main

HOWTO = Path(__file__).parents[2] / "docs" / "howto"


def blocks(page: str, language: str) -> list[str]:
    """The code of one language on a page, a block each."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cautery", *arguments])
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def test_a_mandate_is_written_by_the_options_that_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("facts").mkdir()
    [command] = [block for block in blocks("write-a-mandate.md", "sh") if "--who" in block]
    program, *arguments = shlex.split(command.replace("2026-11-24", "2998-11-24"))
    assert program == "cautery"
    assert run(monkeypatch, *arguments) == 0
    assert run(monkeypatch, "mandate", "show", "mandate.toml") == 0
