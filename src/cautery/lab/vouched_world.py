"""One organisation with its cases, log, authorities and co-signers, by a clock of its own.

A match of ninety minutes passes in seconds; keys lie in this process, for nothing here is real.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from cautery.adapters._case_secrets import CaseSecrets
from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.adapters._log_secrets import LogSecrets
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.keys_file import CaseSigner, KeyFolder, Secrets
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.log_folder import LogFolder
from cautery.evidence.outside.policy import CosignerPolicy, parse_policy
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.stamps import read_roots
from cautery.lab.stamping import OCSP_PATH, LabAuthority
from cautery.lab.vouchers import SteppedClock, Vouchers, lab_cosigners, lab_policy
from cautery.model import KeyedPseudonyms, NetworkPolicy
from cautery.model.records import CaseOpened, kind_of_type
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
_OPENED = kind_of_type(CaseOpened)


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
    mandate: object = "x"
    """What the first record of its cases says of their mandate."""

    @property
    def trust(self) -> Trust:
        """Whom a checker trusts: all of them."""
        roots = b"".join(authority.root for authority in self.authorities.values())
        return Trust(policy=self.policy, roots=read_roots(roots))

    @property
    def store(self) -> FolderStore:
        """Where its cases lie."""
        return FolderStore(KeyFolder(self.folder / "keys", CaseSecrets), patience_s=0.1)

    def case(self, name: str = "case") -> Case:
        """Return an open case, begun when it is first asked for."""
        if name not in self.cases:
            self.cases[name] = open_case(self.folder / name, store=self.store, clock=self.clock)
            if not self.cases[name].ledger.size():  # else it is opened again
                opening = {"mandate": self.mandate}
                self.cases[name].ledger.append(_OPENED, opening, at=self.clock.now())
        return self.cases[name]

    def journal(self, name: str = "case") -> Journal:
        """Return what writes a case."""
        case = self.case(name)
        return Journal(case.ledger, case.vault, self.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))

    def timekeeper(
        self, name: str = "case", *, most: int | None = None, hourly: bool = False
    ) -> Timekeeper:
        """Return what keeps the time of a case; ``most`` is the budget of its mandate."""
        case = self.case(name)
        return Timekeeper(
            self.log,
            ledger=case.ledger,
            vault=case.vault,
            clock=self.clock,
            verifier=case.verifier,
            checkpoint=lambda: case.ledger.checkpoint(case.signer, at=self.clock.now()),
            budget=Budget(most=most, hourly=hourly),
            sleep=self.clock.sleep,
        )

    async def watch(
        self, minutes: int, name: str = "case", *, most: int | None = None, hourly: bool = False
    ) -> None:
        """Write a record each ten seconds, and take a turn each fifty."""
        journal, keeper = self.journal(name), self.timekeeper(name, most=most, hourly=hourly)
        end = self.clock.now() + timedelta(minutes=minutes)
        while self.clock.now() < end:
            await keeper.turn(journal)
            for _ in range(5):
                await self.clock.sleep(10)
                self.case(name).ledger.append("verdict", {"n": 1}, at=self.clock.now())

    async def closed(self, name: str = "case", *, proven: bool = True) -> Path:
        """Close a case, and have it seen; return where it lies."""
        case = self.case(name)
        case.write("report.html", b"<h1>LAB</h1>")
        close_case(case, at=self.clock.now())
        if proven:
            await prove_closed(case.path, store=self.store, log=self.log)
        return case.path


def made_world(
    folder: Path, *, names: tuple[str, ...] = ("a.example", "b.example", "c.example")
) -> World:
    """Make a world: two authorities, and co-signers of whom two are enough."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = SteppedClock(KICK_OFF)
    begins, ends = KICK_OFF - timedelta(days=30), KICK_OFF + timedelta(days=3650)
    # One authority answers by its list alone, the other by OCSP as well.
    list_host, ocsp_host = "one.example", "two.example"
    authorities = {
        list_host: LabAuthority(
            folder / list_host,
            list_host,
            begins=begins,
            ends=ends,
            crl_url=f"http://{list_host}/crl",
        ),
        ocsp_host: LabAuthority(
            folder / ocsp_host,
            ocsp_host,
            begins=begins,
            ends=ends,
            crl_url=f"http://{ocsp_host}/crl",
            ocsp_url=f"http://{ocsp_host}{OCSP_PATH}",
        ),
    }
    cosigners = lab_cosigners(folder / "cosigners", names)
    policy_text = lab_policy(cosigners, threshold=2)
    secrets = LogSecrets(folder / "keys", ORIGIN, new=True)
    for cosigner in cosigners.values():
        cosigner.trust(secrets.key)
    policy_text += f"log {secrets.key}\n"
    policy = parse_policy(policy_text.encode())
    settings = LogSettings(
        origin=ORIGIN,
        authorities=tuple(
            StampingAuthority(name=host, url=f"https://{host}/", roots=read_roots(authority.root))
            for host, authority in authorities.items()
        ),
        cosigners=policy,
        network=NetworkPolicy(),
    )
    place = LogFolder(folder / "log")
    place.begin(f'origin = "{ORIGIN}"\n', secrets.key)
    vouchers = Vouchers(clock, authorities, cosigners)
    asking = Asking(settings, own=vouchers, signed=vouchers, now=clock.now)
    log = OrganisationLog(
        SqlLedger.at(place.ledger),
        CaseSigner(cast("Secrets", secrets)),  # a log asks it for checkpoints alone
        place,
        asking,
        clock=clock,
        sleep=clock.sleep,
    )
    return World(
        folder=folder,
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
