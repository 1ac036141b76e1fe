"""A paper is checked before anybody signs; an incomplete one leaves only as a draft."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.form_case import made_case

from cautery.model import Regime

from .conftest import Ran

FORM = "uk/target-servers"
PARTICULARS = {"reset": "every two weeks", "host_notice": "after a week", "criteria": "Schedule 3"}
TARGETS = ("edge.pirate.example", "192.0.2.7")


@pytest.fixture(autouse=True)
def _keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return made_case(tmp_path, *TARGETS, particulars=PARTICULARS)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text("list_number = 3\nmeets_criteria = true\n")
    return path


def test_every_missing_field_is_named_before_anybody_signs(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = cautery("form", "check", FORM, made_case(tmp_path, *TARGETS))
    assert ran.code == 1
    missing = [line for line in ran.err.splitlines() if line.startswith("missing: ")]
    assert missing == [
        "missing: When the list is re-set",
        "missing: Number of the list in its period",
        "missing: Reference of the confidential selection criteria",
        "missing: Each server meets the criteria",
        "missing: When the hosting provider is notified",
    ]
    assert "Unverified: nobody compared" in ran.err


def test_a_complete_form_passes_and_each_value_names_its_record(
    cautery: Callable[..., Ran], case: Path, answers: Path
) -> None:
    ran = cautery("form", "check", FORM, case, "--answers", answers, "--json")
    assert ran.code == 0, ran.err
    fields = {row["field"]: row for row in map(json.loads, ran.out.splitlines())}
    assert fields["claim_number"]["records"] == [0]
    assert fields["exhibits"]["records"]
    assert fields["list_number"] == {
        "field": "list_number",
        "value": 3,
        "answered": True,
        "records": [],
        "faults": [],
    }


def test_an_incomplete_form_is_refused_and_a_draft_says_what_it_is(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "list.json"
    ran = cautery("form", "write", FORM, case, "-o", out)
    assert ran.code == 1
    assert "missing: Number of the list" in ran.err
    assert not out.exists()
    assert cautery("form", "write", FORM, case, "-o", out, "--draft").code == 0
    assert json.loads(out.read_text())["DRAFT"].startswith("DRAFT, not to be used")
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_complete_form_is_written_in_each_format(
    cautery: Callable[..., Ran], case: Path, answers: Path, tmp_path: Path
) -> None:
    for ending in ("csv", "json", "pdf", "zip"):
        out = tmp_path / f"list.{ending}"
        ran = cautery("form", "write", FORM, case, "--answers", answers, "-o", out)
        assert ran.code == 0, ran.err
    rows = list(csv.reader((tmp_path / "list.csv").read_text().splitlines()))
    assert [row[:2] for row in rows] == [
        ["type", "target"],
        ["name", "edge.pirate.example"],
        ["address", "192.0.2.7"],
    ]
    assert json.loads((tmp_path / "list.json").read_text())["list_number"] == 3
    assert (tmp_path / "list.pdf").read_bytes().startswith(b"%PDF-")


def test_the_package_of_evidence_holds_each_exhibit_with_its_digest(
    cautery: Callable[..., Ran], case: Path, answers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "list.zip"
    cautery("form", "write", FORM, case, "--answers", answers, "-o", out)
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        assert f"exhibits/{hashlib.sha256(b'segment').hexdigest()}.ts" in names
        lines = archive.read("SHA256SUMS").decode().splitlines()
        assert {line.partition("  ")[2] for line in lines} == set(names) - {"SHA256SUMS"}
        for line in lines:
            hexed, _, name = line.partition("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == hexed


def test_each_exhibit_that_is_handed_out_stands_in_the_chain_of_custody(
    cautery: Callable[..., Ran], case: Path, answers: Path, tmp_path: Path
) -> None:
    cautery("form", "write", FORM, case, "--answers", answers, "-o", tmp_path / "list.json")
    assert "copied" not in cautery("custody", "list", case).out
    cautery("form", "write", FORM, case, "--answers", answers, "-o", tmp_path / "list.zip")
    shown = cautery("custody", "list", case).out
    assert "copied" in shown
    assert f"form {FORM}" in shown
    assert hashlib.sha256(b"segment").hexdigest()[:12] in shown


def test_blank_answers_have_the_labels_and_are_toml_that_says_nothing(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    blank = tmp_path / "blank.toml"
    assert cautery("form", "answers", FORM, "-o", blank).code == 0
    assert "# Number of the list in its period (number, mandatory)" in blank.read_text()
    ran = cautery("form", "check", FORM, case, "--answers", blank)
    assert "missing: Number of the list in its period" in ran.err


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("this is = = no TOML", (2, "not valid TOML")),
        ("a = " + "[" * 3_000, (2, "nested too deeply")),
        ("judge = 'M.'", (2, "has no field 'judge'")),
        ("list_number = 'three'", (1, "not valid: Number of the list in its period")),
        ('claim_number = "X"', (1, "contradicted: Claim or order number")),
        ('court = "evil\\u202egnp"', (1, "not valid: Court")),
    ],
)
def test_answers_that_cannot_be_used_are_named(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path, text: str, refusal: tuple[int, str]
) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    ran = cautery("form", "check", FORM, case, "--answers", path)
    assert ran.code == refusal[0]
    assert refusal[1] in ran.err
    assert "\u202e" not in ran.err


def test_answers_that_are_no_text_are_refused(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    path = tmp_path / "answers.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert cautery("form", "check", FORM, case, "--answers", path).code == 2


def test_a_regime_that_does_not_allow_the_form_is_a_refusal(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    case = made_case(tmp_path, *TARGETS, regime=Regime.LED)
    ran = cautery("form", "check", FORM, case)
    assert ran.code == 1
    assert "needs regime 'gdpr', but this case has 'led'" in ran.err


@pytest.mark.parametrize(
    ("made", "options", "sentence"),
    [
        ({"targets": ()}, (), "this case has no referral for GB"),
        ({"targets": TARGETS}, ("--referral", "R-none"), "no referral 'R-none' for GB"),
        ({"targets": TARGETS, "territory": "IT"}, (), "the mandate covers IT, FR"),
    ],
)
def test_a_case_that_lacks_what_the_form_is_about_says_so(
    cautery: Callable[..., Ran],
    tmp_path: Path,
    made: dict[str, object],
    options: tuple[str, ...],
    sentence: str,
) -> None:
    targets = made.pop("targets")
    assert isinstance(targets, tuple)
    case = made_case(tmp_path, *targets, **made)  # type: ignore[arg-type]
    ran = cautery("form", "check", FORM, case, *options)
    assert ran.code == 2
    assert sentence in ran.err


def test_a_country_without_a_profile_and_an_unknown_form_are_refused(
    cautery: Callable[..., Ran], case: Path
) -> None:
    ran = cautery("form", "list", "--country", "XX")
    assert (ran.code, "no profile of the country 'XX'" in ran.err) == (2, True)
    ran = cautery("form", "check", "xx/none", case)
    assert (ran.code, "there is no form 'xx/none'" in ran.err) == (2, True)


def test_a_format_that_the_form_does_not_have_is_refused(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    ran = cautery("form", "write", FORM, case, "--format", "xml", "-o", tmp_path / "o.xml")
    assert ran.code == 2
    assert "is not written as xml" in ran.err


def test_nothing_is_written_into_a_case(cautery: Callable[..., Ran], case: Path) -> None:
    ran = cautery("form", "write", FORM, case, "-o", case / "list.csv", "--draft")
    assert ran.code == 2
    assert "inside the case" in ran.err


def test_lists_and_what_a_form_asks_for_can_be_read_by_programs(
    cautery: Callable[..., Ran],
) -> None:
    rows = [json.loads(line) for line in cautery("form", "list", "--json").out.splitlines()]
    assert FORM in [row["id"] for row in rows]
    shown = json.loads(cautery("form", "show", FORM, "--json").out)
    assert shown["fields"][0]["name"] == "claim_number"
    assert "from" in shown["fields"][0]
    assert "claim_number" in cautery("form", "show", FORM).out


def test_a_paper_for_one_target_asks_for_which_and_is_written_for_it(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    case = made_case(tmp_path, *TARGETS, territory="FR")
    ran = cautery("form", "check", "fr/arcom-referral", case)
    assert ran.code == 2
    assert "is a paper for one target" in ran.err
    assert "--host: edge.pirate.example, 192.0.2.7" in ran.err
    out = tmp_path / "one.json"
    host = ("--host", "edge.pirate.example")
    assert (
        cautery("form", "write", "fr/arcom-referral", case, *host, "-o", out, "--draft").code == 0
    )
    written = json.loads(out.read_text())
    assert written["domain"] == ["edge.pirate.example"]
    assert "ipv4" not in written


def test_papers_for_each_target_are_all_written_or_none(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    particulars = {"calendar": "Ligue 1", "agent": "A. Sworn"}
    case = made_case(tmp_path, *TARGETS, "2001:db8::7", territory="FR", particulars=particulars)
    form, out = "fr/arcom-referral", tmp_path / "papers"
    ran = cautery("form", "each", form, case, "-o", out)
    assert (ran.code, out.exists()) == (1, False)
    answers = tmp_path / "answers.toml"
    answers.write_text('contact = "a@league.example"\npurpose_of_service = true\nreport = "12"\n')
    ran = cautery("form", "each", form, case, "--answers", answers, "--format", "json", "-o", out)
    assert ran.code == 0, ran.err
    names = ["192.0.2.7.json", "2001-db8--7.json", "edge.pirate.example.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert out.stat().st_mode & 0o777 == 0o700
    assert json.loads((out / names[1]).read_text())["ipv6"] == ["2001:db8::7"]
    ran = cautery("form", "each", form, case, "--draft", "-o", out)
    assert (ran.code, "exists already" in ran.err) == (2, True)


def test_a_form_that_is_one_paper_for_all_targets_says_so(
    cautery: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    ran = cautery("form", "each", FORM, case, "--draft", "-o", tmp_path / "papers")
    assert (ran.code, "is one paper for all targets" in ran.err) == (2, True)


def test_a_referral_says_what_its_paper_lacks_before_anybody_signs(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    case = made_case(tmp_path, *TARGETS, territory="IT")
    shown = json.loads(cautery("referral", "list", case, "--json").out.splitlines()[0])
    referral = shown["referral"]["id"]
    lines = cautery("referral", "show", case, referral).out.splitlines()
    assert lines[0].startswith("paper      it/piracy-shield: 2 fields are missing or wrong: ")
    assert lines[-1].startswith("digest to sign")
    members = json.loads(cautery("referral", "show", case, referral, "--json").out)
    assert members["tickets"][0]["faults"] == [
        {"field": "reporter", "why": "missing"},
        {"field": "declared", "why": "missing"},
    ]


def test_a_case_of_an_operation_fills_no_ticket(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    operation = tmp_path / "op.toml"
    operation.write_text(cautery("operation", "open", "--example").out)
    case = tmp_path / "op-case"
    ran = cautery("operation", "open", operation, "--agency", "it-postal", "--case", case)
    assert ran.code == 0, ran.err
    ran = cautery("form", "check", "it/piracy-shield", case)
    assert ran.code == 1
    assert "needs regime 'gdpr', but this case has 'led'" in ran.err


def test_a_referral_that_nobody_approved_becomes_a_draft_at_most(
    cautery: Callable[..., Ran], answers: Path, tmp_path: Path
) -> None:
    case = made_case(tmp_path, *TARGETS, particulars=PARTICULARS, people=1)
    out = tmp_path / "list.pdf"
    ran = cautery("form", "check", FORM, case, "--answers", answers)
    assert (ran.code, "only a draft can be written" in ran.err) == (0, True)
    ran = cautery("form", "write", FORM, case, "--answers", answers, "-o", out)
    assert (ran.code, "1 of 2 people have approved it" in ran.err, out.exists()) == (1, True, False)
    ran = cautery("form", "write", FORM, case, "--answers", answers, "-o", out, "--draft")
    assert (ran.code, "DRAFT: " in ran.err) == (0, True)
    package = tmp_path / "list.zip"
    cautery("form", "write", FORM, case, "--answers", answers, "-o", package, "--draft")
    with zipfile.ZipFile(package) as archive:
        assert "DRAFT-uk-target-servers.json" in archive.namelist()


def test_no_paper_is_written_outside_of_the_folder_that_was_named(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    case = made_case(tmp_path, "../../evil/owned", "edge.pirate.example", territory="FR", people=0)
    (tmp_path / "evil").mkdir()
    out = tmp_path / "in" / "papers"
    out.parent.mkdir()
    ran = cautery("form", "each", "fr/arcom-referral", case, "-o", out, "--draft")
    assert (ran.code, "which is no name and no address" in ran.err) == (2, True)
    assert not any((tmp_path / "evil").iterdir())
    assert not out.exists()


def test_a_target_with_a_name_too_long_for_a_file_has_a_paper_with_a_number(
    cautery: Callable[..., Ran], tmp_path: Path
) -> None:
    long = ".".join(["a" * 60] * 4)
    case = made_case(tmp_path, "edge.pirate.example", long, territory="FR")
    out = tmp_path / "papers"
    ran = cautery(
        "form", "each", "fr/arcom-referral", case, "--draft", "--format", "json", "-o", out
    )
    assert ran.code == 0, ran.err
    names = sorted(path.name for path in out.iterdir())
    assert names == ["edge.pirate.example.json", "target-2.json"]
    assert json.loads((out / names[1]).read_text())["domain"] == [long]


def test_a_file_of_answers_that_may_be_filled_is_not_written_over(
    cautery: Callable[..., Ran], answers: Path
) -> None:
    filled = answers.read_text()
    ran = cautery("form", "answers", FORM, "-o", answers)
    assert ran.code == 2
    assert "exists already" in ran.err
    assert answers.read_text() == filled
