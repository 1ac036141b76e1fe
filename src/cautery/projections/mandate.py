"""The mandate in force: that of the case's opening, with the newest fixtures of its calendars."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cautery.act import id_of_key, terms_digest, terms_of
from cautery.errors import CauteryError
from cautery.evidence.note import NoteVerifier
from cautery.messages import message
from cautery.model import Entry, Mandate, SignedFor, digest_of, with_fixtures
from cautery.model.message import Message
from cautery.model.records import CaseOpened, FixturesChanged, kind_of_type
from cautery.public_keys import raw_public_key

_OPENED = kind_of_type(CaseOpened)


def case_id(key: str) -> str:
    """Return the id of a case by its verifier key: the first 16 digits of the key's digest.

    Raises
    ------
    EvidenceError
        If it is no such key.
    """
    return digest_of(NoteVerifier.parse(key).public)[7:23]  # behind "sha256:"


def signed_for_in(key: str, mandate: Mandate) -> SignedFor:
    """Return what every signature in a case names: the case, the mandate's terms, and the list.

    Parameters
    ----------
    key : str
        The case's verifier key.

    Raises
    ------
    EvidenceError
        If it is no such key.
    """
    return SignedFor(
        case=case_id(key),
        mandate=terms_digest(mandate),
        list=None if mandate.lists is None else id_of_key(raw_public_key(mandate.lists.key)),
    )


@dataclass(slots=True)
class MandateInForce:
    """The mandate, the entry that opened the case, and how many records count for nothing.

    Only the first record of its kind opens a case, even if it is misshapen: anybody who has the
    file can append another one.
    """

    mandate: Mandate | None = None
    opening: Entry | None = None
    passed_over: Counter[Message] = field(default_factory=Counter)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        if entry.record.kind == _OPENED:
            if self.opening is not None:
                self.passed_over[message("ignored.second-opening", kind=_OPENED)] += 1
                return
            self.opening = entry
            if isinstance(entry.content, CaseOpened):
                self.mandate = entry.content.mandate
        elif isinstance(entry.content, FixturesChanged) and self.mandate is not None:
            try:
                changed = with_fixtures(self.mandate, entry.content)
            except CauteryError:  # anybody with the file can append two events of one id
                changed = None
            # Nor may the record take away an event that stands in the mandate itself: nothing
            # that people signed under its terms would then hold, not even an unblocking.
            if changed is None or terms_of(changed) != terms_of(self.mandate):
                self.passed_over[message("ignored.other-fixtures", kind=entry.record.kind)] += 1
            else:
                self.mandate = changed
