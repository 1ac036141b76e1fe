"""Stand-ins for pseudonyms: who has no key redacts with them, and who has it settles them.

Whoever reads a list of strangers has no key, and a question for each secret would cost a process
its turn. So the texts come back with stand-ins, beside the secrets that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cautery.errors import InputError

_DIGITS = 16
"""Of a pseudonym in a text, and so of a stand-in."""
_MARK = re.compile("[0-9a-f]{8}")


class StandIns:
    """Gives stand-ins that look like pseudonyms, and remembers what each stands for.

    Parameters
    ----------
    mark : str
        Eight hex digits that nobody who writes the texts can guess: the first of every stand-in.

    Raises
    ------
    InputError
        If the mark is another text.

    Examples
    --------
    >>> from cautery.model import KeyedPseudonyms
    >>> stand_ins = StandIns("5eedc0de")
    >>> text = f"/live/~{stand_ins.of('anna')}/1.ts"
    >>> pseudonyms = KeyedPseudonyms(b"k").all_of(stand_ins.secrets)
    >>> text, settling("5eedc0de", pseudonyms)(text)
    ('/live/~5eedc0de00000000/1.ts', '/live/~76fad479f8dc7a26/1.ts')
    """

    def __init__(self, mark: str) -> None:
        self._mark = _checked(mark)
        self._numbers: dict[str, int] = {}

    def of(self, secret: str, *, digits: int = _DIGITS) -> str:
        """Return a stand-in of 16 digits.

        Raises
        ------
        InputError
            If another length is asked for: only who has the key can give it.
        """
        if digits != _DIGITS:
            raise InputError(f"a stand-in has {_DIGITS} digits")
        return f"{self._mark}{self._numbers.setdefault(secret, len(self._numbers)):08x}"

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        """Return a stand-in for each of many secrets."""
        return tuple(self.of(secret) for secret in secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What stand-ins were given for, in the order of their numbers."""
        return tuple(self._numbers)

    def __repr__(self) -> str:
        return "StandIns()"


def settling(mark: str, pseudonyms: Sequence[str]) -> Callable[[str], str]:
    """Return what replaces every stand-in of a text by the pseudonym of its secret.

    Parameters
    ----------
    pseudonyms : sequence of str
        Of the secrets, in the order of :attr:`StandIns.secrets`. A number beyond them is no
        stand-in, and stays.

    Raises
    ------
    InputError
        If the mark is not one.
    """
    marked = re.compile(f"~{_checked(mark)}([0-9a-f]{{8}})")

    def real(match: re.Match[str]) -> str:
        number = int(match[1], 16)
        return f"~{pseudonyms[number]}" if number < len(pseudonyms) else match[0]

    def settled(text: str) -> str:
        return marked.sub(real, text) if mark in text else text

    return settled


def _checked(mark: str) -> str:
    if _MARK.fullmatch(mark) is None:
        raise InputError("the mark of stand-ins has eight hex digits")
    return mark
