"""Every failure an analyst can meet, one class per decision the caller can take.

::

    CauteryError
    ├── InputError            bad input, which the caller can correct
    │   ├── MandateError      a mandate that does not allow what was asked
    │   └── AbsentError       a case, record, stream or exhibit that there is not
    ├── SourceError           the outside world: unreachable, malformed, refused
    │   ├── ForbiddenAddressError   an address that no mandate allows
    │   ├── UnprovenError     a service of your own that does not prove its identity
    │   ├── LimitError        too many bytes, seconds or redirects
    │   └── DecodeError       media that could not be decoded, or that crashed the decoder
    │       └── EncryptedError    encrypted media, so nothing was decoded
    ├── WorkerError           a worker process crashed, or its task took too long
    ├── ConfinementError      a child process cannot be confined on this machine
    ├── ApprovalError         an act without the authority that it needs
    │   └── UnaskedError      the keeper of the decoys has not said that it may leave
    ├── IncompleteError       a paper that lacks a field, so nobody can sign it
    ├── UnrevealedError       what is computed while nobody may know which streams are decoys
    ├── SignerError           the process that holds the keys has ended
    │   └── TokenError        the token that holds a signing key is away or refuses
    ├── StorageError          the case cannot be written: disk full, read-only
    │   └── LeaseError        another process drives the case now
    ├── NotYetError           what is being made meanwhile: ask again in a moment
    ├── ConflictError         another process recorded something: read again, decide again
    └── EvidenceError         an exhibit or a record cannot be trusted
        ├── BrokenSealError   bytes that no longer match their seal
        └── ErasedError       bytes whose key was destroyed, as retention requires
"""

from __future__ import annotations


class CauteryError(Exception):
    """The base of all errors that Cautery raises on purpose; ``hint`` says what to do."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class InputError(CauteryError):
    """The input cannot be used; the caller can correct it."""


class MandateError(InputError):
    """The mandate is incomplete, or does not allow what was asked."""


class AbsentError(InputError):
    """There is no such case, record, stream or exhibit."""

    hint = "The page before this one lists what there is."


class SourceError(CauteryError):
    """A source outside could not be reached, refused to answer or sent malformed data."""


class ForbiddenAddressError(SourceError):
    """A name or redirect leads to an address that the mandate does not allow."""

    hint = (
        "Only public addresses are fetched. To allow a lab's own range, add it to [network] allow."
    )


class UnprovenError(SourceError):
    """The server that answered did not prove that it is the intended service of your own."""

    hint = (
        "Nothing was sent. The connection may be intercepted: ask the people who run the service. "
        "If it has a certificate authority of its own, set ca in its [[service]] of the mandate."
    )


class LimitError(SourceError):
    """A source sent more bytes, took more time or redirected more often than is allowed."""


class DecodeError(SourceError):
    """The media could not be decoded; the decoder's child process may have crashed."""


class EncryptedError(DecodeError):
    """The media are encrypted, so nothing was decoded and their content stays unknown."""

    hint = "DRM is never circumvented; only HLS keys that the server gives to any player are used."


class RefusedError(SourceError):
    """A mail server refuses a receiver, or this mail, for good."""


class UnansweredError(SourceError):
    """A server broke off without an answer, so it may have taken what it was sent."""

    hint = "Find out whether it has arrived before you send it again."


class WorkerError(CauteryError):
    """A worker process crashed during a task, or the task took too long."""

    hint = "The usual cause is too little memory: run fewer workers."


class ConfinementError(CauteryError):
    """A child process that reads hostile bytes cannot be confined as it must be."""

    hint = (
        "Run it on Linux (x86_64 or aarch64) with seccomp. CAUTERY_ALLOW_UNCONFINED=1 allows it to "
        "run without confinement, and the case records that."
    )


class ApprovalError(CauteryError):
    """An act lacks the authority that it needs."""


class UnaskedError(ApprovalError):
    """The keeper of the decoys has not answered for this act, so nothing of it leaves."""

    hint = "The planner's keeper must run: cautery decoy serve NIGHT --key PLANNER.pem"


class UnrevealedError(CauteryError):
    """What is computed from a case may count decoys as streams of pirates; it does not leave."""

    hint = "After the night the planner opens all: cautery decoy reveal NIGHT --key PLANNER.pem"


class IncompleteError(CauteryError):
    """A paper lacks a field, or a field does not fit: nobody can sign it as it is."""

    hint = "cautery form check names each fault; --draft writes the paper marked as a draft."


class SignerError(CauteryError):
    """The process that holds the keys has ended or gives invalid answers; nothing was signed."""

    hint = (
        "Run the command again: it starts a new one. The case continues from its last checkpoint."
    )


class TokenError(SignerError):
    """The token that holds a signing key is away or refuses; nothing was signed."""

    hint = (
        "Check that it is plugged in, then run the command again. What was recorded meanwhile is "
        "signed then."
    )


class StorageError(CauteryError):
    """The case could not be written."""

    hint = "Free some disk space and run the command again: it continues where it stopped."


class AwayError(StorageError):
    """The store did not answer, or refused."""

    hint = "Run the command again when the store answers: it continues where it stopped."


class LeaseError(StorageError):
    """Another process drives the case now: this one neither records nor acts any more."""

    hint = "Nothing is lost. To stand by for the one that drives it: cautery watch ... --standby"


class ConflictError(CauteryError):
    """Another process recorded something since this one read the case; nothing was written."""

    hint = "Look at the case again, and run the command again if it is still right."


class EvidenceError(CauteryError):
    """An exhibit, a record or a signature cannot be trusted."""


class BrokenSealError(EvidenceError):
    """The bytes of an exhibit no longer match their seal."""

    hint = "Restore the exhibit from a backup of the vault; keep the altered file as evidence."

    def __init__(self, exhibit: str, *, sealed: str, found: str) -> None:
        super().__init__(f"exhibit {exhibit}: sealed as {sealed}, now {found}")


class ErasedError(EvidenceError):
    """The key of a confidential exhibit was destroyed; its seal can still be verified."""

    hint = (
        "Keys are destroyed when retention ends. The digest of the encrypted bytes is still proven."
    )


class NotYetError(CauteryError):
    """What was asked for is being made meanwhile: ask again in a moment."""
