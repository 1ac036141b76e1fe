"""All plots have one style, and what outsiders wrote is no formula in them."""

from __future__ import annotations

from pathlib import Path

import cautery
from cautery.drawing.figure import empty_figure, in_style, written
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
