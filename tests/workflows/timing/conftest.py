"""A case, a log, two authorities and three co-signers, all by one clock of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.adapters._log_secrets import LogSecrets
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.keys_file import CaseSigner, KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.log_folder import LogFolder
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.policy import CosignerPolicy, parse_policy
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.stamps import read_roots
from cautery.lab.stamping import LabAuthority
from cautery.lab.vouchers import SteppedClock, Vouchers, lab_cosigners, lab_policy
from cautery.model import KeyedPseudonyms, NetworkPolicy
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.timing.asking import Asking
from cautery.workflows.timing.closing import prove_closed
from cautery.workflows.timing.keeping import Budget, Timekeeper
from cautery.workflows.timing.log import OrganisationLog
from cautery.workflows.timing.settings import LogSettings, StampingAuthority

KICK_OFF = datetime(2026, 5, 1, 18, 0, tzinfo=UTC)
ORIGIN = "league.example"


@dataclass
class World:
    """Everything of one organisation; the clock moves when somebody sleeps."""

    folder: Path
    clock: SteppedClock
    authorities: dict[str, LabAuthority]
    cosigners: dict[str, CosignerSecrets]
    vouchers: Vouchers
    policy: CosignerPolicy
    policy_text: str
    log: OrganisationLog
    settings: LogSettings
    asking: Asking
    cases: dict[str, Case] = field(default_factory=dict)

    @property
    def trust(self) -> Trust:
        roots = b"".join(authority.root for authority in self.authorities.values())
        return Trust(policy=self.policy, roots=read_roots(roots))

    @property
    def store(self) -> FolderStore:
        return FolderStore(KeyFolder(self.folder / "keys", CaseSecrets), patience_s=0.1)

    def case(self, name: str = "case") -> Case:
        if name not in self.cases:
            self.cases[name] = open_case(self.folder / name, store=self.store, clock=self.clock)
            self.cases[name].ledger.append("case.opened", {"mandate": "x"}, at=self.clock.now())
        return self.cases[name]

    def journal(self, name: str = "case") -> Journal:
        case = self.case(name)
        return Journal(case.ledger, case.vault, self.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))

    def timekeeper(self, name: str = "case", *, most: int | None = None) -> Timekeeper:
        case = self.case(name)
        return Timekeeper(
            self.log,
            ledger=case.ledger,
            verifier=case.verifier,
            checkpoint=lambda: case.ledger.checkpoint(case.signer, at=self.clock.now()),
            budget=Budget(most=most),
            sleep=self.clock.sleep,
        )

    async def watch(self, minutes: int, name: str = "case", *, most: int | None = None) -> None:
        """Write a record each ten seconds, and take a turn each fifty."""
        journal, keeper = self.journal(name), self.timekeeper(name, most=most)
        end = self.clock.now() + timedelta(minutes=minutes)
        while self.clock.now() < end:
            await keeper.turn(journal)
            for _ in range(5):
                await self.clock.sleep(10)
                self.case(name).ledger.append("verdict", {"n": 1}, at=self.clock.now())

    async def closed(self, name: str = "case", *, proven: bool = True) -> Path:
        case = self.case(name)
        case.write("report.html", b"<h1>LAB</h1>")
        close_case(case, at=self.clock.now())
        if proven:
            await prove_closed(case.path, store=self.store, log=self.log)
        return case.path


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def made(*, names: tuple[str, ...] = ("a.example", "b.example", "c.example")) -> World:
        clock = SteppedClock(KICK_OFF)
        begins, ends = KICK_OFF - timedelta(days=30), KICK_OFF + timedelta(days=3650)
        authorities = {
            host: LabAuthority(
                tmp_path / host, host, begins=begins, ends=ends, crl_url=f"http://{host}/crl"
            )
            for host in ("one.example", "two.example")
        }
        cosigners = lab_cosigners(tmp_path / "cosigners", names)
        policy_text = lab_policy(cosigners, threshold=2)
        secrets = LogSecrets(tmp_path / "keys", ORIGIN, new=True)
        for cosigner in cosigners.values():
            cosigner.trust(secrets.key)
        policy_text += f"log {secrets.key}\n"
        policy = parse_policy(policy_text.encode())
        settings = LogSettings(
            origin=ORIGIN,
            authorities=tuple(
                StampingAuthority(
                    name=host, url=f"https://{host}/", roots=read_roots(authority.root)
                )
                for host, authority in authorities.items()
            ),
            cosigners=policy,
            network=NetworkPolicy(),
        )
        place = LogFolder(tmp_path / "log")
        place.begin(f'origin = "{ORIGIN}"\n', secrets.key)
        vouchers = Vouchers(clock, authorities, cosigners)
        asking = Asking(settings, own=vouchers, signed=vouchers, now=clock.now)
        log = OrganisationLog(
            SqlLedger.at(place.ledger),
            CaseSigner(secrets),
            place,
            asking,
            clock=clock,
            sleep=clock.sleep,
        )
        return World(
            folder=tmp_path,
            clock=clock,
            authorities=authorities,
            cosigners=cosigners,
            vouchers=vouchers,
            policy=policy,
            policy_text=policy_text,
            log=log,
            settings=settings,
            asking=asking,
        )

    return made


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


def key_of(world: World, name: str = "case") -> NoteVerifier:
    return world.case(name).verifier
