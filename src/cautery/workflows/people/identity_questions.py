"""What one login at the identity provider is bound to: a state, a nonce and a verifier of its own.

All three are made of one seed that lies in the browser's cookie, and of the room's key: the room
keeps nothing until somebody comes back, so asking for a million logins costs no memory. An answer
is taken once, from the browser that asked_issuer.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.model.ports import Clock
from cautery.workflows.people.ports import People

LASTS = timedelta(minutes=10)
"""In which somebody logs in there; a second factor is looked for in a drawer."""
_EARLY = timedelta(minutes=1)
_LONGEST, _LONGEST_PLACE = 3_000, 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A login that began.

    Parameters
    ----------
    cookie : str
        What its browser keeps.
    seed : str
        Names it; nobody else's begins with it.
    state : str
        Comes back in the address, and fits this browser's cookie alone (RFC 6749, section 10.12).
    nonce : str
        Comes back in the token, under the provider's signature.
    verifier : str
        Proves to the provider that who brings the code is who asked_issuer (RFC 7636).
    to : str
        The page that is shown next.
    """

    cookie: str
    seed: str
    state: str
    nonce: str
    verifier: str
    to: str


class Questions:
    """Asks and reads.

    Parameters
    ----------
    key : bytes
        The room's own.
    """

    def __init__(self, people: People, clock: Clock, key: bytes) -> None:
        self._people, self._clock, self._key = people, clock, key

    def ask(self, issuer: str, to: str) -> Question:
        """Begin a login at an identity provider."""
        seed, at = secrets.token_hex(32), int(self._clock.now().timestamp())
        place = to if len(to) <= _LONGEST_PLACE else "/"
        body = json.dumps([seed, at, place, issuer]).encode()
        return self._question(seed, place, f"{_coded(body)}.{_coded(self._sealed(body))}")

    def read(self, cookie: str, state: str, issuer: str) -> Question:
        """Return the login that a browser comes back to.

        Raises
        ------
        InputError
            If it did not begin here, began in another browser or with another provider, or is over.
        """
        body, _, seal = cookie[:_LONGEST].partition(".")
        try:
            raw, seal_bytes = _decoded(body), _decoded(seal)
        except ValueError:
            raw = seal_bytes = b""
        if not hmac.compare_digest(seal_bytes, self._sealed(raw)):
            raise InputError(_not_here())
        seed, at, to, asked_issuer = parsed_json(raw)
        question = self._question(seed, to, cookie)
        same = hmac.compare_digest(state.encode("utf-8", "replace"), question.state.encode())
        if not same or asked_issuer != issuer:
            raise InputError(_not_here())
        if not -_EARLY <= self._clock.now() - datetime.fromtimestamp(at, UTC) < LASTS:
            raise InputError(tr("That took too long. Open the page again, and try once more."))
        return question

    def use_up(self, question: Question) -> None:
        """Use a login up.

        Raises
        ------
        InputError
            If it was used before.
        """
        if not self._people.use_up(f"identity {question.seed}".encode(), self._clock.now()):
            raise InputError(tr("This answer was used already. Log in again."))

    def _question(self, seed: str, to: str, cookie: str) -> Question:
        return Question(
            cookie=cookie,
            seed=seed,
            state=self._derived("state", seed),
            nonce=self._derived("nonce", seed),
            verifier=self._derived("verifier", seed),
            to=to,
        )

    def _derived(self, what: str, seed: str) -> str:
        return hmac.digest(self._key, f"identity {what}\n{seed}".encode(), "sha256").hex()

    def _sealed(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"identity question\n" + body, "sha256")


def _not_here() -> str:
    return tr("This login did not begin in this browser. Begin it again.")


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
