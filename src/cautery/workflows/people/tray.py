"""The tray of a room: photographs that people sent by telephone, until somebody files them.

The room has no key of a case (ADR 0061), so it cannot file. What it takes in, it writes into the
access log before it says that it has it, with a keyed hash of the entry. The key is that of the
log, outside the folder: who can write to the disk can neither slip a photograph in nor swap one,
and one that goes missing is missed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import rfc8785

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.model.account import Account, require_why
from cautery.model.evidence import Digest, digest_of
from cautery.model.photograph import Photograph
from cautery.model.ports import Clock
from cautery.model.records import DataUsed, kinds_of
from cautery.model.room import Act
from cautery.model.wire import from_json, to_json
from cautery.workflows.people.arrivals import Arrival, Arrivals, require_place
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import AccessLedger, TrayFiles

LONGEST_NOTE = 500
SENT = "/operations/{id}/exhibits/{key}/photographs"
"""The address that takes photographs in, as the access log names it."""
REJECTED = "cautery operation photos --reject"
_CAME, _WENT = b"photograph came ", b"photograph rejected "
_EARLIER = "earlier rejections"
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The exhibit that a photograph shows, and for whom; members as of a ``Photograph``."""

    desk: str
    case: str
    number: str
    exhibit: Digest
    agency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What lies in the tray under one name.

    Parameters
    ----------
    name : str
        SHA-256 of the photograph, a dash, and the key of the exhibit.
    photograph : Photograph or None
        ``None``: its entry cannot be read.
    fault : str
        Why it cannot be filed; empty: it can.
    entry : str
        Digits of the digest of its entry; empty: it cannot be read.
    """

    name: str
    photograph: Photograph | None
    fault: str = ""
    entry: str = ""

    @property
    def sha256(self) -> str:
        """The digits of the photograph's digest."""
        return self.name.partition("-")[0]

    @property
    def key(self) -> str:
        """The digits of the exhibit's entry."""
        return self.name.partition("-")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the access log says of a name in the tray.

    Parameters
    ----------
    at : datetime
        When it came last.
    entries : frozenset of str
        Digests of the entries with which it came and was not rejected.
    """

    name: str
    case: str
    account: str
    at: datetime
    entries: frozenset[str]


class _Told:
    """What the log has told so far: whatever went is gone, and no copy of a record brings it back.

    Each arrival has an entry of its own, since its time stands in it: that the log has one twice is
    the doing of whoever can write to the disk.
    """

    def __init__(self) -> None:
        self.sent_by_name: dict[str, Sent] = {}
        self._gone_entries: set[tuple[str, str]] = set()

    def came(self, name: str, entry: str, *, case: str, account: str, at: datetime) -> None:
        before = self.sent_by_name[name].entries if name in self.sent_by_name else frozenset[str]()
        if entry in before or (name, entry) in self._gone_entries:
            return
        self.sent_by_name[name] = Sent(
            name=name, case=case, account=account, at=at, entries=before | {entry}
        )

    def went(self, name: str, entry: str, *, only_if_there: bool = False) -> None:
        """Take up a rejection: all that came under a name until then went. It counts once."""
        entries_there = (
            self.sent_by_name[name].entries if name in self.sent_by_name else frozenset[str]()
        )
        if (name, entry) in self._gone_entries or (only_if_there and entry not in entries_there):
            return
        self._gone_entries |= {(name, gone_entry) for gone_entry in (*entries_there, entry)}
        if name in self.sent_by_name:
            self.sent_by_name[name] = replace(self.sent_by_name[name], entries=frozenset())


class Tray:
    """Takes photographs in, and says which of those that lie there are as they came.

    Parameters
    ----------
    ledger : AccessLedger
        That of the access log.
    hashes : callable
        Returns keyed hashes, under a key outside the folder.
    check : callable
        Raises EvidenceError if the access log is not what was signed.
    """

    def __init__(
        self,
        files: TrayFiles,
        log: AccessLog,
        ledger: AccessLedger,
        clock: Clock,
        *,
        hashes: Callable[[Sequence[bytes]], Sequence[bytes]],
        check: Callable[[], object],
    ) -> None:
        self._files, self._log, self._ledger, self._clock = files, log, ledger, clock
        self._hashes, self._check = hashes, check
        self._arrivals = Arrivals(files)

    @contextmanager
    def arriving(self, account: Account, size: int) -> Iterator[Arrival]:
        """Lend a place for a photograph that arrives; what is not kept is gone afterwards.

        Parameters
        ----------
        size : int
            Bytes that are announced.

        Raises
        ------
        InputError
            If there is no place for it.
        StorageError
            If it cannot be written.
        """
        self._require_place(self.waiting(), account.id, size)
        with self._arrivals.place(account.id) as arrival:
            yield arrival

    def keep(
        self, arrival: Arrival, subject: Subject, account: Account, *, note: str
    ) -> Photograph:
        """Put a photograph that arrived whole in the tray; one that waits there already stays.

        Raises
        ------
        InputError
            If it is no photograph, its note is too long, or there is no place for it.
        StorageError
            If it cannot be written, or not logged: then it does not count.
        """
        note = note.replace("\r\n", "\n").strip()
        if len(note) > LONGEST_NOTE or not note.replace("\n", " ").isprintable():
            raise InputError(tr("A note has at most %(count)s letters.", count=str(LONGEST_NOTE)))
        digest, media_type = arrival.whole()
        with self._files.locked():
            self._files.sweep()
            lying = self.waiting()
            photograph = Photograph(
                desk=subject.desk,
                case=subject.case,
                number=subject.number,
                exhibit=subject.exhibit,
                agency=subject.agency,
                account=account.id,
                by=account.name,
                at=self._clock.now(),
                note=note,
                digest=digest,
                size=arrival.size,
                media_type=media_type,
            )
            name = f"{photograph.sha256}-{photograph.key}"
            for item in lying:
                if item.name == name and item.photograph is not None and self._is_whole(item):
                    return item.photograph
            self._require_place(lying, account.id, arrival.size)
            entry = _entry_digest(photograph)
            mac = self._mac(_CAME, entry)
            self._files.put(arrival.file, name)
            self._log.used(
                account.id,
                Act.COLLECTION,
                why=account.why,
                case=subject.case,
                page=SENT,
                numbers=_numbers(name, entry, mac),
            )
            self._files.enter(name, _spelled(photograph, mac))
        return photograph

    def waiting(self, key: str = "") -> list[Waiting]:
        """Return what lies in the tray, by name; one that this room did not take in has a fault.

        Parameters
        ----------
        key : str
            Of the only exhibit; empty: of all.
        """
        names = (name for name in self._files.names() if key in ("", name.partition("-")[2]))
        read = [self._read(name) for name in names]
        macs = self._macs(_CAME, [item.entry for item, _ in read])
        lying = []
        for (item, stated), mac in zip(read, macs, strict=True):
            photograph = item.photograph
            name_due = photograph and f"{photograph.sha256}-{photograph.key}"
            is_as_sent = item.name == name_due and hmac.compare_digest(mac.encode(), stated)
            fault = (
                ""
                if is_as_sent
                else tr("Nobody sent it through this room, or its entry was changed.")
            )
            lying.append(replace(item, fault=fault))
        return lying

    def judged(self) -> tuple[list[Waiting], list[Sent]]:
        """Return what lies in the tray, compared with the signed log, and what the log has beside.

        Raises
        ------
        EvidenceError
            If the log is not what was signed: then nothing in the tray can be trusted.
        """
        self._check()
        logged_by_name = self._sent()
        lying = []
        for item in self.waiting():
            logged = logged_by_name.pop(item.name, None)
            if not item.fault and (logged is None or item.entry not in logged.entries):
                fault = tr("The access log does not say that it came, or says it was rejected.")
                item = replace(item, fault=fault)  # noqa: PLW2901
            lying.append(item)
        return lying, [item for item in logged_by_name.values() if item.entries]

    def pieces(self, item: Waiting, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range of the bytes of a photograph.

        Raises
        ------
        EvidenceError
            Before the first piece, if they are not those that came.
        """
        return self._files.pieces(item.name, start, stop)

    def photo(self, item: Waiting) -> bytes:
        """Return the bytes of a photograph.

        Raises
        ------
        EvidenceError
            If they are not those that came.
        """
        content = self._files.photo(item.name)
        if digest_of(content) != f"sha256:{item.sha256}":
            raise EvidenceError(tr("Its bytes are not those that came."))
        return content

    def _is_whole(self, item: Waiting) -> bool:
        try:
            return not item.fault and bool(self.photo(item))
        except EvidenceError:
            return False

    def remove(self, item: Waiting) -> None:
        """Take out what was filed.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        with self._files.locked():
            self._files.remove(item.name)

    def take_over(self, item: Waiting, *, by: str, why: str) -> None:
        """Let a photograph count that another log of the room has, and a backup brought back.

        Whoever calls it has judged it by that log (:meth:`judged`).

        Parameters
        ----------
        by : str
            Who brings it back: the access log has it.

        Raises
        ------
        EvidenceError
            If it has a fault, or its bytes are not those that came.
        StorageError
            If it cannot be logged or written: then it does not count.
        """
        photograph = item.photograph
        if photograph is None or item.fault:
            nobody = tr("Nobody sent it through this room, or its entry was changed.")
            raise EvidenceError(item.fault or nobody)
        self.photo(item)
        mac = self._mac(_CAME, item.entry)
        with self._files.locked():
            self._log.used(
                by,
                Act.COLLECTION,
                why=require_why(why),
                case=photograph.case,
                page=SENT,
                numbers=_numbers(item.name, item.entry, mac),
            )
            self._files.enter(item.name, _spelled(photograph, mac))

    def reject(self, item: Waiting, *, by: str, why: str) -> None:
        """Destroy a photograph that is not filed; the access log has it first.

        Raises
        ------
        InputError
            If there is no reason.
        StorageError
            If it cannot be logged, or not removed.
        """
        photograph = item.photograph
        with self._files.locked():
            self._log.used(
                by,
                Act.ERASURE,
                why=require_why(why),
                case="" if photograph is None else photograph.case,
                page=REJECTED,
                numbers=_numbers(
                    item.name, item.entry, self._mac(_WENT, _named(item.name, item.entry))
                ),
            )
            self._files.remove(item.name)

    def _sent(self) -> dict[str, Sent]:
        """Return what the log says of each name, of records that only this room can have made."""
        records = []
        for entry in self._ledger.read(kinds=kinds_of(DataUsed)):
            used = entry.content
            if isinstance(used, DataUsed) and used.page in (SENT, REJECTED):
                numbers = dict(used.numbers)
                if numbers.keys() == {"key", "photograph", "entry", "mac"}:
                    records.append((entry.record.at, used, numbers))
        came = [numbers["entry"] for _, used, numbers in records if used.page == SENT]
        went = [numbers for _, used, numbers in records if used.page == REJECTED]
        macs = {
            SENT: iter(self._macs(_CAME, came)),
            REJECTED: iter(
                self._macs(
                    _WENT, [_named(_name(rejection), rejection["entry"]) for rejection in went]
                )
            ),
            # As rejections were written before their hash was of the name, too.
            _EARLIER: iter(self._macs(_WENT, [rejection["entry"] for rejection in went])),
        }
        log = _Told()
        for at, used, numbers in records:
            name, came_as = _name(numbers), numbers["entry"]
            good = _same(next(macs[used.page]), numbers["mac"])
            if used.page == SENT:
                if good:
                    log.came(name, came_as, case=used.case, account=used.by, at=at)
            elif _same(next(macs[_EARLIER]), numbers["mac"]):
                log.went(name, came_as, only_if_there=True)
            elif good:
                log.went(name, came_as)
        return log.sent_by_name

    def _read(self, name: str) -> tuple[Waiting, bytes]:
        """Return what lies under a name, and the keyed hash that stands beside its entry."""
        try:
            content = parsed_json(self._files.entry(name))
            photograph = from_json(Photograph, content["photograph"])
            item = Waiting(name=name, photograph=photograph, entry=_entry_digest(photograph))
            return item, str(content["mac"]).encode()
        except (CauteryError, ValueError, TypeError, KeyError, RecursionError):
            return Waiting(name=name, photograph=None), b""

    def _require_place(self, lying: Sequence[Waiting], account: str, size: int) -> None:
        readable = [item.photograph for item in lying if item.photograph is not None]
        require_place(readable, len(lying), account, size)

    def _mac(self, what: bytes, entry: str) -> str:
        return self._macs(what, [entry])[0]

    def _macs(self, what: bytes, entries: Sequence[str]) -> list[str]:
        macs: list[str] = []
        for begin in range(0, len(entries), _BATCH):
            batch = [what + entry.encode() for entry in entries[begin : begin + _BATCH]]
            macs += [mac.hex() for mac in self._hashes(batch)]
        return macs


def _spelled(photograph: Photograph, mac: str) -> bytes:
    return rfc8785.dumps({"photograph": to_json(photograph), "mac": mac})


def _entry_digest(photograph: Photograph) -> str:
    return hashlib.sha256(rfc8785.dumps(to_json(photograph))).hexdigest()


def _numbers(name: str, entry: str, mac: str) -> tuple[tuple[str, str], ...]:
    sha256, _, key = name.partition("-")
    return (("key", key), ("photograph", sha256), ("entry", entry), ("mac", mac))


def _name(numbers: Mapping[str, str]) -> str:
    return f"{numbers['photograph']}-{numbers['key']}"


def _named(name: str, entry: str) -> str:
    """Return what the hash of a rejection is of: that of another name is none of this one."""
    return f"{name} {entry}"


def _same(mac: str, stated_mac: str) -> bool:
    return hmac.compare_digest(mac.encode(), stated_mac.encode())
