"""The statements of a desk: its own and shared ones, with their signatures.

A statement counts under its provider's signature, whoever brought it (ADR 0030). Cases of older
versions hold statements that nobody signed; they are shown as such, and undo nothing that is
signed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cautery.errors import EvidenceError, InputError
from cautery.evidence.leaf import record_of
from cautery.evidence.note import NoteVerifier, open_note
from cautery.messages import tr, tr_n
from cautery.model import Operation, Statement
from cautery.model.records import (
    BundleReceived,
    DeconflictionLetter,
    Entry,
    PartnerRegistered,
    StatementRecorded,
)
from cautery.operation.bundle import (
    OLD_FORMAT,
    Bundle,
    NotedStatement,
    read_bundle,
    read_old_bundle,
)
from cautery.operation.sharing import displaced_by
from cautery.operation.signed import SignedText, statement_digest, text_of_statement
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import open_letter
from cautery.workflows.operation.partners import known_keys, open_partner_note

_BUNDLES = (BundleReceived, DeconflictionLetter, PartnerRegistered)
"""What bundles are, and the keys by which they count."""
HOLDINGS = (StatementRecorded, *_BUNDLES)
"""The records that say what a desk holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A statement at a desk.

    Parameters
    ----------
    received_from : str or None
        Who sent it; ``None`` for the agency's own.
    corrected_by : str or None
        The id of the statement that corrects or withdraws it.
    signed : bool
        Whether it bears its provider's signature; in a case of an older version none does.
    """

    statement: Statement
    received_from: str | None
    corrected_by: str | None
    signed: bool

    @property
    def source(self) -> str:
        """Whose statement it is, by whom it came, and whether nobody signed it."""
        return source_words(self.statement.by, self.received_from, signed=self.signed)


def source_words(by: str, sender: str | None, *, signed: bool = True) -> str:
    """Return whose a statement is, in words.

    Examples
    --------
    >>> source_words("it-postal", "bg-gdbop")
    'it-postal, as passed on by bg-gdbop'
    """
    passed_on = "" if sender in (None, by) else f", as passed on by {sender}"
    return f"{by}{passed_on}{'' if signed else ', unsigned'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A statement at a desk with its notes, and who sent it."""

    noted: NotedStatement
    sender: str | None

    @property
    def weight(self) -> int:
        """How much it counts: signed, else said by the provider itself, else hearsay."""
        if self.noted.notes:
            return 2
        return int(self.sender in (None, self.noted.statement.by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All that a desk holds.

    Parameters
    ----------
    newer : mapping of (provider, id) to id
        What corrects or withdraws a statement, whether that has come or not.
    permissions : mapping of (provider, id, agency) to str
        Signed notes by which this desk may pass statements of others on.
    """

    rows: tuple[Row, ...]
    newer: Mapping[tuple[str, str], str]
    permissions: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


def unsigned_statements(desk: Desk) -> tuple[Statement, ...]:
    """Return the agency's own statements that nobody signed: they are shared with nobody."""
    return tuple(row.statement for row in own_noted(desk) if not row.notes)


def own_statements(desk: Desk) -> Iterator[Statement]:
    """Yield the agency's own statements, in order."""
    for row in own_noted(desk):
        yield row.statement


def own_noted(desk: Desk) -> Iterator[NotedStatement]:
    """Yield the agency's own statements with those notes that its key signed, in order."""
    yield from desk.once(_own_noted, StatementRecorded)


def _own_noted(desk: Desk) -> tuple[NotedStatement, ...]:
    key = str(known_keys(desk)[desk.agency.id])
    rows: dict[tuple[str, frozenset[str]], NotedStatement] = {}
    for entry, _ in desk.contents(StatementRecorded):
        row = _noted(entry.leaf, desk.operation.id, key)
        place = row.statement.id, row.statement.to
        if row.statement.by == desk.agency.id and (
            place not in rows or (row.notes and not rows[place].notes)
        ):
            rows[place] = row
    return tuple(rows.values())


def received_statements(desk: Desk) -> Iterator[tuple[str, Statement]]:
    """Yield what others have shared, each statement once: who sent it, and the statement.

    The first statement of an id holds, but what is signed takes the place of what is not, and
    what its provider sent that of what another passed on.
    """
    for row in _received(desk):
        assert row.sender is not None
        yield row.sender, row.noted.statement


@dataclass(slots=True)
class _Received:
    """What a desk goes on from when a further bundle comes in.

    Parameters
    ----------
    opened : mapping of (exhibit, sender) to Bundle
        Bundles that were read from the vault, each note in them checked with ``keys``.
    taken : tuple of Bundle
        Those that ``rows`` are made of.
    """

    keys: Mapping[str, NoteVerifier] = field(default_factory=dict)
    opened: dict[tuple[str, str], Bundle] = field(default_factory=dict)
    taken: tuple[Bundle, ...] = ()
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)


def _bundles(desk: Desk) -> tuple[Bundle, ...]:
    """Return the bundles that this desk has filed, each under the key known for its sender."""
    return desk.once(_filed_bundles, *_BUNDLES)


def _filed_bundles(desk: Desk) -> tuple[Bundle, ...]:
    keys, kept = known_keys(desk), desk.keeper(_Received)
    if kept.keys != keys:
        kept.keys, kept.opened = keys, {}
    bundles = []
    for entry, received in desk.contents(BundleReceived):
        sender, exhibit = received.from_, received.exhibit
        if sender not in keys or received.key != str(keys[sender]):
            continue
        with desk.passing_over(entry):
            if not desk.case.vault.holds(exhibit):
                raise InputError(f"no bundle {exhibit} in the vault")
            if (exhibit, sender) not in kept.opened:
                raw = desk.case.vault.read(exhibit)
                kept.opened[exhibit, sender] = filed_bundle(desk, raw, sender, keys)
            bundles.append(kept.opened[exhibit, sender])
    return tuple(bundles)


def _received(desk: Desk) -> tuple[Row, ...]:
    bundles, kept = _bundles(desk), desk.keeper(_Received)
    if kept.taken != bundles[: len(kept.taken)]:  # a key that came later opens an earlier bundle
        kept.taken, kept.rows = (), {}
    for bundle in bundles[len(kept.taken) :]:
        _take(bundle, kept.rows)
        kept.taken = (*kept.taken, bundle)
    return tuple(kept.rows.values())


def _take(bundle: Bundle, rows: dict[tuple[str, str], Row]) -> None:
    for shared in bundle.rows:
        notes = {} if shared.note is None else {_recipient(shared.note): shared.note}
        row = Row(noted=NotedStatement(statement=shared.statement, notes=notes), sender=bundle.by)
        first = rows.get(shared.key)
        if first is None or row.weight > first.weight:
            rows[shared.key] = row
        elif bundle.by == row.noted.statement.by and _same(row, first):
            rows[shared.key] = replace(first, sender=bundle.by)


def _same(row: Row, first: Row) -> bool:
    return row.weight == first.weight and statement_digest(row.noted.statement) == statement_digest(
        first.noted.statement
    )


def holdings(desk: Desk) -> Holdings:
    """Read all that a desk holds, own first."""
    return desk.once(_holdings, *HOLDINGS)


def _holdings(desk: Desk) -> Holdings:
    received = _received(desk)
    rows = (*(Row(noted=noted, sender=None) for noted in own_noted(desk)), *received)
    weights: dict[tuple[str, str], int] = {}
    for row in rows:
        weights[row.noted.key] = max(row.weight, weights.get(row.noted.key, 0))
    newer = {
        old: row.noted.statement.id
        for row in rows
        for old in displaced_by(row.noted.statement)
        if row.weight >= weights.get(old, 0)  # hearsay undoes nothing that somebody signed
    }
    provided = {row.noted.key: row.noted.statement for row in received}
    permissions = {}
    for bundle in _bundles(desk):
        for note in bundle.permissions:
            text = _text_in(note)
            statement = provided.get((text.agency, text.statement))
            if statement is not None and statement_digest(statement) == text.digest:
                permissions[text.agency, text.statement, text.to] = note
    return Holdings(rows=rows, newer=newer, permissions=permissions)


def held(desk: Desk) -> tuple[Held, ...]:
    """Return all that the desk holds, own first; what was corrected says by what."""
    return desk.once(_held, *HOLDINGS)


def _held(desk: Desk) -> tuple[Held, ...]:
    desk_holdings = holdings(desk)
    return tuple(
        Held(
            statement=row.noted.statement,
            received_from=row.sender,
            corrected_by=desk_holdings.newer.get(row.noted.key),
            signed=bool(row.noted.notes),
        )
        for row in desk_holdings.rows
    )


def standing(desk: Desk) -> tuple[Held, ...]:
    """Return what the desk holds and nobody has corrected or withdrawn."""
    return desk.once(_standing, *HOLDINGS)


def _standing(desk: Desk) -> tuple[Held, ...]:
    return tuple(
        row
        for row in held(desk)
        if row.corrected_by is None and not row.statement.details.get("withdrawn")
    )


def records_of_statements(desk: Desk) -> Mapping[tuple[str, str], Entry]:
    """Return the record that brought each statement here, by provider and id: its own, a bundle."""
    return desk.once(_records_of_statements, *HOLDINGS)


def _records_of_statements(desk: Desk) -> dict[tuple[str, str], Entry]:
    places: dict[tuple[str, str], Entry] = {}
    for entry, recorded in desk.contents(StatementRecorded):
        places.setdefault((recorded.by, recorded.id), entry)
    _bundles(desk)
    opened = desk.keeper(_Received).opened
    for entry, received in desk.contents(BundleReceived):
        bundle = opened.get((received.exhibit, received.from_))
        for shared in () if bundle is None else bundle.rows:
            places.setdefault(shared.key, entry)
    return places


def picture(desk: Desk) -> tuple[Statement, ...]:
    """Return the shared picture as this desk has it: what it holds and nobody has corrected."""
    return tuple(row.statement for row in standing(desk))


def sources_of(rows: Iterable[Held]) -> str:
    """Say how many statements there are, and how many of them are second-hand or unsigned."""
    held_rows = tuple(rows)
    second = Counter(
        str(row.received_from)
        for row in held_rows
        if row.received_from not in (None, row.statement.by)
    )
    unsigned = sum(not row.signed for row in held_rows)
    parts = [
        tr("%(count)s as passed on by %(sender)s", str, count=count, sender=sender)
        for sender, count in sorted(second.items())
    ]
    if unsigned:
        parts.append(tr("%(count)s unsigned", str, count=unsigned))
    statements = tr_n("%(count)s statement", "%(count)s statements", len(held_rows))
    if not parts:
        return statements
    return tr("%(statements)s, of them %(parts)s", statements=statements, parts=", ".join(parts))


def permissions_of(desk: Desk) -> frozenset[tuple[str, str, str]]:
    """Return (provider, statement id, agency) of what this desk may pass on by permission."""
    return frozenset(holdings(desk).permissions)


@lru_cache(maxsize=1 << 16)
def _noted(leaf: bytes, operation: str, key: str) -> NotedStatement:
    """Return the statement of a record with the notes that a key signed for it as it stands.

    A desk is read often, and its leaves never change.
    """
    recorded: StatementRecorded = record_of(leaf, canonical=False).content
    statement = recorded.statement
    verifier = NoteVerifier.parse(key)
    signed = {}
    for to, note in recorded.notes.items():
        try:
            text = open_note(note.encode(errors="replace"), verifier)
        except EvidenceError:
            continue  # shown as unsigned, and shared with nobody
        if text == str(text_of_statement(statement, operation=operation, to=to)):
            signed[to] = note
    return NotedStatement(statement=statement, notes=signed)


@lru_cache(maxsize=1 << 16)
def _text_in(note: str) -> SignedText:
    """Return the text of a note that was verified when its bundle was read.

    A desk reads all its notes whenever it asks what it holds.
    """
    return SignedText.parse(note.partition("\n\n")[0] + "\n")


def _recipient(note: str) -> str:
    return _text_in(note).to


def filed_bundle(desk: Desk, raw: bytes, sender: str, keys: Mapping[str, NoteVerifier]) -> Bundle:
    """Return the bundle in a letter, every signature in it checked with the keys known here.

    Raises
    ------
    InputError, EvidenceError
        As :func:`~cautery.operation.sharing.read_bundle`.
    """
    key_pairs = tuple(sorted(keys.items()))
    return _filed(raw, desk.operation, desk.agency.id, sender, key_pairs)


@lru_cache(maxsize=512)
def _filed(
    raw: bytes,
    operation: Operation,
    to: str,
    sender: str,
    keys: tuple[tuple[str, NoteVerifier], ...],
) -> Bundle:
    """Return the bundle in a letter; the same bytes are read once."""
    verifiers = dict(keys)
    payload = open_letter(raw, verifiers[sender])
    if payload.get("format") == OLD_FORMAT:
        return read_old_bundle(payload, to=operation.agency(to), operation=operation)
    return read_bundle(
        payload,
        to=operation.agency(to),
        operation=operation,
        open_note=lambda agency, note: open_partner_note(agency, note, verifiers),
    )
