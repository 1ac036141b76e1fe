"""The block list of one intermediary: the texts that are signed, which are the texts that are sent.

Format: docs/reference/block-list.md (ADR 0041).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.act.approved import Approved
from cautery.act.referral_text import referral_text
from cautery.act.signatures import statement_of
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import CourtOrder, Digest, Intermediary, Referral, digest_of, iso, require_utc

LIST_TYPE = "cautery/block-list/1"


def case_of(key: bytes) -> str:
    """Return the id of the case whose raw public key this is."""
    return hashlib.sha256(key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Part:
    """One approved referral on a list."""

    id: str
    text: str
    approvals: tuple[dict[str, str], ...]
    ends: dict[str, datetime]
    """By target, when its entry ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVersion:
    """One version of a list, ready to be signed.

    Parameters
    ----------
    list_id : str
        Id of the list.
    version : int
        Its number, from 1.
    text : str
        What is signed and sent.
    referrals : tuple of str
        Ids of the referrals that it names.
    targets : frozenset of str
        What it blocks.
    """

    list_id: str
    version: int
    text: str
    referrals: tuple[str, ...]
    targets: frozenset[str]

    @property
    def digest(self) -> Digest:
        """The digest of the text."""
        return digest_of(self.text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed version with its referrals, as it is sent to its intermediary.

    Parameters
    ----------
    to : Intermediary
        Who receives it.
    version : ListVersion
        The version.
    signature : str
        Ed25519 over its text by the key of the case, base64.
    parts : mapping
        By digest, each referral of the version with its approvals.
    """

    to: Intermediary
    version: ListVersion
    signature: str
    parts: Mapping[Digest, Mapping[str, Any]]

    def body(self, *, held: Collection[Digest] = ()) -> bytes:
        """Return the bytes to send, without the referrals that the receiver holds already."""
        return canonical(
            {
                "version": self.version.text,
                "signature": self.signature,
                "referrals": [
                    part for digest, part in sorted(self.parts.items()) if digest not in held
                ],
            }
        )


@dataclass(slots=True)
class StandingList:
    """What one intermediary is asked to block, version by version.

    Only an :class:`~cautery.act.Approved` referral comes on it. A target comes off it without any
    approval, at once.

    Parameters
    ----------
    key : bytes
        The raw public key of the case, which signs each version.
    to : Intermediary
        Who receives it.
    version, previous
        Number and digest of the last version that was signed; 0 and ``None``: there is none.
    """

    key: bytes
    to: Intermediary
    version: int = 0
    previous: Digest | None = None
    _parts: dict[Digest, _Part] = field(default_factory=dict)
    _withdrawn: set[tuple[Digest, str]] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The list's id, of this case and this intermediary: ``L-`` and 12 hex digits."""
        place = f"{case_of(self.key)}\n{self.to.name}"
        return "L-" + hashlib.sha256(place.encode()).hexdigest()[:12]

    def add(self, approved: Approved[Referral], order: CourtOrder) -> None:
        """Put an approved referral on the list.

        Raises
        ------
        ApprovalError
            If it is not approved, or is for another territory.
        """
        if not isinstance(approved, Approved) or not isinstance(approved.subject, Referral):
            raise ApprovalError("only an approved referral can be on a list")
        referral = approved.subject
        if referral.territory.upper() != self.to.territory.upper():
            raise ApprovalError(
                f"referral {referral.id} is for {referral.territory}, but {self.to.name} serves "
                f"{self.to.territory}"
            )
        text = referral_text(referral, order)
        self._parts[digest_of(text.encode())] = _Part(
            id=referral.id,
            text=text,
            approvals=tuple(
                {"text": statement_of(approval).decode(), "signature": approval.signature}
                for approval in approved.approvals
            ),
            ends={entry.target: entry.valid_until for entry in referral.entries},
        )

    def withdraw(self, referral_id: str, target: str) -> bool:
        """Take a target of a referral off the list; return whether it was on it."""
        for subject, part in self._parts.items():
            place = (subject, target)
            if part.id == referral_id and target in part.ends and place not in self._withdrawn:
                self._withdrawn.add(place)
                return True
        return False

    def next_version(self, at: datetime, *, dated: datetime | None = None) -> ListVersion:
        """Return the list as of a moment, as a text to be signed; what has ended leaves it.

        Parameters
        ----------
        dated : datetime or None
            The date that it bears; ``None``: that moment.
        """
        require_utc("at", at)
        self._parts = {
            subject: part for subject, part in self._parts.items() if max(part.ends.values()) > at
        }
        self._withdrawn = {place for place in self._withdrawn if place[0] in self._parts}
        text = canonical(
            {
                "type": LIST_TYPE,
                "list": self.id,
                "key": base64.b64encode(self.key).decode("ascii"),
                "provider": self.to.name,
                "territory": self.to.territory.upper(),
                "version": self.version + 1,
                "previous": self.previous,
                "made_at": iso(at if dated is None else dated),
                "referrals": sorted(self._parts),
                "withdrawn": [
                    {"referral": subject, "target": target}
                    for subject, target in sorted(self._withdrawn)
                ],
            }
        ).decode()
        return ListVersion(
            list_id=self.id,
            version=self.version + 1,
            text=text,
            referrals=tuple(part.id for part in self._parts.values()),
            targets=frozenset(
                target
                for subject, part in self._parts.items()
                for target, end in part.ends.items()
                if end > at and (subject, target) not in self._withdrawn
            ),
        )

    def signed(self, version: ListVersion, signature: str) -> Envelope:
        """Take the signature over a version's text, and return what is sent."""
        self.version, self.previous = version.version, version.digest
        return Envelope(
            to=self.to,
            version=version,
            signature=signature,
            parts={
                subject: {"text": part.text, "approvals": list(part.approvals)}
                for subject, part in self._parts.items()
            },
        )
