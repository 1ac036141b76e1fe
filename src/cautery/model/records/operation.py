"""Records of one agency's desk: who takes part, and what agencies tell one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar

from cautery.model.evidence import Digest, ExhibitId
from cautery.model.message import Message
from cautery.model.operation import (
    Operation,
    Statement,
)
from cautery.model.wire import SPELLED_WITHOUT_UNDERSCORE


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationOpened:
    """An agency's case of an operation begins. Only the first such record counts.

    Parameters
    ----------
    operation : Operation
        The operation with its agencies, as they are when the case begins.
    agency : str
        Id of the agency whose case it is.
    version : str
        Version of Cautery that opened the case.
    lab : bool
        Whether the operation is one of the synthetic world.
    key : str
        The case's verifier key, spelled as in C2SP notes.
    partners_signed : bool
        Whether this desk signs which key belongs to which agency; desks of older versions did not.
    """

    operation: Operation
    agency: str
    version: str
    lab: bool
    key: str
    partners_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRecorded(Statement):
    """The agency makes a statement.

    Parameters
    ----------
    notes : mapping
        By recipient (``*``: any), the note that the agency signed (ADR 0030); empty in cases of
        older versions, which signed none.
    """

    notes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statement: Statement, *, notes: Mapping[str, str]) -> StatementRecorded:
        """Return the record of a statement."""
        return cls(**_members(statement), notes=notes)

    @property
    def statement(self) -> Statement:
        """The statement alone, as others get it."""
        return Statement(**_members(self))


def _members(statement: Statement) -> dict[str, Any]:
    return {member.name: getattr(statement, member.name) for member in fields(Statement)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyJoined:
    """An agency joins the operation.

    Parameters
    ----------
    agency : str
        Id of the agency.
    at : datetime
        When it joined, in UTC.
    """

    agency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleShared:
    """Statements were sent to another agency, in one signed bundle.

    Parameters
    ----------
    to : str
        Id of the receiving agency.
    at : datetime
        When the bundle was made, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    exhibit : ExhibitId
        The bundle as it was sent, sealed.
    statements : tuple of (str, str)
        Provider and id of each statement.
    permissions : tuple of Digest
        Digests of the permissions to pass statements on that went with them; none in older
        versions.
    why : str
        Justification (Directive (EU) 2016/680, art. 25).
    who : str
        The person who shared it (Directive (EU) 2016/680, art. 25).
    """

    to: str
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    statements: tuple[tuple[str, str], ...]
    permissions: tuple[Digest, ...] = ()
    why: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPermitted:
    """The desk permits another agency to pass one of its statements on.

    Parameters
    ----------
    statement : str
        Id of the statement.
    by : str or None
        Id of the agency that may pass it on; ``None`` in cases of older versions: it permits
        nothing.
    to : str
        Id of the agency to which it may be passed on.
    why : str
        The reason for the permission.
    note : str or None
        The permission as this desk signed it; ``None`` in cases of older versions.
    """

    statement: str
    by: str | None = None
    to: str
    why: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRegistered:
    """The desk records the key with which another agency signs.

    Parameters
    ----------
    agency : str
        Id of the other agency.
    key : str
        Its verifier key, spelled as in C2SP notes.
    note : str or None
        This record's statement, signed by the desk; ``None``: not signed, as in older versions.
    """

    agency: str
    key: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedStatement:
    """A statement in a bundle that is not accepted here.

    Parameters
    ----------
    by : str
        Id of the agency that made the statement.
    id : str
        Id of the statement.
    why : Message
        Why it is not accepted.
    """

    by: str
    id: str
    why: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReceived:
    """A bundle of another agency was checked and filed.

    Parameters
    ----------
    from_ : str
        Id of the sender.
    at : datetime
        When it was received, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    exhibit : ExhibitId
        The bundle as it arrived, sealed.
    key : str
        The verifier key that checked it.
    who : str
        The person who received it.
    refused : tuple of RefusedStatement
        Statements in it that are not accepted.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    from_: str
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    key: str
    who: str
    refused: tuple[RefusedStatement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRefused:
    """A bundle was refused as a whole.

    Parameters
    ----------
    from_ : str or None
        Id of the sender; ``None``: the signature is not valid, so anybody may have written it.
    at : datetime
        When it was refused, in UTC.
    digest : Digest
        Digest of the bundle's bytes.
    size : int
        Size, bytes.
    exhibit : ExhibitId or None
        The bundle as it arrived, sealed; ``None``: its sender did not sign it.
    key : str
        The verifier key that checked it.
    who : str
        The person who would have received it.
    why : Message
        Why it was refused.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    from_: str | None
    at: datetime
    digest: Digest
    size: int
    exhibit: ExhibitId | None
    key: str
    who: str
    why: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecrets:
    """Where the secrets of a run of deconfliction are kept, encrypted under the run's own key.

    Parameters
    ----------
    exhibit : ExhibitId
        The sealed secrets.
    """

    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionLetter:
    """A letter of a run of deconfliction, sent or received.

    Parameters
    ----------
    session : str
        Id of the run.
    step : int
        Which letter of the run it is, from 1 to 4.
    sent : bool
        Whether this desk wrote it; else it was received.
    with_ : str
        Id of the other agency.
    size : int
        Number of points in each side's set.
    at : datetime
        When it was sent or received, in UTC.
    digest : Digest
        Digest of the letter's bytes.
    exhibit : ExhibitId
        The letter, sealed.
    run : SealedSecrets or None
        Secrets of this desk's side; ``None``: not the desk's first letter of the run.
    key : str or None
        The verifier key that checked the letter; ``None``: the letter is this desk's own.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    session: str
    step: int
    sent: bool
    with_: str
    size: int
    at: datetime
    digest: Digest
    exhibit: ExhibitId
    run: SealedSecrets | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionResult:
    """The result of a run of deconfliction.

    Parameters
    ----------
    session : str
        Id of the run.
    with_ : str
        Id of the other agency.
    contact : str
        Contact point of the other agency.
    shared : tuple of str
        The targets that both agencies have.
    """

    __pydantic_config__: ClassVar = SPELLED_WITHOUT_UNDERSCORE

    session: str
    with_: str
    contact: str
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeconflictionForgotten:
    """The secrets of a run were destroyed because no auditor needs them any more.

    Parameters
    ----------
    session : str
        Id of the run.
    why : str
        The reason.
    keys : int
        Number of keys that were destroyed.
    """

    session: str
    why: str
    keys: int


KINDS = {
    "operation.opened": OperationOpened,
    "operation.statement": StatementRecorded,
    "operation.joined": AgencyJoined,
    "operation.shared": BundleShared,
    "operation.permitted": StatementPermitted,
    "operation.partner": PartnerRegistered,
    "operation.received": BundleReceived,
    "operation.refused": BundleRefused,
    "operation.deconfliction": DeconflictionLetter,
    "operation.deconflicted": DeconflictionResult,
    "operation.deconfliction-forgotten": DeconflictionForgotten,
}
