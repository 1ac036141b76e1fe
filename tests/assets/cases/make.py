"""Make the public set of cases beside this file: each is good, or has one fault and its name.

All of it comes from seeds: run twice with one version of SQLite it writes the same bytes, but for
the salts that SQLite gives the two write-ahead logs. Nothing in it is real, and the private keys
are in this file: they protect nothing.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import list_subject, sign_mandate
from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters._signing_keys import KeyFiles
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.keys_file import KeyFolder
from cautery.evidence.leaf import leaf_of
from cautery.evidence.manifest import Manifest, sums
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import checkpoint_text
from cautery.evidence.signing import key_id, signed_note, verifier_key
from cautery.model import (
    Approver,
    BlockEntry,
    ClockOffset,
    CourtOrder,
    Decision,
    Event,
    ExhibitId,
    GuardVerdict,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    Window,
    digest_of,
    iso,
    referral_id,
)
from cautery.model.message import as_written
from cautery.model.records import UnknownRecord
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.referral import approve_referral
from cautery.workflows.case.restore import restore_case
from cautery.workflows.watch.opening import begin_case

HERE = Path(__file__).parent
BEGIN = datetime(2026, 11, 24, 20, tzinfo=UTC)
PEOPLE = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate(("M. Head", "N. Deputy", "A. Legal", "B. Duty"), 1)
}
CASE_SEED, OTHER_SEED = b"\x0c" * 32, b"\x0d" * 32
IDENTITY = b"\x01" + bytes(31)
"""The point of order one: under it the signature IDENTITY || 0 holds for every message."""
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
KEY, OTHER_KEY, SMALL_KEY, OLD_KEY = "case.pub", "other.pub", "small_order.pub", "case_of_0_1_0.pub"
SIGNERS = "signers.toml"


# -- how a case comes about ---------------------------------------------------------------------


class Clock:
    """Goes on by a second whenever it is asked."""

    def __init__(self, start: datetime = BEGIN) -> None:
        self.at = start

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def offset(self) -> ClockOffset:
        return ClockOffset(seconds=0.004, uncertainty_s=0.02, method="made up")


class SeededSecrets(CaseSecrets):
    """The secrets of a case, all of one seed."""

    def __init__(self, folder: Path, case: str | None = None, *, seed: bytes) -> None:
        self._seed = seed
        super().__init__(folder, case)

    def _made(self, folder: Path) -> str:
        private = Ed25519PrivateKey.from_private_bytes(self._seed)
        case = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
        KeyFiles(folder, f"case-{case}").write_new(private, redaction=b"\x0e" * 32)
        return case


@contextmanager
def seeded() -> Iterator[None]:
    """Let what is random come from a counter."""
    count = itertools.count()

    def stream(size: int = 32) -> bytes:
        blocks = (hashlib.sha256(b"%d" % next(count)).digest() for _ in range(size // 32 + 1))
        return b"".join(blocks)[:size]

    with mock.patch("os.urandom", stream), mock.patch("secrets.token_bytes", stream):
        yield


def public(name: str) -> str:
    return base64.b64encode(PEOPLE[name].public_key().public_bytes_raw()).decode()


def people(*names: str) -> tuple[Approver, ...]:
    return tuple(Approver(name=one, role="director", public_key=public(one)) for one in names)


WINDOW = Window(start=BEGIN - timedelta(hours=1), end=BEGIN + timedelta(hours=3))
ORDER = CourtOrder(
    id="o-1", authority="Court of the lab", territory="FR", window=WINDOW, targets_rule="services"
)
UNSIGNED = Mandate(
    id="public-case",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights in the match",
    window=WINDOW,
    territories=("FR",),
    events=(Event(id="e", name="Home v Away", kick_off=BEGIN, legal_basis="rights"),),
    orders=(ORDER,),
    approvers=people("A. Legal", "B. Duty"),
)


def sign_by(mandate: Mandate, *names: str, key: str | None = None) -> Mandate:
    for name in names:
        one = sign_mandate(
            mandate,
            digest_of(b"salt and file"),
            name=name,
            role="director",
            key=PEOPLE[key or name],
            at=BEGIN - timedelta(minutes=5),
        )
        mandate = replace(mandate, signatures=(*mandate.signatures, one))
    return mandate


SIGNED = sign_by(UNSIGNED, "M. Head", "N. Deputy")


@dataclass
class Making:
    """A case on its way, and the keys that it is made with."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    seed: bytes = CASE_SEED

    @property
    def path(self) -> Path:
        return self.folder / "case"

    @property
    def store(self) -> FolderStore:
        secrets = partial(SeededSecrets, seed=self.seed)
        return FolderStore(KeyFolder(self.folder / "keys", secrets), patience_s=0.1)

    def open(self) -> Case:
        return open_case(self.path, store=self.store, clock=self.clock)

    def journal(self, case: Case) -> Journal:
        return Journal(case.ledger, case.vault, self.clock, pseudonyms=case.pseudonyms)

    def begin(self, mandate: Mandate = SIGNED) -> tuple[Case, Journal]:
        case = self.open()
        journal = self.journal(case)
        begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
        case.checkpoint()
        return case, journal

    def watch(
        self,
        case: Case,
        journal: Journal,
        *,
        rounds: int = 2,
        approvers: tuple[str, ...] = ("A. Legal", "B. Duty"),
    ) -> None:
        """Seal a segment in the open and a page in confidence, and let a referral be approved."""
        for number in range(rounds):
            exhibit = journal.seal(
                f"segment {number}".encode() * 20,
                what="segment",
                media_type="video/mp2t",
                at=self.clock.now(),
                url=f"http://edge.pirate.example/live/anna/s3cret/{number}.ts",
            )
            journal.seal(
                f"page {number}: line anna:s3cret".encode(),
                what="page",
                media_type="text/html",
                at=self.clock.now(),
                url="http://panel.pirate.example/",
                confidential=True,
            )
            referral = self.referral(f"edge{number}.pirate.example", exhibit)
            journal.write(referral)
            case.checkpoint()
            for name in approvers:
                approve_referral(
                    case.ledger,
                    referral.id,
                    shown=list_subject(referral, ORDER),
                    name=name,
                    key=PEOPLE[name],
                    now=self.clock.now(),
                )
            case.checkpoint()

    def referral(self, target: str, exhibit: ExhibitId) -> Referral:
        guard = GuardVerdict(
            target=target,
            lever=Lever.NAME,
            decision=Decision.ALLOW,
            reasons=(Reason(code="own-name", text=as_written("a name of its own")),),
            valid_until=WINDOW.end,
        )
        entry = BlockEntry(
            target=target,
            lever=Lever.NAME,
            valid_until=WINDOW.end,
            guard=guard,
            exhibits=(exhibit,),
        )
        unnamed = Referral(
            id="",
            order=ORDER.id,
            event="e",
            territory="FR",
            window=WINDOW,
            entries=(entry,),
            statement="The match was seen there.",
        )
        return replace(unnamed, id=referral_id(unnamed))

    def close(self, case: Case) -> None:
        """Close it, with a report."""
        case.write("report.html", b"<!doctype html><title>LAB</title><h1>LAB</h1>\n")
        close_case(case, at=self.clock.now())

    def whole(self, mandate: Mandate = SIGNED) -> Making:
        case, journal = self.begin(mandate)
        self.watch(case, journal)
        self.close(case)
        return self

    # -- what is done to a closed one -----------------------------------------------------------

    def exhibits(self) -> list[Path]:
        return sorted(one for one in (self.path / "vault").rglob("*") if one.is_file())

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        target = self.path / name
        target.write_bytes(change(target.read_bytes()))

    def flip(self, name: str, *, at: float = 0.5) -> None:
        """Change one bit."""

        def change(raw: bytes) -> bytes:
            place = int(at * (len(raw) - 1))
            return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]

        self.edit(name, change)

    def sql(self, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
        with closing(sqlite3.connect(self.path / "ledger.sqlite", isolation_level=None)) as opened:
            for statement in statements:
                text, values = (statement, ()) if isinstance(statement, str) else statement
                opened.execute(text, values)

    def reading(self) -> closing[sqlite3.Connection]:
        """Open the ledger's own file, whatever lies beside it, and leave all as it is."""
        target = f"file:{self.path / 'ledger.sqlite'}?mode=ro&immutable=1"
        return closing(sqlite3.connect(target, uri=True))

    def leaves(self) -> list[bytes]:
        with self.reading() as opened:
            rows = opened.execute("SELECT leaf FROM entries WHERE idx >= 0 ORDER BY idx")
            return [one if isinstance(one, bytes) else one.encode() for (one,) in rows]

    def frontier(self) -> Frontier:
        return Frontier().extend(map(leaf_hash, self.leaves()))

    def sums(self) -> bytes:
        listed = {
            str(one.relative_to(self.path)): hashlib.sha256(one.read_bytes()).hexdigest()
            for one in self.path.rglob("*")
            if one.is_file() and not one.is_symlink() and not one.name.startswith("manifest.")
        }
        return sums(listed)

    def sign_again(
        self,
        *,
        listed: bytes | None = None,
        sign: Callable[[str], str] | None = None,
        **other: Any,
    ) -> None:
        """Make list and note fit what lies there now, as only a key's holder can."""
        listed = self.sums() if listed is None else listed
        files = [
            one
            for one in self.path.rglob("*")
            if one.is_file() and not one.is_symlink() and not one.name.startswith("manifest.")
        ]
        records = self.frontier()
        stated = {
            "case": signer().case,
            "files": len(files),
            "size": sum(one.stat().st_size for one in files),
            "digest": digest_of(listed),
            "records": records.size,
            "root": records.root(),
        } | other
        (self.path / "manifest.sha256").write_bytes(listed)
        text = Manifest(**stated).text
        (self.path / "manifest.note").write_text((sign or signer().sign)(text), newline="")

    def last_checkpoint(self) -> tuple[int, str]:
        with self.reading() as opened:
            row = opened.execute("SELECT number, note FROM checkpoints ORDER BY number DESC")
            number, note = row.fetchone()
            return int(number), str(note)

    def checkpoint_again(self) -> None:
        """Sign the root of what stands there now in place of the last checkpoint."""
        number, _ = self.last_checkpoint()
        records = self.frontier()
        note = signer().sign(checkpoint_text(signer().name, records.size, records.root()))
        self.sql(
            (
                "UPDATE checkpoints SET size = ?, note = ? WHERE number = ?",
                (records.size, note, number),
            )
        )


@dataclass(frozen=True)
class AnySigner:
    """Signs whatever it is given: what a cheating key's holder has."""

    private: Ed25519PrivateKey
    name: str

    @property
    def raw(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def case(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def key(self) -> str:
        return verifier_key(self.name, self.raw)

    def sign(self, text: str) -> str:
        return signed_note(text, name=self.name, private=self.private)


def signer(seed: bytes = CASE_SEED, *, name: str = "") -> AnySigner:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    case = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
    return AnySigner(private, name or f"cautery/case-{case}")


def sign_by_nobody(text: str) -> str:
    """Return a note under the key of order one: no private key is needed."""
    name = small_name()
    raw = key_id(name, IDENTITY) + IDENTITY + bytes(32)
    return f"{text}\n\N{EM DASH} {name} {base64.b64encode(raw).decode()}\n"


def small_name() -> str:
    return f"cautery/case-{hashlib.sha256(IDENTITY).hexdigest()[:16]}"


# -- the set ------------------------------------------------------------------------------------

AUTHENTIC, CONSISTENT, BROKEN, OPEN = "authentic", "consistent", "broken", "open"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A case of the set, and what a verifier must say of it."""

    name: str
    make: Callable[[Making], object]
    by: str
    verdict: str
    without_key: str
    part: str
    cautery: str
    signers: str | None
    key: str

    def entry(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "archive": f"{self.name}.tar.gz",
            "what": " ".join((self.make.__doc__ or "").split()),
            "by": self.by,
            "key": self.key,
            "signers": self.signers,
            "verdict": self.verdict,
            "without_key": self.without_key,
            "part": self.part,
            "cautery": self.cautery,
        }


CASES: list[Listed] = []
Make = Callable[[Making], object]


def good(says: str = "", *, signers: str | None = None, part: str = "") -> Callable[[Make], Make]:
    """List a case that verifies; ``says``: what a verifier must say beside."""

    def listed(make: Make) -> Make:
        CASES.append(
            Listed(
                name=make.__name__,
                make=make,
                by="its own watch",
                verdict=AUTHENTIC,
                without_key=CONSISTENT,
                part=part,
                cautery=says,
                signers=signers,
                key=KEY,
            )
        )
        return make

    return listed


def bad(
    part: str,
    says: str,
    *,
    by: str = "anybody",
    signers: str | None = None,
    without_key: str = BROKEN,
    key: str = KEY,
    verdict: str = BROKEN,
) -> Callable[[Make], Make]:
    """List a case with one fault in ``part``, of which Cautery says ``says``."""

    def listed(make: Make) -> Make:
        CASES.append(
            Listed(
                name=make.__name__,
                make=make,
                by=by,
                verdict=verdict,
                without_key=without_key,
                part=part,
                cautery=says,
                signers=signers,
                key=key,
            )
        )
        return make

    return listed


HOLDER = "the holder of the case's key"
FORGER = "a forger with a key of their own"


@good("nobody vouches here for these keys")
def closed_under_a_signed_mandate(making: Making) -> None:
    """Closed by its watch; two people signed the mandate."""
    making.whole()


@good("their keys are known from outside", signers=SIGNERS)
def closed_under_a_mandate_of_known_signers(making: Making) -> None:
    """The same, asked with the list of people who may sign mandates."""
    making.whole()


@good("unsigned: nobody has signed this mandate")
def closed_under_an_unsigned_mandate(making: Making) -> None:
    """Nobody signed the mandate; a verifier says so."""
    making.whole(UNSIGNED)


@good("LAB: signed by M. Head")
def closed_in_a_lab(making: Making) -> None:
    """A laboratory's mandate; a verifier says so."""
    making.whole(sign_by(replace(UNSIGNED, lab=True), "M. Head", "N. Deputy"))


@good("by A. Legal and B. Duty, its approvers: the disk broke")
def restored_by_two_people(making: Making) -> None:
    """Went back to an older copy by the keys of two approvers; a verifier says who and why."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    with (
        closing(sqlite3.connect(case.path / "ledger.sqlite")) as here,
        closing(sqlite3.connect(making.folder / "older.sqlite")) as older,
    ):
        here.backup(older)
    journal.write(UnknownRecord(kind="failure", body={"what": "lost", "where": "with the disk"}))
    case.leave()
    for one in case.path.glob("ledger.sqlite*"):
        one.unlink()
    shutil.move(making.folder / "older.sqlite", case.path / "ledger.sqlite")
    restore_case(
        case.path,
        store=making.store,
        clock=making.clock,
        why="the disk broke",
        people=[(name, PEOPLE[name]) for name in ("A. Legal", "B. Duty")],
    )
    making.close(making.open())


@good("1 failure")
def reopened_after_a_kill(making: Making) -> None:
    """Killed with a record that no checkpoint covered, opened again and closed."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    journal.write(
        UnknownRecord(kind="failure", body={"what": "probe", "where": "as it was killed"})
    )
    case.ledger.close()  # as a kill leaves it: the last record is signed by nothing
    case.store.release(case.path)
    making.close(making.open())


@good()
def closing_cut_short(making: Making) -> None:
    """Stopped as it closed, opened again and closed: two records say that it is closed."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    at = making.clock.now()
    case.ledger.append("case.closed", {"at": iso(at), "records": case.ledger.size()}, at=at)
    case.leave()
    making.close(making.open())


@good()
def a_subject_erased(making: Making) -> None:
    """The key of its confidential exhibits was destroyed; the bytes are proven all the same."""
    case, journal = making.begin()
    making.watch(case, journal)
    subject = next(
        str(one.record.body["exhibit"]["subject"])
        for one in case.ledger.read(kinds=("exhibit.sealed",))
        if one.record.body["exhibit"]["confidential"]
    )
    assert case.vault.erase(subject) == 1
    making.close(case)


@good()
def many_checkpoints(making: Making) -> None:
    """Sixty checkpoints, some of the same size of ledger."""
    case, journal = making.begin()
    for number in range(30):
        journal.write(UnknownRecord(kind="failure", body={"what": "probe", "where": str(number)}))
        case.checkpoint()
        case.ledger.checkpoint(case.signer, at=making.clock.now())
    making.close(case)


@good()
def an_empty_vault(making: Making) -> None:
    """Nothing was sealed."""
    case, _ = making.begin()
    making.close(case)


@good("opens the case a second time", part="ledger.sqlite")
def opened_twice(making: Making) -> None:
    """A second case.opened names other approvers: it breaks nothing, and is named."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    other = replace(UNSIGNED, approvers=people("M. Head", "N. Deputy"))
    journal.write(
        UnknownRecord(
            kind="case.opened", body={"mandate": other, "lab": False, "key": str(case.verifier)}
        )
    )
    making.close(case)


def _at(making: Making, moment: datetime, *, back: bool = True) -> None:
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    went_on = making.clock.at
    making.clock.at = moment
    journal.write(
        UnknownRecord(kind="failure", body={"what": "probe", "where": "by a wrong clock"})
    )
    if back:
        making.clock.at = went_on
    making.close(case)


@good("earlier than a record before it", part="ledger.sqlite")
def a_record_earlier_than_the_one_before(making: Making) -> None:
    """A record is of a day before the one before it: a finding."""
    _at(making, BEGIN - timedelta(days=1))


@good("which is in the future", part="ledger.sqlite")
def a_record_of_the_future(making: Making) -> None:
    """A record is of the year 2999: a finding."""
    _at(making, datetime(2999, 1, 1, tzinfo=UTC))


@good("before that of the first", part="ledger.sqlite")
def closed_before_it_began(making: Making) -> None:
    """Its last record is of a day before its first: a finding."""
    _at(making, BEGIN - timedelta(days=1), back=False)


@good("its exhibit was sealed at", part="ledger.sqlite")
def an_exhibit_sealed_after_its_record(making: Making) -> None:
    """A record names an exhibit that it says was sealed a day later: a finding."""
    case, journal = making.begin()
    journal.seal(b"segment", what="segment", media_type="video/mp2t", at=BEGIN + timedelta(days=1))
    making.close(case)


@good("is not in the vault; it was already so when the case was closed", part="ledger.sqlite")
def an_exhibit_missing_at_the_close(making: Making) -> None:
    """A record names an exhibit that the vault never held, and the last one says so: a finding."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    journal.write(
        UnknownRecord(
            kind="failure",
            body={"what": "probe", "where": "x", "exhibit": digest_of(b"never sealed")},
        )
    )
    making.close(case)


@bad("", "this case is still open", by="its own watch", verdict=OPEN, without_key=OPEN)
def left_open(making: Making) -> None:
    """Not closed: nothing is signed that could be checked."""
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    case.leave()
    (case.path / ".reserve").unlink()


# -- one bit, one byte, one file ----------------------------------------------------------------


@bad("manifest.sha256", "not the manifest that was signed")
def one_bit_in_the_list(making: Making) -> None:
    """One bit of a digest in manifest.sha256."""
    making.whole().flip("manifest.sha256", at=0.1)


@bad("manifest.note", "does not match the note")
def one_bit_in_the_note(making: Making) -> None:
    """One bit of the signed text."""
    making.whole().edit("manifest.note", lambda raw: raw.replace(b"files ", b"giles "))


@bad("manifest.note", "does not match the note")
def one_bit_in_the_signature(making: Making) -> None:
    """One bit of the signature of the note."""

    def change(raw: bytes) -> bytes:
        return raw[:-30] + (b"A" if raw[-30:-29] != b"A" else b"B") + raw[-29:]

    making.whole().edit("manifest.note", change)


@bad("keys/case.pub", "keys/case.pub")
def one_bit_in_the_key(making: Making) -> None:
    """One bit of the public key in the case."""
    making.whole().flip("keys/case.pub", at=0.8)


@bad("ledger.sqlite", "its digest differs from the signed digest")
def one_bit_in_a_record(making: Making) -> None:
    """One bit of a record's text, in its page of the ledger."""
    making.whole().edit("ledger.sqlite", lambda raw: raw.replace(b"Home v Away", b"Home v Awax", 1))


@bad("ledger.sqlite", "its digest differs from the signed digest")
def one_bit_in_an_unused_place_of_the_ledger(making: Making) -> None:
    """One bit of the ledger's file that SQLite does not read: a reserved byte of its header."""
    making.whole().edit("ledger.sqlite", lambda raw: raw[:80] + b"\x01" + raw[81:])


@bad("vault/", "its digest differs from the signed digest")
def one_bit_in_an_exhibit(making: Making) -> None:
    """One bit of an exhibit."""
    making.whole().flip(str(making.exhibits()[0].relative_to(making.path)))


@bad("report.html", "its digest differs from the signed digest")
def one_bit_in_the_report(making: Making) -> None:
    """One bit of the report."""
    making.whole().flip("report.html")


@bad("manifest.note", "not a valid note")
def a_byte_after_the_note(making: Making) -> None:
    """An empty line after the note."""
    making.whole().edit("manifest.note", lambda raw: raw + b"\n")


@bad("manifest.note", "control character")
def a_note_with_carriage_returns(making: Making) -> None:
    """The note's lines end with CR LF."""
    making.whole().edit("manifest.note", lambda raw: raw.replace(b"\n", b"\r\n"))


@bad("manifest.sha256", "not the manifest that was signed")
def a_line_after_the_list(making: Making) -> None:
    """A comment after the last line of manifest.sha256."""
    making.whole().edit("manifest.sha256", lambda raw: raw + b"# all is well\n")


@bad("ledger.sqlite", "its size differs from the signed size")
def bytes_after_the_ledger(making: Making) -> None:
    """A page of zeros after the ledger; SQLite opens it all the same."""
    making.whole().edit("ledger.sqlite", lambda raw: raw + bytes(4096))


@bad("vault/", "changed: its")
def an_exhibit_cut_short(making: Making) -> None:
    """The last byte of an exhibit is gone."""
    making.whole().edit(str(making.exhibits()[0].relative_to(making.path)), lambda raw: raw[:-1])


@bad("vault/", "its digest differs from the signed digest")
def an_exhibit_with_the_ciphertext_of_another(making: Making) -> None:
    """One confidential exhibit holds the bytes of another, of the same length."""
    making.whole()
    first, second = (one for one in making.exhibits() if one.read_bytes()[:8] == b"CAUTERY1")
    first.write_bytes(second.read_bytes())


@bad("notes.txt", "added after the case was closed")
def a_file_added(making: Making) -> None:
    """A file that the list does not name."""
    making.whole()
    (making.path / "notes.txt").write_text("added later\n")


@bad(".hidden", "added after the case was closed")
def a_hidden_file_added(making: Making) -> None:
    """A file that a listing of the folder does not show."""
    making.whole()
    (making.path / "vault/.hidden").write_text("")


@bad("vault/ff", "added after the case was closed")
def an_empty_folder_added(making: Making) -> None:
    """An empty folder in the vault, which no list of files could name."""
    making.whole()
    (making.path / "vault/ff").mkdir(mode=0o700)


@bad("Report.html", "added after the case was closed")
def a_name_that_differs_in_case(making: Making) -> None:
    """Report.html beside report.html: on some disks one replaces the other."""
    making.whole()
    (making.path / "Report.html").write_text("<h1>another</h1>\n")


@bad("", "a name that no case has")
def a_name_with_a_newline(making: Making) -> None:
    """A file whose name has a line break, and would be two lines of the list."""
    making.whole()
    (making.path / "a\nb").write_text("")


@bad("", "a name that no case has")
def a_name_with_a_backslash(making: Making) -> None:
    """A file whose name has a backslash, which sha256sum reads as an escape."""
    making.whole()
    (making.path / "a\\nb").write_text("")


@bad("", "a name that no case has")
def a_name_that_reads_backwards(making: Making) -> None:
    """A file whose name has a right-to-left override, so that it looks like another."""
    making.whole()
    (making.path / "report\N{RIGHT-TO-LEFT OVERRIDE}lmth.html").write_text("")


@bad("report.html", "missing")
def the_report_missing(making: Making) -> None:
    """The report is gone."""
    making.whole()
    (making.path / "report.html").unlink()


@bad("vault/", "missing")
def an_exhibit_missing(making: Making) -> None:
    """An exhibit is gone."""
    making.whole()
    making.exhibits()[0].unlink()
    making.exhibits()  # its folder stays, empty


@bad("ledger.sqlite", "missing")
def the_ledger_missing(making: Making) -> None:
    """The ledger is gone."""
    making.whole()
    (making.path / "ledger.sqlite").unlink()


@bad("manifest.note", "missing, although the case has a manifest")
def the_note_missing(making: Making) -> None:
    """The signed note is gone; the list is there."""
    making.whole()
    (making.path / "manifest.note").unlink()


@bad("manifest.sha256", "manifest.sha256")
def the_list_missing(making: Making) -> None:
    """The list is gone; the signed note is there."""
    making.whole()
    (making.path / "manifest.sha256").unlink()


@bad("keys/case.pub", "keys/case.pub")
def the_key_missing(making: Making) -> None:
    """The public key in the case is gone."""
    making.whole()
    (making.path / "keys/case.pub").unlink()


@bad("report.html", "a symbolic link")
def a_link_for_the_report(making: Making) -> None:
    """The report is a symbolic link to a file outside with the very same bytes."""
    making.whole()
    shutil.move(making.path / "report.html", making.folder / "outside.html")
    (making.path / "report.html").symlink_to("../outside.html")


@bad("keys", "a symbolic link")
def a_link_for_a_folder(making: Making) -> None:
    """The folder of the public key is a symbolic link to one outside, with the same file."""
    making.whole()
    shutil.move(making.path / "keys", making.folder / "outside")
    (making.path / "keys").symlink_to("../outside")


@bad("vault/ff", "neither file nor folder")
def a_pipe_in_the_vault(making: Making) -> None:
    """A named pipe in the vault: who opens it to read waits for ever."""
    making.whole()
    os.mkfifo(making.path / "vault/ff", 0o600)


@bad("ledger.sqlite-wal", "added after the case was closed")
def a_journal_left_beside_the_ledger(making: Making) -> None:
    """A write-ahead log beside the ledger in which a record reads otherwise."""
    making.whole()
    _with_wal(making)


def _with_wal(making: Making) -> None:
    """Edit a record in a write-ahead log alone: the ledger's own file keeps its bytes but two."""
    original = (making.path / "ledger.sqlite").read_bytes()
    scratch = making.folder / "scratch.sqlite"
    scratch.write_bytes(original)
    with closing(sqlite3.connect(scratch, isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("PRAGMA wal_autocheckpoint=0")
        opened.execute(
            "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'Example League',"
            " 'Another League') AS BLOB) WHERE idx = 0"
        )
        shutil.copy(f"{scratch}-wal", making.path / "ledger.sqlite-wal")
        shutil.copy(scratch, making.folder / "in_wal_mode.sqlite")


# -- who signed ---------------------------------------------------------------------------------


@bad("manifest.note", "not canonical base64")
def a_signature_in_another_base64(making: Making) -> None:
    """The signature's base64 has a trailing bit set that lenient decoders ignore."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    def change(raw: bytes) -> bytes:
        text = raw.decode()
        assert text.endswith("=\n")
        assert not text.endswith("==\n")
        return f"{text[:-3]}{alphabet[alphabet.index(text[-3]) + 1]}=\n".encode()

    making.whole().edit("manifest.note", change)


@bad("manifest.note", "does not match the note")
def a_signature_spelt_in_another_way(making: Making) -> None:
    """The signature's number S with the group's order added (RFC 8032, 5.1.7 forbids it)."""

    def change(raw: bytes) -> bytes:
        text, _, line = raw.decode().rstrip("\n").rpartition(" ")
        signature = bytearray(base64.b64decode(line))
        number = int.from_bytes(signature[-32:], "little") + ED25519_ORDER
        signature[-32:] = number.to_bytes(32, "little")
        return f"{text} {base64.b64encode(signature).decode()}\n".encode()

    making.whole().edit("manifest.note", change)


@bad("manifest.note", "2 signatures")
def a_note_signed_twice(making: Making) -> None:
    """A stranger's signature stands beside the case's own."""

    def change(raw: bytes) -> bytes:
        text = raw.decode().rpartition("\n\n")[0] + "\n"
        extra = signer(OTHER_SEED, name="stranger.example").sign(text)
        return raw + extra.rpartition("\n\n")[2].encode()

    making.whole().edit("manifest.note", change)


@bad("manifest.note", ", not by cautery/case-", by=FORGER)
def a_note_signed_by_another_key(making: Making) -> None:
    """Another key signed the note under its own name; the key in the case is the true one."""
    making.whole().sign_again(sign=signer(OTHER_SEED).sign)


@bad("manifest.note", ", not by cautery/case-", by=FORGER)
def a_note_signed_by_another_key_of_the_same_name(making: Making) -> None:
    """Another key signed the note under the case's name, with that key's own id."""
    making.whole().sign_again(sign=signer(OTHER_SEED, name=signer().name).sign)


@bad("manifest.note", ", not by cautery/case-", by=FORGER, without_key=CONSISTENT)
def all_signed_again_by_another_key(making: Making) -> None:
    """Everything from the first record on is another key's: it agrees with itself, no more."""
    making.seed = OTHER_SEED
    making.whole()


@bad("manifest.note", ", not by cautery/case-", by=FORGER)
def all_signed_by_a_key_of_small_order(making: Making) -> None:
    """Key, checkpoints and note are of the point of order one, under which anybody can sign."""
    making.whole()
    with making.reading() as opened:
        notes = opened.execute("SELECT number, note FROM checkpoints").fetchall()
    for number, note in notes:
        _, size, root, *_ = note.split("\n")
        text = sign_by_nobody(checkpoint_text(small_name(), int(size), base64.b64decode(root)))
        making.sql(("UPDATE checkpoints SET note = ? WHERE number = ?", (text, number)))
    key = verifier_key(small_name(), IDENTITY)
    (making.path / "keys/case.pub").write_text(f"{key}\n")
    making.sign_again(sign=sign_by_nobody, case=small_name()[-16:])


@bad("", "small order", by=FORGER, key=SMALL_KEY)
def asked_with_a_key_of_small_order(making: Making) -> None:
    """The same, and the key that is handed over beside is that point: a verifier refuses it."""
    all_signed_by_a_key_of_small_order(making)


@bad("manifest.note", "but this key belongs to another case", by=HOLDER)
def a_note_of_another_case(making: Making) -> None:
    """The note names another case than the one that its key stands for."""
    making.whole().sign_again(case="0123456789abcdef")


# -- the list, signed again ---------------------------------------------------------------------


@bad("manifest.sha256", "is not a digest and a path, or is out of order", by=HOLDER)
def a_path_that_leads_out(making: Making) -> None:
    """The list names ../x."""
    making.whole()
    line = f"{hashlib.sha256(b'').hexdigest()}  ../x\n".encode()
    making.sign_again(listed=line + making.sums())


@bad("manifest.sha256", "is not a digest and a path, or is out of order", by=HOLDER)
def a_path_from_the_root(making: Making) -> None:
    """The list names /etc/hostname."""
    making.whole()
    line = f"{hashlib.sha256(b'').hexdigest()}  /etc/hostname\n".encode()
    making.sign_again(listed=line + making.sums())


@bad("manifest.sha256", "is not a digest and a path, or is out of order", by=HOLDER)
def a_list_out_of_order(making: Making) -> None:
    """The list's first line stands last."""
    making.whole()
    first, rest = making.sums().split(b"\n", 1)
    making.sign_again(listed=rest + first + b"\n")


@bad("manifest.sha256", "is not a digest and a path, or is out of order", by=HOLDER)
def a_file_listed_twice(making: Making) -> None:
    """The list names its first file twice."""
    making.whole()
    first = making.sums().split(b"\n", 1)[0]
    making.sign_again(listed=first + b"\n" + making.sums())


@bad("manifest.sha256", "files, but", by=HOLDER)
def a_note_that_counts_other_files(making: Making) -> None:
    """The note says one file more than the list has."""
    making.whole().sign_again(files=99)


@bad("ledger.sqlite", "its size differs from the signed size", by=HOLDER)
def a_note_that_counts_other_bytes(making: Making) -> None:
    """The note says one byte more than the files have."""
    making.whole()
    size = sum(
        one.stat().st_size
        for one in making.path.rglob("*")
        if one.is_file() and not one.name.startswith("manifest.")
    )
    making.sign_again(size=size + 1)


@bad("ledger.sqlite", "do not hash to the signed root", by=HOLDER)
def a_note_with_another_root(making: Making) -> None:
    """The note signs another root of the ledger."""
    making.whole().sign_again(root=hashlib.sha256(b"another").digest())


@bad("ledger.sqlite", "do not hash to the signed root", by=HOLDER)
def a_note_with_more_records(making: Making) -> None:
    """The note signs one record more than the ledger has."""
    making.whole()
    making.sign_again(records=making.frontier().size + 1)


# -- records and checkpoints, signed again ------------------------------------------------------

EDIT = (
    "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'Home v Away', 'Away v Home')"
    " AS BLOB) WHERE idx = 0"
)


@bad("ledger.sqlite", "its digest differs from the signed digest")
def a_record_changed(making: Making) -> None:
    """A record says something else; its kind is as before."""
    making.whole().sql(EDIT)


@bad("ledger.sqlite", "checkpoint 0 of", by=HOLDER)
def a_record_changed_and_signed_again(making: Making) -> None:
    """A record says something else, and the note signs the new root: the checkpoints do not."""
    making.whole().sql(EDIT)
    making.sign_again()


@bad("ledger.sqlite", "it has no checkpoint", by=HOLDER)
def no_checkpoint_left(making: Making) -> None:
    """A record says something else, and no checkpoint is left that could tell."""
    making.whole().sql(EDIT, "DELETE FROM checkpoints")
    making.sign_again()


@bad("ledger.sqlite", "its digest differs from the signed digest")
def a_checkpoint_dropped(making: Making) -> None:
    """A checkpoint is gone from the ledger."""
    making.whole().sql("DELETE FROM checkpoints WHERE number = 1")


@bad("ledger.sqlite", "does not agree with the records that follow it", by=HOLDER)
def checkpoints_out_of_order(making: Making) -> None:
    """Two checkpoints have changed places."""
    making.whole().sql(
        "UPDATE checkpoints SET number = -1 WHERE number = 1",
        "UPDATE checkpoints SET number = 1 WHERE number = 2",
        "UPDATE checkpoints SET number = 2 WHERE number = -1",
    )
    making.sign_again()


def _checkpoint(
    making: Making, sign: Callable[[str], str], text: str, *, number: int | None = None
) -> None:
    """Put a checkpoint after the last, or under a number of its own."""
    last, _ = making.last_checkpoint()
    making.sql(
        (
            "INSERT INTO checkpoints (number, size, at, note) VALUES (?, ?, ?, ?)",
            (
                last + 1 if number is None else number,
                int(text.split("\n")[1]),
                iso(making.clock.now()),
                sign(text),
            ),
        )
    )
    making.sign_again()


@bad("ledger.sqlite", "not a checkpoint of cautery/case-", by=HOLDER)
def a_checkpoint_of_another_origin(making: Making) -> None:
    """The case's key signed a checkpoint of another log."""
    records = making.whole().frontier()
    text = checkpoint_text("cautery/case-0123456789abcdef", records.size, records.root())
    _checkpoint(making, signer().sign, text)


@bad("ledger.sqlite", ", not by cautery/case-", by=HOLDER)
def a_checkpoint_by_another_key(making: Making) -> None:
    """Another key signed a checkpoint of this log, under the case's name."""
    records = making.whole().frontier()
    text = checkpoint_text(signer().name, records.size, records.root())
    _checkpoint(making, signer(OTHER_SEED, name=signer().name).sign, text)


@bad("ledger.sqlite", "does not agree with the records that follow it", by=HOLDER)
def a_checkpoint_smaller_than_the_one_before(making: Making) -> None:
    """The last checkpoint is a true one of fewer records than the one before it."""
    making.whole()
    leaves = [leaf_hash(one) for one in making.leaves()[:2]]
    earlier = Frontier().extend(leaves)
    _checkpoint(making, signer().sign, checkpoint_text(signer().name, earlier.size, earlier.root()))


@bad("ledger.sqlite", "does not agree with the records that follow it", by=HOLDER)
def a_checkpoint_of_other_records(making: Making) -> None:
    """The case's key signed the root of other records, as many: the log was forked."""
    size = making.whole().frontier().size
    text = checkpoint_text(signer().name, size, hashlib.sha256(b"other records").digest())
    _checkpoint(making, signer().sign, text)


@bad("ledger.sqlite", "were signed", by=HOLDER)
def a_checkpoint_of_more_records(making: Making) -> None:
    """The case's key signed more records than are left: the log was cut."""
    size = making.whole().frontier().size
    text = checkpoint_text(signer().name, size + 5, hashlib.sha256(b"more").digest())
    _checkpoint(making, signer().sign, text)


@bad("ledger.sqlite", "2 signatures", by=HOLDER)
def a_checkpoint_signed_twice(making: Making) -> None:
    """A stranger's signature stands beside the case's own under a checkpoint."""

    def both(text: str) -> str:
        extra = signer(OTHER_SEED, name="stranger.example").sign(text)
        return signer().sign(text) + extra.rpartition("\n\n")[2]

    records = making.whole().frontier()
    text = checkpoint_text(signer().name, records.size, records.root())
    _checkpoint(making, both, text)


@bad("ledger.sqlite", "filed as failure", by=HOLDER)
def a_record_filed_under_another_kind(making: Making) -> None:
    """A row says another kind than its record: who asks for that kind does not get it."""
    making.whole().sql("UPDATE entries SET kind = 'failure' WHERE kind = 'approval.given'")
    making.sign_again()


@bad("ledger.sqlite", "its pages contradict each other", by=HOLDER)
def a_record_missing_from_the_index(making: Making) -> None:
    """An approval is not in the index of kinds: who asks for approvals does not get it."""
    making.whole()
    whole = "CREATE INDEX entries_by_kind ON entries (kind)"
    with closing(sqlite3.connect(making.path / "ledger.sqlite", isolation_level=None)) as opened:
        opened.execute("DROP INDEX entries_by_kind")
        opened.execute(f"{whole} WHERE kind != 'approval.given'")
        opened.execute("PRAGMA writable_schema=ON")
        opened.execute("UPDATE sqlite_master SET sql = ? WHERE type = 'index'", (whole,))
    making.sign_again()


def _leaf(making: Making, change: Callable[[bytes], bytes | str]) -> None:
    """Change the last record but one, checkpoints over it too, and sign all again."""
    making.whole()
    leaves = making.leaves()
    place = len(leaves) - 2
    changed = change(leaves[place])
    making.sql(
        ("UPDATE entries SET leaf = ? WHERE idx = ?", (changed, place)),
        (
            "DELETE FROM checkpoints WHERE size > ? AND number < (SELECT MAX(number) FROM checkpoints)",
            (place,),
        ),
    )
    making.checkpoint_again()
    making.sign_again()


@bad("ledger.sqlite", "not in the RFC 8785 form", by=HOLDER)
def a_record_with_a_space(making: Making) -> None:
    """A record's JSON has a space that RFC 8785 does not write."""
    _leaf(making, lambda leaf: leaf.replace(b'","', b'", "', 1))


@bad("ledger.sqlite", "has the same member twice", by=HOLDER)
def a_record_with_a_member_twice(making: Making) -> None:
    """A record has two members kind: readers differ in which they take."""
    _leaf(making, lambda leaf: leaf[:-1] + b',"kind":"approval.given"}')


@bad("ledger.sqlite", "not a record", by=HOLDER)
def a_record_that_is_no_json(making: Making) -> None:
    """A record's bytes are no JSON."""
    _leaf(making, lambda leaf: leaf[:-1])


@bad("ledger.sqlite", "not bytes", by=HOLDER)
def a_record_that_is_text(making: Making) -> None:
    """A record is stored as text, not as bytes."""
    _leaf(making, lambda leaf: leaf.decode())


@bad("ledger.sqlite", "is not in the standard form of its time", by=HOLDER)
def a_record_with_another_spelling_of_its_time(making: Making) -> None:
    """A record's time has an offset in place of Z."""
    _leaf(making, lambda leaf: re.sub(rb'("at":"[^"]+)Z"', rb'\1+00:00"', leaf, count=1))


@bad("ledger.sqlite", "expected record", by=HOLDER)
def a_record_taken_out(making: Making) -> None:
    """A record in the middle is gone, and the others keep their numbers."""
    making.whole().sql("DELETE FROM entries WHERE idx = 2")
    making.sign_again()


@bad("ledger.sqlite", "must be case.closed", by=HOLDER)
def never_closed_by_a_record(making: Making) -> None:
    """The last record, case.closed, is gone."""
    making.whole()
    making.sql(("DELETE FROM entries WHERE idx = ?", (len(making.leaves()) - 1,)))
    making.checkpoint_again()
    making.sign_again()


@bad("ledger.sqlite", "must be case.closed", by=HOLDER)
def a_record_after_the_last(making: Making) -> None:
    """A record stands after case.closed."""
    making.whole()
    at = making.clock.now()
    leaf = leaf_of("failure", {"what": "afterthought", "where": "here"}, at)
    making.sql(("INSERT INTO entries VALUES (?, 'failure', ?)", (len(making.leaves()), leaf)))
    making.checkpoint_again()
    making.sign_again()


@bad("ledger.sqlite", "its tables are not those of a ledger", by=HOLDER)
def a_table_more(making: Making) -> None:
    """The ledger has a table more."""
    making.whole().sql("CREATE TABLE more (x)")
    making.sign_again()


@bad("ledger.sqlite", "its tables are not those of a ledger", by=HOLDER)
def a_view_more(making: Making) -> None:
    """The ledger has a view that would compute for ever."""
    making.whole().sql(
        "CREATE VIEW more AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT x FROM n"
    )
    making.sign_again()


@bad("ledger.sqlite", "its tables are not those of a ledger", by=HOLDER)
def a_trigger_more(making: Making) -> None:
    """The ledger has a trigger."""
    making.whole().sql(
        "CREATE TRIGGER more AFTER INSERT ON entries BEGIN DELETE FROM checkpoints; END"
    )
    making.sign_again()


@bad("ledger.sqlite", "not in the vault", by=HOLDER)
def an_exhibit_named_but_absent(making: Making) -> None:
    """A record names an exhibit that neither the vault nor the list has."""
    making.whole()
    exhibit = making.exhibits()[0]
    exhibit.unlink()
    exhibit.parent.rmdir()
    making.sign_again()


@bad("vault/", "whose name is not its digest", by=HOLDER)
def an_exhibit_replaced_and_signed_again(making: Making) -> None:
    """An exhibit holds other bytes than its name says, and the list says so too."""
    making.whole()
    making.exhibits()[0].write_bytes(b"another")
    making.sign_again()


def _names(making: Making, exhibit: Any) -> None:
    case, journal = making.begin()
    making.watch(case, journal, rounds=1)
    journal.write(
        UnknownRecord(kind="failure", body={"what": "probe", "where": "x", "exhibit": exhibit})
    )
    making.close(case)
    leaves = making.leaves()
    # Cautery's own last record would say of it that it is unproven.
    last = re.sub(rb',"unproven":\[[0-9,]+\]', b"", leaves[-1])
    making.sql(("UPDATE entries SET leaf = ? WHERE idx = ?", (last, len(leaves) - 1)))
    making.checkpoint_again()
    making.sign_again()


@bad("ledger.sqlite", "is not a valid digest", by=HOLDER)
def an_exhibit_named_by_a_path(making: Making) -> None:
    """A record names an exhibit by ../../keys/case.pub."""
    _names(making, "../../keys/case.pub")


@bad("ledger.sqlite", "as 7 bytes", by=HOLDER)
def an_exhibit_of_another_size(making: Making) -> None:
    """A record says another size of an exhibit than it has."""
    _names(making, {"id": digest_of(b"segment 0" * 20), "size": 7})


# -- the mandate --------------------------------------------------------------------------------


def _under(making: Making, signatures: tuple[Any, ...], **terms: Any) -> None:
    """Make a case under a mandate that nobody can approve anything under."""
    case, journal = making.begin(replace(SIGNED, signatures=signatures, **terms))
    making.watch(case, journal, rounds=1, approvers=())
    making.close(case)


@bad("ledger.sqlite", "does not verify", by=HOLDER)
def a_mandate_with_a_broken_signature(making: Making) -> None:
    """One of the two signatures under the mandate is the other's."""
    first, second = SIGNED.signatures
    _under(making, (first, replace(second, signature=first.signature)))


@bad("ledger.sqlite", "signed other terms", by=HOLDER)
def a_mandate_with_other_terms(making: Making) -> None:
    """The mandate covers another territory than the one that was signed."""
    _under(making, SIGNED.signatures, territories=("FR", "IT"))


@bad("ledger.sqlite", "signed other terms", by=HOLDER)
def a_mandate_with_other_approvers(making: Making) -> None:
    """The mandate names other approvers than the one that was signed."""
    _under(making, SIGNED.signatures, approvers=people("B. Duty", "A. Legal"))


@bad("ledger.sqlite", "small order", by=HOLDER)
def a_mandate_signed_with_a_key_of_small_order(making: Making) -> None:
    """One of the two keys under the mandate is the point of order one."""
    first, second = SIGNED.signatures
    anybody = replace(
        second,
        public_key=base64.b64encode(IDENTITY).decode(),
        signature=base64.b64encode(IDENTITY + bytes(32)).decode(),
    )
    _under(making, (first, anybody))


@bad("ledger.sqlite", "dated in the future", by=HOLDER)
def a_mandate_signed_after_the_case_began(making: Making) -> None:
    """One of the two signatures under the mandate is of a day after the case's first record."""
    late = sign_mandate(
        replace(UNSIGNED, signatures=SIGNED.signatures[:1]),
        digest_of(b"salt and file"),
        name="N. Deputy",
        role="director",
        key=PEOPLE["N. Deputy"],
        at=BEGIN + timedelta(days=1),
    )
    _under(making, (SIGNED.signatures[0], late))


@bad("ledger.sqlite", "unsigned: only", by=HOLDER, signers=SIGNERS, without_key=BROKEN)
def a_mandate_signed_twice_by_one_person(making: Making) -> None:
    """One person's signature stands twice under the mandate; two known people are asked for."""
    _under(making, SIGNED.signatures[:1] * 2)


@bad("ledger.sqlite", "unsigned: nobody", by=HOLDER, signers=SIGNERS)
def a_mandate_signed_by_nobody(making: Making) -> None:
    """Nobody signed the mandate; two known people are asked for."""
    _under(making, ())


@bad("ledger.sqlite", "fewer than two are among them", by=HOLDER, signers=SIGNERS)
def a_mandate_signed_by_strangers(making: Making) -> None:
    """Two people signed the mandate of whom nobody knows; two known people are asked for."""
    making.whole(sign_by(UNSIGNED, "A. Legal", "B. Duty"))


@bad("ledger.sqlite", "from outside", by=HOLDER, signers=SIGNERS)
def a_mandate_signed_in_anothers_name(making: Making) -> None:
    """Somebody signed as N. Deputy with a key that is not the one known of N. Deputy."""
    making.whole(sign_by(sign_by(UNSIGNED, "M. Head"), "N. Deputy", key="B. Duty"))


# -- what only looks right to one reader of SQLite ----------------------------------------------


@bad("ledger.sqlite-wal", "next to the ledger", by=HOLDER)
def a_journal_that_was_signed(making: Making) -> None:
    """A write-ahead log lies beside the ledger and in the list: SQLite reads other records."""
    making.whole()
    _with_wal(making)
    shutil.move(making.folder / "in_wal_mode.sqlite", making.path / "ledger.sqlite")
    making.sign_again()


@bad("ledger.sqlite", "record -1 stands before the first", by=HOLDER)
def a_record_before_the_first(making: Making) -> None:
    """A record stands under the number -1: a verifier that counts from 0 does not see it."""
    making.whole()
    leaf = leaf_of("approval.given", {"approver": "nobody"}, making.clock.now())
    making.sql(("INSERT INTO entries VALUES (-1, 'approval.given', ?)", (leaf,)))
    making.sign_again()


@bad("ledger.sqlite", "checkpoint -1 stands before the first", by=HOLDER)
def a_checkpoint_before_the_first(making: Making) -> None:
    """A false checkpoint stands under the number -1: a verifier that counts from 0 skips it."""
    size = making.whole().frontier().size
    text = checkpoint_text(signer().name, size, hashlib.sha256(b"other records").digest())
    _checkpoint(making, signer().sign, text, number=-1)


@bad("ledger.sqlite", "its tables are not those of a ledger", by=HOLDER)
def a_trigger_named_like_a_table(making: Making) -> None:
    """The ledger has a trigger of the name of its table of checkpoints, made before that."""
    making.whole()
    trigger = "CREATE TRIGGER checkpoints AFTER INSERT ON entries BEGIN DELETE FROM entries; END"
    making.sql(
        "ALTER TABLE checkpoints RENAME TO aside",
        trigger,
        "CREATE TABLE checkpoints (number INTEGER PRIMARY KEY NOT NULL, size INTEGER NOT NULL,"
        " at TEXT NOT NULL, note TEXT NOT NULL)",
        "INSERT INTO checkpoints SELECT * FROM aside",
        "DROP TABLE aside",
    )
    making.sign_again()


@bad("ledger.sqlite", "is filed under 1 records, but it signs", by=HOLDER)
def a_checkpoint_filed_under_another_size(making: Making) -> None:
    """The row of a checkpoint says fewer records than the checkpoint itself."""
    making.whole().sql("UPDATE checkpoints SET size = 1 WHERE number = 2")
    making.sign_again()


@bad("ledger.sqlite", "under no number of records", by=HOLDER)
def a_checkpoint_filed_under_a_word(making: Making) -> None:
    """The row of a checkpoint says a word in place of a number of records."""
    making.whole().sql("UPDATE checkpoints SET size = 'many' WHERE number = 2")
    making.sign_again()


@bad("ledger.sqlite", "opened with a key that is not its own", by=HOLDER)
def approvals_of_another_case(making: Making) -> None:
    """Its first record names another case's key, so that approvals made for that one would hold."""
    case = making.open()
    journal = making.journal(case)
    begin_case(SIGNED, ledger=case.ledger, journal=journal, key=signer(OTHER_SEED).key)
    case.checkpoint()
    making.watch(case, journal, rounds=1)
    making.close(case)


@good("not proven to be signed by two people", part="ledger.sqlite")
def a_return_by_nobody(making: Making) -> None:
    """A record says that the case went back to an older copy, and nobody signed that: named."""
    case, journal = making.begin()
    journal.write(
        UnknownRecord(
            kind="case.restored",
            body={"by": [], "text": "", "from": {}, "to": {}, "why": "no reason"},
        )
    )
    making.close(case)


@good("has an invalid time", part="ledger.sqlite")
def a_checkpoint_of_no_time(making: Making) -> None:
    """The row of a checkpoint says a word in place of a time, which nothing signs: a finding."""
    making.whole().sql("UPDATE checkpoints SET at = 'soon' WHERE number = 2")
    making.sign_again()


# -- writing the set ----------------------------------------------------------------------------

OLD = (
    {
        "name": "made_by_0_1_0",
        "folder": "../cases_of_0_1_0/closed/case",
        "what": "Closed by Cautery 0.1.0: no index of kinds, no signed mandate.",
        "by": "its own watch",
        "key": OLD_KEY,
        "signers": None,
        "verdict": AUTHENTIC,
        "without_key": CONSISTENT,
        "part": "",
        "cautery": "unsigned",
    },
    {
        "name": "left_open_by_0_1_0",
        "folder": "../cases_of_0_1_0/open/case",
        "what": "Killed under Cautery 0.1.0, its last records in a write-ahead log.",
        "by": "its own watch",
        "key": KEY,
        "signers": None,
        "verdict": OPEN,
        "without_key": OPEN,
        "part": "",
        "cautery": "this case is still open",
    },
)


def index() -> list[dict[str, Any]]:
    """Return what ``cases.json`` lists."""
    return [*(one.entry() for one in CASES), *OLD]


def made(listed: Listed, folder: Path) -> Path:
    """Make one case in an empty folder; return where it lies."""
    with seeded():
        listed.make(Making(folder))
    return folder / "case"


def packed(folder: Path) -> bytes:
    """Return the case, and what a link in it leads to, as a tar: modes, links, pipes and all."""
    out = io.BytesIO()
    wanted = [folder / "case", *sorted((folder / "case").rglob("*"))]
    for outside in ("outside", "outside.html"):
        if (folder / outside).exists():
            wanted += [folder / outside, *sorted((folder / outside).rglob("*"))]
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for one in wanted:
            about = tar.gettarinfo(str(one), str(one.relative_to(folder)))
            about.uid = about.gid = 0
            about.uname = about.gname = ""
            about.mtime = int(BEGIN.timestamp())
            about.mode = 0o777 if about.issym() else 0o700 if about.isdir() else 0o600
            if about.isreg():
                with one.open("rb") as file:
                    tar.addfile(about, file)
            else:
                tar.addfile(about)
    return out.getvalue()


def public_files() -> dict[str, str]:
    """Return the public keys that a verifier is given, by their file's name."""
    old = HERE / OLD[0]["folder"] / "keys/case.pub"
    return {
        KEY: f"{signer().key}\n",
        OTHER_KEY: f"{signer(OTHER_SEED).key}\n",
        SMALL_KEY: f"{verifier_key(small_name(), IDENTITY)}\n",
        OLD_KEY: old.read_text(),
        SIGNERS: "".join(
            f'[[signer]]\nname = "{one.name}"\nrole = "{one.role}"\n'
            f'public_key = "{one.public_key}"\n'
            for one in people("M. Head", "N. Deputy")
        ),
    }


def main() -> None:
    """Write the set anew."""
    for stale in HERE.glob("*.tar.gz"):
        stale.unlink()
    for name, text in public_files().items():
        (HERE / name).write_text(text)
    for listed in CASES:
        with tempfile.TemporaryDirectory() as scratch:
            made(listed, Path(scratch))
            (HERE / f"{listed.name}.tar.gz").write_bytes(packed(Path(scratch)))
    (HERE / "cases.json").write_text(json.dumps(index(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
