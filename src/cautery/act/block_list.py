"""The block list of one intermediary: the texts that are signed, which are the texts that are sent.

Format: docs/reference/block-list.md (ADR 0041). All cases of an organisation can have their entries
on one list (ADR 0052).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.act.approved import Approved
from cautery.act.referral_text import referral_text
from cautery.act.signatures import statement_of
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.json_text import parsed_json
from cautery.model import CourtOrder, Digest, Intermediary, Referral, digest_of, iso, require_utc

LIST_TYPE, SHARE_TYPE = "cautery/block-list/1", "cautery/list-share/1"
RENEWED_S = 30.0
"""A version is made after so long without a change."""


def id_of_key(key: bytes) -> str:
    """Return the id of a raw public key, of a case or of an organisation's lists."""
    return hashlib.sha256(key).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPart:
    """One approved referral on a list.

    Parameters
    ----------
    id : str
        Id of the referral.
    text : str
        What two people signed.
    approvals : tuple of mapping
        Their statements, each with its signature.
    ends : mapping of str to datetime
        By target, when its entry ends.
    max_stale_s : mapping of str to int
        By target, after how many seconds without a current version its entry ends.
    """

    id: str
    text: str
    approvals: tuple[Mapping[str, str], ...]
    ends: Mapping[str, datetime]
    max_stale_s: Mapping[str, int]

    @classmethod
    def of(cls, text: str, approvals: Iterable[Mapping[str, str]]) -> ListPart:
        """Read the text of a referral, whose form and signatures were checked."""
        referral = parsed_json(text)
        entries = referral["entries"]
        return cls(
            id=referral["referral"],
            text=text,
            approvals=tuple(approvals),
            ends={entry["target"]: datetime.fromisoformat(entry["end"]) for entry in entries},
            max_stale_s={
                entry["target"]: entry["max_stale_s"]
                for entry in entries
                if entry["max_stale_s"] is not None
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return {"text": self.text, "approvals": list(self.approvals)}


@dataclass(frozen=True, slots=True)
class Share:
    """What one case has on a list.

    Parameters
    ----------
    parts : dict
        By the digest of its text, each referral.
    withdrawn : set
        Digest of a referral and target, for each target that is taken off.
    """

    parts: dict[Digest, ListPart] = field(default_factory=dict)
    withdrawn: set[tuple[Digest, str]] = field(default_factory=set)

    def copy(self) -> Share:
        """Return it as it is now."""
        return Share(dict(self.parts), set(self.withdrawn))

    def current(self, at: datetime) -> Share:
        """Return it without the referrals that have ended."""
        parts = {
            subject: part for subject, part in self.parts.items() if max(part.ends.values()) > at
        }
        return Share(parts, {place for place in self.withdrawn if place[0] in parts})

    def lapsed(self, silent_s: float) -> Share:
        """Return it as it counts when its case has given no sign of life for so long.

        Entries that end without a current list leave it: the versions that other cases make must
        not keep them alive. They leave it one renewal early, and so end in time.
        """
        withdrawn_entries = {
            (subject, target)
            for subject, part in self.parts.items()
            for target, stale_s in part.max_stale_s.items()
            if silent_s > max(stale_s - RENEWED_S, stale_s / 2)
        }
        return Share(self.parts, self.withdrawn | withdrawn_entries)

    def to_bytes(self) -> bytes:
        """Return it as :func:`cautery.act.read_share` reads it."""
        return canonical(
            {
                "type": SHARE_TYPE,
                "referrals": [part.to_json() for _, part in sorted(self.parts.items())],
                "withdrawn": [list(place) for place in sorted(self.withdrawn)],
            }
        )


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
        Ids of the referrals of this case that it names.
    targets : frozenset of str
        What it blocks for this case.
    parts : mapping
        By digest, each referral that it names.
    own : frozenset of Digest
        Those of this case.
    """

    list_id: str
    version: int
    text: str
    referrals: tuple[str, ...]
    targets: frozenset[str]
    parts: Mapping[Digest, ListPart]
    own: frozenset[Digest]

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
        Ed25519 over its text by the key of the list, base64.
    """

    to: Intermediary
    version: ListVersion
    signature: str

    @property
    def others(self) -> frozenset[Digest]:
        """The referrals of the version that are not of this case."""
        return frozenset(self.version.parts) - self.version.own

    def body(self, *, held: Collection[Digest] = ()) -> bytes:
        """Return the bytes to send, without the referrals that the receiver holds already."""
        return canonical(
            {
                "version": self.version.text,
                "signature": self.signature,
                "referrals": [
                    part.to_json()
                    for digest, part in sorted(self.version.parts.items())
                    if digest not in held
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
        The raw public key that signs each version: the case's, or its organisation's.
    to : Intermediary
        Who receives it.
    of_organisation : bool
        Whether all cases of an organisation have their entries on it.
    version, previous
        Number and digest of the last version that was signed; 0 and ``None``: there is none.
    share : Share
        What this case has on it.
    """

    key: bytes
    to: Intermediary
    of_organisation: bool = False
    version: int = 0
    previous: Digest | None = None
    share: Share = field(default_factory=Share)

    @property
    def id(self) -> str:
        """The list's id, of its key and this intermediary: ``L-`` and 12 hex digits."""
        place = f"{id_of_key(self.key)}\n{self.to.name}"
        if self.of_organisation:  # a mandate that puts a provider elsewhere makes another list
            place += f"\n{self.to.territory.upper()}"
        return "L-" + hashlib.sha256(place.encode()).hexdigest()[:12]

    def add(self, approved: Approved[Referral], order: CourtOrder) -> Digest:
        """Put an approved referral on the list, and return the digest of its text.

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
        subject = digest_of(text.encode())
        self.share.parts[subject] = ListPart.of(
            text,
            (
                {"text": statement_of(approval).decode(), "signature": approval.signature}
                for approval in approved.approvals
            ),
        )
        # Two people signed the text, so it stays whole: a decoy is off the list from the start.
        self.share.withdrawn.update((subject, target) for target in approved.void)
        return subject

    def withdraw(self, referral_id: str, target: str) -> bool:
        """Take a target of a referral off the list; return whether it was on it."""
        for subject, part in self.share.parts.items():
            place = (subject, target)
            if part.id == referral_id and target in part.ends and place not in self.share.withdrawn:
                self.share.withdrawn.add(place)
                return True
        return False

    def drop(self, referral_id: str) -> frozenset[str]:
        """Take a referral off the list with its text and signatures; return its targets."""
        dropped = {
            subject: part for subject, part in self.share.parts.items() if part.id == referral_id
        }
        places = {(subject, target) for subject, part in dropped.items() for target in part.ends}
        for subject in dropped:
            del self.share.parts[subject]
        self.share.withdrawn.difference_update(places)
        return frozenset(target for _, target in places)

    def next_version(
        self,
        at: datetime,
        share: Share | None = None,
        *,
        dated: datetime | None = None,
        others: Iterable[Share] = (),
    ) -> ListVersion:
        """Return the list as of a moment, as a text to be signed, without what has ended.

        Parameters
        ----------
        share : Share or None
            What this case has on it; ``None``: what was added.
        dated : datetime or None
            The date that it bears; ``None``: that moment.
        others : iterable of Share
            What other cases have on it.
        """
        require_utc("at", at)
        own_share = (self.share if share is None else share).current(at)
        parts, withdrawn = dict(own_share.parts), set(own_share.withdrawn)
        for other_list in others:
            current = other_list.current(at)
            parts |= current.parts
            withdrawn |= current.withdrawn
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
                "referrals": sorted(parts),
                "withdrawn": [
                    {"referral": subject, "target": target} for subject, target in sorted(withdrawn)
                ],
            }
        ).decode()
        return ListVersion(
            list_id=self.id,
            version=self.version + 1,
            text=text,
            referrals=tuple(part.id for part in own_share.parts.values()),
            targets=frozenset(
                target
                for subject, part in own_share.parts.items()
                for target, end in part.ends.items()
                if end > at and (subject, target) not in withdrawn
            ),
            parts=parts,
            own=frozenset(own_share.parts),
        )

    def signed(self, version: ListVersion, signature: str) -> Envelope:
        """Take the signature over a version's text, and return what is sent."""
        self.version, self.previous = version.version, version.digest
        return Envelope(to=self.to, version=version, signature=signature)
