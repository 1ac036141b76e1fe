"""After an arrest: who is acquitted is erased, and every paper that named the person is marked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cautery.cli import main
from cautery.errors import ErasedError, InputError, StorageError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated
from cautery.model import (
    Instrument,
    InstrumentKind,
    Marking,
    Pap,
    Statement,
    StatementKind,
    Tlp,
    digest_of,
)
from cautery.model.ledger import filed
from cautery.model.marking import HandlingCode
from cautery.model.records import (
    BundleShared,
    Outcome,
    PaperKind,
    PaperMarked,
    PersonAccessed,
    PersonErased,
    PersonOutcome,
)
from cautery.wiring import desks
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.about_person import hosts_of, said_of
from cautery.workflows.operation.access import give_access
from cautery.workflows.operation.afterwards import PersonFile, note_text, noted_in
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.outcomes import (
    erase_lapsed,
    erase_person,
    lapsed,
    must_be_told,
    outcomes,
    record_outcome,
)
from cautery.workflows.operation.papers import COURT, papers_of, register_paper
from cautery.workflows.operation.persons import (
    find_person,
    has_person,
    name_of,
    pseudonym_at,
    register_person,
)
from cautery.workflows.operation.persons_now import persons_now
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, correct, share

from .test_persons import NAME, NOON, TODAY, person
from .test_withhold import DAY, step

WHO, OTHER = "P-00aa11bb22cc", "P-99aa11bb22cc"
NO_TIMES = (
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "yesterday",
)
Desks = Callable[..., Desk]


def outcome(decided: Outcome, **changed: object) -> PersonOutcome:
    given = {
        "pseudonym": WHO, "outcome": decided, "on": TODAY, "court": "Tribunale di Roma",
        "reference": "1234/2026", "by": "officer 77", "why": "judgment, final",
    }  # fmt: skip
    return PersonOutcome(**{**given, **changed})


def statement(by: str, text: str, subject: str = WHO, **changed: object) -> Statement:
    given = {
        "id": "new", "by": by, "subject": subject, "about": "person", "text": text,
        "kind": StatementKind.ASSESSMENT, "marking": Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        "at": NOON,
    }  # fmt: skip
    return Statement(**{**given, **changed})


@pytest.fixture
def rome(agency_desk: Desks) -> Desk:
    """A desk that keeps two persons, told Sofia of one of them, and another agency of a host."""
    desk = agency_desk("it-postal")
    register_person(desk, NAME, person(erase_at=TODAY + timedelta(300)))
    register_person(desk, "Bruno Celentani", person(pseudonym=OTHER))
    add_statements(
        desk,
        [
            statement("it-postal", f"{WHO} runs the panel", details={"runs": ["host:a.example"]},
                      to=frozenset({"bg-gdbop"})),
            statement("it-postal", "the panel", "host:a.example", about="asset",
                      to=frozenset({"nl-fiod"})),
        ],
    )  # fmt: skip
    share(desk, "bg-gdbop", at=NOON)
    share(desk, "nl-fiod", at=NOON)
    return desk


@pytest.mark.parametrize("decided", list(Outcome))
def test_an_acquittal_or_a_discontinuance_erases_and_nothing_else_does(
    rome: Desk, decided: Outcome
) -> None:
    file = PersonFile.of(rome)
    done = record_outcome(file, outcome(decided), at=NOON)
    assert outcomes(file)[WHO].outcome is decided
    (kept,) = (row for row in persons_now(file) if row.person.pseudonym == WHO)
    if decided in {Outcome.ACQUITTED, Outcome.DISCONTINUED}:
        assert done is not None
        assert done.keys == 1
        assert kept.erased_at == NOON
        with pytest.raises(ErasedError):
            name_of(rome, WHO, why="x", who="y")
    else:
        assert done is None
        assert name_of(rome, WHO, why="x", who="y") == NAME
    assert name_of(rome, OTHER, why="x", who="y") == "Bruno Celentani"


def test_every_paper_that_named_the_person_is_marked_and_its_receivers_must_be_told(
    rome: Desk,
) -> None:
    file = PersonFile.of(rome)
    form = register_paper(
        file, kind=PaperKind.FORM, title="request 7", paper=digest_of(b"paper"), persons={WHO}, to={"a bank"},
        by="officer 77", why="request", at=NOON,
    )  # fmt: skip
    done = record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON)
    assert done is not None
    # The bundle for The Hague names a host alone: nobody there is told of the person.
    assert {(mark.kind, mark.must_be_told) for mark in done.marked} == {
        (PaperKind.BUNDLE, ("bg-gdbop",)),
        (PaperKind.FORM, ("a bank",)),
    }
    assert form.paper == digest_of(b"paper")
    assert must_be_told(done.marked) == ("a bank", "bg-gdbop")
    assert [mark for _, mark in rome.contents(PaperMarked)] == list(done.marked)
    assert all(paper.marked == {WHO: TODAY} for paper in papers_of(file, WHO))
    assert len(done.statements) == 1  # it still names the person: somebody withdraws it


def test_plans_of_the_day_and_drafts_of_instruments_are_papers_of_whom_they_name(
    rome: Desk,
) -> None:
    arrest = step("arrest-1", WHO)
    rome.record(replace(DAY, steps=(arrest, *DAY.steps)))
    rome.record(DAY)
    draft = Instrument(
        id="draft-1", kind=InstrumentKind.FREEZING, by="it-postal", addressee="a bank",
        country="IT", holds=(f"account of {WHO}",), basis="x", grounds="y", drafted_at=NOON,
    )  # fmt: skip
    rome.record(draft)
    rome.record(replace(draft, id="draft-2", holds=("another account",)))
    named = papers_of(PersonFile.of(rome), WHO)
    assert {(paper.kind, paper.to) for paper in named} == {
        (PaperKind.BUNDLE, ("bg-gdbop",)),
        (PaperKind.DAY, ("nl-fiod",)),
        (PaperKind.INSTRUMENT, ("a bank",)),
    }
    assert len(named) == 3
    assert papers_of(PersonFile.of(rome), OTHER) == ()


def test_a_second_outcome_marks_no_paper_twice_but_what_was_written_since(rome: Desk) -> None:
    file = PersonFile.of(rome)
    record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON)
    first = record_outcome(file, outcome(Outcome.DISCONTINUED), at=NOON + timedelta(days=1))
    assert first is not None
    assert (first.keys, first.marked) == (0, ())
    assert sum(1 for _ in rome.contents(PersonErased)) == 1
    correct(rome, first.statements[0], text="withdrawn", at=NOON, withdrawn=True)
    share(rome, "bg-gdbop", at=NOON + timedelta(days=2))  # the correction names the person, too
    later = record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON + timedelta(days=3))
    assert later is not None
    assert [(mark.kind, mark.erased_on) for mark in later.marked] == [(PaperKind.BUNDLE, TODAY)]


def test_no_new_paper_names_a_person_whose_name_is_erased(rome: Desk) -> None:
    file = PersonFile.of(rome)
    record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON)
    for persons, words in (({WHO}, "erased"), ({"P-nobody"}, "no person"), (set(), "must name")):
        with pytest.raises(InputError, match=words):
            register_paper(
                file, kind=PaperKind.FORM, title="x", paper=digest_of(b"x"), persons=persons, to=(), by="x",
                why="x", at=NOON,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"court": " "}, "court"),
        ({"reference": ""}, "reference"),
        ({"by": ""}, "by"),
        ({"why": "two\nlines"}, "why"),
        ({"why": "x" * 301}, "why"),
        ({"on": TODAY + timedelta(1)}, "still to come"),
        ({"pseudonym": "P-nobody"}, "no person"),
    ],
)
def test_an_outcome_says_who_when_where_and_why(
    rome: Desk, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        record_outcome(PersonFile.of(rome), outcome(Outcome.ACQUITTED, **changed), at=NOON)
    assert list(rome.contents(PersonOutcome)) == []
    assert name_of(rome, WHO, why="x", who="y") == NAME


def test_who_is_not_reviewed_in_time_is_erased_on_the_day_after(rome: Desk) -> None:
    file = PersonFile.of(rome)
    review = TODAY + timedelta(90)
    assert lapsed(file, today=review) == ()
    day_after = NOON + timedelta(91)
    done = erase_lapsed(file, by="officer 77", why="not reviewed", at=day_after)
    assert [erased.pseudonym for erased in done] == [WHO, OTHER]
    assert lapsed(file, today=day_after.date()) == ()
    assert erase_lapsed(file, by="officer 77", why="not reviewed", at=day_after) == ()


def test_the_newest_outcome_is_that_of_the_latest_day(rome: Desk) -> None:
    file = PersonFile.of(rome)
    record_outcome(file, outcome(Outcome.CHARGED, on=date(2026, 11, 20)), at=NOON)
    record_outcome(file, outcome(Outcome.ARRESTED, on=date(2026, 11, 2)), at=NOON)
    assert outcomes(file)[WHO].outcome is Outcome.CHARGED


def test_access_shows_what_is_held_counts_what_is_not_shown_and_is_a_record(
    rome: Desk, agency_desk: Desks
) -> None:
    sofia = agency_desk("bg-gdbop")
    h1 = Marking(tlp=Tlp.GREEN, pap=Pap.GREEN, handling=frozenset({HandlingCode.H1}))
    add_statements(
        sofia,
        [
            statement("bg-gdbop", f"{WHO} met a *source*", marking=h1),
            statement("bg-gdbop", f"{WHO} pays for the server"),
            statement("bg-gdbop", f"{WHO} works with {OTHER}"),
        ],
    )
    bundle = share(sofia, "it-postal", at=NOON)
    receive(rome, bundle, key=sofia.case.verifier, at=NOON, who="x")
    file = PersonFile.of(rome)
    text = give_access(
        file, WHO, counsel="C. Avvocato", by="officer 77", why="request 1", at=NOON
    ).decode()
    assert NAME in text
    assert "pays for the server" in text
    assert "a.example" in text
    assert "met a" not in text
    assert OTHER not in text
    assert "bg-gdbop that are not shown, because of its handling code H1: 1." in text
    assert "bg-gdbop that are not shown, because they name another person, too: 1." in text
    (accessed,) = (content for _, content in rome.contents(PersonAccessed))
    assert accessed == PersonAccessed(
        pseudonym=WHO, counsel="C. Avvocato", by="officer 77", why="request 1",
        digest=digest_of(text.encode()), withheld=2,
    )  # fmt: skip
    assert said_of(rome, WHO).withheld_count == 2
    assert "C. Avvocato; request 1" in give_access(
        file, WHO, counsel="", by="officer 77", why="request 2", at=NOON
    ).decode()  # fmt: skip


def test_access_after_erasure_has_no_name(rome: Desk) -> None:
    file = PersonFile.of(rome)
    record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON)
    text = give_access(file, WHO, counsel="", by="x", why="y", at=NOON).decode()
    assert NAME not in text
    assert "name: erased" in text
    assert "acquitted; Tribunale di Roma, 1234/2026" in text


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("x", " "), ("x", "a\nb")])
def test_nobody_is_given_access_without_who_and_why(rome: Desk, by: str, why: str) -> None:
    with pytest.raises(InputError, match=r"art\. 25"):
        give_access(PersonFile.of(rome), WHO, counsel="", by=by, why=why, at=NOON)
    assert list(rome.contents(PersonAccessed)) == []


def test_hosts_are_those_that_standing_statements_attribute_to_the_person(rome: Desk) -> None:
    assert hosts_of(rome, WHO) == {"a.example"}
    assert hosts_of(rome, OTHER) == set()
    (said,) = said_of(rome, WHO).shown
    correct(rome, said.statement.id, text="withdrawn", at=NOON, withdrawn=True)
    assert hosts_of(rome, WHO) == set()


@pytest.fixture
def closed(rome: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same case, closed, with its keys where the commands look for them."""
    close_case(rome.case, at=NOON)
    rome.leave()
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    return rome.case.path


def cautery(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["cautery", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_in_a_closed_case_the_chain_of_custody_says_it_and_every_proof_stands(
    closed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    decided = (
        "operation", "person", "outcome", closed, WHO, "acquitted", "--on", "2026-11-24",
        "--court", "Tribunale di Roma", "--reference", "1234/2026", "--by", "officer 77",
        "--why", "judgment, final",
    )  # fmt: skip
    assert cautery(monkeypatch, *decided) == 0
    told = capsys.readouterr().err
    assert "1 key destroyed" in told
    assert "must be told: bg-gdbop" in told
    assert "takes no correction" in told
    assert cautery(monkeypatch, "custody", "list", closed) == 0
    assert "a record: operation.person-outcome" in capsys.readouterr().out
    with desks.person_file(closed, read_only=True) as file:
        assert [type(content) for _, content in noted_in(file.chain)] == [
            PersonOutcome, PersonErased, PaperMarked,
        ]  # fmt: skip
        assert {row.person.pseudonym for row in persons_now(file) if row.erased_at} == {WHO}
        assert outcomes(file)[WHO].reference == "1234/2026"
        store = file.desk.case.store
    verify_case(closed, store=store)
    assert cautery(monkeypatch, "operation", "person", "papers", closed, WHO, "--json") == 0
    (paper,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (paper["kind"], paper["must_be_told"]) == ("bundle", ["bg-gdbop"])
    assert paper["erased_on"] is not None


def test_a_record_that_says_erased_while_the_key_is_there_keeps_nobody_beyond_the_date(
    rome: Desk,
) -> None:
    rome.record(PersonErased(pseudonym=WHO, why="forged", keys=1), at=NOON)
    file = PersonFile.of(rome)
    (kept,) = (row for row in persons_now(file) if row.person.pseudonym == WHO)
    assert (kept.erased_at, kept.said_erased_at) == (None, NOON)
    later = NOON + timedelta(days=400)
    assert WHO in {entry.person.pseudonym for entry in lapsed(file, today=later.date())}
    register_paper(
        file, kind=PaperKind.FORM, title="request 7", paper=digest_of(b"paper"), persons={WHO}, to={"a bank"},
        by="officer 77", why="request", at=NOON,
    )  # fmt: skip
    done = {row.pseudonym: row for row in erase_lapsed(file, by="b", why="w", at=later)}
    assert done[WHO].keys == 1
    assert {mark.kind for mark in done[WHO].marked} == {PaperKind.BUNDLE, PaperKind.FORM}
    with pytest.raises(ErasedError):
        name_of(rome, WHO, why="x", who="y")
    (kept,) = (row for row in persons_now(file) if row.person.pseudonym == WHO)
    assert (kept.erased_at, kept.said_erased_at) == (later, None)


def test_an_inquiry_finds_who_is_only_said_to_be_erased(rome: Desk) -> None:
    register_person(rome, "Carla Verdi", person(pseudonym=pseudonym_at(rome, "Carla Verdi")))
    erasure = PersonErased(pseudonym=pseudonym_at(rome, "Carla Verdi"), why="forged", keys=1)
    rome.record(erasure, at=NOON)
    case = rome.case
    assert has_person(case.ledger, case.vault, "Carla Verdi", case.pseudonyms)
    assert find_person(rome, "Carla Verdi", why="x", who="y") is not None


def test_a_line_of_custody_that_says_erased_while_the_key_is_there_is_named(
    closed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desks.person_file(closed) as file:
        file.record(
            [PersonErased(pseudonym=WHO, why="forged", keys=1)], by="x", why="forged", at=NOON
        )
    for verb in ("list", "due"):
        assert cautery(monkeypatch, "operation", "person", verb, closed) == 0
        told = capsys.readouterr()
        assert f"{WHO}: a record of {NOON:%Y-%m-%d} says that the name was erased, but" in told.err
        assert "erased 20" not in told.out


@pytest.mark.parametrize("why", ["", " ", "a\nb", "x" * 301, "\u202egnorw"])
def test_nothing_is_destroyed_for_a_reason_that_cannot_be_recorded(rome: Desk, why: str) -> None:
    file = PersonFile.of(rome)
    with pytest.raises(InputError, match="needs a reason"):
        erase_person(file, WHO, by="officer 77", why=why, at=NOON)
    assert name_of(rome, WHO, why="x", who="y") == NAME


def test_a_paper_with_a_hostile_title_is_marked_in_a_closed_case(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "a\u202eb\n" + "x" * 5000
    with desks.person_file(closed) as file:
        register_paper(
            file, kind=PaperKind.FORM, title=hostile, paper=digest_of(b"x"), persons={WHO},
            to={hostile}, by="x", why="y", at=NOON,
        )  # fmt: skip
    with desks.person_file(closed) as file:
        done = erase_person(file, WHO, by="x", why="y", at=NOON)
        assert len(done.marked) == 2
    with desks.person_file(closed, read_only=True) as file:
        assert all(paper.marked for paper in papers_of(file, WHO))


def test_what_somebody_writes_beside_a_case_costs_itself_alone() -> None:
    good = outcome(Outcome.CHARGED)
    texts = ["", "[]", '{"kind":"operation.person-outcome","body":{}}', '{"kind":"x","body":{}}',
             '{"kind":["operation.paper"],"body":1}', note_text(good)]  # fmt: skip
    chain = tuple(
        stated(at=NOON, act=CustodyAct.NOTED, by="x", why="y", what=what, digest="")
        for what in texts
    )
    assert [
        content
        for _, content in noted_in((*chain, replace(chain[-1], at="yesterday")))
        if isinstance(content, PersonOutcome)
    ] == [good]


@pytest.mark.parametrize("at", NO_TIMES)
def test_a_line_beside_the_case_that_is_of_no_time_stops_no_acquittal(rome: Desk, at: str) -> None:
    given = {"act": CustodyAct.COPIED, "by": "x", "why": "x", "digest": "sha256:" + 64 * "1"}
    said = replace(
        stated(at=NOON, what="dossier for court", **given),  # type: ignore[arg-type]
        at=at,
    )
    noted = replace(said, act=CustodyAct.NOTED, what=note_text(outcome(Outcome.CHARGED)))
    file = PersonFile.of(rome, (said, noted))
    assert outcomes(file) == {}
    done = record_outcome(file, outcome(Outcome.ACQUITTED), at=NOON)
    assert done is not None
    assert [mark.kind for mark in done.marked] == [PaperKind.BUNDLE]
    assert [paper.kind for paper in papers_of(file, WHO)] == [PaperKind.BUNDLE]


@pytest.mark.parametrize("at", NO_TIMES)
def test_a_record_of_a_bundle_that_is_of_no_time_stops_no_acquittal(rome: Desk, at: str) -> None:
    (_, shared), *_ = rome.contents(BundleShared)
    kind, body = filed(replace(shared, digest=digest_of(b"another")))
    rome.case.ledger.append(kind, {**body, "at": at}, at=NOON)
    done = record_outcome(PersonFile.of(rome), outcome(Outcome.ACQUITTED), at=NOON)
    assert done is not None
    assert len(done.marked) == 1


def test_nothing_is_destroyed_if_the_papers_cannot_be_read(
    rome: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setattr("cautery.workflows.operation.outcomes.marks_for", unreadable)
    with pytest.raises(StorageError):
        erase_person(PersonFile.of(rome), WHO, by="x", why="y", at=NOON)
    assert name_of(rome, WHO, why="x", who="y") == NAME


def test_a_court_s_dossier_names_everybody(closed: Path) -> None:
    from cautery.wiring.cases import reading_store

    shelf = reading_store()
    shelf.add_to_custody(
        closed,
        lambda chain: stated(
            at=datetime(2026, 11, 25, tzinfo=UTC), act=CustodyAct.HANDED_OVER, by="A. Legal",
            to="Court of Roma", why="x", what="dossier for court", digest="sha256:" + 64 * "1",
            previous=chain[-1].id if chain else "",
        ),
    )  # fmt: skip
    with desks.person_file(closed, read_only=True) as file:
        for pseudonym in (WHO, OTHER):
            assert ("Court of Roma",) in [paper.to for paper in papers_of(file, pseudonym)]


def handed(to: str, digest: str, act: CustodyAct = CustodyAct.HANDED_OVER) -> CustodyLine:
    return stated(at=NOON, act=act, by="x", to=to, why="w", what=COURT, digest=digest)


def test_a_line_beside_the_case_hides_nobody_who_was_given_a_bundle(rome: Desk) -> None:
    file = PersonFile.of(rome)
    [bundle] = [paper for paper in papers_of(file, WHO) if paper.kind is PaperKind.BUNDLE]
    forged = replace(file, chain=(handed("", bundle.paper, CustodyAct.COPIED),))
    marked = erase_person(forged, WHO, by="officer 77", why="acquitted", at=NOON).marked
    assert must_be_told(marked) == ("bg-gdbop",)
    assert [mark.kind for mark in marked if mark.paper == bundle.paper] == [PaperKind.BUNDLE]


def test_all_courts_that_were_given_one_dossier_are_told(rome: Desk) -> None:
    digest = digest_of(b"bag")
    lines = (handed("Court A", digest), handed("Court B", digest), handed("", digest))
    file = replace(PersonFile.of(rome), chain=lines)
    marked = erase_person(file, WHO, by="officer 77", why="acquitted", at=NOON).marked
    assert must_be_told(marked) == ("Court A", "Court B", "bg-gdbop")


def test_a_paper_that_names_another_takes_nobody_out_of_a_bundle(rome: Desk) -> None:
    file = PersonFile.of(rome)
    [bundle] = [paper for paper in papers_of(file, WHO) if paper.kind is PaperKind.BUNDLE]
    register_paper(
        file, kind=PaperKind.FORM, title="x", paper=bundle.paper, persons={OTHER}, to={"a bank"},
        by="x", why="x", at=NOON,
    )  # fmt: skip
    marked = erase_person(file, WHO, by="officer 77", why="acquitted", at=NOON).marked
    assert must_be_told(marked) == ("a bank", "bg-gdbop")
