"""Make the bundle for one agency, and check one that another agency sent.

A bundle is made of the statements that its recipient may see and of nothing else: no count, no
sequence number, no name of another recipient. So it is the same bytes whatever the hidden ones say.
Each statement in it bears its provider's own signature, whoever brings it (ADR 0030).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.model import (
    Agency,
    Operation,
    Statement,
    from_json,
    iso,
    require_utc,
    to_json,
)
from cautery.operation.sharing import displaced_by, releasable
from cautery.operation.signed import (
    ANYBODY,
    SignedText,
    SignedType,
    text_of_permission,
    text_of_statement,
)

FORMAT = "cautery.bundle/2"
OLD_FORMAT = "cautery.bundle/1"
"""Without signatures on statements: read where a case has filed it before, never received."""
MAX_STATEMENTS = 20_000
"""In one bundle: more than all agencies of an operation of two years state together (the lab's
taken-down at full size: 12,595), and few enough that nobody waits long for their signatures."""

CLOCKS_DISAGREE = timedelta(days=1)
"""How far a statement may be ahead of its bundle, and a bundle of who receives it: of what is said
differently the latest counts, so that a date in the future would outlast every other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedStatement:
    """A statement at a desk, with its provider's signed notes by recipient (``*``: anybody).

    ``notes`` is empty for a statement of an older case, which nobody signed.
    """

    statement: Statement
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Provider and id."""
        return self.statement.by, self.statement.id


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedStatement:
    """A statement in a bundle.

    Parameters
    ----------
    note : str or None
        The provider's signed note; ``None`` in a bundle of an older case.
    permission : str or None
        The provider's signed permission to pass it on, where its marking asks for one.
    """

    statement: Statement
    note: str | None
    permission: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Provider and id."""
        return self.statement.by, self.statement.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one agency tells another: statements sorted by provider and id, and no more.

    Parameters
    ----------
    permissions : tuple of str
        Signed notes by which the sender lets the recipient pass on statements of the sender's.
    """

    operation: str
    by: str
    to: str
    at: datetime
    rows: tuple[SharedStatement, ...]
    permissions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements without their notes."""
        return tuple(row.statement for row in self.rows)

    def payload(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "format": FORMAT,
            "operation": self.operation,
            "from": self.by,
            "to": self.to,
            "at": iso(self.at),
            "statements": [to_json(row) for row in self.rows],
            "permissions": list(self.permissions),
        }

    def to_bytes(self) -> bytes:
        """Return it as RFC 8785 JSON: one spelling."""
        return canonical(self.payload())


def bundle_for(
    statements: Iterable[NotedStatement],
    *,
    to: Agency,
    by: Agency,
    operation: Operation,
    at: datetime,
    permissions: Mapping[tuple[str, str, str], str] | None = None,
    granted: Iterable[str] = (),
    told: Collection[tuple[str, str]] = (),
    most: int | None = None,
) -> Bundle:
    """Return all that ``by`` may tell ``to``; of a corrected statement, the correction alone.

    Beyond ``most`` statements the rest goes with the next bundle.

    Parameters
    ----------
    statements : iterable of NotedStatement
        Everything that ``by`` holds, in any order; what nobody signed is left out.
    permissions : mapping of (provider, statement id, agency) to str
        Signed notes by which providers let ``by`` pass a statement of theirs on.
    granted : iterable of str
        Signed notes by which ``by`` lets ``to`` pass statements on.
    told : collection of (provider, statement id)
        What ``to`` has been told before, and is not told again.

    Raises
    ------
    InputError
        If an agency is not at the table, or is both ends.

    Notes
    -----
    A correction displaces what it corrects only where ``to`` may see the correction: otherwise
    a hidden statement would show by what is missing.
    """
    operation.agency(by.id)
    if to.id == by.id:
        raise InputError(f"{by.id}: an agency cannot share statements with itself")
    allowed = permissions or {}
    rows: dict[tuple[str, str], SharedStatement] = {}
    for statement in statements:
        permission = allowed.get((*statement.key, to.id))
        row = _handed_on(statement, to=to, by=by, operation=operation, permission=permission)
        if row is not None and not (statement.key in rows and rows[statement.key].statement.to):
            rows[statement.key] = row
    displaced = {old for row in rows.values() for old in displaced_by(row.statement)}
    return Bundle(
        operation=operation.id,
        by=by.id,
        to=to.id,
        at=at,
        rows=tuple(
            rows[key]
            for key in sorted(rows.keys() - displaced - set(told))[: most or MAX_STATEMENTS]
        ),
        permissions=tuple(sorted(set(granted))),
    )


def _handed_on(
    noted: NotedStatement, *, to: Agency, by: Agency, operation: Operation, permission: str | None
) -> SharedStatement | None:
    """Return a statement as it goes to an agency, or ``None`` where it does not."""
    is_named = to.id in noted.statement.to
    note = noted.notes.get(to.id) if is_named else noted.notes.get(ANYBODY)
    if note is None and permission is not None:  # it was for another: the permission says more
        note = next(iter(noted.notes.values()), None)
    free = releasable(noted.statement, to=to, operation=operation, by=by.id)
    if not free and not (
        permission is not None
        and releasable(noted.statement, to=to, operation=operation, by=by.id, permitted=True)
    ):
        return None
    if note is None:
        return None
    addressed = replace(noted.statement, to=frozenset({to.id}) if is_named else frozenset())
    return SharedStatement(statement=addressed, note=note, permission=None if free else permission)


OpenNote = Callable[[str, str], str]
"""An agency and a note to the note's text, its signature checked with that agency's key."""


def read_bundle(
    payload: Mapping[str, Any], *, to: Agency, operation: Operation, open_note: OpenNote
) -> Bundle:
    """Rebuild a bundle that was received, refusing what no honest sharer could have sent.

    Parameters
    ----------
    payload : mapping
        Of :meth:`Bundle.payload`, its signature checked.
    to : Agency
        Who received it.
    open_note : callable
        Opens a note with the key by which its agency is known here.

    Raises
    ------
    InputError
        Naming the rule that is broken.
    EvidenceError
        If a statement is not, as it stands here, what its provider signed.
    """
    members = {"format", "operation", "from", "to", "at", "statements", "permissions"}
    if set(payload) != members or payload["format"] != FORMAT:
        raise InputError(
            f"not a valid bundle: {FORMAT} has the members {', '.join(sorted(members))}"
        )
    sender = _sender(payload, to=to, operation=operation)
    rows = payload["statements"]
    if not isinstance(rows, list) or len(rows) > MAX_STATEMENTS:
        raise InputError(f"a bundle must be a list of at most {MAX_STATEMENTS} statements")
    permissions = payload["permissions"]
    if not isinstance(permissions, list) or len(permissions) > MAX_STATEMENTS:
        raise InputError(f"a bundle must have a list of at most {MAX_STATEMENTS} permissions")
    at = _time(payload["at"])
    check = _Check(sender=sender, to=to, operation=operation, at=at, open_note=open_note)
    bundle = Bundle(
        operation=operation.id,
        by=sender.id,
        to=to.id,
        at=at,
        rows=tuple(check.row(row) for row in rows),
        permissions=tuple(check.granted(note) for note in permissions),
    )
    keys = [row.key for row in bundle.rows]
    if keys != sorted(set(keys)) or list(bundle.permissions) != sorted(set(bundle.permissions)):
        raise InputError("a bundle must be sorted, with each statement and permission only once")
    return bundle


def read_old_bundle(payload: Mapping[str, Any], *, to: Agency, operation: Operation) -> Bundle:
    """Rebuild a bundle that an older case has filed: its statements are signed by nobody.

    What no statement may be any more (an id that is a path, say) is left out.

    Raises
    ------
    InputError
        If it is none of this operation and agency.
    """
    if payload.get("format") != OLD_FORMAT:
        raise InputError(f"not a bundle of the format {OLD_FORMAT}")
    rows = []
    for row in payload.get("statements", ()):
        try:
            rows.append(SharedStatement(statement=from_json(Statement, row), note=None))
        except InputError:
            continue  # the bytes stay sealed in the vault
    return Bundle(
        operation=operation.id,
        by=_sender(payload, to=to, operation=operation).id,
        to=to.id,
        at=_time(payload.get("at")),
        rows=tuple(rows),
    )


def _sender(payload: Mapping[str, Any], *, to: Agency, operation: Operation) -> Agency:
    """Return the sender of a bundle, after a check of its addressee."""
    about, addressee = payload.get("operation"), payload.get("to")
    if about != operation.id:
        raise InputError(f"the bundle belongs to operation {str(about)[:80]!r}, not to this one")
    if addressee != to.id:
        raise InputError(f"the bundle is for {str(addressee)[:80]!r}, not for {to.id}")
    return operation.agency(str(payload.get("from"))[:80])


def _time(value: Any) -> datetime:
    at = from_json(datetime, value)
    if iso(at) != value:
        raise InputError("the time of a bundle must be RFC 3339 with microseconds and Z")
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """Checks the parts of one bundle."""

    sender: Agency
    to: Agency
    operation: Operation
    at: datetime
    open_note: OpenNote

    def row(self, row: Any) -> SharedStatement:
        """Return a statement that its provider signed and that the sender may share with us."""
        if not isinstance(row, dict) or set(row) != {"statement", "note", "permission"}:
            raise InputError(
                "each row of a bundle must have a statement, its note and its permission"
            )
        statement, note, permission = _statement(row["statement"]), row["note"], row["permission"]
        if not isinstance(note, str) or not isinstance(permission, str | None):
            raise InputError(
                f"statement {statement.id} of {statement.by}: refused, because {statement.by} "
                "has not signed it",
                hint=f"Ask {statement.by} for the signed statement.",
            )
        self.operation.agency(statement.by)
        if statement.at - self.at > CLOCKS_DISAGREE:
            raise InputError(
                f"statement {statement.id} of {statement.by}: its time is after that of the bundle"
            )
        text = SignedText.parse(self.open_note(statement.by, note))
        if text != text_of_statement(statement, operation=self.operation.id, to=text.to):
            raise EvidenceError(
                f"statement {statement.id} of {statement.by}: its content or marking differs "
                f"from what {statement.by} signed"
            )
        if permission is not None:
            expected = text_of_permission(
                statement, operation=self.operation.id, by=self.sender.id, to=self.to.id
            )
            if SignedText.parse(self.open_note(statement.by, permission)) != expected:
                raise EvidenceError(
                    f"statement {statement.id} of {statement.by}: the permission does not allow "
                    f"{self.sender.id} to share it with {self.to.id}"
                )
        is_named = text.to == self.to.id
        if statement.to != (frozenset({self.to.id}) if is_named else frozenset()):
            raise InputError(
                f"statement {statement.id}: refused, because it names other "
                "agencies that received it"
            )
        may = releasable(
            statement,
            to=self.to,
            operation=self.operation,
            by=self.sender.id,
            permitted=permission is not None,
        )
        if not may or (text.to not in (ANYBODY, self.to.id) and permission is None):
            raise InputError(
                f"statement {statement.id} of {statement.by}: {statement.marking.tlp.value} does "
                f"not allow {self.sender.id} to share it with {self.to.id}",
                hint="Ask the agency that made the statement for a permission.",
            )
        return SharedStatement(statement=statement, note=note, permission=permission)

    def granted(self, note: Any) -> str:
        """Return a permission of the sender's own for us."""
        if not isinstance(note, str):
            raise InputError("a permission must be a signed note")
        text = SignedText.parse(self.open_note(self.sender.id, note))
        if (text.type, text.operation, text.agency, text.by) != (
            SignedType.PERMISSION,
            self.operation.id,
            self.sender.id,
            self.to.id,
        ):
            raise InputError(f"the permission is not by {self.sender.id} or not for {self.to.id}")
        self.operation.agency(text.to)
        return note


def _statement(row: Any) -> Statement:
    if isinstance(row, dict) and row.get("marking") is None:
        raise InputError(
            f"statement {str(row.get('id'))[:80]!r}: refused, because it has no marking"
        )
    statement = from_json(Statement, row)
    if to_json(statement) != row:
        raise InputError(f"statement {statement.id}: not in the standard form of a statement")
    return statement
