"""The commands for a seizure page and a press sheet: what is wrong is a sentence, and nothing is left."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import BRAND, DOMAIN, Joint

AT = datetime(2026, 11, 26, 14, 50, tzinfo=UTC)
Cautery = Callable[..., Any]


@pytest.fixture(scope="session")
def case(made_once: Any) -> Path:
    """A desk's case that took a domain over, which no test changes."""

    def made(folder: Path) -> Path:
        return Joint(folder, AT).began().seized().took_over().path

    return made_once("cli-signal", made)  # type: ignore[no-any-return]


@pytest.fixture
def offers(tmp_path: Path, cautery: Cautery) -> Path:
    path = tmp_path / "offers.toml"
    path.write_text(cautery("operation", "seizure-page", "--example").out)
    return path


def site(cautery: Cautery, case: Path, offers: Path, out: Path, *more: object) -> Any:
    options = ("--offers", offers, "--agency", "it-postal", "-o", out)
    return cautery("operation", "seizure-page", case, *options, *more)


def test_a_folder_is_written_for_its_owner_alone(
    cautery: Cautery, case: Path, offers: Path, tmp_path: Path
) -> None:
    ran = site(cautery, case, offers, tmp_path / "seized")
    assert ran.code == 0
    assert DOMAIN in ran.out
    assert BRAND in ran.err
    assert "nothing was published" in ran.err
    written = [path for path in (tmp_path / "seized").rglob("*") if path.is_file()]
    assert len(written) == 12
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE((tmp_path / "seized").stat().st_mode) == 0o700


def test_a_dry_run_says_the_same_and_writes_nothing(
    cautery: Cautery, case: Path, offers: Path, tmp_path: Path
) -> None:
    ran = site(cautery, case, offers, tmp_path / "seized", "--dry-run", "--json")
    told = json.loads(ran.out)
    assert (told["domains"], told["brands"], told["folder"]) == ([DOMAIN], [BRAND], None)
    assert not (tmp_path / "seized").exists()


def test_a_folder_that_is_there_is_not_written_over(
    cautery: Cautery, case: Path, offers: Path, tmp_path: Path
) -> None:
    place = tmp_path / "seized"
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    ran = site(cautery, case, offers, place)
    assert ran.code == 2
    assert "exists already" in ran.err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert (place / "mine.txt").read_text() == "mine"


def test_nothing_is_written_into_a_case(cautery: Cautery, case: Path, offers: Path) -> None:
    ran = site(cautery, case, offers, case / "seized")
    assert ran.code == 2
    assert "inside the case" in ran.err
    assert not (case / "seized").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--agency", "europol"), "'europol' is not an agency at the table"),
        (("--languages", "en,xx"), "the page has no texts in language 'xx'"),
        (("--brand", "No TV"), "no statement of this case says so"),
        (("--panel", "x.example"), "is not a panel that this case's action day took down"),
        (("--logo", "it-postal"), "write AGENCY=FILE.png"),
        (("--logo", "it-postal=nowhere.png"), "nowhere.png"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    cautery: Cautery, case: Path, offers: Path, more: tuple[str, str], words: str
) -> None:
    folder = offers.parent
    ran = site(cautery, case, offers, folder / "seized", *more)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert [path.name for path in folder.iterdir()] == ["offers.toml"]


def test_a_command_without_its_files_says_what_it_needs(cautery: Cautery, case: Path) -> None:
    ran = cautery("operation", "seizure-page", case)
    assert ran.code == 2
    assert "--offers and -o are needed" in ran.err


def test_a_further_language_is_made_from_what_is_printed(
    cautery: Cautery, case: Path, offers: Path, tmp_path: Path
) -> None:
    texts = cautery("operation", "seizure-page", "--texts").out
    more = '[[language]]\ncode = "ro"\nname = "română"\n[language.countries]\nIT = "I"\nFR = "F"\n'
    offers.write_text(f"{offers.read_text()}\n{more}{texts}")
    ran = site(cautery, case, offers, tmp_path / "seized", "--languages", "ro,fr")
    assert ran.code == 0, ran.err
    assert (tmp_path / "seized" / "site" / "ro.html").exists()


@pytest.mark.parametrize(
    ("name", "begins"), [("a.pdf", b"%PDF-"), ("a.HTML", b"<!doc"), ("a.json", b"{")]
)
def test_a_press_sheet_is_written_in_the_form_that_its_name_says(
    cautery: Cautery, case: Path, tmp_path: Path, name: str, begins: bytes
) -> None:
    ran = cautery("operation", "press-sheet", case, "-o", tmp_path / name)
    assert ran.code == 0, ran.err
    assert "nothing was sent" in ran.err
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("-o", "sheet.txt"), "is a .pdf, .html or .json file"),
        (("-o", "sheet.pdf", "--language", "de"), "there is no language 'de'"),
        (("-o", "sheet.pdf", "--embargo", "soon"), "'soon' is not a time"),
        (("-o", "sheet.pdf", "--embargo", "2026-11-27T10:00"), "embargo"),
        (("-o", "sheet.pdf", "--check", "nowhere.json"), "nowhere.json"),
        ((), "no file is named"),
    ],
)
def test_a_bad_sheet_is_one_sentence_and_leaves_nothing(
    cautery: Cautery, case: Path, empty: Path, more: tuple[str, ...], words: str
) -> None:
    ran = cautery("operation", "press-sheet", case, *more)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert [*empty.iterdir()] == []


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_cases_are_never_put_on_one_sheet(cautery: Cautery, case: Path) -> None:
    ran = cautery("operation", "press-sheet", case, case, "-o", "sheet.pdf")
    assert ran.code == 2


def test_an_earlier_sheet_is_compared_with_the_case(
    cautery: Cautery, case: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier.json"
    assert cautery("operation", "press-sheet", case, "-o", earlier).code == 0
    ran = cautery("operation", "press-sheet", case, "--check", earlier)
    assert ran.code == 0
    assert "all stand" in ran.err
    earlier.write_text(earlier.read_text().replace('"number": 0', '"number": 1', 1))
    ran = cautery("operation", "press-sheet", case, "--check", earlier)
    assert ran.code == 2
    assert "agencies" in ran.err
