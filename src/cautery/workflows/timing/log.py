"""An organisation's log: leaves from all its cases, one stamp for all of them each minute.

Several watches may write to one log. Each appends its own leaf; whoever has the turn signs, stamps
and publishes, and the others take the proof that covers their leaf from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cautery.errors import ConflictError, EvidenceError, InputError
from cautery.evidence.merkle import leaf_hash
from cautery.evidence.note import NoteVerifier, checkpoint_in
from cautery.evidence.outside.cosignatures import open_cosigned
from cautery.evidence.outside.proof import Covered, ProofGiven
from cautery.evidence.outside.proof_file import ProofFile, parse_proof_file
from cautery.evidence.outside.restored import CaseLine, case_id
from cautery.evidence.outside.tiles import Tiles, Tiling, partial_paths
from cautery.evidence.ports import CaseLedger
from cautery.evidence.signing import MANIFEST
from cautery.model.ledger import filed
from cautery.model.message import Message
from cautery.model.ports import Clock, Signer
from cautery.model.records import LogEntry, LogRestored, ProofMissing, kinds_of
from cautery.model.times import iso, to_utc
from cautery.workflows.timing.asking import Asking
from cautery.workflows.timing.ports import LogShelf
from cautery.workflows.timing.taking import Consistency, Restorations, leaf_of_case
from cautery.workflows.timing.threads import to_its_end

APART_S = 45.0
"""Between two stamps of a log: with 8 s for an answer they are never more than a minute apart."""
_LOOK_S = 0.5
_MOST_TURNS_WAITED_S = 150.0
_CHECKPOINT = "checkpoint"
_KINDS = kinds_of(LogEntry, LogRestored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A leaf of the log with what vouches for it.

    Parameters
    ----------
    given : ProofGiven
        The proof.
    missing : tuple of ProofMissing
        Who gave nothing.
    stamped_here : bool
        This process asked for the stamps; else another watch did.
    """

    given: ProofGiven
    missing: tuple[ProofMissing, ...]
    stamped_here: bool


class OrganisationLog:
    """A log that is open for writing.

    Parameters
    ----------
    ledger : CaseLedger
        Its records.
    signer : Signer
        Signs its checkpoints, each going on from the last one.
    shelf : LogShelf
        Its folder.
    asking : Asking
        Asks authorities and co-signers.
    sleep : callable
        Waits for a turn.
    """

    def __init__(
        self,
        ledger: CaseLedger,
        signer: Signer,
        shelf: LogShelf,
        asking: Asking,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._shelf = shelf
        self._asking = asking
        self._clock = clock
        self._sleep = sleep
        self._verifier = NoteVerifier.parse(signer.key)
        self._read_until = 0
        self._leaves: dict[str, list[tuple[int, LogEntry | LogRestored]]] = {}
        """By the id of a case, the leaves that name it, in order; none of them is checked here."""
        self._lines: dict[NoteVerifier, tuple[int, CaseLine]] = {}
        """By the key of a case, how many of these were checked, and what counts of them."""

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._verifier.name

    @property
    def key(self) -> str:
        """Its verifier key."""
        return str(self._verifier)

    def covered(self, case: NoteVerifier) -> Covered | None:
        """Return what the log last took of a case."""
        self._read_on()
        return self._last_of(case)

    def append(
        self,
        note: str,
        *,
        case: NoteVerifier,
        consistency: Consistency,
        restorations: Restorations = lambda _: (),
    ) -> int:
        """Append a note of a case; return the leaf's number.

        A case only grows: a note that does not go on from the last one of its case is refused, so
        a history that was forked, cut or rolled back gets no proof. One that two approvers took
        back on record is no such history: a leaf of its own says so first.

        Raises
        ------
        EvidenceError
            If the note is not the case's, or does not go on from the last one.
        StorageError
            If it cannot be written.
        """
        while True:
            size = self._read_on()
            previous = self._last_of(case)
            entry = leaf_of_case(
                note,
                case=case,
                previous=previous,
                consistency=consistency,
                restorations=restorations,
                line=lambda: self._line(case),
            )
            kind, body = filed(entry)
            try:
                entry_proof = self._ledger.append(
                    kind, body, at=self._clock.now(), if_unchanged_since=size
                )
            except ConflictError:
                continue  # another watch was faster
            if isinstance(entry, LogEntry):
                return entry_proof.index

    def _last_of(self, case: NoteVerifier) -> Covered | None:
        return self._known(case).last

    def _line(self, case: NoteVerifier) -> CaseLine:
        """Return all that the log has of one case, to be tried further."""
        return deepcopy(self._known(case))

    def _known(self, case: NoteVerifier) -> CaseLine:
        """Return what counts of a case, of the leaves that were read.

        Whoever can write in the log's folder can append a leaf: what the case's key has not signed
        must not let another history in.
        """
        checked, line = self._lines.get(case, (0, CaseLine(case)))
        leaves = self._leaves.get(case_id(case), [])
        for index, content in leaves[checked:]:
            with suppress(EvidenceError):  # it says nothing of this case then
                line.take(index, content)
        self._lines[case] = len(leaves), line
        return line

    async def prove(
        self,
        note: str,
        *,
        case: NoteVerifier,
        consistency: Consistency,
        restorations: Restorations = lambda _: (),
        at_once: bool = False,
        no_stamps: Message | None = None,
    ) -> Proven:
        """Append a note and return what vouches for it, within about a minute.

        Parameters
        ----------
        at_once : bool
            Stamp now, whenever the last stamp was: a case is closed.
        no_stamps : Message or None
            Why no time-stamp is asked for; ``None``: they are.

        Raises
        ------
        EvidenceError
            As :meth:`append`, or if the log's ledger is not the one that was signed.
        StorageError
            If it cannot be written.
        """
        index = await to_its_end(
            partial(
                self.append,
                note,
                case=case,
                consistency=consistency,
                restorations=restorations,
            )
        )
        waited = 0.0
        while waited < _MOST_TURNS_WAITED_S:
            newest = self._newest()
            if newest is not None and newest.size > index:
                return self._proven(index, newest, stamped_here=False)
            with self._shelf.turn() as is_ours:
                # Again, now that this process has the turn: its last holder may have stamped the
                # leaf meanwhile.
                newest = self._newest()
                if newest is not None and newest.size > index:
                    return self._proven(index, newest, stamped_here=False)
                wait_s = 0.0 if at_once or newest is None else self._wait_s(newest)
                if is_ours and wait_s <= 0:
                    newest = await self._stamp(no_stamps)
                    return self._proven(index, newest, stamped_here=True)
            pause = min(max(wait_s, _LOOK_S), 5.0) if is_ours else _LOOK_S
            await self._sleep(pause)
            waited += pause
        raise EvidenceError("no stamp of this log came; another process holds its turn")

    async def _stamp(self, no_stamps: Message | None) -> _Newest:
        begun = self._clock.now()
        checkpoint = await to_its_end(
            partial(self._ledger.checkpoint, self._signer, at=self._clock.now())
        )
        tiles = await to_its_end(partial(self._publish_tiles, checkpoint.size))
        # A tile on the disk may be cut or old; all of them can be made again from the ledger.
        if tiles.root() != checkpoint.root:
            tiles = await to_its_end(partial(self._publish_tiles, checkpoint.size, anew=True))
            if tiles.root() != checkpoint.root:
                raise EvidenceError("the tiles of the log do not have the root that was signed")
        vouched = await self._asking.vouch(
            checkpoint.note, self._verifier, tiles, no_stamps=no_stamps
        )
        # After the tiles: whoever reads a published checkpoint must find the tiles that it needs.
        self._shelf.publish(_CHECKPOINT, vouched.checkpoint.encode())
        proof = ProofGiven(
            log=str(self._verifier),
            index=checkpoint.size - 1,
            leaf=b"",
            path=(),
            checkpoint=vouched.checkpoint,
            stamps=vouched.stamps,
        )
        newest = _Newest(
            size=checkpoint.size, at=begun, file=ProofFile(proof=proof, missing=vouched.missing)
        )
        await to_its_end(partial(self._shelf.write_newest, newest.to_bytes()))
        return newest

    def _publish_tiles(self, size: int, *, anew: bool = False) -> Tiles:
        """Write the tiles of the log's first ``size`` leaves that are not there yet."""
        published = 0 if anew else self._published(size)
        try:
            tiling = Tiling(published, self._shelf.read)
        except EvidenceError:
            published, tiling = 0, Tiling()
        hashes = (
            leaf_hash(entry.leaf)
            for entry in self._ledger.read(since=published)
            if entry.index < size
        )
        for path, tile in tiling.extend(hashes):
            self._shelf.publish(path, tile)
        for path, tile in tiling.partials():
            self._shelf.publish(path, tile)
        return Tiles(size, self._shelf.read)

    def _published(self, size: int) -> int:
        """Return the size of the log as it is published; 0 where it must be made anew."""
        try:
            note = self._shelf.read(_CHECKPOINT).decode()
            published = int(note.split("\n", 2)[1])
            for path in partial_paths(published):
                self._shelf.read(path)
        except (EvidenceError, ValueError, IndexError):
            return 0
        return published if published <= size else 0

    def _proven(self, index: int, newest: _Newest, *, stamped_here: bool) -> Proven:
        entry = next(iter(self._ledger.read(since=index)))
        tiles = Tiles(newest.size, self._shelf.read)
        proof = replace(
            newest.file.proof, index=index, leaf=entry.leaf, path=tiles.inclusion(index)
        )
        return Proven(given=proof, missing=newest.file.missing, stamped_here=stamped_here)

    def _newest(self) -> _Newest | None:
        raw = self._shelf.newest()
        return None if raw is None else _Newest.parse(raw, self._verifier)

    def _wait_s(self, newest: _Newest) -> float:
        """Return the seconds until the next stamp; a clock that was set back waits for nobody."""
        passed_s = (self._clock.now() - newest.at).total_seconds()
        return APART_S - passed_s if passed_s >= 0 else 0.0

    def _read_on(self) -> int:
        """Read what came into the log since, and return its size."""
        size = self._ledger.size()
        if size > self._read_until:
            for entry in self._ledger.read(since=self._read_until, kinds=_KINDS):
                if entry.index >= size:
                    break
                content = entry.content
                if (
                    isinstance(content, LogEntry | LogRestored)
                    and (name := _case_named(content.note)) is not None
                ):
                    self._leaves.setdefault(name, []).append((entry.index, content))
            self._read_until = size
        return size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newest:
    """The newest proof of a log, whichever watch had the turn, and when that turn began."""

    size: int
    at: datetime
    file: ProofFile

    def to_bytes(self) -> bytes:
        return f"{iso(self.at)}\n".encode() + self.file.to_bytes()

    @classmethod
    def parse(cls, raw: bytes, log: NoteVerifier) -> _Newest:
        at, _, proofs = raw.partition(b"\n")
        try:
            begun = to_utc("at", datetime.fromisoformat(at.decode()))
        except (ValueError, InputError) as error:
            raise EvidenceError(f"the newest proof of the log has no time: {error}") from error
        file = parse_proof_file(proofs)
        size = open_cosigned(file.proof.checkpoint, log).checkpoint.size
        return cls(size=size, at=begun, file=file)


def _case_named(note: str) -> str | None:
    """Return which case a note in the log names; ``None``: none. Its signature is not checked."""
    text = note.rpartition("\n\n")[0] + "\n"
    if (match := MANIFEST.fullmatch(text)) is not None:
        return match[1]
    name = text.partition("\n")[0]
    try:
        checkpoint_in(text, note=note, origin=name)
    except EvidenceError:
        return None
    return name.removeprefix("cautery/case-")
