"""For the defence: all about the accused, all that speaks for him, and everything else is listed."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError, InputError
from cautery.messages import in_language
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    Marking,
    Operation,
    Pap,
    Person,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.model.evidence import digest_of
from cautery.model.marking import HandlingCode
from cautery.model.operation import LedCategory
from cautery.model.records import KINDS, PaperKind
from cautery.wiring import custody, desks
from cautery.workflows.case.close import close_case
from cautery.workflows.dossier.accused import FOR_ALL, Accused, unused
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.defence import Defence, defence_of
from cautery.workflows.dossier.defence_parts import defence_parts
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.extract import Extract
from cautery.workflows.dossier.schedule import (
    COLUMNS,
    Item,
    counts_of,
    read_schedule,
    schedule_bytes,
    schedule_of,
)
from cautery.workflows.dossier.verify import verify_bag
from cautery.workflows.dossier.withholding import Reason, withholdings
from cautery.workflows.operation.desk import open_desk
from cautery.workflows.operation.papers import papers_of
from cautery.workflows.operation.persons import register_person
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, share

from .conftest import NOON, Made
from .defence_case import HIS, HIS_ADDRESS, OTHERS, SHARED_WITH_NOBODY, defence_case
from .test_bag import signed_anew
from .test_command import WHO, cautery

P, Q = "P-00aa11bb22cc", "P-99aa11bb22cc"
TABLE = Operation(
    id="op-1",
    name="Test",
    legal_basis="a court's order",
    opened_at=NOON,
    lab=True,
    agencies=tuple(
        Agency(
            id=name, name=name, country=country, role=role,
            competence=frozenset({Competence.INVESTIGATE}), contact=f"desk@{name}.example",
        )
        for name, country, role in (
            ("it-postal", "IT", AgencyRole.LEAD), ("bg-gdbop", "BG", AgencyRole.PARTICIPANT),
        )
    ),
)  # fmt: skip
ABOUT = Accused(hosts=frozenset({HIS}), asked=frozenset({HIS}))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return defence_case(tmp_path_factory.mktemp("defence"))


def leaves_of(path: Path) -> list[tuple[int, str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        rows = database.execute("SELECT idx, kind, leaf FROM entries ORDER BY idx")
        return [(index, kind, bytes(leaf)) for index, kind, leaf in rows]


@pytest.fixture(scope="module")
def bag(case: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bag") / "bag"
    case.dossier(out, Audience.DEFENCE, accused=ABOUT)
    return out


@pytest.fixture
def own(bag: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bag, tmp_path / "bag"))


def checked(bag: Path):
    return verify_bag(bag, store=FolderStore(), extracts=ExtractFile())


def lines_in(bag: Path) -> list[str]:
    return (bag / "data/schedule.csv").read_text().splitlines()


def written(bag: Path, lines: list[str]) -> None:
    """Write the lines of a schedule with the numbers that they have then."""
    numbered = [re.sub(r"^\d+", str(number), line) for number, line in enumerate(lines[1:], 1)]
    (bag / "data/schedule.csv").write_text("\n".join([lines[0], *numbered, ""]))


def test_the_bag_holds_what_speaks_for_him_and_nothing_of_the_bystander(
    case: Made, bag: Path
) -> None:
    whole = leaves_of(case.path / "ledger.sqlite")
    shown = {index for index, _, _ in leaves_of(bag / "data/extract/ledger.sqlite")}
    for index, kind, leaf in whole:
        his = HIS.encode() in leaf or HIS_ADDRESS.encode() in leaf
        others = OTHERS.encode() in leaf or SHARED_WITH_NOBODY.encode() in leaf
        if his or kind in FOR_ALL:
            assert index in shown, (kind, leaf)
        elif others:
            assert index not in shown, (kind, leaf)
    texts = [leaf.decode() for index, _, leaf in whole if index in shown]
    for words in ("granted c1", "the calendar", '"late":true', '"decision":"narrow"', "a rate"):
        assert any(words in text for text in texts), words
    assert not any("granted c2" in text for text in texts)
    assert checked(bag).proven


def test_every_record_and_exhibit_is_in_the_bag_or_has_one_line(case: Made, bag: Path) -> None:
    lines = read_schedule((bag / "data/schedule.csv").read_bytes())
    kinds = {index: kind for index, kind, _ in leaves_of(case.path / "ledger.sqlite")}
    shown = {index for index, _, _ in leaves_of(bag / "data/extract/ledger.sqlite")}
    listed = {int(line.number): line.what for line in lines if line.item is Item.RECORD}
    assert listed == {index: kind for index, kind in kinds.items() if index not in shown}
    vault = {path.name for path in (case.path / "vault").glob("*/*")}
    here = {path.name for path in (bag / "data/extract/vault").glob("*/*")}
    exhibits = {line.number: line for line in lines if line.item is Item.EXHIBIT}
    assert exhibits.keys() == vault - here
    assert {(line.what, line.why.reason) for line in exhibits.values()} == {
        ("complaint", Reason.OTHER_KEY),  # his own: encrypted
        ("complaint", Reason.NOT_ABOUT),
        ("still", Reason.NOT_ABOUT),
    }
    assert [line.number for line in lines if line.item is Item.MISSING] == [64 * "e"]
    schedule = checked(bag).extract.schedule
    assert (schedule.records, schedule.exhibits) == (len(listed), len(exhibits))


def without(words: str) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        lines = lines_in(bag)
        kept = [line for line in lines if words not in line]
        assert len(kept) == len(lines) - 1
        written(bag, kept)

    return change


def info(name: str, count: int) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        path = bag / "bag-info.txt"
        text = path.read_text()
        assert re.search(rf"(?m)^{name}: \d+$", text)
        path.write_text(re.sub(rf"(?m)^{name}: \d+$", f"{name}: {count}", text))

    return change


def hidden_in_both(bag: Path) -> None:
    """Take one record out of the schedule, out of the commitments and out of the count."""
    number = next(line.split(",")[2] for line in lines_in(bag) if ",record," in line)
    without(f",record,{number},")(bag)
    with closing(sqlite3.connect(bag / "data/extract/ledger.sqlite")) as database, database:
        database.execute("DELETE FROM withheld WHERE idx = ?", (number,))
    info("Cautery-Records-Withheld", len([x for x in lines_in(bag) if ",record," in x]))(bag)


def hidden_exhibit(bag: Path) -> None:
    """Hide an exhibit of which no record of the bag speaks, and lower the count."""
    without(",still,")(bag)
    info("Cautery-Exhibits-Withheld", 2)(bag)


def called_missing(bag: Path) -> None:
    """Say of an exhibit that the bag's records name that the case never held it."""
    lines = [line.replace(",exhibit,", ",missing,") if "other-key" in line else line
             for line in lines_in(bag)]  # fmt: skip
    written(bag, lines)
    info("Cautery-Exhibits-Withheld", 2)(bag)


def added(bag: Path) -> None:
    written(bag, [*lines_in(bag), "0,record,0,probe.done,not-about,,,"])


def twice(bag: Path) -> None:
    written(bag, [*lines_in(bag), next(x for x in lines_in(bag) if ",record," in x)])


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (without(",failure,"), "the schedule hides it"),
        (hidden_in_both, "are not the"),
        (without("complaint,other-key"), "the schedule hides it"),
        (hidden_exhibit, "files of the case that was signed"),
        (without("ledger.sqlite"), "files of the case that was signed"),
        (called_missing, "files of the case that was signed"),
        (added, "is not withheld"),
        (twice, "two lines"),
        (info("Cautery-Records-Withheld", 1), "bag-info.txt says"),
        (info("Cautery-Exhibits-Withheld", 0), "bag-info.txt says"),
        (lambda bag: (bag / "data/schedule.csv").unlink(), "lists all that is not in it"),
        (lambda bag: (bag / "data/schedule.csv").write_text("a,b\n"), "columns"),
        (lambda bag: (bag / "data/schedule.csv").write_bytes(b"\xff"), "not a schedule"),
    ],
)
def test_who_hides_one_thing_is_found_though_the_bag_is_signed_anew(
    case: Made, own: Path, attack: Callable[[Path], None], words: str
) -> None:
    attack(own)
    signed_anew(own, case.key)
    with pytest.raises(EvidenceError, match=words):
        checked(own)


def test_who_calls_a_withheld_record_by_another_name_is_found_when_it_is_opened(
    case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(case.path, tmp_path / "case"))
    bag, key = tmp_path / "bag", ("--key", case.key)
    made = ("dossier", copy, "--for", "defence", "--host", HIS, *WHO, *key, "-o", bag)
    assert cautery(monkeypatch, *made) == 0
    number = next(x.split(",")[2] for x in lines_in(bag) if ",guard.decided," in x)
    opened = tmp_path / "opening.json"
    salts = bag.with_name("bag.openings.json")
    reveal = ("custody", "reveal", copy, salts, "--record", number, *WHO, *key, "-o", opened)
    assert cautery(monkeypatch, *reveal) == 0
    check = ("verify", bag, "--opening", opened)
    assert cautery(monkeypatch, *check) == 3
    lines = [
        line.replace("guard.decided", "failure") if f",record,{number}," in line else line
        for line in lines_in(bag)
    ]
    written(bag, lines)
    signed_anew(bag, case.key)
    opening = json.loads(opened.read_text())
    opening["dossier"] = digest_of((bag / "tagmanifest-sha256.txt").read_bytes())
    opened.write_text(json.dumps(opening))
    capsys.readouterr()
    assert cautery(monkeypatch, *check) == 1
    assert "the schedule lists it as failure" in capsys.readouterr().err


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kinds=st.sets(st.sampled_from(["probe.done", "verdict", "guard.decided", "error.rate"])))
def test_no_reason_changes_a_count(case: Made, kinds: set[str]) -> None:
    leaves = leaves_of(case.path / "ledger.sqlite")
    why = withholdings(
        [f"{kind}=public-interest:J. Judge:2026-11-20" for kind in kinds], by="x", on=NOON.date()
    )
    accused = Accused(hosts=ABOUT.hosts, withheld=why)
    files = [f"vault/aa/{path.name}" for path in (case.path / "vault").glob("*/*")]
    extract, defence = defence_of(lambda: leaves, accused, files=files, salt=bytes)
    of_kind = Counter(kind for _, kind, _ in leaves)
    shown = Counter(kind for _, kind, *_ in extract.shown)
    listed = Counter(line.what for line in defence.lines if line.item is Item.RECORD)
    assert shown + listed == of_kind
    for kind in kinds:
        assert kind not in shown
    assert sum(count.count for count in counts_of(defence.lines)) == len(defence.lines)


def view_of(case: Made, out: Path, accused: Accused = ABOUT):
    views = []

    def document(extract: Extract | None, defence: Defence | None) -> dict[str, bytes]:
        view, _ = document_view(
            case.path, extract, audience=Audience.DEFENCE, store=FolderStore(), at=NOON,
            defence=defence,
        )  # fmt: skip
        views.append((view, defence_parts(extract, defence)))
        return {}

    case.dossier(out, Audience.DEFENCE, accused=accused, document=document)
    return views[0]


@pytest.mark.parametrize("language", ["en", "fr", "it", "es"])
def test_the_numbers_of_the_document_are_those_of_the_records_to_the_digit(
    case: Made, tmp_path: Path, language: str
) -> None:
    with in_language(language):
        view, parts = view_of(case, tmp_path / "bag")
    assert view.parts == parts
    records = [
        (kind, json.loads(leaf)["body"])
        for _, kind, leaf in leaves_of(tmp_path / "bag/data/extract/ledger.sqlite")
    ]
    probes = [body for kind, body in records if kind == "probe.done"]
    best = [
        max((row["log10_lr"] for row in body["observation"]["witnesses"]), default=0.0)
        for body in probes
        if body["observation"] is not None
    ]
    guard = Counter(body["decision"] for kind, body in records if kind == "guard.decided")
    count = Counter(kind for kind, _ in records)
    expected = [
        len(probes),
        sum(body["failed"] is not None for body in probes),
        sum(value <= 0 for value in best),
        sum(0 < value < 3 for value in best),
        count["verdict"],
        guard["narrow"],
        guard["refuse"],
        count["override.given"],
        count["complaint.filed"] + count["complaint.decided"] + count["hosts.ruled"],
        sum(kind == "watch.pace" and body["late"] for kind, body in records),
        count["failure"],
        0,
    ]
    assert [row[1] for row in parts[1].rows] == list(map(str, expected))
    assert min(expected[:8]) >= 1
    lines = read_schedule((tmp_path / "bag/data/schedule.csv").read_bytes())
    schedule = parts[-1]
    assert sum(int(row[3]) for row in schedule.rows) == len(lines)
    for item in (Item.RECORD, Item.EXHIBIT, Item.FILE):
        number = sum(line.item is item for line in lines)
        assert re.search(rf"\b{number}\b", schedule.says[0])
    assert len(parts) == 11


def test_what_a_person_withholds_is_in_no_part_of_the_document(case: Made, tmp_path: Path) -> None:
    why = withholdings(
        ["override.given=H1:bg-gdbop", "error.rate=another-person", "case.opened=another-person"],
        by="A. Legal", on=NOON.date(),
    )  # fmt: skip
    view, parts = view_of(case, tmp_path / "bag", Accused(hosts=ABOUT.hosts, withheld=why))
    text = repr(view)
    assert "only pirates there" not in text
    assert view.rates == ()
    assert view.who == ""
    assert "handling code H1 of bg-gdbop, decided by A. Legal on 2026-11-24" in text
    assert parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing=another-person", "not a kind of record"),
        ("verdict", "not a reason"),
        ("verdict=because", "not a reason"),
        ("verdict=not-about", "not a reason"),
        ("verdict=H4:bg-gdbop", "not a reason"),
        ("verdict=H1:", "not a reason"),
        ("verdict=public-interest", "not a reason"),
        ("verdict=public-interest:J. Judge", "not a reason"),
        ("verdict=public-interest: :2026-11-20", "not a reason"),
        ("verdict=public-interest:J. Judge:2026-11-25", "not a reason"),
        ("verdict=another-person:x", "not a reason"),
    ],
)
def test_a_reason_outside_of_the_list_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        withholdings([text], by="A. Legal", on=date(2026, 11, 24))


def test_one_kind_has_one_reason_and_a_kind_of_which_nothing_is_given_needs_none(
    case: Made,
) -> None:
    with pytest.raises(InputError, match="two reasons"):
        withholdings(["verdict=another-person", "verdict=H1:a"], by="x", on=NOON.date())
    why = withholdings(["notice.sent=another-person"], by="x", on=NOON.date())
    leaves = leaves_of(case.path / "ledger.sqlite")
    with pytest.raises(InputError, match="no record of this kind"):
        unused(lambda: leaves, Accused(hosts=ABOUT.hosts, withheld=why), files=())


@pytest.mark.parametrize("hosts", [{"nobody.example"}, {HIS, "nobody.example"}])
def test_a_host_that_the_case_does_not_know_is_refused(case: Made, hosts: set[str]) -> None:
    leaves = leaves_of(case.path / "ledger.sqlite")
    accused = Accused(hosts=frozenset(hosts), asked=frozenset(hosts))
    with pytest.raises(InputError, match=r"nobody\.example"):
        unused(lambda: leaves, accused, files=())


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_a_hostile_schedule_is_refused_in_a_sentence(raw: bytes) -> None:
    for text in (raw, ",".join(COLUMNS).encode() + b"\r\n" + raw):
        try:
            lines = read_schedule(text)
        except EvidenceError:
            continue
        assert all(line.what in KINDS or line.item in {Item.EXHIBIT, Item.FILE} for line in lines)


def test_a_schedule_reads_back_as_it_was_written(case: Made) -> None:
    leaves = leaves_of(case.path / "ledger.sqlite")
    why = withholdings(["verdict=public-interest:=J. Judge:2026-11-20"], by="x", on=NOON.date())
    rest = unused(lambda: leaves, Accused(hosts=ABOUT.hosts, withheld=why), files=["a", "=b"])
    lines = schedule_of(rest, Accused(statements={("H1+H3", "bg-gdbop"): 2}))
    assert read_schedule(schedule_bytes(lines)) == lines


@pytest.mark.parametrize(
    "given",
    [
        (("--for", "defence"), "none is named"),
        (("--for", "defence", "--person", "P-00aa11bb22cc"), "has no persons"),
        (("--for", "hoster", "--host", HIS, "--withhold", "verdict=another-person"), "defence"),
        (("--for", "court", "--person", "P-1"), "defence"),
        (("--for", "defence", "--host", HIS, "--open", "*"), "court alone"),
    ],
)
def test_a_dossier_for_the_defence_names_an_accused(
    case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, given: tuple
) -> None:
    (options, words), out = given, tmp_path / "bag"
    assert (
        cautery(monkeypatch, "dossier", case.path, *options, *WHO, "--key", case.key, "-o", out)
        == 2
    )
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_the_command_says_what_is_not_in_it_and_the_chain_says_of_whom(
    case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(case.path, tmp_path / "case"))
    made = (
        "dossier", copy, "--for", "defence", "--host", HIS, *WHO, "--key", case.key,
        "--withhold", "hosts.ruled=public-interest:J. Judge:2026-11-20", "-o", tmp_path / "bag",
    )  # fmt: skip
    assert cautery(monkeypatch, *made) == 0
    told = capsys.readouterr().err
    assert (
        "not in it: 1 record hosts.ruled (public-interest, decided by J. Judge on 2026-11-20)"
        in told
    )
    assert [line.what for line in custody.chain_of(copy)] == [f"dossier for defence of {HIS}"]
    assert (tmp_path / "bag/data/dossier.pdf").read_bytes().startswith(b"%PDF")


def person(pseudonym: str) -> Person:
    return Person(
        pseudonym=pseudonym, category=LedCategory.SUSPECT, kind=StatementKind.ASSESSMENT,
        role="reseller", marking=Marking(tlp=Tlp.RED, pap=Pap.RED),
        review_at=NOON.date() + timedelta(90), erase_at=NOON.date() + timedelta(300),
    )  # fmt: skip


def statement(by: str, text: str, subject: str = P, **changed: object) -> Statement:
    given = {
        "id": "new", "by": by, "subject": subject, "about": "person", "text": text,
        "kind": StatementKind.ASSESSMENT, "marking": Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        "at": NOON,
    }  # fmt: skip
    return Statement(**{**given, **changed})


@pytest.fixture
def operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operation's closed case with two persons; of one a bystander's agency says more."""
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    desks = [
        open_desk(
            tmp_path / name, store=FolderStore(KeyFolder(tmp_path / "keys")),
            clock=FixedClock(NOON), operation=TABLE, agency=name,
        )
        for name in ("it-postal", "bg-gdbop")
    ]  # fmt: skip
    rome, sofia = desks
    register_person(rome, "Assunta Quaglia", person(pseudonym=P))
    register_person(rome, "Bruno Celentani", person(pseudonym=Q))
    runs = {"runs": [f"host:{HIS}", "wallet:x"]}
    add_statements(rome, [
        statement("it-postal", f"{P} runs the panel", details=runs),
        statement("it-postal", f"{Q} runs another panel", Q, details={"runs": [f"host:{OTHERS}"]}),
        statement("it-postal", f"{P} and {Q} met"),
    ])  # fmt: skip
    h1 = Marking(tlp=Tlp.GREEN, pap=Pap.GREEN, handling=frozenset({HandlingCode.H1}))
    add_statements(sofia, [
        statement("bg-gdbop", f"{P} was abroad that night", P),
        statement("bg-gdbop", f"a source knows {P}", P, marking=h1),
    ])  # fmt: skip
    receive(rome, share(sofia, "it-postal", at=NOON), key=sofia.case.verifier, at=NOON, who="x")
    close_case(rome.case, at=NOON)
    for desk in desks:
        desk.leave()
    return tmp_path / "it-postal"


def test_a_person_of_an_operation_is_given_what_is_said_of_him_and_the_rest_is_counted(
    operation: Path, case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = tmp_path / "bag"
    made = ("dossier", operation, "--for", "defence", "--person", P, *WHO, "--key", case.key)
    assert cautery(monkeypatch, *made, "-o", bag) == 0
    shown = b"".join(leaf for _, _, leaf in leaves_of(bag / "data/extract/ledger.sqlite"))
    assert b"runs the panel" in shown
    assert Q.encode() not in shown
    assert b"another panel" not in shown
    received = (bag / "data/statements.jsonl").read_text()
    assert "abroad that night" in received
    whole = b"".join(path.read_bytes() for path in bag.rglob("*") if path.is_file())
    assert b"a source knows" not in whole
    counts = {
        (count.item, count.why.reason, count.why.agency): count.count
        for count in counts_of(read_schedule((bag / "data/schedule.csv").read_bytes()))
        if count.why.reason in {Reason.HANDLING, Reason.ANOTHER_PERSON, Reason.OTHER_KEY}
    }
    assert counts == {
        (Item.STATEMENT, Reason.HANDLING, "H1 of bg-gdbop"): 1,
        (Item.STATEMENT, Reason.ANOTHER_PERSON, "it-postal"): 1,
        (Item.RECORD, Reason.ANOTHER_PERSON, ""): 1,
        (Item.EXHIBIT, Reason.OTHER_KEY, ""): 1,  # his name
    }
    assert cautery(monkeypatch, "verify", bag) == 3
    assert (bag / "data/dossier.pdf").is_file()


def test_the_dossier_is_a_paper_that_names_him_and_is_marked_when_he_is_acquitted(
    operation: Path, case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    made = ("dossier", operation, "--for", "defence", "--person", P, *WHO, "--key", case.key)
    assert cautery(monkeypatch, *made, "-o", tmp_path / "bag") == 0
    decided = (
        "operation", "person", "outcome", operation, P, "acquitted", "--on", "2026-11-24",
        "--court", "Tribunale di Roma", "--reference", "1/2026", "--by", "x", "--why", "judgment",
    )  # fmt: skip
    assert cautery(monkeypatch, *decided) == 0
    assert "must be told: Court of Roma" in capsys.readouterr().err
    for pseudonym, count in ((P, 1), (Q, 0)):
        assert (
            cautery(monkeypatch, "operation", "person", "papers", operation, pseudonym, "--json")
            == 0
        )
        papers = list(map(json.loads, capsys.readouterr().out.splitlines()))
        assert len(papers) == count
    assert cautery(monkeypatch, *made, "-o", tmp_path / "second") == 2  # no new paper names him
    assert not (tmp_path / "second").exists()
    assert not (tmp_path / "second.openings.json").exists()


def test_of_a_watch_he_is_given_the_hosts_that_the_operation_attributes_to_him(
    operation: Path, case: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    copy = Path(shutil.copytree(case.path, tmp_path / "watch"))
    made = ("dossier", copy, "--for", "defence", *WHO, "--key", case.key, "--operation", operation)
    assert cautery(monkeypatch, *made, "--person", P, "-o", tmp_path / "bag") == 0
    shown = b"".join(leaf for _, _, leaf in leaves_of(tmp_path / "bag/data/extract/ledger.sqlite"))
    assert HIS.encode() in shown
    assert b"granted c2" not in shown
    assert cautery(monkeypatch, *made, "--person", "P-nobody", "-o", tmp_path / "none") == 2
    assert "no person" in capsys.readouterr().err
    assert [paper.kind for paper in papers_in(operation)] == [PaperKind.DOSSIER]


def papers_in(operation: Path):
    with desks.person_file(operation, read_only=True) as file:
        return papers_of(file, P)
