"""The key of a co-signer and what it co-signed last, in its folder; a signer process holds them.

Reaches: the co-signer's folder, nothing else. Lawful basis: none needed; it sees hashes alone.
Manners: the folder must be 0700 and its files 0600, else nothing is read.
Format: docs/reference/log-format.md.

Whoever takes over the process that reads requests finds no key, and cannot have two roots of one
size co-signed: what was co-signed last is written down here before anybody sees the signature.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters._files import read_whole, write_whole
from cautery.adapters._key_files import key_bytes, locked, private_bytes, private_folder
from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import CosignerKey, cosignature_line
from cautery.evidence.outside.cosigning import Judged, State, judge
from cautery.evidence.signing import verifier_key

_MOST_LOGS = 1000
_LOGS = "logs"
_MAX_LOGS_BYTES = 1 << 20


class CosignerSecrets:
    """The key and the state of one co-signer; its ``repr`` shows none.

    Parameters
    ----------
    folder : Path
        Of the co-signer.
    name : str
        What it signs as, for a new one; else what its folder says.
    new : bool
        Make key and folder.

    Raises
    ------
    InputError
        If there is none, there is one already, or others may read it.
    StorageError
        If it cannot be written.
    """

    def __init__(self, folder: Path, name: str = "", *, new: bool = False) -> None:
        self._folder = folder
        if new:
            self._make(name)
        elif not (folder / "key").exists():
            raise InputError(
                f"{folder}: not the folder of a co-signer",
                hint="Make one: cautery cosign new FOLDER --name NAME.",
            )
        private_folder(folder)
        name = private_bytes(folder / "name").decode("utf-8", "replace").strip()
        self._private = Ed25519PrivateKey.from_private_bytes(key_bytes(folder / "key"))
        public = self._private.public_key().public_bytes_raw()
        self.name = CosignerKey(name, public).name
        self.case = "cosigner:"
        self.key = verifier_key(name, public)

    def __repr__(self) -> str:
        return f"CosignerSecrets(name={self.name!r})"

    def rehearse(self) -> None:
        """Do once what loads code when it is first done: in a closed process nothing can be."""
        cosignature_line("rehearsed\n", name=self.name, private=self._private, seconds=0)
        self.cosign(b"old 0\n\nrehearsed\n0\n\n\n", now=0.0)
        self.logs()

    def logs(self) -> dict[str, list[NoteVerifier]]:
        """Return the keys of the logs that it co-signs, by origin.

        Raises
        ------
        InputError
            If the list cannot be read.
        """
        path = self._folder / _LOGS
        logs: dict[str, list[NoteVerifier]] = {}
        if path.exists():
            try:
                lines = read_whole(path, limit=_MAX_LOGS_BYTES).decode().splitlines()
            except (EvidenceError, UnicodeDecodeError) as error:
                raise InputError(f"{path}: {error}") from error
            for line in lines[:_MOST_LOGS]:
                if line.strip() and not line.startswith("#"):
                    log = NoteVerifier.parse(line.strip())
                    logs.setdefault(log.name, []).append(log)
        return logs

    def trust(self, key: str) -> None:
        """Co-sign a log from now on.

        Raises
        ------
        InputError
            If it is no key of a log, or there are too many.
        """
        log = NoteVerifier.parse(key)
        with locked(self._folder / "key"):
            logs = self.logs()
            if log in logs.get(log.name, []):
                return
            if sum(map(len, logs.values())) >= _MOST_LOGS:
                raise InputError(f"a co-signer knows at most {_MOST_LOGS} logs")
            keys = [str(log_key) for log_keys in logs.values() for log_key in log_keys]
            text = "".join(f"{line}\n" for line in [*keys, str(log)])
            write_whole(self._folder / _LOGS, text.encode(), mode=0o600)

    def cosign(self, body: bytes, *, now: float | None = None) -> Judged:
        """Judge a request; where it is right, write its root down and return the co-signature.

        Returns
        -------
        Judged
            With status 200, ``body`` is the signature line.

        Raises
        ------
        StorageError
            If the root cannot be written down; then nothing is signed.
        """
        with locked(self._folder / "key"):
            logs = self.logs()
            judged = judge(body, logs=logs, state=self.state)
            if judged.status != 200:
                return judged
            seconds = int(time.time() if now is None else now)
            origin = judged.text.partition("\n")[0]
            line = f"{judged.size} {judged.root.hex()}\n"
            # Before the signature: killed in between, the co-signer has recorded a root that
            # nobody saw signed, never the reverse.
            write_whole(self._state_path(origin), line.encode(), mode=0o600)
            signature = cosignature_line(
                judged.text, name=self.name, private=self._private, seconds=seconds
            )
        return Judged(status=200, body=signature, size=judged.size, root=judged.root)

    def state(self, origin: str) -> State:
        """Return size and root of what was co-signed last of a log.

        Raises
        ------
        EvidenceError
            If the file that says so is damaged: nothing is co-signed until it is restored.
        """
        path = self._state_path(origin)
        if not path.exists():
            return 0, b""
        try:
            size, root = private_bytes(path).decode("ascii").split()
            return int(size), bytes.fromhex(root)
        except ValueError as error:
            raise EvidenceError(
                f"{path}: this file does not hold what was co-signed last",
                hint="Restore it from a backup. Without it, this co-signer must not go on.",
            ) from error

    def _make(self, name: str) -> None:
        private_folder(self._folder)
        if (self._folder / "key").exists():
            raise InputError(f"{self._folder}: there is a co-signer already")
        key = Ed25519PrivateKey.generate()
        CosignerKey(name, key.public_key().public_bytes_raw())  # is the name one?
        # The key comes last: a folder without it counts as none, and can be made again.
        write_whole(self._folder / "name", f"{name}\n".encode(), mode=0o600)
        write_whole(self._folder / "key", key.private_bytes_raw(), mode=0o600)

    def _state_path(self, origin: str) -> Path:
        # Hashed: an origin may hold a slash, and comes from outside.
        return self._folder / f"last-{hashlib.sha256(origin.encode()).hexdigest()[:32]}"
