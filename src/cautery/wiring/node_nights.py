"""What a node holds for each watch that it works for: clients, keys, references, looks."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import write_whole
from cautery.adapters._key_files import private_folder
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.night_keys import NightKeys
from cautery.adapters.objects import Objects
from cautery.adapters.reference_shelf import S3Shelf
from cautery.adapters.streams import SentStreams
from cautery.adapters.vault_s3 import S3Vault
from cautery.errors import InputError
from cautery.evidence.manifest import VAULT
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.model.own_secrets import OwnSecrets
from cautery.model.ports import Decoder, Engine, JobAsked, JobServer, Readers
from cautery.model.pseudonyms import KeyedPseudonyms
from cautery.workflows.media.pulling import Pulling
from cautery.workflows.nodes.hearing import HearPorts
from cautery.workflows.nodes.looking import NightLooks, NightPorts
from cautery.workflows.nodes.night import night_from, services_in
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.nodes.serving import References

SHELF = "references"
"""Below the vault's prefix, beside the folders of cases: these are named by 16 hex digits."""
IDLE_S = 900.0
"""A watch that asks nothing for so long is over, or its driver is dead; a resumed one begins anew.
The references of a case whose watch pauses longer are pulled again in a minute."""
MOST_NIGHTS = 64
"""Cases at a time. Judgement: a league plays ten matches at once."""


@dataclass(slots=True)
class _Night:
    """One epoch of one case on this node."""

    looks: NightLooks
    hear: HearPorts
    pulling: Pulling
    stack: AsyncExitStack
    clients: tuple[SuspectClient, PoliteClient]
    rate_per_host: float
    used_s: float
    at_work: int = 0


@dataclass(slots=True)
class Nights:
    """The watches that a node works for, each opened at its first job.

    Parameters
    ----------
    node : str
        The node's name.
    cache : Path
        Folder of this node alone.
    key : bytes
        The nodes' key.
    was_late : callable
        Whether the node's loop was late since a moment of ``timer``.
    tell : callable
        Told in a sentence what keeps references from being here.
    """

    node: str
    cache: Path
    vault: str
    key: bytes
    decoder: Decoder
    readers: Readers
    engine: Engine
    server: JobServer
    was_late: Callable[[float], bool]
    reach: StoreReach
    tell: Callable[[str], None]
    timer: Callable[[], float] = time.monotonic
    _nights: dict[tuple[str, int], _Night] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _among: int = 1

    async def looks(self, job: JobAsked) -> NightLooks:
        """Return what looks for the watch of a job."""
        return (await self._of(job)).looks

    async def hear_ports(self, job: JobAsked) -> HearPorts:
        """Return what hears for the watch of a job."""
        return (await self._of(job)).hear

    def references(self, homes: tuple[str, ...]) -> References:
        """Return how the references of all watches stand.

        Parameters
        ----------
        homes : tuple of str
            The shards that are at home here.
        """
        pullings = [night.pulling for night in self._nights.values()]
        lags = [lag for pulling in pullings if (lag := pulling.late_s()) is not None]
        return References(
            lag_s=max(lags, default=None),
            shards=homes,
            damaged=next((fault for pulling in pullings if (fault := pulling.damaged)), ""),
        )

    def share(self, among: int) -> None:
        """Ask each host so much more slowly as there are nodes: together they keep its rate."""
        self._among = max(1, among)
        for night in self._nights.values():
            self._slow(night)

    async def tidy(self) -> None:
        """Let go, for ever, of watches that ask nothing any more."""
        while True:
            await asyncio.sleep(IDLE_S / 15)
            for key, night in list(self._nights.items()):
                if self.timer() - night.used_s > IDLE_S and key[0] not in self._homes_of():
                    await self._close(key)

    def clear(self) -> None:
        """Remove what a process of this node left that was killed, keys of services among it."""
        for path in self.cache.iterdir():
            shutil.rmtree(path, ignore_errors=True)

    async def close(self) -> None:
        """Let go of all watches."""
        for key in list(self._nights):
            await self._close(key)

    def _homes_of(self) -> set[str]:
        homes = getattr(self.server, "homes", ())
        return {shard.partition("/")[0] for shard in homes}

    async def _of(self, job: JobAsked) -> _Night:
        key = (job.case, job.epoch)
        async with self._opening:
            night = self._nights.get(key)
            if night is None:
                for old in [key for key in self._nights if key[0] == job.case]:
                    await self._close(old)  # its driver has another epoch, and no job counts
                if len(self._nights) >= MOST_NIGHTS:
                    raise InputError(f"this node works for {MOST_NIGHTS} watches already")
                night = self._nights[key] = await self._opened(job)
        night.used_s = self.timer()
        return night

    async def _opened(self, job: JobAsked) -> _Night:
        night_told = night_from(job.night)
        folder = self.cache / job.case
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(private_folder, folder)
            certificates = folder / "services"
            await asyncio.to_thread(private_folder, certificates)
            stack.callback(shutil.rmtree, certificates, ignore_errors=True)
            services = services_in(
                night_told,
                certificates,
                write=lambda path, data: write_whole(path, data, mode=0o600),
            )
            clock, policy = wiring.clock(), night_told.policy
            names = DnsNames(policy.resolver)
            suspects = await stack.enter_async_context(SuspectClient(policy, names, clock))
            own_feeds = await stack.enter_async_context(
                PoliteClient(
                    replace(policy, rate_per_host=wiring.OWN_FEEDS_PER_S),
                    names,
                    clock,
                    services=services,
                )
            )
            objects = Objects(self.vault)
            shelf = shelf_of(objects)
            keys = NightKeys()
            vault = S3Vault(objects, f"{job.case}/{VAULT}", keys)
            pseudonyms = KeyedPseudonyms(bytes.fromhex(night_told.redaction))
            secrets = OwnSecrets(pseudonyms)
            secrets.add(night_told.secrets)
            pulling = Pulling(
                shelf,
                job.case,
                folder / "references",
                self.key,
                DEFAULT_RECIPE,
                self.tell,
                lost=self.reach.failed,
                there=self.reach.there,
            )
            await asyncio.to_thread(pulling.pull)
            working = asyncio.ensure_future(pulling.work())
            stack.push_async_callback(_ended, working)
            looks = NightLooks(
                NightPorts(
                    fetcher=suspects,
                    readers=self.readers,
                    decoder=self.decoder,
                    engine=self.engine,
                    clock=clock,
                    vault=vault,
                    keys=keys,
                    pseudonyms=pseudonyms,
                    secrets=secrets,
                    references=lambda: pulling.references,
                    stamps_s=pulling.stamps_s,
                    behind=pulling.behind,
                    was_slow=self.was_late,
                    reach=self.reach,
                )
            )
            hear = HearPorts(
                node=self.node,
                folder=folder / "home",
                shelf=shelf,
                key=self.key,
                fetcher=own_feeds,
                readers=self.readers,
                streams=SentStreams(policy, names, clock),
                decoder=self.decoder,
                engine=self.engine,
                clock=clock,
                vault=vault,
                server=self.server,
                reach=self.reach,
                tell=self.tell,
            )
            night = _Night(
                looks=looks,
                hear=hear,
                pulling=pulling,
                stack=stack.pop_all(),
                clients=(suspects, own_feeds),
                rate_per_host=policy.rate_per_host,
                used_s=self.timer(),
            )
            self._slow(night)
            return night

    def _slow(self, night: _Night) -> None:
        night.clients[0].slow_to(night.rate_per_host / self._among)

    async def _close(self, key: tuple[str, int]) -> None:
        night = self._nights.pop(key)
        await night.stack.aclose()
        await asyncio.to_thread(shutil.rmtree, self.cache / key[0], ignore_errors=True)


def shelf_of(objects: Objects) -> S3Shelf:
    """Return where the references of all cases are shared."""
    return S3Shelf(objects, SHELF)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
