"""The only writer of a watch: seals bytes, appends records and informs the listeners.

Everything that a watch learns passes through here, so that what the board shows, what ``--json``
streams and what the ledger holds cannot differ.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from cautery.errors import CauteryError, InputError
from cautery.evidence.in_groups import InGroups
from cautery.formats import redacted_text
from cautery.model import (
    Entry,
    Exchange,
    Exhibit,
    ExhibitId,
    Json,
    Location,
    Pseudonyms,
    RedactedUrl,
    Response,
    Source,
    to_json,
)
from cautery.model.ledger import filed
from cautery.model.own_secrets import OwnSecrets, secrets_in
from cautery.model.ports import Clock, Vault
from cautery.model.records import ExhibitSealed, Failure
from cautery.model.whole_text import whole_text
from cautery.workflows.case.archives import Archives
from cautery.workflows.case.open import Case
from cautery.workflows.case.screening import screened
from cautery.workflows.case.transactions import Payloads

IDLE_S = 20.0
"""Longest wait for seals under way: some megabytes each, on a slow disk. Judgement."""

T = TypeVar("T")

Listener = Callable[[Entry], None]

_Bodies = Sequence[tuple[str, Any]]
"""Records that are written together: the kind of each, and its body."""


class Appends(Protocol):
    """Where records go: a ledger, or what collects them for one."""

    def append_all(self, records: Sequence[tuple[str, Json, datetime]]) -> tuple[Entry, ...]:
        """Append several records, all of them or none."""
        ...


class Journal:
    """Writes one case.

    Parameters
    ----------
    ledger, vault, clock
        Where records and bytes go, and by which time.
    pseudonyms : Pseudonyms
        Stand for credentials and personal values.
    listeners : tuple of callables
        Called with each entry after it is on disk.
    secrets : OwnSecrets or None
        What must stand in nothing that is written, where it is known already.
    payloads : Payloads or None
        What lies in archives of the case already, where several journals write one.
    """

    def __init__(
        self,
        ledger: Appends,
        vault: Vault,
        clock: Clock,
        *,
        pseudonyms: Pseudonyms,
        listeners: tuple[Listener, ...] = (),
        secrets: OwnSecrets | None = None,
        payloads: Payloads | None = None,
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._pseudonyms = pseudonyms
        self._secrets = secrets or OwnSecrets(pseudonyms)
        self._of_lines: tuple[str, ...] = ()
        self._listeners = listeners
        self._sealed: set[ExhibitId] = set()
        self._idle = threading.Condition()
        self._sealing = 0
        self._lock = threading.Lock()
        self._pen = threading.RLock()
        self._archives = Archives(
            self.seal,
            subject=self._subject_of,
            secrets=self._secrets,
            pseudonyms=pseudonyms,
            payloads=payloads,
        )
        self._writes: InGroups[_Bodies, tuple[Entry, ...]] = InGroups(self._write_groups)

    def now(self) -> datetime:
        """Return the clock's time."""
        return self._clock.now()

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What stands for secrets, for readers that redact what they quote."""
        return self._pseudonyms

    def hide(self, noun: Any) -> None:
        """Keep the secrets of a mandate or of a source out of all that is written."""
        self._secrets.add(secrets_in(noun))

    def hide_line(self, source: Source) -> None:
        """Do as :meth:`hide` does for a source that is read with a purchased line."""
        self._of_lines = tuple(dict.fromkeys((*self._of_lines, *secrets_in(source))))
        self.hide(source)

    @property
    def secrets_of_lines(self) -> tuple[str, ...]:
        """The secrets of purchased lines, which stand in no mandate."""
        return self._of_lines

    def scrubbed(self, text: str) -> str:
        """Return a stranger's text without our secrets that it sends back."""
        return self._secrets.scrubbed(whole_text(text))

    def redact(self, url: str | Location) -> RedactedUrl:
        """Return ``url`` as it may be shown and recorded."""
        if isinstance(url, Location):
            return RedactedUrl(url.shown(self._pseudonyms))
        return RedactedUrl.of(url, self._pseudonyms)

    def shown(self, value: Any) -> Any:
        """Return the JSON of a noun as it is recorded."""
        return to_json(value, self._pseudonyms)

    def pseudonym(self, value: str) -> str:
        """Return the keyed hash that stands for a personal value."""
        return self._pseudonyms.of(value)

    def write(self, content: object) -> Entry:
        """Append one record, now, and tell the listeners; threads that wait share one flush.

        Parameters
        ----------
        content : object
            Of a type that stands for a kind (:data:`cautery.model.records.KINDS`).
        """
        (entry,) = self.write_all([content])
        return entry

    def write_all(self, contents: Iterable[object]) -> tuple[Entry, ...]:
        """Append several records, now and for the price of one flush, and tell the listeners.

        Raises
        ------
        CauteryError
            If they cannot be written. Of records that have no form, those beside them stand.
        """
        bodies = []
        for content in contents:
            kind, body = filed(content, self._pseudonyms)
            # Screened on the caller's thread: the thread that writes for all must not spend its
            # time on their texts.
            bodies.append((kind, screened(body, self._secrets, self._pseudonyms)))
        return self._writes.ask(bodies) if bodies else ()

    async def write_aside(self, *contents: object) -> tuple[Entry, ...]:
        """Do as :meth:`write_all` does, on a thread: a disk's flush must not hold up the loop.

        As for :meth:`aside`.
        """
        return await self.aside(self.write_all, contents) if contents else ()

    def take_over(self, contents: Sequence[object]) -> None:
        """Record what another machine of this watch sealed and found; each exhibit once."""
        new = []
        with self._lock:
            for content in contents:
                if isinstance(content, ExhibitSealed):
                    if content.exhibit.id in self._sealed:
                        continue
                    self._sealed.add(content.exhibit.id)
                new.append(content)
        self.write_all(new)

    def has_sealed(self, exhibit: ExhibitId) -> bool:
        """Tell whether this journal has recorded an exhibit."""
        with self._lock:
            return exhibit in self._sealed

    async def aside(self, act: Callable[..., T], *arguments: object) -> T:
        """Do something with the case on a thread; it is over also when the task is cancelled."""
        acting = asyncio.ensure_future(asyncio.to_thread(act, *arguments))
        try:
            return await asyncio.shield(acting)
        except asyncio.CancelledError:
            await asyncio.wait([acting])
            raise

    def message(self, error: Exception) -> str:
        """Return what an error says, as it may be recorded: it may quote strangers."""
        text = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        return redacted_text(text, self._pseudonyms, kind="message")

    def pass_on(self, entry: Entry) -> None:
        """Tell the listeners of an entry, also of one that another process wrote."""
        with self._pen:
            for listener in self._listeners:
                listener(entry)

    def _write_groups(self, groups: Sequence[_Bodies]) -> list[tuple[Entry, ...] | Exception]:
        bodies = [body for group in groups for body in group]
        with self._pen:  # listeners hear entries in the ledger's order, whichever thread writes
            try:
                entries = self._ledger.append_all(
                    [(kind, body, self._clock.now()) for kind, body in bodies]
                )
            except InputError as error:
                # A record without an RFC 8785 form costs itself and none that waited with it.
                if len(bodies) == 1:
                    return [error]
                return [self._one_by_one(group) for group in groups]
            outcomes = iter([self._heard(entry) for entry in entries])
            return [_whole([next(outcomes) for _ in group]) for group in groups]

    def _one_by_one(self, group: _Bodies) -> tuple[Entry, ...] | Exception:
        return _whole(
            [
                outcome if isinstance(outcome, Exception) else outcome[0]
                for body in group
                for outcome in self._write_groups([[body]])
            ]
        )

    def _heard(self, entry: Entry) -> Entry | Exception:
        """Return the entry once the listeners have heard it, or what one of them raised."""
        try:
            self.pass_on(entry)
        except Exception as error:  # noqa: BLE001 - raised where this entry was written
            return error
        return entry

    def seal(
        self,
        data: bytes,
        *,
        what: str,
        media_type: str,
        at: datetime,
        url: str | Location | None = None,
        confidential: bool = False,
    ) -> ExhibitId:
        """Seal bytes as captured ``at`` a moment, and record that, once for equal bytes.

        Parameters
        ----------
        what : str
            ``playlist``, ``segment``, ``page``, ``still``, ``list`` ...
        url : str or None
            Exact; recorded redacted.
        confidential : bool
            Encrypt under the key of the URL's host: it may hold a line's credentials.
        """
        redacted = None if url is None else self.redact(url)
        subject = self._subject(redacted, what) if confidential else None
        clock = self._clock.offset()
        with self._idle:
            self._sealing += 1
        try:
            # The bytes first and their record after: killed in between, an exhibit lies there that
            # no record names, which harms nobody. A record never names what is not there.
            exhibit = self._vault.seal(
                data, media_type=media_type, at=at, clock=clock, subject=subject
            )
        finally:
            with self._idle:
                self._sealing -= 1
                self._idle.notify_all()
        with self._lock:
            new = exhibit.id not in self._sealed
            self._sealed.add(exhibit.id)
        if new:
            self._record(exhibit, what, redacted)
        return exhibit.id

    async def seal_aside(
        self,
        data: bytes,
        *,
        what: str,
        media_type: str,
        at: datetime,
        url: str | Location | None = None,
        confidential: bool = False,
    ) -> ExhibitId:
        """Do as :meth:`seal` does, on a thread: a disk's flush must not hold up other probes."""
        return await asyncio.to_thread(
            partial(
                self.seal,
                data,
                what=what,
                media_type=media_type,
                at=at,
                url=url,
                confidential=confidential,
            )
        )

    def seal_exchanges(
        self, exchanges: Sequence[Exchange], *, what: str, confidential: bool, own: bool = False
    ) -> tuple[ExhibitId, ...]:
        """Seal transactions as one WARC, and record that.

        What lies in the open has its URLs and headers redacted and its payloads whole; what is
        confidential is as it was on the wire. So is what has personal data in a payload. A payload
        that was kept before is referred to.

        Parameters
        ----------
        what : str
            As for :meth:`seal`.
        own : bool
            The exchange was with one of our services: the record shows no path.

        Returns
        -------
        tuple of str
            The WARC, then those that hold payloads it refers to.
        """
        return self._archives.seal(exchanges, what=what, confidential=confidential, own=own)

    async def seal_answers(
        self, answers: Sequence[Response], *, what: str, confidential: bool, own: bool = False
    ) -> tuple[ExhibitId, ...]:
        """Seal all transactions that led to some answers as one WARC, on a thread.

        See :meth:`seal_exchanges`.
        """
        exchanges = [exchange for answer in answers for exchange in answer.exchanges]
        return await asyncio.to_thread(
            partial(self.seal_exchanges, exchanges, what=what, confidential=confidential, own=own)
        )

    async def seal_media(self, answers: Sequence[Response], *, what: str) -> tuple[ExhibitId, ...]:
        """Seal answers that may lie in the open as one archive, on a thread.

        One that may not, since it shows a person or a secret, has an archive of its own.
        """
        each = [answer.exchanges for answer in answers]
        return await asyncio.to_thread(partial(self._archives.seal_sorted, each, what=what))

    def unseal(self, exhibit: ExhibitId, *, what: str, url: str | Location | None = None) -> bytes:
        """Return the clear bytes of what was sealed confidentially, from its first URL, if any.

        Raises
        ------
        EvidenceError
            If it cannot be opened: erased, altered, or its key is not here.
        """
        redacted = None if url is None else self.redact(url)
        return self._vault.open(exhibit, subject=self._subject(redacted, what))

    def stored(self, exhibit: ExhibitId) -> bytes:
        """Return the bytes of an exhibit that lies in the open.

        Raises
        ------
        EvidenceError
            If it is altered or not here.
        """
        return self._vault.read(exhibit)

    def _subject_of(self, url: str | Location, what: str) -> str:
        return self._subject(self.redact(url), what)

    def _subject(self, redacted: RedactedUrl | None, what: str) -> str:
        host = redacted.host if redacted else ""
        return f"source:{self.pseudonym(host or what)}"

    def wait_until_idle(self) -> None:
        """Wait for seals under way on threads: cancelling their task does not stop them.

        On a full disk they would else use up the space that is reserved for the end of the case.
        """
        with self._idle:
            self._idle.wait_for(lambda: self._sealing == 0, timeout=IDLE_S)

    def _record(self, exhibit: Exhibit, what: str, redacted: RedactedUrl | None) -> None:
        url = None if redacted is None else redacted.text
        self.write(ExhibitSealed(exhibit=exhibit, what=what, url=url))

    def fail(self, what: str, where: str, error: Exception) -> None:
        """Record a failure of the world; the watch goes on."""
        self.write(
            Failure(
                what=what,
                where=where,
                error=type(error).__name__,
                message=self.message(error)[:500],
                hint=error.hint if isinstance(error, CauteryError) else "",
                at=self._clock.now(),
            )
        )


def _whole(outcomes: Sequence[Entry | Exception]) -> tuple[Entry, ...] | Exception:
    """Return the entries of a group, or the first exception that one of them met."""
    failed = next((outcome for outcome in outcomes if isinstance(outcome, Exception)), None)
    if failed is not None:
        return failed
    return tuple(outcome for outcome in outcomes if isinstance(outcome, Entry))


def journal_of(case: Case) -> Journal:
    """Return the writer of a case that no watch has open in this process."""
    return Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
