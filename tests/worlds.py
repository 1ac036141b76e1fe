"""A folder of cases and a server of an organisation, with the keys of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import Bucket

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_server import ServerStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.moved_folder import FolderCase
from cautery.adapters.moved_server import ServerCase
from cautery.adapters.server_place import Server
from cautery.evidence.ports import CasePlace, CaseStore
from cautery.model import Mandate, Regime, to_json
from cautery.model.ledger import append
from cautery.model.records import CaseOpened
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = FixedClock(NOON)
ON_SERVER = Path("server:derby")


@dataclass
class World:
    """A folder, a server and the keys of both."""

    folder: Path
    server: Server
    bucket: Bucket
    mandate: Mandate
    opened: list[ServerStore] = field(default_factory=list)

    @property
    def keys(self) -> KeyFolder:
        return KeyFolder(self.folder / "keys")

    @property
    def path(self) -> Path:
        return self.folder / "cases" / "derby"

    def place(self, name: str) -> CasePlace:
        """As another process would come to it."""
        if name == "folder":
            return FolderCase(self.path, self.keys, to=str(ON_SERVER))
        place = ServerCase(ON_SERVER, self.server, self.keys)
        place.store._patience_s = 0.1
        self.opened.append(place.store)
        return place

    def store(self, name: str) -> tuple[CaseStore, Path]:
        if name == "folder":
            return FolderStore(self.keys, patience_s=0.1), self.path
        self.opened.append(ServerStore(self.server, self.keys, patience_s=0.1))
        return self.opened[-1], ON_SERVER

    def case(self, name: str) -> Case:
        store, path = self.store(name)
        return open_case(path, store=store, clock=CLOCK, regime=Regime.GDPR)

    def begun(self, name: str, *, closed: bool) -> None:
        case = self.case(name)
        opening = CaseOpened(mandate=self.mandate, version="1", lab=True, key=str(case.verifier))
        append(case.ledger, opening, at=NOON)
        for data, subject in ((b"segment", None), (b"line=secret", "source:1")):
            exhibit = case.vault.seal(
                data, media_type="text/plain", at=NOON, clock=CLOCK.offset(), subject=subject
            )
            case.ledger.append("exhibit.sealed", {"exhibit": to_json(exhibit)}, at=NOON)
        case.checkpoint()
        case.write("report.html", b"<h1>LAB</h1>")
        if closed:
            close_case(case, at=NOON)
        else:
            case.leave()

    def held(self, name: str) -> dict[str, str]:
        """All files of a case by their digests, and the leaves of its ledger."""
        store, path = self.store(name)
        ledger = store.ledger(path, read_only=True)
        leaves = {f"record {index}": leaf.hex() for index, _, leaf in ledger.leaves()}
        notes = {f"checkpoint {n}": note for n, note in enumerate(ledger.checkpoints())}
        ledger.close()
        return (
            leaves
            | notes
            | {
                file.name: store.digest(path, file.name, size=file.size)
                for file in store.files(path)
                if not file.name.startswith((".", "ledger.sqlite-"))
                and (file.name != "ledger.sqlite" or store.exists(path, "manifest.note"))
            }
        )

    def die(self) -> None:
        """End what a killed process held."""
        for store in self.opened:
            store.close()
