"""Ids that come from others, checked where they become a noun: one word that can do no harm.

An id is shown on terminals and pages, stands in signed texts of one line each, and may become a
part of a file's name. So it is plain ASCII of a bounded length, without a space, a slash, a colon
or a character that nobody sees, and it begins with a letter or a digit.
"""

from __future__ import annotations

import re

from cautery.errors import InputError

LONGEST_SUBJECT = 1024
"""Bytes of a statement's subject; a URL or a wallet has far fewer."""

_AGENCY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")


def check_agency_id(text: str) -> None:
    """Refuse what is no id of an agency: lower-case letters, digits and dashes.

    Raises
    ------
    InputError
        If it is not such an id.

    Examples
    --------
    >>> check_agency_id("it-postal")
    """
    if not _AGENCY.fullmatch(text):
        raise InputError(
            f"agency {_shown(text)}: an id has only lower-case letters, digits and dashes"
        )


def check_id(noun: str, text: str) -> None:
    """Refuse what is no id of an operation or a statement: letters, digits, dot, dash, underscore.

    Raises
    ------
    InputError
        If it is not such an id.

    Examples
    --------
    >>> check_id("operation", "op-2026-07")
    """
    if not _WORD.fullmatch(text):
        raise InputError(f"{noun} {_shown(text)}: an id has only letters, digits, dots and dashes")


def check_pseudonym(text: str) -> None:
    """Refuse what is no pseudonym of a person: 3 to 64 letters, digits, dots and dashes.

    Raises
    ------
    InputError
        If it is not such a pseudonym.
    """
    if not is_pseudonym(text):
        raise InputError(f"person {_shown(text)}: a pseudonym has only letters, digits and dashes")


def is_pseudonym(text: str) -> bool:
    """Tell whether a text has the form of a pseudonym: one word of letters, digits and dashes."""
    return _PSEUDONYM.fullmatch(text) is not None


def check_exhibit_id(text: str) -> None:
    """Refuse what is no digest of sealed bytes.

    Raises
    ------
    InputError
        If it is not such a digest.
    """
    if not _DIGEST.fullmatch(text):
        raise InputError(f"exhibit {_shown(text)}: an id is sha256: and 64 hex digits")


def check_kind(noun: str, text: str) -> None:
    """Refuse what is no kind of thing: one word in lower case.

    Raises
    ------
    InputError
        If it is not such a kind.
    """
    if not _KIND.fullmatch(text):
        raise InputError(f"{noun} {_shown(text)}: expected one word in lower case")


def check_subject(text: str) -> None:
    """Refuse what is no subject: one printable line.

    Control and bidirectional characters, halves of letters and separators of lines are not
    printable; an ordinary space is.

    Raises
    ------
    InputError
        If it is not such a subject.
    """
    if not text.strip() or not text.isprintable() or len(text.encode()) > LONGEST_SUBJECT:
        raise InputError(
            f"subject {_shown(text)}: expected one printable line of at most "
            f"{LONGEST_SUBJECT} bytes"
        )


def _shown(refused: str) -> str:
    """Return the beginning of a refused id, with its odd characters escaped."""
    return ascii(refused[:60])
