"""The register of exhibits in an agency's case: enter, move, correct, find, and sign a manifest.

Records are only ever added. Each act is checked against all that stands before it is written, all
of a batch or none. If another process took the same number in between, the later record is void:
it stays in the ledger, and :attr:`Book.void` tells why it does not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import rfc8785

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier, open_note
from cautery.model import (
    AddressTag,
    Competence,
    CustodyAct,
    CustodyEntry,
    Entry,
    Exhibit,
    ExhibitKind,
    Record,
    SeizedExhibit,
    Transfer,
    digest_of,
    from_json,
    keyed_hash,
    to_json,
)
from cautery.operation.details import check_iban, mask_iban
from cautery.operation.findings import (
    CrimeFinding,
    check_finding,
    counterparties_of,
    suggestions,
)
from cautery.operation.register import (
    Act,
    Correction,
    Register,
    Taken,
    ValueMoved,
    entry_digest,
    taken,
)
from cautery.operation.tags import by_address
from cautery.operation.totals import compare_manifest, manifest_of
from cautery.workflows.operation.desk import Desk

TAKEN = "operation.exhibit"
CUSTODY = "operation.custody"
MOVED = "operation.value-moved"
CORRECTED = "operation.exhibit-corrected"
FINDING = "operation.finding"
KINDS = (TAKEN, CUSTODY, MOVED, CORRECTED)
MAX_PHOTO_BYTES = 64 << 20
LONGEST_BEFORE = timedelta(days=20 * 365)
"""That an older case's exhibit may be older than the operation. Judgement: a slip of the year."""
MAX_MANIFEST_BYTES = 64 << 20
"""Some 100,000 exhibits."""

_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_NOTE = re.compile(
    r"Cautery register manifest v1\ncase [0-9a-f]{16}\n"
    r"exhibits [0-9]+\nmanifest (sha256:[0-9a-f]{64})\n"
)


@dataclass(slots=True)
class Book:
    """A desk's register, read as far as the ledger goes; reading on costs only what is new."""

    desk: Desk
    void: list[tuple[int, str]] = field(default_factory=list)
    """Records that break a rule, by index, with the rule: they stand, but do not count."""
    _register: Register = field(default_factory=Register)
    _next: int = 0

    @property
    def register(self) -> Register:
        """The register as it stands now."""
        acts: list[tuple[int, Act]] = []
        for entry in self.desk.case.ledger.read(since=self._next, kinds=KINDS):
            self._next = entry.index + 1
            try:
                acts.append((entry.index, act_of(entry.record)))
            except CauteryError as error:
                self.void.append((entry.index, str(error)))
        if acts:
            self._apply(acts)
        return self._register

    def _apply(self, acts: Sequence[tuple[int, Act]]) -> None:
        try:
            self._register = self._register.after(*(act for _, act in acts))
        except InputError:  # rare: find which, one by one
            for index, act in acts:
                try:
                    self._register = self._register.after(act)
                except InputError as error:
                    self.void.append((index, str(error)))

    def write(self, acts: Sequence[Act], *, at: datetime | None = None) -> tuple[Entry, ...]:
        """Check acts against all that stands and record them, all or none.

        Raises
        ------
        InputError
            At the first act that breaks a rule; then nothing was written.
        """
        moment = at or self.desk.case.clock.now()
        records = self.check(acts, at=moment)
        written = self.desk.case.ledger.append_all(records)
        ours = {entry.index for entry in written}
        _ = self.register
        for index, reason in self.void:
            if index in ours:
                raise InputError(
                    f"record {index} is void: {reason}", hint="Look, and enter it anew."
                )
        return written

    def check(
        self, acts: Sequence[Act], *, at: datetime
    ) -> list[tuple[str, dict[str, Any], datetime]]:
        """Check acts as :meth:`write` does and return their records; write nothing.

        Raises
        ------
        InputError
            At the first act that breaks a rule.
        """
        self.register.after(*acts)
        records = [(*_record_of(act), at) for act in acts]
        for kind, body, _ in records:
            self._check_named(Record(kind=kind, at=at, body=body))
        return records

    def _check_named(self, record: Record) -> None:
        """Refuse a record that `cautery verify` would stumble over: what it names must be there."""
        try:
            named = [exhibit for exhibit, _ in exhibits_of(record)]
        except EvidenceError as error:
            raise InputError(
                str(error), hint="Such members name what lies in the vault."
            ) from error
        for exhibit in named:
            if not self.desk.case.vault.holds(exhibit):
                raise InputError(f"exhibit {exhibit} is not in the vault of this case")


def register_of(desk: Desk) -> Register:
    """Return the register of a desk's case."""
    return Book(desk).register


def register_exhibit(
    desk: Desk,
    exhibit: SeizedExhibit,
    *,
    custody: CustodyEntry | None = None,
    photo: bytes | None = None,
    at: datetime | None = None,
    book: Book | None = None,
) -> SeizedExhibit:
    """Enter one exhibit; return it as recorded, its photo sealed and its account masked.

    Raises
    ------
    InputError
        Naming the rule that it breaks; nothing is recorded then.
    """
    wanted = (exhibit, custody, photo)
    return register_exhibits(desk, [wanted], at=at, book=book)[0]


def register_exhibits(
    desk: Desk,
    entries: Sequence[tuple[SeizedExhibit, CustodyEntry | None, bytes | None]],
    *,
    at: datetime | None = None,
    book: Book | None = None,
) -> tuple[SeizedExhibit, ...]:
    """Enter many exhibits with their first link and photo: all of them or none.

    Raises
    ------
    InputError
        At the first that breaks a rule; no record is written then.
    """
    book = book or Book(desk)
    moment = at or desk.case.clock.now()
    check_exhibits(desk, entries, at=moment, book=book)  # before the first byte is sealed
    sealed = [
        (_with_photo(desk, _masked(desk, exhibit, moment), photo, moment), custody)
        for exhibit, custody, photo in entries
    ]
    book.write([taken(exhibit, custody) for exhibit, custody in sealed], at=moment)
    return tuple(exhibit for exhibit, _ in sealed)


def check_exhibits(
    desk: Desk,
    entries: Sequence[tuple[SeizedExhibit, CustodyEntry | None, bytes | None]],
    *,
    at: datetime | None = None,
    book: Book | None = None,
) -> None:
    """Check exhibits as :func:`register_exhibits` does; record nothing.

    Raises
    ------
    InputError
        At the first that breaks a rule.
    """
    moment = at or desk.case.clock.now()
    for exhibit, _, photo in entries:
        _check_authority(desk, exhibit, moment)
        if photo is not None:
            _media_type(exhibit.number, photo)
    acts = [taken(exhibit, custody) for exhibit, custody, _ in entries]
    (book or Book(desk)).check(acts, at=moment)


def move_exhibit(
    desk: Desk, *links: CustodyEntry, at: datetime | None = None, book: Book | None = None
) -> None:
    """Add links of custody, all or none. A transfer is stated by this desk unless it says whose.

    Raises
    ------
    InputError
        Naming the gap or contradiction.
    """
    stated: list[Act] = []
    for link in links:
        if link.act is CustodyAct.TRANSFERRED:
            desk.operation.agency(link.to_agency or "")
            link = replace(link, stated_by=link.stated_by or desk.agency.id)  # noqa: PLW2901
        stated.append(link)
    (book or Book(desk)).write(stated, at=at)


def move_value(
    desk: Desk, move: ValueMoved, *, at: datetime | None = None, book: Book | None = None
) -> None:
    """Record that coins of a seized wallet went to a wallet of the state.

    Raises
    ------
    InputError
        If it does not fit what was found.
    """
    (book or Book(desk)).write([move], at=at)


def correct_exhibit(
    desk: Desk,
    number: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    by: str,
    at: datetime | None = None,
    book: Book | None = None,
) -> Correction:
    """Correct an entry by a new record that names it; the old one stays.

    Raises
    ------
    InputError
        If the change is none that a correction may make, or breaks a rule.
    """
    book = book or Book(desk)
    moment = at or desk.case.clock.now()
    held = book.register[number].exhibit
    if held.kind is ExhibitKind.BANK_ACCOUNT and "details" in changes:
        shown = _masked(desk, replace(held, details=changes["details"]), moment)
        changes = {**changes, "details": shown.details}
    correction = Correction(
        number=number,
        corrects=entry_digest(held),
        changes=to_json(dict(changes)),
        reason=reason,
        by=by,
        at=moment,
    )
    book.write([correction], at=moment)
    return correction


def record_finding(desk: Desk, finding: CrimeFinding, *, book: Book | None = None) -> None:
    """Record a link to another crime, after checking that what shows it is there.

    Raises
    ------
    InputError
        If an exhibit that it leans on is not in the register or the vault.
    """
    check_finding(finding, (book or Book(desk)).register)
    for exhibit in finding.exhibits:
        if not desk.case.vault.holds(exhibit):
            raise InputError(f"exhibit {exhibit} is not in the vault of this case")
    desk.record(FINDING, finding)


def findings_of(desk: Desk) -> tuple[CrimeFinding, ...]:
    """Return the recorded links to other crimes."""
    return tuple(desk.nouns(FINDING, CrimeFinding))


def suggested_findings(
    desk: Desk,
    *,
    tags: Sequence[AddressTag] = (),
    transfers: Iterable[Transfer] = (),
    book: Book | None = None,
) -> tuple[CrimeFinding, ...]:
    """Return what the exhibits suggest beyond what is recorded: assessments, none recorded yet.

    Parameters
    ----------
    transfers : iterable of Transfer
        Supplied ones: tagged counterparties of seized wallets are looked for in them.
    """
    told = {(one.crime, number) for one in findings_of(desk) for number in one.numbers}
    register = (book or Book(desk)).register
    known = by_address(tags)
    wallets = {str(one.exhibit.details.get("address")) for one in register.lines.values()}
    found = suggestions(
        register,
        tags=known,
        counterparties=counterparties_of(transfers, wallets, known),
        by=desk.agency.id,
        now=desk.case.clock.now(),
    )
    return tuple(one for one in found if not {(one.crime, each) for each in one.numbers} <= told)


def register_manifest(desk: Desk) -> bytes:
    """Return the manifest: one line of RFC 8785 JSON, then a note that signs its digest.

    Raises
    ------
    EvidenceError
        If the register's accounts do not agree.
    InputError
        If the case is only read: then nobody can sign.
    """
    register = register_of(desk)
    listed = rfc8785.dumps(
        manifest_of(register) | {"operation": desk.operation.id, "desk": desk.agency.id}
    )
    note = desk.case.signer.sign(
        f"Cautery register manifest v1\ncase {desk.case.id}\nexhibits {len(register)}\n"
        f"manifest {digest_of(listed)}\n"
    )
    return listed + b"\n" + note.encode()


def check_manifest(desk: Desk, raw: bytes, *, key: NoteVerifier | None = None) -> int:
    """Check a manifest's signature and compare it with the register; return its exhibits.

    Parameters
    ----------
    key : NoteVerifier, optional
        Had from elsewhere than the case; without it, the case's own.

    Raises
    ------
    EvidenceError
        Naming what is not the register's.
    """
    if len(raw) > MAX_MANIFEST_BYTES:
        raise EvidenceError(f"a manifest of more than {MAX_MANIFEST_BYTES} bytes")
    listed, _, note = raw.partition(b"\n")
    verifier = key or _case_key(desk)
    found = _NOTE.fullmatch(open_note(note, verifier))
    if found is None:
        raise EvidenceError("the note is not of a register's manifest")
    if digest_of(listed) != found[1]:
        raise EvidenceError("the manifest is not the one that was signed")
    try:
        stated = json.loads(listed)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"the manifest is no JSON: {error}") from error
    whose = {"operation": desk.operation.id, "desk": desk.agency.id}
    if not isinstance(stated, dict) or {name: stated.pop(name, None) for name in whose} != whose:
        raise EvidenceError("the manifest of another operation or desk")
    register = register_of(desk)
    compare_manifest(stated, register)
    return len(register)


def act_of(record: Record) -> Act:
    """Rebuild an act from its record.

    Raises
    ------
    InputError
        If it does not fit its noun.
    """
    body = dict(record.body)
    if record.kind == TAKEN:
        return Taken(
            exhibit=from_json(SeizedExhibit, body.get("entry")),
            custody=from_json(CustodyEntry, body.get("custody")),
        )
    if record.kind == CUSTODY:
        return from_json(CustodyEntry, body)
    if record.kind == MOVED:
        return from_json(ValueMoved, body)
    body.pop("exhibits", None)
    return from_json(Correction, body)


def _record_of(act: Act) -> tuple[str, dict[str, Any]]:
    if isinstance(act, Taken):
        return TAKEN, {
            "entry": to_json(act.exhibit),
            "custody": to_json(act.custody),
            "digest": entry_digest(act.exhibit),
            "exhibits": _leans_on(act.exhibit.photo, act.exhibit.details),
        }
    if isinstance(act, CustodyEntry):
        return CUSTODY, to_json(act)
    if isinstance(act, ValueMoved):
        return MOVED, to_json(act)
    changed = _leans_on(act.changes.get("photo"), act.changes.get("details"))
    return CORRECTED, to_json(act) | {"exhibits": changed}


def _leans_on(photo: object, details: object) -> list[str]:
    """Return what lies in the vault for an entry: `cautery verify` looks for it there."""
    sealed = details.get("sealed") if isinstance(details, Mapping) else None
    return [one for one in (photo, sealed) if isinstance(one, str)]


def _check_authority(desk: Desk, exhibit: SeizedExhibit, moment: datetime) -> None:
    agency = desk.operation.agency(exhibit.agency)
    if not agency.may(Competence.SEIZE):
        raise InputError(
            f"exhibit {exhibit.number}: {agency.id} has no competence to seize",
            hint="Enter it for the agency that took it.",
        )
    if exhibit.seized_at > moment:
        raise InputError(f"exhibit {exhibit.number}: seized after it is entered")
    if exhibit.seized_at < desk.operation.opened_at - LONGEST_BEFORE:
        raise InputError(
            f"exhibit {exhibit.number}: seized {exhibit.seized_at:%Y-%m-%d}, decades before the "
            "operation was opened"
        )
    if exhibit.valued_at is not None and exhibit.valued_at > moment:
        raise InputError(f"exhibit {exhibit.number}: valued after it is entered")


def _masked(desk: Desk, exhibit: SeizedExhibit, moment: datetime) -> SeizedExhibit:
    """Replace an account's IBAN by its mask and keyed hash; the whole one is sealed encrypted."""
    if exhibit.kind is not ExhibitKind.BANK_ACCOUNT or "iban" not in exhibit.details:
        return exhibit
    iban = check_iban(str(exhibit.details["iban"]))
    pseudonym = keyed_hash(iban, desk.case.redaction_key)
    kept = _seal(desk, iban.encode(), "text/plain", f"account:{pseudonym}", moment)
    details = {name: value for name, value in exhibit.details.items() if name != "iban"}
    return replace(
        exhibit,
        details=details
        | {"iban_masked": mask_iban(iban), "account_hash": pseudonym, "sealed": kept.id},
    )


def _with_photo(
    desk: Desk, exhibit: SeizedExhibit, photo: bytes | None, moment: datetime
) -> SeizedExhibit:
    """Seal the photo encrypted under the exhibit's own subject: it may show a person."""
    if photo is None:
        return exhibit
    media_type = _media_type(exhibit.number, photo)
    kept = _seal(desk, photo, media_type, f"exhibit:{exhibit.number}", moment)
    return replace(exhibit, photo=kept.id)


def _seal(desk: Desk, data: bytes, media_type: str, subject: str, moment: datetime) -> Exhibit:
    return desk.case.vault.seal(
        data, media_type=media_type, at=moment, clock=desk.case.clock.offset(), subject=subject
    )


def _media_type(number: str, photo: bytes) -> str:
    if len(photo) > MAX_PHOTO_BYTES:
        raise InputError(f"exhibit {number}: a photo of more than {MAX_PHOTO_BYTES >> 20} MiB")
    for magic, media_type in _PICTURES.items():
        if photo.startswith(magic):
            return media_type
    if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
        return "image/webp"
    raise InputError(f"exhibit {number}: the photo is no JPEG, PNG or WebP")


def _case_key(desk: Desk) -> NoteVerifier:
    if desk.case.keys is not None:
        return desk.case.verifier
    for body in desk.bodies("operation.opened"):
        return NoteVerifier.parse(str(body["key"]))
    raw = desk.case.store.read(desk.case.path, CASE_KEY, limit=MAX_NOTE_BYTES)
    return NoteVerifier.parse(raw.decode())
