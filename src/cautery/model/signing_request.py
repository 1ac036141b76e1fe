"""A text that somebody's passkey is asked for in the operations room, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cautery.model.evidence import Digest, digest_of
from cautery.model.times import require_utc

LASTS = timedelta(days=1)
"""How long a request waits for its answer, and an answer for the command. Judgement."""


class RequestKind(StrEnum):
    """What is signed."""

    RESTORATION = "restoration"
    """That a case continues from an older copy."""
    MANDATE = "mandate"
    """A mandate's file and terms."""
    FIXTURES = "fixtures"
    """Fixtures of a mandate's season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """One text for one passkey. The room shows it, and the command that laid it checks the answer.

    Parameters
    ----------
    id : str
        ``S-`` and 16 hex digits.
    about : Digest
        Of what the command was asked to do, without times and salts: by it, the command finds its
        request again.
    person : str
        Who signs, by the name that the mandate or the signature has.
    passkey : str
        As a mandate names it, with its room and account.
    text : str
        What a key file would sign.
    shown : str
        JSON that the text has the digest of, where the text alone does not say all; else empty.
    kept : str
        What the command needs for the answer; no page shows it.
    made_at : datetime
        When it was laid, in UTC.
    answer : str
        As :func:`cautery.model.signing_keys.signed_by_passkey` writes it; empty: none is there.
    """

    id: str
    kind: RequestKind
    about: Digest
    person: str
    passkey: str
    text: str
    shown: str = ""
    kept: str = ""
    made_at: datetime
    answer: str = ""

    def __post_init__(self) -> None:
        require_utc("made_at", self.made_at)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the text, which the passkey signs; its four words are shown everywhere."""
        return digest_of(self.text.encode())

    @property
    def until(self) -> datetime:
        """When it is over."""
        return self.made_at + LASTS

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has waited too long, or is dated in the future by a clock set back."""
        return not timedelta(minutes=-2) <= now - self.made_at < LASTS
