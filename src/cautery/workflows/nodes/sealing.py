"""What a node seals for a case: straight into its vault, with the records for the driver to append.

The driver is the only writer of the ledger, so a node collects what it would have written. An
exhibit that a later look leans on is told again, with its key: the answer that told of it first may
have been lost.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cautery.canonical import canonical
from cautery.evidence.ports import CaseVault
from cautery.json_text import parsed_json
from cautery.model import Entry, Exhibit, ExhibitId, Json, Pseudonyms, Record
from cautery.model.own_secrets import OwnSecrets
from cautery.model.ports import Clock
from cautery.model.records import ExhibitSealed
from cautery.model.times import ClockOffset
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.transactions import MOST_PAYLOADS, Payloads
from cautery.workflows.watch.probing.wire import KeyMade, RecordMade, Sealings

MOST_SEALED = 2 * MOST_PAYLOADS
"""Records of exhibits that are remembered: half a kilobyte each as text, twice that as objects."""


class NodeKeys(Protocol):
    """The keys that a node makes for the sources of one case."""

    def current(self, subject: str) -> tuple[bytes, bytes]:
        """Return ``(key id, key)`` to seal with, made if the subject has none."""
        ...

    def forget(self, key_id: bytes) -> str | None:
        """Seal nothing more under a key; return whose it was, ``None``: nobody's here."""
        ...


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The record of an exhibit, as text, and the key under which it is encrypted, if it is."""

    kind: str
    body: bytes
    key: KeyMade | None

    @property
    def record(self) -> RecordMade:
        """The record, as it was."""
        return RecordMade(kind=self.kind, body=parsed_json(self.body))


class NodeCase:
    """One case on one node: what is sealed there by all of its jobs.

    Parameters
    ----------
    vault : CaseVault
        Of the case; it encrypts under ``keys``.
    secrets : OwnSecrets
        Those of the mandate.
    """

    def __init__(
        self,
        vault: CaseVault,
        clock: Clock,
        *,
        keys: NodeKeys,
        pseudonyms: Pseudonyms,
        secrets: OwnSecrets,
    ) -> None:
        self.vault = vault
        self.clock = clock
        self.keys = keys
        self.pseudonyms = pseudonyms
        self.secrets = secrets
        self.payloads = Payloads()
        self._sealed: OrderedDict[ExhibitId, _Sealed] = OrderedDict()
        self._erased: set[str] = set()
        self._lock = threading.Lock()

    def told(self, secrets: Iterable[str], erased: Iterable[str]) -> None:
        """Take note of what the driver says with a job."""
        self.secrets.add(secrets)
        for key_id in erased:
            if key_id in self._erased:
                continue
            self._erased.add(key_id)
            subject = self.keys.forget(bytes.fromhex(key_id))
            if subject is not None:  # nothing leans on what nobody can read any more
                with self.payloads.lock:
                    self.payloads.forget(subject)

    def sheet(self) -> Sheet:
        """Return what one job writes on."""
        return Sheet(self)

    def took(self, exhibit: ExhibitId, sealed: _Sealed) -> None:
        """Remember an exhibit for the jobs that lean on it."""
        with self._lock:
            self._sealed[exhibit] = sealed
            while len(self._sealed) > MOST_SEALED:
                self._sealed.popitem(last=False)

    def earlier(self, exhibit: ExhibitId) -> _Sealed | None:
        """Return what an earlier job sealed; ``None``: nobody here did."""
        with self._lock:
            return self._sealed.get(exhibit)


@dataclass(slots=True)
class Sheet:
    """What one job seals and records; fulfils what a journal needs of ledger and vault."""

    case: NodeCase
    records: list[RecordMade] = field(default_factory=list)
    _own: set[ExhibitId] = field(default_factory=set)
    _keys: dict[ExhibitId, KeyMade] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def journal(self) -> Journal:
        """Return what writes on this sheet."""
        return Journal(
            self,
            self,
            self.case.clock,
            pseudonyms=self.case.pseudonyms,
            secrets=self.case.secrets,
            payloads=self.case.payloads,
        )

    def append_all(self, records: Sequence[tuple[str, Json, datetime]]) -> tuple[Entry, ...]:
        """Collect records."""
        entries = []
        with self._lock:
            for kind, body, at in records:
                record = Record(kind=kind, at=at, body=body)
                entries.append(Entry(index=len(self.records), record=record, leaf=b""))
                record_made = RecordMade(kind=kind, body=body)
                self.records.append(record_made)
                if isinstance(record.content, ExhibitSealed):
                    exhibit = record.content.exhibit.id
                    self._own.add(exhibit)
                    sealed = _Sealed(kind, canonical(body), self._keys.get(exhibit))
                    self.case.took(exhibit, sealed)
        return tuple(entries)

    def seal(
        self,
        data: bytes,
        *,
        media_type: str,
        at: datetime,
        clock: ClockOffset,
        subject: str | None = None,
    ) -> Exhibit:
        """Seal bytes in the vault of the case, and keep the key of what is confidential."""
        if subject is None:
            return self.case.vault.seal(data, media_type=media_type, at=at, clock=clock)
        while True:
            key_id, key = self.case.keys.current(subject)
            exhibit = self.case.vault.seal(
                data, media_type=media_type, at=at, clock=clock, subject=subject
            )
            if self.case.keys.current(subject)[0] == key_id:
                break  # else it was forgotten meanwhile: under which key it lies nobody knows
        with self._lock:
            self._keys[exhibit.id] = KeyMade(subject=subject, id=key_id.hex(), key=key.hex())
        return exhibit

    def read(self, exhibit: ExhibitId) -> bytes:
        """Return what lies in the vault of the case."""
        return self.case.vault.read(exhibit)

    def open(self, exhibit: ExhibitId, *, subject: str) -> bytes:
        """Return the clear bytes of what this node sealed confidentially."""
        return self.case.vault.open(exhibit, subject=subject)

    def sealings(self, exhibits_named: Iterable[ExhibitId] = ()) -> Sealings:
        """Return all that was recorded, and the exhibits that it leans on.

        Parameters
        ----------
        exhibits_named : iterable of ExhibitId
            Those that the job's answer names.
        """
        with self._lock:
            records = list(self.records)
            keys = list(self._keys.values())
            own_exhibits = set(self._own)
        for exhibit in dict.fromkeys(exhibits_named):
            earlier = self.case.earlier(exhibit) if exhibit not in own_exhibits else None
            if earlier is not None:
                records.append(earlier.record)
                keys += [earlier.key] if earlier.key is not None else []
        return Sealings(records=tuple(records), keys=tuple(dict.fromkeys(keys)))
