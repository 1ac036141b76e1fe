"""A second machine that waits for the lease on a case, with all that a watch needs at hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cautery import wiring
from cautery.adapters.case_server import ServerStore
from cautery.adapters.server_lease import LeaseDesk, ServerLease
from cautery.errors import InputError, LeaseError, StorageError
from cautery.evidence.case_names import is_on_server
from cautery.evidence.lease import Drive
from cautery.evidence.manifest import CASE_KEY, NOTE
from cautery.evidence.merkle import Frontier
from cautery.model import Mandate
from cautery.model.ports import Clock, Engine
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.watch.probing.hearing import REFERENCE_WINDOW_S, Hearing
from cautery.workflows.watch.standing_by import is_over, require_same_mandate

LOOK_S = 0.5
FOLLOWED_S = 5.0
"""So often a root that the driver signed is taken up here; a watch signs as often."""
NO_CASE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What one who stands by waits for, at this moment.

    Parameters
    ----------
    driver : str
        Who drives the case; empty: nobody has begun it.
    silent_s : float
        For how long the driver has been silent.
    trouble : str
        What keeps this machine from standing by; empty: nothing does.
    """

    driver: str = ""
    silent_s: float = 0.0
    trouble: str = ""


Told = Callable[[Waits], None]


def require_standby(mandate: Mandate, case: Path) -> None:
    """Refuse what a second machine cannot go on with.

    Raises
    ------
    InputError
        If the case lies in a folder, or the mandate names what lies on one machine alone.
    """
    if not is_on_server(case):
        raise InputError(
            f"{case}: only for a case on a server can another machine stand by",
            hint="Name it server:NAME; docs/howto/stand-by.md says what the two machines share.",
        )
    for what, named in (("the lists", mandate.lists), ("the log", mandate.log)):
        if named is not None:
            raise InputError(
                f"the mandate names {what} of the organisation, whose folder and keys lie on one "
                "machine: no other one can go on with them",
                hint="Leave it out of this mandate, or watch without a standby.",
            )


async def stood_by(
    mandate: Mandate, text: bytes, path: Path, *, store: ServerStore, told: Told
) -> Case | None:
    """Wait until the case is ours, then open it; ``None``: its watch is over.

    Raises
    ------
    InputError
        If its keys are not here, or its mandate is another one.
    EvidenceError
        If its records are not those that were signed: somebody changed the database.
    """
    while not await asyncio.to_thread(_stands, store, path, told):  # noqa: ASYNC110 - of others
        await asyncio.sleep(NO_CASE_S)
    standby = _Standby(mandate, text, path, store=store, told=told)
    try:
        return await standby.wait()
    finally:
        standby.close()


def _stands(store: ServerStore, path: Path, told: Told) -> bool:
    try:
        if store.find(path) is not None and store.exists(path, CASE_KEY):
            return True
        told(Waits())
    except StorageError as error:
        told(Waits(trouble=str(error)))
    return False


class _Standby:
    """One who stands by for a case that there is."""

    def __init__(
        self, mandate: Mandate, text: bytes, path: Path, *, store: ServerStore, told: Told
    ) -> None:
        self._mandate, self._text, self._path = mandate, text, path
        self._store, self._told = store, told
        self._keys = store.keys(path)
        self._desk: LeaseDesk = store.desk(path)
        self._ledger = store.ledger(path, read_only=True)
        self._same = False
        self._known: Frontier | None = None
        self._followed_s = float("-inf")

    def close(self) -> None:
        """Let go of the server."""
        self._desk.close()
        self._ledger.close()

    async def wait(self) -> Case | None:
        """Wait until the case is ours; ``None``: its watch is over."""
        while True:
            lease, driver = await asyncio.to_thread(self._look)
            if lease is not None:
                try:
                    return await asyncio.to_thread(self._opened, lease)
                except StorageError as error:  # given back by now, and taken again when it answers
                    driver = Waits(trouble=str(error))
            if driver is not None:
                self._told(driver)
            await asyncio.sleep(LOOK_S)

    def _look(self) -> tuple[ServerLease | None, Waits | None]:
        try:
            if time.monotonic() - self._followed_s > FOLLOWED_S:
                self._follow()
                self._followed_s = time.monotonic()
            lease, drive = self._desk.try_to_take()
        except StorageError as error:
            return None, Waits(trouble=str(error))
        return lease, None if lease is not None else self._waits(drive)

    def _waits(self, drive: Drive | None) -> Waits:
        driver = "" if drive is None else drive.driver
        return Waits(driver=driver, silent_s=self._desk.silent_s)

    def _follow(self) -> None:
        """Take up what the driver signed, and look whether we could go on."""
        if self._store.exists(self._path, NOTE):
            return
        self._known = self._ledger.take_up(self._keys.signer, self._keys.verifier)
        if not self._same:
            vault = self._store.vault(self._path, self._keys)
            journal = Journal(self._ledger, vault, wiring.clock(), pseudonyms=self._keys.pseudonyms)
            self._same = require_same_mandate(self._text, ledger=self._ledger, journal=journal)

    def _opened(self, lease: ServerLease) -> Case | None:
        over = False
        try:
            over = self._is_over()
            if not over:
                return open_case(
                    self._path,
                    store=self._store,
                    clock=wiring.clock(),
                    regime=self._mandate.regime,
                    drive=lambda path: self._store.driven(path, lease),
                    known=self._known,
                )
        except BaseException:
            lease.release()
            raise
        lease.release()
        return None

    def _is_over(self) -> bool:
        return self._store.exists(self._path, NOTE) or is_over(self._ledger)


@asynccontextmanager
async def heard_meanwhile(
    hearing: Hearing | None, engine: Engine, clock: Clock
) -> AsyncIterator[None]:
    """Hear the references while a case is waited for, however long that takes."""

    async def hear(hearing: Hearing) -> None:
        await hearing.fill()
        hearing.follow()
        while True:
            horizon_s = clock.now().timestamp() - REFERENCE_WINDOW_S
            await engine.run(hearing.references.expire, horizon_s)
            await asyncio.sleep(30.0)

    hears = None if hearing is None else asyncio.ensure_future(hear(hearing))
    try:
        yield
    finally:
        if hears is not None:
            hears.cancel()
            await asyncio.gather(hears, return_exceptions=True)


async def while_it_is_ours(case: Case, work: Coroutine[Any, Any, bool]) -> None:
    """Watch a case until that is over, or another process drives it.

    Raises
    ------
    LeaseError
        If another one does.
    """
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[str] = loop.create_future()

    def lose(driver: str) -> None:
        if not lost.done():
            lost.set_result(driver)

    def tell(driver: str) -> None:
        with suppress(RuntimeError):  # the watch has ended meanwhile, and its loop with it
            loop.call_soon_threadsafe(lose, driver)

    if case.lease is not None:
        case.lease.when_lost(tell)
    watching = asyncio.ensure_future(work)
    try:
        either: set[asyncio.Future[Any]] = {watching, lost}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise LeaseError(f"{case.path}: {lost.result()} drives this case now; this watch ends")
        await watching
    finally:
        lost.cancel()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
