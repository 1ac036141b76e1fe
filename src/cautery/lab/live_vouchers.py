"""Authorities and co-signers of the lab on loopback, for a log that a lab watch writes to.

Nobody trusts them but whom this lab tells to: their keys lie in the folder of the run.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.errors import CauteryError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import CosignerKey
from cautery.evidence.outside.cosigning import MAX_REQUEST_BYTES, SIZE_TYPE
from cautery.lab.loopback_server import Answering, LoopbackServer
from cautery.lab.stamping import OCSP_PATH, LabAuthority
from cautery.lab.stamping_server import StampingServer

AUTHORITIES = ("Lab authority one", "Lab authority two")
COSIGNERS = ("a", "b", "c")
ENOUGH = 2


class LiveVouchers:
    """Two authorities and three co-signers, served until the block ends.

    Parameters
    ----------
    folder : Path
        Where their keys are made, and what a checker takes: ``policy`` and ``roots.pem``.
    log : str
        Verifier key of the log that the co-signers co-sign.
    """

    def __init__(self, folder: Path, log: str) -> None:
        self.folder = folder
        self._log = log
        self._servers = ExitStack()

    @property
    def policy(self) -> Path:
        """Which co-signers, and how many are enough."""
        return self.folder / "policy"

    @property
    def roots(self) -> Path:
        """Root certificates of the authorities."""
        return self.folder / "roots.pem"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines, roots = [f"log {self._log}"], []
        self._settings = [f'cosigners = "{self.policy.resolve()}"']
        now = datetime.now(UTC)
        for number, name in enumerate(AUTHORITIES):
            server = self._servers.enter_context(StampingServer())
            place = (self.folder / f"authority-{number}").resolve()
            server.authority = LabAuthority(
                place,
                name,
                begins=now - timedelta(days=1),
                ends=now + timedelta(days=365),
                crl_url=f"{server.url}crl",
                ocsp_url=f"{server.url}{OCSP_PATH[1:]}" if number else None,
            )
            roots.append(server.authority.root)
            self._settings += ["[[authority]]", f'name = "{name}"', f'url = "{server.url}"']
            self._settings += [f'roots = "{place / "root.pem"}"']
        for letter in COSIGNERS:
            secrets = CosignerSecrets(
                self.folder / f"cosigner-{letter}", f"{letter}.lab.example/cosigner", new=True
            )
            secrets.trust(self._log)
            url = self._servers.enter_context(_CosigningServer(secrets)).url.rstrip("/")
            public = NoteVerifier.parse(secrets.key).public
            lines.append(f"witness {letter} {CosignerKey(secrets.name, public)} {url}")
        lines += [f"group enough {ENOUGH} {' '.join(COSIGNERS)}", "quorum enough", ""]
        self.policy.write_text("\n".join(lines), encoding="utf-8")
        self.roots.write_bytes(b"".join(roots))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._servers.close()

    def settings(self, origin: str) -> str:
        """Return the settings of a log that asks them."""
        network = ["[network]", 'allow = ["127.0.0.0/8"]', ""]
        return "\n".join([f'origin = "{origin}"', *self._settings, *network])


class _CosigningServer(LoopbackServer):
    """Serves one co-signer's ``add-checkpoint``."""

    def __init__(self, secrets: CosignerSecrets) -> None:
        class Handler(Answering):
            def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
                size = int(self.headers.get("Content-Length") or 0)
                if self.path != "/add-checkpoint" or size > MAX_REQUEST_BYTES:
                    self.send_error(404)
                    return
                try:
                    judged = secrets.cosign(self.rfile.read(size))
                except CauteryError:
                    self.send_error(500)
                    return
                media_type = SIZE_TYPE if judged.status == 409 else "text/plain"
                self.answer(judged.body.encode(), media_type, status=judged.status)

        super().__init__(Handler)
