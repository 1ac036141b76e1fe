"""Keep the time of an open case: each minute its checkpoint goes into the log, and a proof back.

What the log, an authority or a co-signer cannot give is recorded; it never ends the watch.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cautery.errors import CauteryError, EvidenceError, StorageError
from cautery.evidence.merkle import Frontier, consistency_from, inclusion_proof, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.restored import Restoration
from cautery.evidence.outside.revocation import is_ocsp
from cautery.evidence.ports import CaseLedger
from cautery.messages import message
from cautery.model import Checkpoint, ExhibitId
from cautery.model.message import Message
from cautery.model.ports import Clock, Vault
from cautery.model.records import CaseRestored, OutsideProof, StampReceived, kinds_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.timing.log import OrganisationLog, Proven
from cautery.workflows.timing.threads import to_its_end

EVERY_S = 50.0
"""From one turn to the next: with an answer of 8 s, stamps are less than a minute apart."""
_HOUR = timedelta(hours=1)
_MOST_RESTORATIONS = 16
"""That are tried; a case is taken back once, if ever. Whoever can append could list thousands."""
_STAMP = "application/timestamp-reply"
_CRL, _OCSP = "application/pkix-crl", "application/ocsp-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many time-stamps the mandate pays for; ``None``: no limit.

    Beyond it co-signers, which cost nothing, go on alone; or authorities are asked once an hour.
    """

    most: int | None = None
    hourly: bool = False

    def spent(self, count: int, *, since: timedelta | None = None) -> Message | None:
        """Return why no more is asked for after ``count`` of them; ``None``: there is more.

        Parameters
        ----------
        since : timedelta or None
            Since the last that was paid; ``None``: there was none.
        """
        if self.most is None or count < self.most:
            return None
        if not self.hourly:
            return message("proof.budget-spent", most=self.most)
        if since is None or since >= _HOUR or since < timedelta(0):
            return None
        return message("proof.budget-hourly", most=self.most)


class Growth:
    """Proves that a case's records go on from some of them, with what appending keeps.

    Parameters
    ----------
    ledger : CaseLedger
        Of the case.
    """

    def __init__(self, ledger: CaseLedger) -> None:
        self._ledger = ledger
        self._logged = Frontier()

    def consistency(self, earlier: int, size: int) -> tuple[bytes, ...]:
        """Return the proof from the first ``earlier`` records to the first ``size``.

        Raises
        ------
        EvidenceError
            If the ledger has fewer.
        """
        # A frontier only grows; for an earlier size it begins again from the first record.
        if self._logged.size > earlier:
            self._logged = Frontier()
        hashes = []
        for entry in self._ledger.read(since=self._logged.size):
            if entry.index >= size:
                break
            hashes.append(leaf_hash(entry.leaf))
        start = self._logged.size
        if start + len(hashes) < size:
            raise EvidenceError(
                f"the case has {start + len(hashes)} records, but {size} are proven"
            )
        self._logged = self._logged.extend(hashes[: earlier - start])
        return consistency_from(self._logged, hashes[earlier - start :])


def restorations(ledger: CaseLedger, size: int) -> tuple[Restoration, ...]:
    """Return what took a case back in its first ``size`` records, the newest first."""
    records = [
        (entry.index, entry.leaf)
        for entry in ledger.read(kinds=kinds_of(CaseRestored))
        if entry.index < size and isinstance(entry.content, CaseRestored)
    ][-_MOST_RESTORATIONS:]
    if not records:
        return ()
    leaves = [leaf for index, _, leaf in ledger.leaves() if index < size]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    opened_path = inclusion_proof(hashes, 0)
    return tuple(
        Restoration(
            record=leaf,
            index=index,
            path=inclusion_proof(hashes, index),
            opened=leaves[0],
            opened_path=opened_path,
        )
        for index, leaf in reversed(records)
    )


class Timekeeper:
    """Keeps the time of one case that is being written.

    Parameters
    ----------
    log : OrganisationLog
        Takes its checkpoints.
    ledger, vault, clock
        Of the case.
    verifier : NoteVerifier
        The case's public key.
    checkpoint : callable
        Signs the case as it stands.
    budget : Budget
        Of the mandate.
    """

    def __init__(
        self,
        log: OrganisationLog,
        *,
        ledger: CaseLedger,
        vault: Vault,
        clock: Clock,
        verifier: NoteVerifier,
        checkpoint: Callable[[], Checkpoint],
        budget: Budget,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock
        self._verifier = verifier
        self._checkpoint = checkpoint
        self._budget = budget
        self._sleep = sleep
        self._ledger = ledger
        self._growth = Growth(ledger)
        self._stamps = 0
        self._stamped_at: datetime | None = None
        for entry in ledger.read(kinds=kinds_of(OutsideProof)):
            if isinstance(entry.content, OutsideProof) and entry.content.stamps:
                self._stamps += len(entry.content.stamps)
                self._stamped_at = entry.content.at

    @asynccontextmanager
    async def beside(self, journal: Journal) -> AsyncIterator[None]:
        """Take a turn each minute while something else is done; nothing is written after it."""
        working = asyncio.ensure_future(self._work(journal))
        try:
            yield
        finally:
            working.cancel()
            [outcome] = await asyncio.gather(working, return_exceptions=True)
            # A full disk of the case meets the watch as well, which says so.
            if isinstance(outcome, Exception) and not isinstance(outcome, StorageError):
                journal.fail("outside proof", self._log.origin, outcome)

    async def _work(self, journal: Journal) -> None:
        while True:
            begun = journal.now()
            await self.turn(journal)
            passed_s = (journal.now() - begun).total_seconds()
            await self._sleep(max(1.0, EVERY_S - max(0.0, passed_s)))

    async def turn(self, journal: Journal) -> None:
        """Put the case's checkpoint into the log, and record what vouches for it.

        Raises
        ------
        StorageError
            If the case cannot be written. What the log lacks is recorded.
        """
        checkpoint = await to_its_end(self._checkpoint)
        try:
            proven = await self._log.prove(
                checkpoint.note,
                case=self._verifier,
                consistency=lambda earlier: self._growth.consistency(earlier, checkpoint.size),
                restorations=lambda size: restorations(self._ledger, size),
                no_stamps=self._budget.spent(
                    self._stamps,
                    since=None if self._stamped_at is None else journal.now() - self._stamped_at,
                ),
            )
        except CauteryError as error:
            journal.fail("outside proof", self._log.origin, error)
            return
        if proven.stamped_here and proven.given.stamps:
            self._stamps += len(proven.given.stamps)
            self._stamped_at = journal.now()
        await to_its_end(partial(self._record, journal, proven))

    def _record(self, journal: Journal, proven: Proven) -> None:
        """Keep the time-stamps, and record the proof; it alone names them: one record a minute."""
        proof = proven.given
        journal.write(
            OutsideProof(
                at=journal.now(),
                log=proof.log,
                index=proof.index,
                leaf=proof.leaf.decode(),
                path=_texts(proof.path),
                checkpoint=proof.checkpoint,
                stamps=tuple(
                    StampReceived(
                        authority=stamp.authority,
                        nonce="" if stamp.nonce is None else str(stamp.nonce),
                        exhibit=self._seal(stamp.answer, _STAMP),
                        exhibits=tuple(
                            self._seal(answer, _OCSP if is_ocsp(answer) else _CRL)
                            for answer in stamp.revocation
                        ),
                    )
                    for stamp in proof.stamps
                ),
                missing=proven.missing,
            )
        )

    def _seal(self, data: bytes, media_type: str) -> ExhibitId:
        clock = self._clock
        return self._vault.seal(
            data, media_type=media_type, at=clock.now(), clock=clock.offset()
        ).id


def _texts(hashes: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(base64.b64encode(step).decode() for step in hashes)
