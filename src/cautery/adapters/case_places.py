"""Cases wherever they lie: in folders, or on the organisation's server as ``server:NAME``.

Reaches: what the store of each case reaches.
Lawful basis: that of the store.
Manners: those of the store.
Format: docs/reference/case-format.md, docs/reference/server-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from cautery.adapters import custody_file
from cautery.adapters._files import real_path
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_shelf import cases_below, stamp_of
from cautery.adapters.keys_file import case_id
from cautery.adapters.turns import alone_with
from cautery.evidence.case_key import case_verifier
from cautery.evidence.case_names import is_on_server, name_on_server
from cautery.evidence.custody import CustodyLine, require_of_case
from cautery.evidence.lease import Lease
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseKeys, CaseLedger, CaseStore, CaseVault, FileSeen
from cautery.model import Regime

if TYPE_CHECKING:  # who has no server does not load what speaks to it
    from cautery.adapters.case_server import ServerStore


class CasePlaces:
    """All cases (port :class:`~cautery.evidence.ports.CaseStore`).

    Parameters
    ----------
    folders : FolderStore
        Cases in folders.
    server : callable
        Returns the cases of the organisation, when the first of them is named.
    """

    def __init__(self, folders: FolderStore, server: Callable[[], ServerStore]) -> None:
        self._folders = folders
        self._server_of = server
        self._opened: ServerStore | None = None

    def server(self) -> ServerStore:
        """Return the cases of the organisation."""
        if self._opened is None:
            self._opened = self._server_of()
        return self._opened

    def below(self, folder: Path) -> dict[str, Path]:
        """Return the cases in a folder, or those of the organisation, by name."""
        if not is_on_server(folder):
            return cases_below(folder)
        if str(folder) == folder.parts[0].partition(":")[0] + ":":
            return self.server().cases()
        return {name_on_server(folder): folder}

    def stamp(self, path: Path) -> Hashable:
        """Return what changes when a case does."""
        return self.server().stamp(path) if is_on_server(path) else stamp_of(path)

    def identity(self, path: Path) -> str:
        """Return what this case alone is called on this machine."""
        return self.server().identity(path) if is_on_server(path) else str(real_path(path))

    def gone(self, identity: str) -> bool:
        """Tell whether the case of an identity is gone; of a server only if it was asked before."""
        if Path(identity).is_absolute():
            return not Path(identity).exists()
        return self._opened is not None and self._opened.gone(identity)

    def id_of(self, path: Path) -> str:
        """Return the id of a case, from the key that it states.

        Raises
        ------
        EvidenceError
            If it states none that can be read.
        """
        return case_id(case_verifier(self, path))

    def custody(self, path: Path) -> tuple[CustodyLine, ...]:
        """Return the chain of custody of a case.

        Raises
        ------
        EvidenceError
            If it is broken, or of another case.
        """
        if is_on_server(path):
            from cautery.adapters import custody_server  # noqa: PLC0415 - loads what speaks to it

            chain = custody_server.read_custody(self.server(), path)
        else:
            chain = custody_file.read_custody(path)
        if any(line.case for line in chain):  # a chain may outlive its case
            require_of_case(chain, self.id_of(path))
        return chain

    def add_to_custody(
        self, path: Path, make: Callable[[tuple[CustodyLine, ...]], CustodyLine]
    ) -> None:
        """Add the line that ``make`` returns for the chain as it is.

        Raises
        ------
        EvidenceError
            If the chain is broken, or of another case: nothing is added to it.
        """

        def following(chain: tuple[CustodyLine, ...]) -> CustodyLine:
            if any(line.case for line in chain):
                require_of_case(chain, self.id_of(path))
            return make(chain)

        if is_on_server(path):
            from cautery.adapters import custody_server  # noqa: PLC0415 - loads what speaks to it

            custody_server.add_to_custody(self.server(), path, following)
        else:
            custody_file.add_to_custody(path, following)

    def alone_with(self, path: Path, *, doing: str) -> AbstractContextManager[None]:
        """Keep other processes away from the same piece of work on a case."""
        if is_on_server(path):
            return self.server().alone_with(path, doing=doing)
        return alone_with(path / CASE_KEY, doing=doing)

    def allow(self, path: Path, regime: Regime | None) -> None:
        """As the store of the path does."""
        self._of(path).allow(path, regime)

    def begin(self, path: Path) -> CaseKeys:
        """As the store of the path does."""
        return self._of(path).begin(path)

    def keys(self, path: Path) -> CaseKeys:
        """As the store of the path does."""
        return self._of(path).keys(path)

    def hold(self, path: Path, *, alone: bool) -> None:
        """As the store of the path does."""
        self._of(path).hold(path, alone=alone)

    def shares(self, path: Path) -> bool:
        """As the store of the path does."""
        return self._of(path).shares(path)

    def release(self, path: Path) -> None:
        """As the store of the path does."""
        self._of(path).release(path)

    def drive(self, path: Path) -> Lease:
        """As the store of the path does."""
        return self._of(path).drive(path)

    def ledger(self, path: Path, *, read_only: bool) -> CaseLedger:
        """As the store of the path does."""
        return self._of(path).ledger(path, read_only=read_only)

    def signed_ledger(self, path: Path, *, digest: str) -> AbstractContextManager[CaseLedger]:
        """As the store of the path does."""
        return self._of(path).signed_ledger(path, digest=digest)

    def vault(self, path: Path, keys: CaseKeys | None) -> CaseVault:
        """As the store of the path does."""
        return self._of(path).vault(path, keys)

    def exists(self, path: Path, name: str) -> bool:
        """As the store of the path does."""
        return self._of(path).exists(path, name)

    def files(self, path: Path) -> tuple[FileSeen, ...]:
        """As the store of the path does."""
        return self._of(path).files(path)

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        """As the store of the path does."""
        return self._of(path).read(path, name, limit=limit)

    def digest(self, path: Path, name: str, *, size: int, flush: bool = False) -> str:
        """As the store of the path does."""
        return self._of(path).digest(path, name, size=size, flush=flush)

    def write(self, path: Path, name: str, content: bytes) -> None:
        """As the store of the path does."""
        self._of(path).write(path, name, content)

    def remove(self, path: Path, name: str) -> None:
        """As the store of the path does."""
        self._of(path).remove(path, name)

    def make_room(self, path: Path) -> None:
        """As the store of the path does."""
        self._of(path).make_room(path)

    def tidy(self, path: Path) -> None:
        """As the store of the path does."""
        self._of(path).tidy(path)

    def public_key(self, path: Path, *, name: str) -> NoteVerifier:
        """Read a public key that an analyst gave."""
        return self._folders.public_key(path, name=name)

    def _of(self, path: Path) -> CaseStore:
        return self.server() if is_on_server(path) else self._folders
