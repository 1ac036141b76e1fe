"""The texts that an agency signs for its statements and permissions (ADR 0030).

A statement goes from desk to desk under its provider's own signature. What is signed is a few
lines of text that anybody can read, a program that holds the key among them: what kind of thing it
is, of which operation and agency, under which id, for whom, and the digest of the whole statement
with its marking::

    cautery statement v1
    operation op-2026-07
    agency it-postal
    statement 4f2a09c1d3e85b7788aa01c2d3e4f506
    to *
    digest sha256:...

The first line says ``correction`` or ``withdrawal`` where the statement is one. ``to`` is ``*``
where the marking alone decides, else one agency that the statement names: a text for each, so that
nobody learns who else is named. A permission says who may pass a statement on, and to whom::

    cautery permission v1
    operation op-2026-07
    agency it-postal
    statement 4f2a09c1d3e85b7788aa01c2d3e4f506
    by bg-gdbop
    to nl-fiod
    digest sha256:...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.model import Digest, Statement, digest_of, ids, to_json

ANYBODY = "*"
"""In the place of a recipient: the marking alone decides."""

_LINES = re.compile(
    r"cautery (?P<type>statement|correction|withdrawal|permission) v1\n"
    r"operation (?P<operation>[^\n]+)\nagency (?P<agency>[^\n]+)\nstatement (?P<statement>[^\n]+)\n"
    r"(?:by (?P<by>[^\n]+)\n)?to (?P<to>[^\n]+)\ndigest (?P<digest>sha256:[0-9a-f]{64})\n"
)


class SignedType(StrEnum):
    """What a signed text is."""

    STATEMENT = "statement"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedText:
    """The lines that an agency signs.

    Parameters
    ----------
    agency : str
        Who signs: the statement's provider.
    statement : str
        Its id.
    to : str
        Whom it is for: ``*`` or an agency.
    digest : str
        Of the statement without ``to``, in its RFC 8785 form.
    by : str or None
        Of a permission alone: who may pass the statement on.
    """

    type: SignedType
    operation: str
    agency: str
    statement: str
    to: str
    digest: Digest
    by: str | None = None

    def __post_init__(self) -> None:
        ids.check_id("operation", self.operation)
        ids.check_agency_id(self.agency)
        ids.check_id("statement", self.statement)
        permission = self.type is SignedType.PERMISSION
        if permission != (self.by is not None):
            raise InputError("only a permission may say who may share a statement")
        if self.by is not None:
            ids.check_agency_id(self.by)
        if permission or self.to != ANYBODY:
            ids.check_agency_id(self.to)

    def __str__(self) -> str:
        passed_on = "" if self.by is None else f"by {self.by}\n"
        return (
            f"cautery {self.type.value} v1\noperation {self.operation}\nagency {self.agency}\n"
            f"statement {self.statement}\n{passed_on}to {self.to}\ndigest {self.digest}\n"
        )

    @classmethod
    def parse(cls, text: str) -> SignedText:
        """Read the lines strictly: the result, written again, is the same text.

        Raises
        ------
        InputError
            If they are not such lines.
        """
        match = _LINES.fullmatch(text)
        if match is None:
            raise InputError("the note does not sign a statement or a permission")
        return cls(
            type=SignedType(match["type"]),
            operation=match["operation"],
            agency=match["agency"],
            statement=match["statement"],
            by=match["by"],
            to=match["to"],
            digest=Digest(match["digest"]),
        )


def text_of_statement(statement: Statement, *, operation: str, to: str) -> SignedText:
    """Return what a provider signs of a statement for one recipient, or for anybody (``*``)."""
    return SignedText(
        type=_type_of(statement),
        operation=operation,
        agency=statement.by,
        statement=statement.id,
        to=to,
        digest=statement_digest(statement),
    )


def text_of_permission(statement: Statement, *, operation: str, by: str, to: str) -> SignedText:
    """Return what a provider signs so that ``by`` may pass a statement of its own on to ``to``."""
    return SignedText(
        type=SignedType.PERMISSION,
        operation=operation,
        agency=statement.by,
        statement=statement.id,
        by=by,
        to=to,
        digest=statement_digest(statement),
    )


def recipients_of(statement: Statement) -> tuple[str, ...]:
    """Return for whom a provider signs a statement: those it names, or ``*``."""
    return tuple(sorted(statement.to)) or (ANYBODY,)


def statement_digest(statement: Statement) -> Digest:
    """Return the digest of all that a statement says, its marking with it; not whom it names."""
    members = to_json(statement)
    del members["to"]
    return digest_of(canonical(members))


def _type_of(statement: Statement) -> SignedType:
    if statement.details.get("withdrawn"):
        return SignedType.WITHDRAWAL
    if "corrects" in statement.details:
        return SignedType.CORRECTION
    return SignedType.STATEMENT
