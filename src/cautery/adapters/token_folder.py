"""Tokens in a folder of their own, never in a case: one file each, readable by its owner alone.

Reaches: files in one folder.
Lawful basis: the organisation's own access control (GDPR, Article 32).
Manners: a file is written whole, and removed to revoke its token: that holds from the next request.
Format: JSON; one object for each token, with a digest of its secret.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cautery.adapters._files import make_folders, write_whole
from cautery.errors import AbsentError, StorageError
from cautery.json_text import parsed_json
from cautery.model.marking import Marking
from cautery.model.times import iso
from cautery.model.tokens import AccessToken, Scope
from cautery.model.wire import MISSHAPEN, from_json, to_json

_ID = re.compile(r"[0-9a-f]{16}")
_MOST_BYTES = 65_536


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return ``$CAUTERY_TOKENS``, else ``$XDG_DATA_HOME/cautery/tokens``, else below home."""
    if folder := environ.get("CAUTERY_TOKENS"):
        return Path(folder)
    home = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "cautery" / "tokens"


class TokenFolder:
    """Keeps tokens, each as JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, token: AccessToken) -> None:
        """Keep a token.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        try:
            make_folders(self.folder)
        except OSError as error:
            raise StorageError(f"{self.folder}: {error.strerror}") from error
        write_whole(self._path(token.id), json_of(token))

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none, or its file is damaged."""
        if _ID.fullmatch(id) is None:
            return None
        try:
            with self._path(id).open("rb") as file:
                return token_of(id, file.read(_MOST_BYTES))
        except OSError:  # it lets nobody in, whatever is wrong with it
            return None

    def all(self) -> tuple[AccessToken, ...]:
        """Return all of them, the one that was made last first."""
        names = (path.stem for path in self.folder.glob("*.json"))
        tokens = [token for name in names if (token := self.get(name)) is not None]
        return tuple(sorted(tokens, key=lambda token: token.made_at, reverse=True))

    def remove(self, id: str) -> None:
        """Revoke a token.

        Raises
        ------
        AbsentError
            If there is none.
        StorageError
            If it cannot be removed.
        """
        if _ID.fullmatch(id) is None:
            raise no_token(id)
        try:
            self._path(id).unlink()
        except FileNotFoundError as error:
            raise no_token(id) from error
        except OSError as error:
            raise StorageError(f"{self._path(id)}: {error.strerror}") from error

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.json"


def json_of(token: AccessToken) -> bytes:
    """Return what is kept of a token, as JSON."""
    members = {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "cases": token.cases,
        "room": token.room,
        "made_at": iso(token.made_at),
        "ends_at": iso(token.ends_at),
        "digest": token.digest,
        **({} if token.marking is None else {"marking": to_json(token.marking)}),
    }
    return json.dumps(members, indent=2).encode()


def token_of(id: str, raw: bytes) -> AccessToken | None:
    """Return the token of what is kept of it; ``None``: that is damaged."""
    try:
        members = parsed_json(raw)
        marking = members.get("marking")
        return AccessToken(
            id=id,
            name=str(members["name"]),
            scopes=tuple(map(Scope, members["scopes"])),
            cases=tuple(map(str, members["cases"])),
            room=str(members["room"]),
            made_at=datetime.fromisoformat(members["made_at"]),
            ends_at=datetime.fromisoformat(members["ends_at"]),
            digest=str(members["digest"]),
            marking=None if marking is None else from_json(Marking, marking),
        )
    except MISSHAPEN:
        return None


def no_token(id: str) -> AbsentError:
    """Return the error of who names a token that there is not."""
    return AbsentError(f"There is no token {id[:80]}.", hint="See cautery token list.")
