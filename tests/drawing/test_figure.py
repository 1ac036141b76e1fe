"""All plots have one style, and what outsiders wrote is no formula in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cautery
from cautery.drawing.figure import empty_figure, fitted, in_style, wide_in, written
from cautery.drawing.svg import SANS

SOURCES = Path(cautery.__file__).parent


def test_the_style_and_the_letters_of_plots_are_written_down_once() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py")}
    for words, home in (
        ("rc_context", "figure.py"),
        ("svg.hashsalt", "figure.py"),
        (SANS, "svg.py"),
    ):
        assert [name for name, text in texts.items() if words in text] == [home]


def test_a_figure_has_the_same_bytes_twice_and_shows_a_formula_as_it_was_written() -> None:
    files = []
    for _ in range(2):
        with in_style():
            figure = empty_figure(3, 1)
            figure.text(0.1, 0.5, r"$\frac{1}{0}$ <b>")
            files.append(written(figure, "svg"))
    assert files[0] == files[1]
    assert rb"$\frac{1}{0}$ &lt;b&gt;" in files[0]


def test_what_matplotlib_says_of_its_font_cache_reaches_nobody() -> None:
    program = (
        "import logging\n"
        "from cautery.drawing.figure import in_style\n"
        "with in_style():\n"
        "    log = logging.getLogger('matplotlib.font_manager')\n"
        "    log.warning('Matplotlib is building the font cache')\n"
        "    log.error('a fault')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ended.stdout + ended.stderr == b"a fault\n"


@pytest.mark.parametrize("most_in", [0.6, 1.0, 3.0])
def test_a_text_that_is_too_wide_loses_its_middle(most_in: float) -> None:
    text = "channel-2026-11-24-arena-sports-1-evening-programme"
    with in_style():
        shown = fitted(text, most_in, 8.5)
        assert wide_in(shown, 8.5) <= most_in
        assert wide_in(text, 8.5) > 3.0
        head, _, tail = shown.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail)
        assert 0 <= len(head) - len(tail) <= 1
        middle = text[len(head) : len(text) - len(tail)]
        ends = (head + middle[0], tail) if len(head) == len(tail) else (head, middle[-1] + tail)
        assert wide_in("…".join(ends), 8.5) > most_in


def test_a_text_that_fits_stays_as_it_is() -> None:
    with in_style():
        assert fitted("arena", 3.0, 8.5) == "arena"
