"""The register in a case: nothing is entered twice, lost, rewritten or deleted."""

from __future__ import annotations

import gzip
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import EvidenceError, InputError
from cautery.model import (
    AddressTag,
    Agency,
    AgencyRole,
    Competence,
    CustodyAct,
    CustodyEntry,
    ExhibitKind,
    Flow,
    Marking,
    Money,
    Operation,
    Pap,
    SeizedExhibit,
    StatementKind,
    Tlp,
    Transfer,
    to_json,
)
from cautery.model.records import ExhibitTaken
from cautery.operation.findings import Crime, CrimeFinding
from cautery.operation.register import Register, taken
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation import read_exhibits as reading_exhibits
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.read_exhibits import read_exhibits
from cautery.workflows.operation.record_findings import (
    findings_of,
    record_finding,
    suggested_findings,
)
from cautery.workflows.operation.register_book import Book, register_of
from cautery.workflows.operation.register_exhibits import (
    check_exhibits,
    correct_exhibit,
    move_exhibit,
    register_exhibit,
    register_exhibits,
)
from cautery.workflows.operation.sign_manifest import check_manifest, register_manifest

NOON = datetime(2024, 11, 26, 12, tzinfo=UTC)
IBAN = "IT60X0542811101000000123456"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def agency(id: str, *competence: Competence, role: AgencyRole = AgencyRole.PARTICIPANT) -> Agency:
    return Agency(
        id=id, name=id, country="IT", role=role, competence=frozenset(competence), contact="duty"
    )


OPERATION = Operation(
    id="op",
    name="Operation",
    agencies=(
        agency("it-postal", Competence.SEIZE, role=AgencyRole.LEAD),
        agency("hr-police", Competence.SEIZE),
        agency("eu-ej", Competence.COORDINATE),
    ),
    legal_basis="test",
    opened_at=NOON - timedelta(days=9),
    lab=True,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return opened(tmp_path)


def opened(folder: Path) -> Desk:
    return open_desk(
        folder / "case",
        store=FolderStore(KeyFolder(folder / "keys"), patience_s=0.1),
        clock=FixedClock(NOON + timedelta(hours=6)),
        operation=OPERATION,
        agency="it-postal",
    )


def exhibit(number: str = "IT-0001", **changes: object) -> SeizedExhibit:
    plain = SeizedExhibit(
        number=number,
        kind=ExhibitKind.SERVER,
        search="S-1",
        agency="it-postal",
        description="rack server",
        place="data centre, hall 2",
        finder="it-postal/4471",
        seal=f"SEAL-{number}",
        seized_at=NOON,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def handed(number: str = "IT-0001", **changes: object) -> CustodyEntry:
    link = CustodyEntry(
        number=number,
        act=CustodyAct.HANDED_OVER,
        at=NOON + timedelta(hours=1),
        giver="it-postal/4471",
        taker="exhibits officer",
        place="Questura",
        reason="to the store",
        seal=f"SEAL-{number}",
    )
    return replace(link, **changes)  # type: ignore[arg-type]


def test_a_number_used_twice_is_refused_and_not_recorded(desk: Desk) -> None:
    register_exhibit(desk, exhibit())
    with pytest.raises(InputError, match="each number may be used only once"):
        register_exhibit(desk, exhibit(seal="OTHER"))
    assert desk.case.ledger.size() == 2  # opened, and the first


def test_of_a_batch_with_one_bad_entry_none_is_recorded(desk: Desk) -> None:
    good, bad = exhibit("IT-0001"), exhibit("IT-0002", finder="Mario Rossi")
    with pytest.raises(InputError, match="looks like a name"):
        register_exhibits(desk, [(good, None, PNG), (bad, None, None)])
    assert (len(register_of(desk)), desk.case.ledger.size()) == (0, 1)


def test_of_two_processes_that_take_one_number_the_later_is_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(tmp_path)
    append = other.case.ledger.append_all

    def late(records, **conditions):
        monkeypatch.undo()
        register_exhibit(desk, exhibit())  # the first one writes while the other has checked
        return append(records, **conditions)

    monkeypatch.setattr(other.case.ledger, "append_all", late)
    with pytest.raises(InputError, match="each number may be used only once"):
        Book(other).write([taken(exhibit(seal="OTHER"))])
    other.leave()
    book = Book(desk)
    assert (book.register["IT-0001"].seal, book.void) == ("SEAL-IT-0001", [])


def test_an_act_that_breaks_a_rule_in_the_ledger_is_void_and_says_why(desk: Desk) -> None:
    register_exhibit(desk, exhibit())
    act = taken(exhibit(seal="OTHER"))
    desk.record(ExhibitTaken(entry=act.exhibit, custody=act.custody), at=NOON)
    book = Book(desk)
    assert book.register["IT-0001"].seal == "SEAL-IT-0001"
    assert [(index, "used only once" in why) for index, why in book.void] == [(2, True)]


def test_one_act_that_breaks_a_rule_does_not_copy_the_register_for_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    Book(desk).write([taken(exhibit(f"IT-{number:04d}")) for number in range(1, 6)])
    [first, *_] = [content for _, content in desk.contents(ExhibitTaken)]
    desk.record(first)
    copied: list[object] = []
    monkeypatch.setattr(Register, "after", lambda self, *acts: copied.append(self) or self)
    book = Book(desk)
    assert len(book.register) == 5
    assert [index for index, _ in book.void] == [desk.size() - 1]
    assert copied == []


def test_a_photo_that_is_not_in_the_vault_is_not_corrected_into_an_entry(desk: Desk) -> None:
    register_exhibit(desk, exhibit())
    with pytest.raises(InputError, match="not in the vault"):
        correct_exhibit(
            *(desk, "IT-0001", {"photo": "sha256:" + "0" * 64}), reason="r", by="exhibits officer"
        )


@pytest.mark.parametrize("named", ["sha256:" + "0" * 64, "none such", 7])
def test_details_that_name_an_exhibit_of_no_vault_are_refused(desk: Desk, named: object) -> None:
    with pytest.raises(InputError, match=r"not in the vault|is not a valid digest"):
        register_exhibit(desk, exhibit(details={"exhibit": named}))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"details": {"exhibits": ["sha256:" + "0" * 64]}}, "not in the vault"),
        ({"seized_at": datetime(1, 1, 1, tzinfo=UTC)}, "decades before the operation was opened"),
        (
            {
                "value": Money(amount=Decimal(5), currency="EUR"),
                "valued_at": NOON + timedelta(days=900),
            },
            "the time of valuation is after the entry",
        ),
    ],
)
def test_what_would_be_refused_is_refused_when_only_checked(
    desk: Desk, changes: dict[str, object], why: str
) -> None:
    with pytest.raises(InputError, match=why):
        check_exhibits(desk, [(exhibit(**changes), None, None)])


@pytest.mark.parametrize("photo", ["/etc/hostname", "../up.png", "a/../../up.png"])
def test_a_photo_lies_beside_its_file_and_nowhere_else(tmp_path: Path, photo: str) -> None:
    (tmp_path / "up.png").write_bytes(PNG)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "s.jsonl"
    path.write_text(json.dumps(to_json(exhibit()) | {"photo": photo}))
    with pytest.raises(InputError, match="must be in the same folder"):
        read_exhibits(path)


def test_photographs_of_one_file_are_read_once_each_and_have_a_bound_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.operation.read_exhibits.MAX_PHOTOS", 3 * len(PNG))
    for number in range(4):
        (tmp_path / f"{number}.png.gz").write_bytes(gzip.compress(PNG))
    path = tmp_path / "s.jsonl"

    def read(*photos: str) -> list[bytes | None]:
        rows = [to_json(exhibit(number=f"IT-{at:04}")) for at in range(len(photos))]
        lines = [
            json.dumps(row | {"photo": photo}) for row, photo in zip(rows, photos, strict=True)
        ]
        path.write_text("\n".join(lines))
        return [photo for _, _, photo in read_exhibits(path)]

    first, *others = read(*["0.png.gz"] * 30)
    assert all(other is first for other in others)
    assert len(read("0.png.gz", "1.png.gz", "2.png.gz")) == 3
    with pytest.raises(InputError, match="entry 4: the photographs have over"):
        read("0.png.gz", "1.png.gz", "2.png.gz", "3.png.gz")


@pytest.mark.parametrize("name", ["s.toml.gz", "s.jsonl.gz"])
def test_packed_files_of_exhibits_are_read_by_what_they_hold(tmp_path: Path, name: str) -> None:
    line = json.dumps(to_json(exhibit()) | {"photo": None})
    table = f'[[exhibit]]\nnumber = "IT-0001"\nkind = "server"\nsearch = "S-1"\n{REST}'
    (tmp_path / name).write_bytes(gzip.compress((table if "toml" in name else line).encode()))
    assert [one.number for one, _, _ in read_exhibits(tmp_path / name)] == ["IT-0001"]


REST = """agency = "it-postal"
description = "rack server"
place = "hall 2"
finder = "it-postal/4471"
seal = "S"
seized_at = 2024-11-26T12:00:00Z
"""


def test_an_agency_without_competence_to_seize_seizes_nothing(desk: Desk) -> None:
    with pytest.raises(InputError, match="no competence to seize"):
        register_exhibit(desk, exhibit(agency="eu-ej"))


def test_a_photo_is_sealed_encrypted_and_opens_for_its_subject(desk: Desk) -> None:
    kept = register_exhibit(desk, exhibit(), photo=PNG)
    assert kept.photo is not None
    assert PNG not in desk.case.vault.read(kept.photo)
    assert desk.case.vault.open(kept.photo, subject="exhibit:IT-0001") == PNG


def test_a_photo_that_is_no_picture_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="must be a JPEG, PNG or WebP"):
        register_exhibit(desk, exhibit(), photo=b"<svg onload=x>")


def test_an_iban_stands_in_no_record(desk: Desk) -> None:
    register_exhibit(desk, exhibit(kind=ExhibitKind.BANK_ACCOUNT, details={"iban": IBAN}))
    ledger = (desk.case.path / "ledger.sqlite").read_bytes()
    wal = desk.case.path / "ledger.sqlite-wal"
    assert IBAN.encode() not in ledger + (wal.read_bytes() if wal.exists() else b"")
    assert register_of(desk)["IT-0001"].exhibit.details["iban_masked"] == "IT60...3456"


def test_an_iban_with_a_wrong_letter_is_refused_and_shown_masked(desk: Desk) -> None:
    wrong = IBAN[:-1] + "7"
    with pytest.raises(InputError, match="wrong check digits") as refused:
        register_exhibit(desk, exhibit(kind=ExhibitKind.BANK_ACCOUNT, details={"iban": wrong}))
    assert wrong not in str(refused.value)


def test_a_correction_is_a_new_record_and_the_old_one_stays(desk: Desk) -> None:
    register_exhibit(desk, exhibit())
    before = [entry.leaf for entry in desk.case.ledger.read()]
    correct_exhibit(desk, "IT-0001", {"count": 2}, reason="two of them", by="exhibits officer")
    after = [entry.leaf for entry in desk.case.ledger.read()]
    line = register_of(desk)["IT-0001"]
    assert after[: len(before)] == before
    assert (line.first.count, line.exhibit.count) == (1, 2)


def test_a_transfer_counts_when_both_agencies_have_stated_it(desk: Desk) -> None:
    register_exhibit(desk, exhibit())
    link = handed(act=CustodyAct.TRANSFERRED, taker="hr-police/7", to_agency="hr-police")
    move_exhibit(desk, link)
    assert register_of(desk)["IT-0001"].state == "under-transfer"
    move_exhibit(desk, replace(link, stated_by="hr-police"))
    assert register_of(desk)["IT-0001"].agency == "hr-police"


def test_the_manifest_equals_the_register_and_another_is_refused(desk: Desk) -> None:
    register_exhibits(desk, [(exhibit(f"IT-{one:04}"), None, None) for one in range(1, 8)])
    manifest = register_manifest(desk)
    assert check_manifest(desk, manifest) == 7
    move_exhibit(desk, handed("IT-0003"))
    with pytest.raises(EvidenceError, match="IT-0003"):
        check_manifest(desk, manifest)


@pytest.mark.parametrize("place", [40, 200, -20])
def test_a_manifest_with_one_bit_changed_is_refused(desk: Desk, place: int) -> None:
    register_exhibit(desk, exhibit())
    raw = bytearray(register_manifest(desk))
    raw[place] ^= 1
    with pytest.raises(EvidenceError):
        check_manifest(desk, bytes(raw))


def test_verify_finds_an_exhibit_that_was_altered_in_the_closed_case(
    desk: Desk, tmp_path: Path
) -> None:
    register_exhibit(desk, exhibit(kind=ExhibitKind.CASH, value=_eur("40000"), valued_at=NOON))
    register_exhibit(desk, exhibit("IT-0002"), photo=PNG)
    close_case(desk.case, at=NOON)
    verify_case(tmp_path / "case", store=FolderStore())
    database = sqlite3.connect(tmp_path / "case/ledger.sqlite")
    changed = database.execute(
        "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), '40000', '10000') AS BLOB)"
        " WHERE kind = 'operation.exhibit'"
    )
    database.commit()
    database.close()
    assert changed.rowcount == 2
    with pytest.raises(EvidenceError, match=r"ledger\.sqlite"):
        verify_case(tmp_path / "case", store=FolderStore())


def _eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def test_a_finding_leans_on_exhibits_that_are_there(desk: Desk) -> None:
    finding = CrimeFinding(
        crime=Crime.ARMS,
        text="an unlicensed pistol",
        kind=StatementKind.FACT,
        numbers=("IT-0009",),
        marking=Marking(tlp=Tlp.AMBER, pap=Pap.AMBER),
        by="it-postal",
        at=NOON,
    )
    with pytest.raises(InputError, match="IT-0009"):
        record_finding(desk, finding)
    register_exhibit(
        desk,
        exhibit("IT-0009", kind=ExhibitKind.FIREARM, details={"class": "B", "serial": "X1"}),
    )
    record_finding(desk, finding)
    assert findings_of(desk) == (finding,)


WALLET = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"


@pytest.mark.parametrize(
    ("category", "crimes"),
    [
        ("mixing_service", [Crime.MONEY_LAUNDERING]),
        ("sanctioned", [Crime.MONEY_LAUNDERING]),
        ("ransomware", [Crime.CYBERCRIME]),
        ("exchange", []),
    ],
)
def test_whom_a_wallet_dealt_with_suggests_a_crime_or_nothing(
    desk: Desk, category: str, crimes: list[Crime]
) -> None:
    details = {"asset": "BTC", "address": WALLET, "amount": "1"}
    register_exhibit(desk, exhibit(kind=ExhibitKind.WALLET, details=details))
    paid = Transfer(
        id="t",
        asset="BTC",
        at=NOON,
        inputs=(Flow(address=WALLET, amount=Decimal(2)),),
        outputs=(Flow(address="other", amount=Decimal(2)),),
    )
    tag = AddressTag(address="other", label="X", category=category, source="pack")
    found = suggested_findings(desk, tags=[tag], transfers=[paid])
    assert [one.crime for one in found] == crimes


def test_what_exhibits_suggest_is_an_assessment_until_a_person_records_it(desk: Desk) -> None:
    register_exhibit(
        desk,
        exhibit(kind=ExhibitKind.DRUGS, details={"substance": "cocaine", "grams": 120.5}),
    )
    (one,) = suggested_findings(desk)
    assert (one.crime, one.kind) == (Crime.DRUGS, StatementKind.ASSESSMENT)
    record_finding(desk, one)
    assert suggested_findings(desk) == ()


def test_a_file_of_long_lines_or_many_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exhibits.jsonl"
    monkeypatch.setattr(reading_exhibits, "_LONGEST_LINE", 20)
    path.write_text('{"number": "IT-0001", "name": "x"}\n')
    with pytest.raises(InputError, match="a line has over 20 bytes"):
        read_exhibits(path)
    monkeypatch.setattr(reading_exhibits, "MAX_ROWS", 2)
    path.write_text("\n" * 5)
    with pytest.raises(InputError, match="more than 4 lines"):
        read_exhibits(path)


def test_the_values_of_one_line_at_a_time_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(reading_exhibits, "parsed_json", lambda line: parsed.append(line) or 1)
    path = tmp_path / "exhibits.jsonl"
    path.write_text("1\n2\n3\n")
    with pytest.raises(InputError, match="entry 1 is not a table"):
        read_exhibits(path)
    assert parsed == [b"1"]
