"""Every failure an analyst can meet, one class per decision the caller can take.

CauteryError
├── InputError            the caller can fix it
│   └── MandateError      a mandate that does not allow what was asked
├── SourceError           the outside world: unreachable, malformed, refused
│   ├── ForbiddenAddressError   an address that no mandate allows
│   ├── UnprovenError     a service of our own that does not prove who it is
│   ├── LimitError        more bytes, seconds or redirects than anyone should send
│   └── DecodeError       media that no decoder could read, or that killed it
├── ConfinementError      a child process can't be closed in on this machine
├── ApprovalError         an act without its authority
├── SignerError           the process that holds the keys is gone
├── StorageError          the case can't be written: disk full, read-only
├── ConflictError         another process recorded something in between: read again, decide anew
└── EvidenceError         an exhibit or a record cannot be trusted
    ├── BrokenSealError   bytes that no longer match their seal
    └── ErasedError       bytes whose key was destroyed, as retention asks
"""

from __future__ import annotations


class CauteryError(Exception):
    """Anything Cautery raises on purpose; ``hint`` tells the remedy in one sentence."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class InputError(CauteryError):
    """The caller gave something that cannot be used, and can mend it."""


class MandateError(InputError):
    """The mandate is missing something, or does not allow what was asked."""


class SourceError(CauteryError):
    """The outside world did not answer as a polite client may expect."""


class ForbiddenAddressError(SourceError):
    """A name or redirect leads to an address that the mandate does not allow."""

    hint = "Only public addresses are fetched; a lab's own range goes into [network] allow."


class UnprovenError(SourceError):
    """Whoever answers does not prove to be the service of our own that was meant."""

    hint = (
        "Nothing was sent. Somebody may stand in between: ask whoever runs the service. One with "
        "an authority of its own gets a [[service]] with ca in the mandate."
    )


class LimitError(SourceError):
    """A source sent more bytes, took more seconds or redirected more often than allowed."""


class DecodeError(SourceError):
    """The media could not be decoded; the decoder's child process may have died of it."""


class EncryptedError(DecodeError):
    """The media are encrypted, so nothing was decoded; that is no finding about their content."""

    hint = "DRM is recorded, never circumvented; an HLS segment is decrypted by its served key."


class WorkerError(CauteryError):
    """A worker process died of a task, or the task took too long for it."""

    hint = "Too little memory is the usual cause: run fewer workers."


class ConfinementError(CauteryError):
    """A child process that reads hostile bytes can't be closed in as it must be."""

    hint = (
        "Run it on Linux (x86_64 or aarch64) with seccomp; CAUTERY_ALLOW_UNCONFINED=1 goes on "
        "without, and the case says so."
    )


class ApprovalError(CauteryError):
    """An act lacks the authority that it needs."""


class SignerError(CauteryError):
    """The process that holds the keys is gone, or answers nonsense; nothing was signed."""

    hint = "Run it again: a new one is started. The case goes on from its last checkpoint."


class StorageError(CauteryError):
    """The case could not be written."""

    hint = "Free some space and run it again: it goes on where it stopped."


class ConflictError(CauteryError):
    """Another process recorded something since this one read the case; nothing was written."""

    hint = "Look at the case again, and decide anew."


class EvidenceError(CauteryError):
    """An exhibit, a record or a signature cannot be trusted."""


class BrokenSealError(EvidenceError):
    """The bytes of an exhibit no longer match their seal."""

    hint = "Restore the vault copy; file the altered one as its own exhibit."

    def __init__(self, exhibit: str, *, sealed: str, found: str) -> None:
        super().__init__(f"exhibit {exhibit}: sealed as {sealed}, now {found}")


class ErasedError(EvidenceError):
    """The key of a confidential exhibit was destroyed; its seal still verifies."""

    hint = "This is what retention asks for. The digest of the ciphertext is still proven."
