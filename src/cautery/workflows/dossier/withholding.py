"""Why something is not handed to the defence: a closed list of reasons, some decided by a person.

The counts never depend on a reason: what is withheld is counted like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.records import KINDS

_MOST_NAME = 100
_CODES = re.compile(r"H[123](?:\+H[123])*")
_AGENCY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Reason(StrEnum):
    """Why a record or an exhibit is not in the bag."""

    NOT_ABOUT = "not-about"
    """It names none of the hosts, nor the person; whoever wants to see it can ask for it."""
    IN_PARTS = "in-parts"
    """A file of the case that is made of its records, which are given or have a line each."""
    ANOTHER_PERSON = "another-person"
    """It holds data of another person."""
    OTHER_KEY = "other-key"
    """It is sealed under another key; the holder of the key can open it."""
    HANDLING = "handling-code"
    """An agency's handling code (H1, H2, H3) forbids it; that agency can permit it."""
    NEVER_HELD = "never-held"
    """An exhibit that a record names and that the case did not hold when it was closed."""
    PUBLIC_INTEREST = "public-interest"
    """A person decided that the public interest forbids it; a court can order otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A reason, with who decided it where a person did.

    Parameters
    ----------
    agency : str
        Whose handling code, and which: ``H1 of bg-gdbop``; empty: none.
    by, on : str
        Who decided, and on which day; empty: it follows from the records.
    """

    reason: Reason
    agency: str = ""
    by: str = ""
    on: str = ""


NOT_ABOUT = Withheld(reason=Reason.NOT_ABOUT)
ANOTHER_PERSON = Withheld(reason=Reason.ANOTHER_PERSON)
NEVER_HELD = Withheld(reason=Reason.NEVER_HELD)
IN_PARTS = Withheld(reason=Reason.IN_PARTS)
OTHER_KEY = Withheld(reason=Reason.OTHER_KEY)
_FORMS = "KIND=another-person, KIND=H1:AGENCY or KIND=public-interest:NAME:YYYY-MM-DD"


def withholdings(texts: Iterable[str], *, by: str, on: date) -> Mapping[str, Withheld]:
    """Return by kind of record why a person withholds it.

    Parameters
    ----------
    texts : iterable of str
        Each as the command takes it: ``verdict=public-interest:J. Judge:2026-11-24``.
    by : str
        Who discloses: decides where no other person is named.
    on : date
        Today.

    Raises
    ------
    InputError
        If a kind or a reason is not known, or one kind has two reasons.
    """
    reasons: dict[str, Withheld] = {}
    for text in texts:
        kind, _, words = text.partition("=")
        if kind not in KINDS:
            raise InputError(
                f"--withhold {text[:100]!r}: {kind[:60]!r} is not a kind of record",
                hint="cautery records lists them.",
            )
        if kind in reasons:
            raise InputError(f"--withhold: {kind} is withheld for two reasons; give one")
        reasons[kind] = _reason(words, text, by=by, on=on)
    return reasons


def _reason(words: str, text: str, *, by: str, on: date) -> Withheld:
    name, _, argument = words.partition(":")
    if name == Reason.ANOTHER_PERSON and not argument:
        return Withheld(reason=Reason.ANOTHER_PERSON, by=by, on=on.isoformat())
    if _CODES.fullmatch(name) and _AGENCY.fullmatch(argument):
        return Withheld(
            reason=Reason.HANDLING, agency=f"{name} of {argument}", by=by, on=on.isoformat()
        )
    if name == Reason.PUBLIC_INTEREST:
        person, _, day = argument.rpartition(":")
        try:
            decided_on = date.fromisoformat(day)
        except ValueError:
            decided_on = None
        is_named = person.strip() and person.isprintable() and len(person) <= _MOST_NAME
        if is_named and decided_on is not None and decided_on <= on:
            return Withheld(
                reason=Reason.PUBLIC_INTEREST, by=person.strip(), on=decided_on.isoformat()
            )
    raise InputError(
        f"--withhold {text[:100]!r}: not a reason to withhold", hint=f"Write {_FORMS}."
    )
