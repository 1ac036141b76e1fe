"""Ask whether any case of a regime has a person: two people, a reason, and hit or no hit.

The room has no key of a case, so it can compare nothing. It seals the name, and forgets it; who
holds the keys of the cases opens it, and asks each case under that case's own key. No hash of one
case is compared with another case (ADR 0002), and no name and no pseudonym comes back.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from cautery.errors import EvidenceError, InputError
from cautery.messages import tr
from cautery.model import Regime
from cautery.model.account import Account, require_why
from cautery.model.asking import (
    LASTS,
    LONGEST_NAME,
    MOST_OF_ALL,
    MOST_OF_ONE,
    Asking,
    AskingState,
)
from cautery.model.ports import Clock
from cautery.model.room import Act, Right
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import Askings, People

PAGE = "/askings"
_NONCE = 12
_SHORT = 2
_ALONE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "ŋ": "n", "æ": "ae"}
    | {"œ": "oe", "þ": "th", "ə": "e"}
)
"""Small letters of Latin that Unicode does not take apart, as others write them."""
_SECOND = re.compile("(?<=[aou])e|(?<=a)a")
"""Of two letters that stand for ä, ö, ü, å or ø: Mueller for Müller."""
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the cases of a regime say.

    Parameters
    ----------
    hit : bool
        One of them has the person, and has not erased the name.
    asked, silent : int
        How many were asked, and how many could not be: their keys are elsewhere, or they cannot be
        read.
    """

    hit: bool
    asked: int
    silent: int


def _names(text: str, name: str) -> bool:
    """Tell whether a text has a person's name in it, in any usual spelling of its script.

    Of a name in Latin letters the parts of two letters are common words, too: they tell only if all
    of the name stands there. A name that is written in another script is not found.
    """
    words, parts = _words_of(text), _words_of(name)
    return _stand_in(words, parts) or _stand_in(_in_one(words), _in_one(parts))


def _stand_in(words: list[str], parts: list[str]) -> bool:
    line = " ".join(words)
    telling = [part for part in parts if len(part) > _SHORT or not part.isascii()]
    return any(part in line for part in telling) or (bool(parts) and set(parts) <= set(words))


def _in_one(words: list[str]) -> list[str]:
    return [_SECOND.sub("", word) for word in words]


def _words_of(text: str) -> list[str]:
    """Return the words of a text in one form: no marks on letters, no capitals, nothing between."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = (letter for letter in letters if not unicodedata.combining(letter))
    alone = "".join(plain).translate(_ALONE)
    return "".join(letter if letter.isalnum() else " " for letter in alone).split()


class Inquiries:
    """The questions of a room.

    Parameters
    ----------
    key : bytes
        The room's own: it seals names.
    """

    def __init__(
        self, askings: Askings, people: People, log: AccessLog, clock: Clock, key: bytes
    ) -> None:
        self._askings, self._people, self._log, self._clock = askings, people, log, clock
        self._key, self._lock = key, Lock()

    def ask(self, account: Account, name: str, *, why: str, regime: Regime) -> Asking:
        """Ask for a person by name.

        Raises
        ------
        InputError
            If there is no name or no reason, the reason has the name, or too much was asked.
        StorageError
            If it cannot be logged or kept: then nothing is.
        """
        spelt = " ".join(name.split())
        if not 0 < len(spelt) <= LONGEST_NAME or not spelt.isprintable():
            raise InputError(tr("Write the name of one person, in a line."))
        why = require_why(why)
        if _names(why, spelt):
            raise InputError(
                tr("The reason has the name in it, and reasons stand in the access log."),
                hint=tr("Name the duty and the case instead."),
            )
        with self._lock:
            now = self._clock.now()
            since = now - LASTS
            if (
                self._askings.count(since, by=account.id) >= MOST_OF_ONE
                or self._askings.count(since) >= MOST_OF_ALL
            ):
                raise InputError(
                    tr("Too many persons were asked for today."), hint=tr("Ask again tomorrow.")
                )
            asking = Asking(
                id=f"q-{secrets.token_hex(6)}",
                by=account.id,
                why=why,
                regime=regime,
                asked_at=now,
            )
            self._note(account.id, asking, "asked")
            self._askings.add(asking, self._sealed(asking.id, spelt))
        return asking

    def second(self, account: Account, id: str, *, agrees: bool) -> None:
        """Agree to a question of somebody else, or refuse it.

        Raises
        ------
        InputError
            If there is none that waits, it is one's own, or both accounts have one key.
        """
        self.lapse()
        asking = self._askings.get(id)
        if asking is None or asking.state is not AskingState.ASKED:
            raise InputError(tr("No question of this number waits for a second person."))
        if not self._has(asking.by, Right.PERSONS):
            raise InputError(tr("Who asked may not ask any more."))
        if asking.by == account.id or self._share_a_key(asking.by, account.id):
            raise InputError(tr("A second person agrees: another account, with other keys."))
        state = AskingState.AGREED if agrees else AskingState.REFUSED
        self._note(account.id, asking, state.value)
        if not self._askings.second(id, by=account.id, state=state):
            raise InputError(tr("No question of this number waits for a second person."))

    def answer(self, compare: Callable[[str, Regime], Compared]) -> int:
        """Answer all questions that two people agreed on, and still may; return how many.

        Parameters
        ----------
        compare : callable
            Asks each case of a regime for a name, under the case's own key.

        Raises
        ------
        CauteryError
            If a case's keys fail, or an answer cannot be logged: then it is not given.
        """
        self.lapse()
        count = 0
        for asking in self._askings.newest(MOST_OF_ALL * 2):
            sealed = self._askings.sealed(asking.id)
            if sealed is None:
                continue
            # Days may have gone by since they asked and agreed: nothing is compared for who left.
            if not (self._has(asking.by, Right.PERSONS) and self._has(asking.second, Right.AGREE)):
                self._note(asking.by, asking, "dropped", second=asking.second)
                self._askings.drop(asking.id)
                continue
            compared = compare(self._opened(asking.id, sealed), asking.regime)
            self._note(asking.by, asking, "answered", second=asking.second)
            count += self._askings.answer(
                asking.id,
                hit=compared.hit,
                asked_cases=compared.asked,
                silent_cases=compared.silent,
            )
        return count

    def shown_to(self, account: Account) -> Sequence[Asking]:
        """Return one's own questions, and those that one may agree to or has spoken of."""
        self.lapse()
        return [
            asking
            for asking in self._askings.newest(_SHOWN)
            if account.id in (asking.by, asking.second)
            or (Right.AGREE in account.rights and asking.state is AskingState.ASKED)
        ]

    def lapse(self) -> None:
        """Destroy the names that have been kept too long."""
        self._askings.lapse(self._clock.now() - LASTS)

    def _has(self, id: str, right: Right) -> bool:
        account = self._people.by_id(id)
        return account is not None and right in account.rights

    def _share_a_key(self, one: str, other: str) -> bool:
        keys = {key for passkey in self._people.passkeys(one) for key in (passkey.id, passkey.key)}
        return any(
            passkey.id in keys or passkey.key in keys for passkey in self._people.passkeys(other)
        )

    def _note(self, by: str, asking: Asking, step: str, *, second: str = "") -> None:
        """Write into the access log, before it is done, that persons of cases are compared."""
        numbers = [("inquiry", asking.id), ("step", step), ("regime", asking.regime.value)]
        if second:
            numbers.append(("second", second))
        self._log.used(by, Act.COMBINATION, why=asking.why, case="", page=PAGE, numbers=numbers)

    def _sealed(self, id: str, name: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher(id).encrypt(nonce, name.encode(), id.encode())

    def _opened(self, id: str, sealed: bytes) -> str:
        try:
            return self._cipher(id).decrypt(sealed[:_NONCE], sealed[_NONCE:], id.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise EvidenceError(f"question {id}: it was sealed by another room", hint="") from error

    def _cipher(self, id: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(hmac.digest(self._key, b"asking\n" + id.encode(), "sha256"))
