"""A case in memory for attacks on the gate: its ledger, its journal, its list, and a provider.

Records are decoded from their JSON as a ledger does, and each has its leaf. Approvals, versions of
the list, openings and answers have true signatures: nothing that is attacked is made light here.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Stop

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import Envelope, ListTrust, read_list
from cautery.act.read_list import AcceptedList
from cautery.errors import ConflictError, SourceError
from cautery.evidence.leaf import leaf_of
from cautery.evidence.signing import ListHead, require_next_list, verifier_key
from cautery.json_text import parsed_json
from cautery.model import (
    Approver,
    ClockOffset,
    Digest,
    Effect,
    Entry,
    ExhibitId,
    Json,
    ListAnswer,
    Record,
    digest_of,
)
from cautery.model.ledger import filed
from cautery.model.records import Failure
from cautery.model.signing_keys import FileKey


@dataclass(slots=True)
class MemoryLedger:
    """A ledger in memory, with a leaf for each record."""

    entries: list[Entry] = field(default_factory=list)

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append one record.

        Raises
        ------
        ConflictError
            If another one came in meanwhile.
        """
        came = self.entries[if_unchanged_since:] if if_unchanged_since is not None else []
        if any(not kinds or entry.record.kind in kinds for entry in came):
            raise ConflictError("another record came in")
        leaf = leaf_of(kind, body, at)
        record = Record(kind=kind, at=at, body=parsed_json(leaf)["body"])
        entry = Entry(index=len(self.entries), record=record, leaf=leaf)
        self.entries.append(entry)
        return entry

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> tuple[Entry, ...]:
        """Append several records."""
        del if_unchanged_since, kinds
        return tuple(self.append(kind, body, at=at) for kind, body, at in records)

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries in order."""
        for entry in tuple(self.entries[since:]):
            if not kinds or entry.record.kind in kinds:
                yield entry

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Stop | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield what is there."""
        del stop, patience_s
        return self.read(since=since, kinds=kinds)

    def size(self) -> int:
        """Return the number of entries."""
        return len(self.entries)


@dataclass(slots=True)
class MemoryClock:
    """A clock that is set by hand."""

    moment: datetime

    def now(self) -> datetime:
        """Return its time."""
        return self.moment

    def offset(self) -> ClockOffset:
        """Return that it is right."""
        return ClockOffset(seconds=0.0, uncertainty_s=0.0, method="lab")

    def pass_s(self, seconds: float) -> None:
        """Let some time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass(slots=True)
class MemoryJournal:
    """Writes into a ledger in memory."""

    ledger: MemoryLedger
    clock: MemoryClock
    failures: list[str] = field(default_factory=list)
    sealed: dict[ExhibitId, bytes] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the clock's time."""
        return self.clock.now()

    def write(self, content: object) -> Entry:
        """Append one record."""
        kind, body = filed(content)
        return self.ledger.append(kind, body, at=self.now())

    def write_all(self, contents: Iterable[object]) -> tuple[Entry, ...]:
        """Append several records."""
        return tuple(self.write(content) for content in contents)

    def pass_on(self, entry: Entry) -> None:
        """Tell nobody."""

    def fail(self, what: str, where: str, error: Exception) -> None:
        """Record a failure."""
        self.failures.append(f"{what} {where}: {error}")
        self.write(
            Failure(
                what=what,
                where=where,
                error=type(error).__name__,
                message=str(error)[:500],
                hint="",
                at=self.now(),
            )
        )

    def seal(self, content: bytes, **_: object) -> ExhibitId:
        """Keep some bytes."""
        exhibit = ExhibitId(digest_of(content))
        self.sealed[exhibit] = content
        return exhibit

    def stored(self, exhibit: ExhibitId) -> bytes:
        """Return the bytes of an exhibit."""
        return self.sealed[exhibit]


class MemorySigner:
    """Signs the versions of a case's lists, as the signer process does."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._private = key
        self.public = key.public_key().public_bytes_raw()
        self.key = verifier_key("cautery/case-1", self.public)
        self._heads: dict[str, ListHead] = {}

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version of a list."""
        head = self._heads.get(name)
        return head and (head[0], Digest(head[1]), datetime.fromisoformat(head[2]))

    def sign_list(self, text: str) -> str:
        """Return the signature over the next version of a list, base64."""
        name = text.partition('"list":"')[2][:14]
        name, head = require_next_list(text, key=self.public, last=self._heads.get(name))
        self._heads[name] = head
        return base64.b64encode(self._private.sign(text.encode())).decode()


class CheckingProvider:
    """An access provider that checks each list as ours do, and keeps what it would block."""

    def __init__(
        self, name: str, territory: str, people: Iterable[Approver], clock: MemoryClock
    ) -> None:
        keys = [FileKey(base64.b64decode(person.public_key)) for person in people]
        self._trust = ListTrust(provider=name, territory=territory, approvers=keys)
        self._clock = clock
        self._held: AcceptedList | None = None
        self.deaf = False
        self.blocked: set[str] = set()
        """Targets that were ever on the list, withdrawn ones apart."""
        self.received: list[bytes] = []
        """All that it was ever sent."""

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Take a version.

        Raises
        ------
        SourceError
            If it does not answer.
        """
        if self.deaf:
            raise SourceError("the provider does not answer")
        body = envelope.body(held=held)
        self.received.append(body)
        self._held = read_list(body, self._trust, now=self._clock.now(), held=self._held)
        self.blocked |= {entry.target for entry in self._held.entries}
        return ListAnswer(
            intermediary=envelope.to.name,
            version=envelope.version.version,
            effect=Effect.APPLIED,
            received_at=now,
        )
