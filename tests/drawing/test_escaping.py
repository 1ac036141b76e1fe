"""One escaping for HTML, SVG and Typst: no outside text becomes markup, code or a false look."""

from __future__ import annotations

import ast
import json
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

import cautery
from cautery.drawing.escaping import LONGEST, clean, markup, typst_literal

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "]]>",
    "<!--",
    "--><script>",
    "</title></svg><script>",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "{{ 7*7 }}{% raw %}",
    '#eval("panic()")',
    '"), panic("x',
    '\\") #panic() //',
    '\\u{22}) #read("/etc/passwd")',
    "$ x $ *bold* @ref <label>",
    "door\u202e1",
    "a\u2066b\u2069",
    "a\x00b",
    "\x1b[31mred",
    "half a letter \ud800",
    "\udfff",
    "line\u2028line\u2029line",
    "soft\u00adhyphen zero\u200bwidth \ufeff",
    "tag \U000e0041\U000e0042",
    "no character \uffff \U0001ffff",
    "\x85\x9b31m",
]


class Seen(HTMLParser):
    """What a browser makes of a page: its tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_outside_text_is_one_text_of_a_page_and_one_attribute(text: str) -> None:
    seen = Seen(f'<p title="{markup(text)}">{markup(text)}</p>')
    assert seen.tags == [("p", [("title", clean(text))])]
    assert seen.text == clean(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_outside_text_is_one_text_of_a_drawing(text: str) -> None:
    drawing = ET.fromstring(f'<svg><text id="{markup(text)}">{markup(text)}</text></svg>')
    (found,) = drawing
    assert found.text == clean(text)
    assert not list(found)


@pytest.mark.parametrize("text", HOSTILE)
def test_outside_text_is_a_value_for_typst_and_never_runs(text: str) -> None:
    assert _evaluated(typst_literal(text)) == clean(text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_a_literal_is_the_cleaned_text_for_typst_whatever_it_is(text: str) -> None:
    assert _evaluated(typst_literal(text)) == clean(text)


def _evaluated(expression: str) -> str:
    source = f"#metadata({expression}) <it>".encode()
    found = json.loads(typst.query(source, "<it>", field="value", one=True))
    assert isinstance(found, str)
    return found


@given(st.text())
def test_what_is_clean_is_written_in_any_encoding_and_stays_as_it_is(text: str) -> None:
    shown = clean(text)
    assert clean(shown.encode().decode()) == shown


@given(st.text())
def test_a_page_shows_the_cleaned_text(text: str) -> None:
    assert unescape(str(markup(text))) == unescape(clean(text).replace("&", "&amp;"))


def test_a_flood_is_cut_and_its_length_is_told() -> None:
    shown = clean("\u202e" * (1 << 20))
    assert shown.endswith("… (1048576 characters)")
    assert len(shown) < 9 * LONGEST


def test_letters_marks_spaces_and_pictures_of_all_scripts_are_left_alone() -> None:
    text = "Ελλάδα Привет 日本 سلام नमस्ते e\u0301 98\u202f765 a\u00a0b ⚽️\n\tnext"
    assert clean(text) == text


def test_nothing_else_in_cautery_escapes_by_itself() -> None:
    """Two escapings are one too many: the second forgets what the first has learnt."""
    root = Path(cautery.__file__).parent
    escaping = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module in {"html", "markupsafe", "xml.sax.saxutils"}
        and any(name.name in {"escape", "quoteattr"} for name in node.names)
    }
    # The lab's pages and its trusted lists are what others write.
    assert escaping == {"drawing/escaping.py", "lab/answers.py", "lab/trusted_lists.py"}
