"""A record holds no sentence of ours as text: only ids and values, and what others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from cautery.model.message import Message
from cautery.model.records import KINDS

NAMED_LIKE_SENTENCES = frozenset(
    ("why", "failed", "reason", "reasons", "error", "message", "hint", "text", "method", "note",
     "notes", "order", "words", "remark", "detail", "problem", "warning", "warnings", "statement")
)  # fmt: skip

NOT_OURS = {
    "ActRefused.why": "a person wrote it",
    "AccountChanged.why": "a person wrote it",
    "Acknowledgement.reason": "an intermediary wrote it",
    "AlertSent.error": "the name of a class",
    "BundleShared.why": "a person wrote it",
    "CaseRestored.text": "the text that people signed, to the byte",
    "CaseRestored.why": "a person wrote it",
    "ClockOffset.method": "the name of a protocol",
    "ComplaintDecided.why": "a person wrote it",
    "CrimeFound.text": "a person wrote it",
    "CriterionAnswer.text": "a person wrote it",
    "CustodyEntry.reason": "a person wrote it",
    "DataUsed.why": "a person wrote it",
    "DeconflictionForgotten.why": "a person wrote it",
    "DecoyRevealed.why": "a person wrote it",
    "DescendantDecided.why": "a person wrote it",
    "ExhibitCorrected.reason": "a person wrote it",
    "ExhibitPhotographed.note": "a person wrote it",
    "ExchangeExported.why": "a person wrote it",
    "ExhibitPhotographed.why": "a person wrote it",
    "Failure.error": "the name of a class",
    "FollowAdvanced.note": "a signed note",
    "FollowReviewed.why": "a person wrote it",
    "HostsRuled.why": "a person wrote it",
    "JudgedClaim.text": "the claim as it was published",
    "ListAnswered.reason": "an intermediary wrote it",
    "ListSent.reason": "an intermediary wrote it",
    "LogBegunAnew.why": "a person wrote it",
    "LogEntry.note": "a signed note",
    "LogRead.why": "a person wrote it",
    "LogRestored.note": "a signed note",
    "MaterialConsulted.why": "a person wrote it",
    "MaterialKeysErased.why": "a person wrote it",
    "MoneyTraced.method": "the name of a method, as the command takes it",
    "Notice.statement": "a letter, in the language in which people sign it",
    "NoticeWithdrawn.why": "a person wrote it",
    "Override.reason": "a person wrote it",
    "PartnerRegistered.note": "a signed note",
    "PaperMarked.why": "a person wrote it",
    "PersonAccessed.why": "a person wrote it",
    "PersonErased.why": "a person wrote it",
    "PersonNamed.why": "a person wrote it",
    "PersonOutcome.why": "a person wrote it",
    "PersonReviewed.why": "a person wrote it",
    "PersonSought.why": "a person wrote it",
    "NotTaken.words": "type and field in the words of a partner's format",
    "RedactedUrl.text": "a URL",
    "Referral.order": "the id of a court order",
    "Referral.statement": "a letter, in the language in which people sign it",
    "RefusedEntry.reason": "an intermediary wrote it",
    "StatementPermitted.note": "a signed note",
    "StatementPermitted.statement": "the id of a statement",
    "StatementPermitted.why": "a person wrote it",
    "StatementRecorded.notes": "signed notes",
    "StatementRecorded.text": "what an agency states and signs",
    "StepReport.text": "a person wrote it",
    "TraceOpened.why": "a person wrote it",
}
"""Members that hold text, and whose text it is."""

STILL_TEXT = {
    "Failure.hint": "an error's text, as a log has it (ADR 0039)",
    "Failure.message": "an error's text, as a log has it (ADR 0039)",
    "Step.text": "a draft, which people may reword in the plan's file before they sign it",
}
"""Members that hold a sentence of ours; they may leave this list, and none may enter it."""


def test_no_record_holds_a_sentence_of_ours_as_text() -> None:
    named = {member for member in members_of_text() if _name(member) in NAMED_LIKE_SENTENCES}
    assert named - STILL_TEXT.keys() == NOT_OURS.keys()


def members_of_text() -> set[str]:
    """Return the members of all records, and of the nouns in them, that hold plain text."""
    return {
        f"{shape.__name__}.{name}" for shape in _shapes() for name, types in _members(shape)
        if str in types
    }  # fmt: skip


def _shapes() -> set[type]:
    """Return the types of all records, and those of the nouns in them."""
    known: set[type] = set()
    waiting = [*KINDS.values()]
    while waiting:
        shape = waiting.pop()
        if shape in known or shape is Message or not is_dataclass(shape):
            continue
        known.add(shape)
        waiting += (part for _, types in _members(shape) for part in types)
    return known


def _members(shape: Any) -> Iterator[tuple[str, set[Any]]]:
    hints = get_type_hints(shape)
    for member in fields(shape):
        yield member.name, set(_parts(hints[member.name]))


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def _name(member: str) -> str:
    return member.partition(".")[2]
