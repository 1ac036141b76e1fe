"""Texts that wait for a passkey: laid by a command, signed in the room, used by the command.

A command that needs a signature which only the room can get lays the text here and ends. Run again,
it finds the answer, and checks it as whoever verifies later does: the room's word counts for
nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from cautery.act.four_words import four_words
from cautery.errors import AbsentError, ApprovalError, ConflictError
from cautery.messages import tr
from cautery.model import Digest
from cautery.model.account import Passkey
from cautery.model.ports import Clock
from cautery.model.signing_keys import PasskeyKey, counter_of
from cautery.model.signing_request import LASTS, RequestKind, SigningRequest
from cautery.public_keys import passkey_in
from cautery.workflows.people.ports import People, Requests


class Written(NamedTuple):
    """What a command lays: see :class:`~cautery.model.signing_request.SigningRequest`."""

    text: str
    shown: str = ""
    kept: str = ""


def laid(
    requests: Requests,
    *,
    kind: RequestKind,
    about: Digest,
    passkeys: Mapping[str, str],
    write: Callable[[], Written],
    now: datetime,
) -> Sequence[SigningRequest]:
    """Return the requests of one text, with what passkeys answered; lay those that lack.

    Parameters
    ----------
    about : Digest
        What the command was asked to do; the same again finds what was laid before.
    passkeys : mapping of str to str
        Of each person, the passkey.
    write : callable
        Writes the text, if none waits.

    Raises
    ------
    InputError
        If nothing can be laid.
    """
    waiting = [
        request
        for request in requests.all()
        if (request.kind, request.about) == (kind, about) and not request.is_over(now)
    ]
    written = Written(waiting[0].text, waiting[0].shown, waiting[0].kept) if waiting else write()
    found_or_laid = []
    for person, passkey in passkeys.items():
        found = next(
            (
                request
                for request in waiting
                if (request.person, request.passkey, request.text)
                == (person, passkey, written.text)
            ),
            None,
        )
        if found is None:
            found = SigningRequest(
                id=f"S-{secrets.token_hex(8)}",
                kind=kind,
                about=about,
                person=person,
                passkey=passkey,
                text=written.text,
                shown=written.shown,
                kept=written.kept,
                made_at=now,
            )
            requests.add(found)
        found_or_laid.append(found)
    return found_or_laid


def require_answers(requests: Sequence[SigningRequest]) -> None:
    """Raise until all requests are signed.

    Raises
    ------
    ApprovalError
        It says who has not signed, where that person signs, and the four words of each text.
    """
    waiting = [request for request in requests if not request.answer]
    if not waiting:
        return
    names = " and ".join(dict.fromkeys(request.person for request in waiting))
    places = "; ".join(
        f"{passkey_in(request.passkey).origin}/requests/{request.id} "
        f"(four words: {four_words(request.digest)})"
        for request in waiting
    )
    raise ApprovalError(
        f"it waits for the passkey of {names}",
        hint=f"Within {LASTS.total_seconds() / 3600:.0f} hours, sign at {places}. If the page has "
        "other words, sign nothing. Then run this command again.",
    )


class SigningRequests:
    """The requests as the room shows them: to each account its own, and has them signed."""

    def __init__(self, requests: Requests, people: People, clock: Clock) -> None:
        self._requests, self._people, self._clock = requests, people, clock

    def of(self, account: str, origin: str) -> Sequence[SigningRequest]:
        """Return what waits for the passkeys of an account in the room of an origin."""
        return [
            request for request in self._requests.all() if self._is_for(request, account, origin)
        ]

    def get(self, id: str, *, account: str, origin: str) -> SigningRequest:
        """Return a request of an account.

        Raises
        ------
        AbsentError
            If there is none, it is another person's or room's, or it is over.
        """
        request = self._requests.get(id)
        if request is None or not self._is_for(request, account, origin):
            raise AbsentError(
                tr("Nothing of this number waits for your signature."),
                hint=tr("What was asked for ends after a day: the command that asks is run again."),
            )
        return request

    def passkey(self, request: SigningRequest, *, shown: str) -> Passkey:
        """Return the passkey that a request asks for, as the room keeps it.

        Parameters
        ----------
        shown : str
            Digest of the text that the person saw.

        Raises
        ------
        ConflictError
            If another text was shown.
        ApprovalError
            If the passkey was taken away from the account.
        """
        if request.digest != shown:
            raise ConflictError(
                tr("This is not the text as it is now."), hint=tr("Open the page again.")
            )
        named = passkey_in(request.passkey)
        passkey = self._people.passkey(named.credential)
        if passkey is None or (passkey.account, passkey.approves_at) != (
            named.account,
            named.origin,
        ):
            raise ApprovalError(
                tr("The passkey that this text asks for was taken away from your account."),
                hint=tr("Who asks names another one."),
            )
        return passkey

    def sign(self, request: SigningRequest, signature: str, *, shown: str) -> None:
        """Keep what a passkey answered, for the command that asked.

        Raises
        ------
        ApprovalError
            If the passkey did not sign this text, was taken away, or may be a copy.
        ConflictError
            If another text was shown, it is signed already, or was taken back meanwhile.
        StorageError
            If it cannot be kept.
        """
        passkey, count = self.passkey(request, shown=shown), counter_of(signature)
        if request.answer:
            raise ConflictError(tr("This is signed already."), hint="")
        try:
            PasskeyKey(passkey_in(request.passkey)).verify(signature, request.text.encode())
        except ValueError as error:
            raise ApprovalError(
                tr("Your passkey does not sign this: %(why)s", why=str(error))
            ) from error
        # Before it is kept: a copy that signs at the same moment is told from it there.
        if not self._people.count_passkey(passkey.id, count):
            self.passkey(request, shown=shown)
            raise ApprovalError(
                tr("The counter of this passkey went back: it may have been copied.")
            )
        if not self._requests.answer(request.id, signature):
            raise ConflictError(tr("Who asked for this has taken it back."), hint="")

    def lapse(self) -> None:
        """Remove what is over."""
        self._requests.lapse(self._clock.now())

    def _is_for(self, request: SigningRequest, account: str, origin: str) -> bool:
        named = passkey_in(request.passkey)
        return (named.account, named.origin) == (account, origin) and not request.is_over(
            self._clock.now()
        )
