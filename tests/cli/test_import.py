"""`cautery import` and `cautery imports`, as a partner's file comes in."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.console.conftest import made_cases
from tests.exchange.packages import sample_package

from cautery.exchange.catalogue import format_named
from cautery.model.marking import HandlingCode
from cautery.wiring.cases import reading


@pytest.fixture(scope="module")
def _season(tmp_path_factory):
    return made_cases(tmp_path_factory.mktemp("import"))


@pytest.fixture
def case(_season, monkeypatch):
    monkeypatch.setenv("CAUTERY_KEYS", str(_season.parent / "keys"))
    return _season / "cup" / "night-2"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "partner.csv"
    path.write_bytes(b"".join(format_named("csv").write(sample_package())))
    return path


def test_a_file_is_shown_without_secrets_and_with_what_it_was_taken_for(cautery, file):
    shown = cautery("import", file)

    assert shown.code == 0
    assert "edge-1.goals.example" in shown.out
    assert "revoked" in shown.out
    assert "CSV" in shown.err
    assert "Nothing of it is evidence" in shown.err
    as_csv = list(csv.DictReader(io.StringIO(cautery("import", file, "--csv").out)))
    assert len(as_csv) == len(sample_package().items)
    lines = [json.loads(line) for line in cautery("import", file, "--json").out.splitlines()]
    assert {line["kind"] for line in lines} == {item.kind.value for item in sample_package().items}


def test_no_words_of_a_file_show_credentials_or_mail_addresses(cautery, tmp_path):
    words = "Anna http://user:hunter22@x.example/ anna@mail.example"
    package = sample_package()
    first = package.items[0]
    bound = replace(first.marking, handling=frozenset((HandlingCode.H3,)), h3_text=words)
    item = replace(first, by=words, text=words, name=words, country=words, marking=bound)
    path = tmp_path / "partner.csv"
    told = replace(package, name=words, by=words, items=(item,), relations=(), marking=bound)
    path.write_bytes(b"".join(format_named("csv").write(told)))

    for options in ((), ("--json",), ("--csv",)):
        shown = cautery("import", path, *options)
        assert shown.code == 0
        for secret in ("hunter22", "anna@mail.example"):
            assert secret not in shown.out + shown.err
    assert "Anna" in cautery("import", path).err


def test_a_file_is_converted_and_what_is_lost_is_said(cautery, file, tmp_path):
    out = tmp_path / "partner.json"
    done = cautery("import", file, "--to", "misp", "-o", out, "--json")

    assert done.code == 0
    assert out.stat().st_size > 1000
    again = cautery("import", out, "--json")
    assert len(again.out.splitlines()) == len(sample_package().items)


def test_strict_converts_no_file_of_which_something_is_left_out(cautery, tmp_path):
    path, out = tmp_path / "partner.csv", tmp_path / "out.json"
    path.write_text("Domain;TLP;Lawyer\na.example;green;Rossi\n")
    strict = cautery("import", path, "--to", "stix", "-o", out, "--strict")

    assert strict.code != 0
    assert "left out: 1 x Lawyer" in strict.err
    assert not out.exists()
    done = cautery("import", path, "--to", "stix", "-o", out)
    assert done.code == 0
    assert "nothing is lost" not in done.err
    assert out.stat().st_mode & 0o077 == 0


def test_a_converted_file_replaces_none_unasked(cautery, file, tmp_path):
    out = tmp_path / "kept.txt"
    out.write_text("keep me")
    refused = cautery("import", file, "--to", "misp", "-o", out)

    assert refused.code == 2
    assert "exists already" in refused.err
    assert out.read_text() == "keep me"
    assert cautery("import", file, "--to", "misp", "-o", out, "--force").code == 0
    assert out.read_text() != "keep me"


def test_a_file_is_recorded_once_and_listed_by_host(cautery, file, case):
    first = cautery("import", file, "--case", case, "--source", "Liga", "--evaluation", "b2")
    with reading(case) as opened:
        size = opened.ledger.size()
    again = cautery("import", file, "--case", case, "--source", "Liga", "--evaluation", "B2")
    with reading(case) as opened:
        assert opened.ledger.size() == size

    assert (first.code, again.code) == (0, 0)
    assert "Liga, B2" in first.err
    assert "nothing is added" in again.err
    listed = cautery("imports", case, "--about", "edge-1.goals.example", "--json")
    rows = [json.loads(line) for line in listed.out.splitlines()]
    assert {row["kind"] for row in rows} == {"host", "block", "stream"}
    assert {row["evaluation"] for row in rows} == {"B2"}
    assert "P-heron" not in cautery("imports", case, "--csv").out
    files = cautery("imports", case, "--files", "--json")
    assert json.loads(files.out)["imported"]["format"] == "csv"
    assert cautery("imports", case, "--source", "Nobody").code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--case", "c"], "--case needs --source and --evaluation"),
        (["--evaluation", "B2"], "nothing is recorded"),
        (["--to", "csv"], "--to and -o go together"),
        (["--strict"], "nothing is converted"),
        (["--case", "c", "--source", "s", "--evaluation", "D9"], "is not one"),
        (["--marking", "red"], "is no word of a marking"),
        (["--from", "word"], "there is no format"),
    ],
)
def test_options_that_make_no_sense_are_refused(cautery, file, options, said):
    ran = cautery("import", file, *options)

    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_is_no_exchange_is_a_sentence_and_changes_no_case(cautery, case, tmp_path):
    path: Path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.7" + bytes(500))
    with reading(case) as opened:
        size = opened.ledger.size()
    ran = cautery("import", path, "--case", case, "--source", "Liga", "--evaluation", "B2")

    assert ran.code == 2
    assert "report.pdf" in ran.err
    with reading(case) as opened:
        assert opened.ledger.size() == size


def test_a_name_that_stands_twice_is_a_sentence_and_ends_no_process(cautery, tmp_path):
    one = {"type": "indicator", "id": "indicator--1", "name": "a"}
    text = json.dumps({"type": "bundle", "id": "bundle--1", "objects": [one]})
    path = tmp_path / "partner.json"
    path.write_text(text.replace('"name": "a"', '"name": "a", "name": "b"'))
    shown = cautery("import", path)
    assert shown.code == 2
    assert "objects[0]: the name 'name' stands twice in one object" in shown.err


def test_a_refusal_that_names_an_exhibit_of_the_case_says_that_the_case_holds_it(
    case, tmp_path, monkeypatch
):
    from cautery.errors import InputError
    from cautery.model.records import ExhibitSealed, kinds_of
    from cautery.wiring import importing

    with reading(case) as opened:
        entry = next(iter(opened.ledger.read(kinds=kinds_of(ExhibitSealed))))
    held, other = entry.content.exhibit.id, "sha256:" + "1" * 64

    for digest, says in ((held, f"this case holds the exhibit {held}"), (other, "artifact--1")):

        def refusing(*_, digest=digest, **__):
            raise InputError(f"artifact--1: its bytes are not of {digest}")

        monkeypatch.setattr(importing, "read_file", refusing)
        with pytest.raises(InputError, match=says) as caught:
            importing.read(tmp_path / "a", case_path=case)
        assert ("contradicts" in str(caught.value)) is (digest == held)
