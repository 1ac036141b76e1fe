"""What a partner sends is sealed, counted and compared; the newest counts; nothing is evidence."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.console.conftest import filled
from tests.exchange import plain
from tests.exchange.packages import AMBER, ME, NOON, sample_package

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError, InputError
from cautery.exchange.loss import Loss
from cautery.exchange.shape import Reading
from cautery.model import Marking
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import HandlingCode, Pap, Tlp
from cautery.model.records import Evaluated, ExchangeImported, kinds_of
from cautery.model.records.importing import SEALED_FILE
from cautery.projections.told import Told, told_in
from cautery.workflows.case.journal import journal_of
from cautery.workflows.case.open import open_case
from cautery.workflows.case.told import told_rows
from cautery.workflows.exchange.reading import ReadFile
from cautery.workflows.exchange.take_in import content_of, take_in

B2 = Evaluated(source="B", accuracy=2)
RED = Marking(tlp=Tlp.RED, pap=Pap.RED)
host = partial(Item, kind=ItemKind.HOST, by=ME, marking=AMBER, at=NOON)
block = partial(Item, kind=ItemKind.BLOCK, by=ME, marking=AMBER, at=NOON, valid_until=NOON)


@pytest.fixture
def case(tmp_path):
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    opened = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    filled(opened, streams=18)
    yield opened
    opened.leave()


def package_of(*items, hours=0, marking=AMBER):
    return Package(
        id="theirs", name="Their list", by="liga", made_at=NOON + timedelta(hours=hours),
        marking=marking, items=items,
    )  # fmt: skip


def sent(package):
    """Return a package as it is when its file was read."""
    raw = b"".join(plain.FORMAT.write(package))
    return ReadFile(file="a file", raw=raw, format=plain.FORMAT, reading=Reading(package=package))


def taken(case, package, source="Liga"):
    return take_in(case, sent(package), source=source, evaluation=B2)


def rows_of(case, **asked):
    return told_rows(told_in(case.ledger), case.vault.read, **asked)


def ids(found):
    return [row.item.id for row in found.rows]


def test_a_file_is_sealed_encrypted_and_recorded_with_its_counts(case):
    package = sample_package()
    imported = taken(case, package).imported

    assert (imported.source, str(imported.evaluation), imported.format) == ("Liga", "B2", "plain")
    assert imported.total == len(package.items)
    assert imported.relations == len(package.relations)
    assert {each.kind: each.revoked for each in imported.items}[ItemKind.BLOCK] == 1
    assert imported.marking == package.marking
    assert imported.added == len(package.items)
    assert journal_of(case).unseal(imported.exhibit, what=SEALED_FILE) == sent(package).raw
    assert case.vault.read(imported.exhibit) != sent(package).raw
    (entry,) = case.ledger.read(kinds=kinds_of(ExchangeImported))
    assert entry.content == imported


def test_the_same_file_of_a_source_is_recorded_once(case):
    first = taken(case, sample_package())
    size = case.ledger.size()
    again = taken(case, sample_package())

    assert (first.is_new, again.is_new) == (True, False)
    assert again.imported == first.imported
    assert case.ledger.size() == size
    assert taken(case, sample_package(), source="Other").is_new


def test_the_table_has_no_texts_no_secrets_no_persons_and_nothing_under_red(case):
    package = package_of(
        host(id="plain.example", text="Anna Rossi runs it", name="Anna Rossi"),
        host(id="red.example", marking=RED, text="secret source"),
        Item(
            kind=ItemKind.STREAM, by=ME, marking=AMBER, at=NOON,
            id="http://tv.example:8080/live/annarossi/hunter22/5.ts",
        ),
        *(item for item in sample_package().items if item.kind is ItemKind.PERSON),
        marking=RED,
    )  # fmt: skip
    imported = taken(case, package).imported

    found = rows_of(case)
    assert found.total == 4
    assert imported.hidden == 2
    shown = [row.item for row in found.rows if not row.item.is_hidden]
    assert {item.id for item in shown if item.kind == "host"} == {"plain.example"}
    table = case.vault.read(imported.table)
    written = repr(found.rows) + repr(imported)
    for secret in ("Rossi", "hunter22", "annarossi", "red.example", "P-heron", "secret source"):
        assert secret not in written
        assert secret.encode() not in table
    assert imported.marking.tlp is Tlp.RED


def test_a_newer_file_replaces_item_by_item_and_a_revoked_item_is_shown_as_revoked(case):
    taken(case, package_of(host(id="a.example"), host(id="b.example"), host(id="d.example")))
    newer = package_of(
        host(id="a.example", country="NL"),
        host(id="b.example", revoked=True),
        host(id="c.example"),
        hours=1,
    )
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=2))
    imported = taken(case, newer).imported

    assert (imported.added, imported.changed, imported.revoked, imported.unchanged) == (1, 1, 1, 0)
    found = rows_of(case)
    states = {row.item.id: row.state(NOON) for row in found.rows}
    assert states == {
        "a.example": "stands", "b.example": "revoked", "c.example": "stands",
        "d.example": "stands",
    }  # fmt: skip
    assert {row.item.country for row in found.rows if row.item.id == "a.example"} == {"NL"}


def test_an_older_file_that_comes_late_brings_nothing_back(case):
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=9))
    taken(case, package_of(host(id="a.example", revoked=True), hours=5))
    taken(case, package_of(host(id="a.example"), hours=1))

    (row,) = rows_of(case).rows
    assert row.item.revoked


def test_an_older_version_of_an_item_in_a_newer_file_brings_nothing_back(case):
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=9))
    revoked = host(id="a.example", revoked=True, at=NOON + timedelta(hours=2))
    taken(case, package_of(revoked, hours=2))
    stale = package_of(
        host(id="a.example"), host(id="b.example", at=NOON + timedelta(hours=3)), hours=3
    )
    imported = taken(case, stale).imported

    assert (imported.older, imported.added, imported.changed, imported.returned) == (1, 1, 0, 0)
    (row,) = rows_of(case, about="a.example").rows
    assert row.item.revoked


def test_what_a_partner_took_back_and_states_again_later_is_said_to_return(case):
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=9))
    taken(case, package_of(host(id="a.example", revoked=True), hours=1))
    later = host(id="a.example", at=NOON + timedelta(hours=2))
    imported = taken(case, package_of(later, hours=2)).imported

    assert (imported.returned, imported.changed, imported.older) == (1, 0, 0)
    (row,) = rows_of(case).rows
    assert not row.item.revoked


def test_what_bears_no_time_of_its_own_is_as_of_its_file(case):
    """A reader gives it the moment at which the file came, which makes no older version newer."""
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=9))
    taken(case, package_of(host(id="a.example", revoked=True, at=NOON + timedelta(hours=8))))
    taken(case, package_of(host(id="a.example", at=NOON + timedelta(hours=1)), hours=1))

    (row,) = rows_of(case).rows
    assert not row.item.revoked


def test_a_file_of_the_future_is_replaced_by_what_comes_after_it(case):
    taken(case, package_of(host(id="a.example"), hours=24 * 365 * 7000))
    object.__setattr__(case.clock, "at", NOON + timedelta(hours=1))
    taken(case, package_of(host(id="a.example", revoked=True), hours=1))

    (row,) = rows_of(case).rows
    assert row.item.revoked


def test_what_has_ended_is_shown_as_ended(case):
    taken(
        case,
        package_of(
            block(id="a.example", valid_from=NOON - timedelta(hours=1)),
            block(id="b.example", valid_until=NOON + timedelta(hours=3)),
        ),
    )

    states = {row.item.id: row.state(NOON) for row in rows_of(case).rows}
    assert states == {"a.example": "ended", "b.example": "stands"}


def test_the_host_that_is_asked_for_is_found_with_what_lies_below_it(case):
    stream = Item(
        kind=ItemKind.STREAM, by=ME, marking=AMBER, at=NOON, id="http://tv.a.example:80/1.m3u8"
    )
    taken(case, package_of(host(id="a.example"), host(id="aa.example"), stream))

    assert sorted(ids(rows_of(case, about="A.example"))) == [
        "a.example",
        "http://tv.a.example:80/1.m3u8",
    ]
    assert ids(rows_of(case, about="example.org")) == []
    assert rows_of(case, most=1).total == 3
    assert len(rows_of(case, most=1).rows) == 1
    assert ids(rows_of(case, kinds=["host"])) == ["a.example", "aa.example"]


def test_one_statement_with_two_contents_by_two_partners_is_said_and_not_merged(case):
    taken(case, package_of(host(id="a.example", country="NL")))
    later = host(id="b.example")
    taken(case, package_of(later))
    imported = taken(
        case, package_of(host(id="a.example", country="FR"), later), source="Other"
    ).imported

    (contradiction,) = imported.contradictions
    assert (contradiction.subject, contradiction.against) == ("a.example", "Liga")
    both = rows_of(case, about="a.example")
    assert {(row.source, row.item.country) for row in both.rows} == {
        ("Liga", "NL"),
        ("Other", "FR"),
    }


def test_a_newer_statement_of_the_same_provider_is_no_contradiction(case):
    taken(case, package_of(host(id="a.example")))
    newer = host(id="a.example", country="FR", at=NOON + timedelta(hours=1))

    assert taken(case, package_of(newer), source="Other").imported.contradicted == 0


def test_what_a_partner_puts_into_our_mouth_is_a_contradiction(case):
    ours = package_of(host(id="a.example"), host(id="b.example", at=NOON + timedelta(hours=1)))
    theirs = package_of(host(id="a.example", country="RU"), host(id="b.example", country="RU"))
    imported = take_in(case, sent(theirs), source="Liga", evaluation=B2, own=ours).imported

    (contradiction,) = imported.contradictions
    assert (contradiction.subject, contradiction.against) == ("a.example", "")


@pytest.mark.parametrize("name", [ME, f" {ME.upper()} "])
def test_what_the_case_never_said_is_a_contradiction_when_it_is_in_its_name(case, name):
    ours = replace(package_of(host(id="a.example")), by=ME)
    theirs = package_of(
        host(id="a.example"), host(id="b.example", by=name), block(id="c.example", by=name),
        host(id="d.example", by="somebody else"),
    )  # fmt: skip
    imported = take_in(case, sent(theirs), source="Liga", evaluation=B2, own=ours).imported

    assert [(each.subject, each.against) for each in imported.contradictions] == [
        ("c.example", ""), ("b.example", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("marking", [AMBER, RED])
def test_the_record_has_no_title_and_of_a_red_file_no_words_at_all(case, marking):
    package = replace(
        package_of(host(id="a.example"), marking=marking),
        id="kb:anna-rossi", name="Anna Rossi http://u:hunter22@x.example/", by="The Agency",
    )  # fmt: skip
    left = Loss(noun="x-born-1980", field="*", count=2, altered=0, example="x")
    mail = Loss(noun="x-person", field="anna.rossi@mail.example", count=3, altered=0, example="x")
    file = sent(package)
    file = replace(file, reading=replace(file.reading, left_out=(left, mail)))
    imported = take_in(case, file, source="Liga", evaluation=B2).imported

    for secret in ("Anna", "anna", "rossi", "hunter22"):
        assert secret not in repr(imported)
    words = " ".join(each.words for each in imported.left_out)
    assert ("x-born-1980" in words, imported.by == "The Agency") == (marking is AMBER,) * 2
    assert sum(each.count for each in imported.left_out) == 5


@pytest.mark.parametrize("marking", [AMBER, RED])
def test_no_place_and_no_condition_of_a_partners_file_brings_a_secret_into_the_case(case, marking):
    words = "Ask us: http://u:hunter22@x.example/ anna.rossi@mail.example"
    bound = replace(marking, handling=frozenset((HandlingCode.H3,)), h3_text=words)
    imported = taken(
        case,
        package_of(
            host(id="a.example", marking=bound, country=words),
            block(id="b.example", country="IT", territory=words),
            marking=bound,
        ),
    ).imported

    written = repr(imported) + repr(rows_of(case).rows) + repr(case.vault.read(imported.table))
    for secret in ("hunter22", "rossi"):
        assert secret not in written
    assert imported.marking.handling == {HandlingCode.H3}
    assert ("Ask us" in imported.marking.h3_text) == (marking is AMBER)
    assert "IT" in {row.item.country for row in rows_of(case).rows}


def test_an_item_that_is_evaluated_by_its_provider_keeps_that_evaluation(case):
    own = replace(AMBER, source="C", accuracy=4)
    taken(case, package_of(host(id="a.example", marking=own), host(id="b.example")))

    assert {row.item.id: row.evaluation for row in rows_of(case).rows} == {
        "a.example": "C4", "b.example": "B2",
    }  # fmt: skip


def test_a_record_that_names_a_table_which_is_none_costs_itself(case):
    real = taken(case, package_of(host(id="a.example"))).imported
    journal = journal_of(case)
    no_table = journal.seal(b"PAR1 no table PAR1", what="page", media_type="text/html", at=NOON)
    for forged in (no_table, real.exhibit, "sha256:" + "0" * 64):
        journal.write(replace(real, table=forged))

    found = rows_of(case)
    assert (ids(found), found.unread) == (["a.example"], 3)


@pytest.mark.parametrize("source", ["", " ", "x" * 101, "two\nlines"])
def test_a_source_without_a_name_is_refused(case, source):
    size = case.ledger.size()
    with pytest.raises(InputError, match="--source"):
        taken(case, sample_package(), source=source)
    assert case.ledger.size() == size


@pytest.mark.parametrize(("source", "accuracy"), [("D", 1), ("A", 5), ("", 1), ("A", 0)])
def test_an_evaluation_has_a_letter_and_a_number(source, accuracy):
    with pytest.raises(InputError, match="is not an evaluation"):
        Evaluated(source=source, accuracy=accuracy)


def test_what_an_item_says_is_its_content_whatever_it_is_marked(case):
    item = host(id="a.example", country="NL", confidence=0)

    assert content_of(item) == content_of(replace(item, marking=RED, at=NOON + timedelta(1)))
    assert content_of(item) != content_of(replace(item, confidence=None))
    assert content_of(item) != content_of(replace(item, country="FR"))


def test_an_erased_file_is_gone_and_the_table_stays(case):
    imported = taken(case, package_of(host(id="a.example"))).imported
    subject = journal_of(case)._subject(None, SEALED_FILE)
    case.vault.erase(subject)

    with pytest.raises(EvidenceError):
        journal_of(case).unseal(imported.exhibit, what=SEALED_FILE)
    assert ids(rows_of(case)) == ["a.example"]
    assert isinstance(told_in(case.ledger), Told)
