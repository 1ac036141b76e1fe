"""Records of what left a case for a partner's tool."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.errors import InputError
from cautery.model.evidence import Digest
from cautery.model.marking import Marking
from cautery.model.records.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLost:
    """A field that a format did not keep.

    Parameters
    ----------
    noun : str
        Of which kind of item or relation.
    field : str
        Which one; ``*``: the whole of it.
    count : int
        Of how many.
    """

    noun: str
    field: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeExported(Dated):
    """The case, or what one agency may see of it, was written to a file for a partner's tool.

    Parameters
    ----------
    format : str
        Name of the format.
    to : str or None
        Who gets it: of an operation the id of an agency, else a name; ``None``: the marking alone
        says who.
    digest : Digest
        Digest of the file's bytes.
    marking : Marking
        Marking of the whole.
    items : int
        Number of items in it.
    relations : int
        Number of relations between them.
    losses : tuple of FieldLost
        What the format did not keep.
    statements : tuple of (str, str)
        Provider and id of each statement of an operation that is in it.
    why : str
        Justification (Directive (EU) 2016/680, art. 25); empty: none was given.
    who : str
        The person who exported it (Directive (EU) 2016/680, art. 25), or the login.
    """

    format: str
    to: str | None = None
    digest: Digest
    marking: Marking
    items: int
    relations: int
    losses: tuple[FieldLost, ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    why: str = ""
    who: str

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        if self.to is not None and not (self.to.strip() and self.to.isprintable()):
            raise InputError("who gets an export is named on one printable line")


KINDS: dict[str, type] = {
    "exchange.exported": ExchangeExported,
}
