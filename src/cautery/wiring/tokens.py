"""The tokens with which programs read cases through a room."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cautery import wiring
from cautery.adapters._files import real_path
from cautery.adapters.token_folder import TokenFolder, default_folder
from cautery.errors import AbsentError
from cautery.evidence.case_names import is_on_server
from cautery.model.marking import Marking
from cautery.model.tokens import AccessToken, Scope, new_token
from cautery.wiring.kept import usual_place
from cautery.wiring.server import required_server, server, server_store

if TYPE_CHECKING:  # who has no server does not load what speaks to it
    from cautery.adapters.token_server import ServerTokens


_SERVER = "server "
"""Begins what a token says of the room that it opens, before the id of the server."""


class KeptTokens(Protocol):
    """Where tokens are kept."""

    def add(self, token: AccessToken) -> None:
        """Keep a token; StorageError if it cannot be written."""

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none."""

    def all(self) -> tuple[AccessToken, ...]:
        """Return all of them, the one that was made last first."""

    def remove(self, id: str) -> None:
        """Revoke a token; AbsentError if there is none."""


class TokenPlaces:
    """Tokens of the organisation's rooms in its database, all others in a folder.

    One in the folder that is for the organisation's rooms opens them on this machine, as before.
    """

    def __init__(self, folder: TokenFolder) -> None:
        self._folder = folder

    @cached_property
    def _server(self) -> ServerTokens:
        from cautery.adapters.token_server import ServerTokens  # noqa: PLC0415 - few have a server

        return ServerTokens(required_server())

    def add(self, token: AccessToken) -> None:
        """Keep a token where those of its room are."""
        (self._server if token.room.startswith(_SERVER) else self._folder).add(token)

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none."""
        return self._folder.get(id) or self._server.get(id)

    def all(self) -> tuple[AccessToken, ...]:
        """Return all of them, the one that was made last first."""
        found = (*self._folder.all(), *self._server.all())
        return tuple(sorted(found, key=lambda token: token.made_at, reverse=True))

    def remove(self, id: str) -> None:
        """Revoke a token, wherever it is."""
        try:
            self._folder.remove(id)
        except AbsentError:
            self._server.remove(id)


def tokens(folder: Path | None = None, *, on_server: bool = True) -> KeptTokens:
    """Return where they are kept.

    Parameters
    ----------
    folder : Path, optional
        It alone; default: ``$CAUTERY_TOKENS`` or the person's own folder, and the database.
    on_server : bool
        In the database of the organisation as well, if one is named.
    """
    kept = TokenFolder(default_folder() if folder is None else folder)
    return TokenPlaces(kept) if folder is None and on_server and server() else kept


class TokensOfRoom:
    """Those tokens that were made for one room: a person's other rooms have the same folder.

    Parameters
    ----------
    cases : Path
        Folder of the room's cases, or ``server:``.
    """

    def __init__(self, kept: KeptTokens, cases: Path) -> None:
        self._kept, self._cases = kept, cases

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none for this room.

        Raises
        ------
        StorageError
            If the server of the cases does not say which one it is.
        """
        token = self._kept.get(id)
        return token if token is not None and token.room == self._room else None

    @cached_property
    def _room(self) -> str:
        return _room_of(self._cases)


def make_token(
    kept: KeptTokens,
    name: str,
    scopes: tuple[Scope, ...],
    *,
    days: int,
    cases: tuple[str, ...],
    room: Path | None,
    marking: Marking | None = None,
) -> tuple[AccessToken, str]:
    """Make a token and keep it; return it, and what its holder sends: that is kept nowhere.

    Parameters
    ----------
    room : Path or None
        Folder of the cases that a room shows, or ``server:``; ``None``: what `cautery serve` shows
        if nobody says it.

    marking : Marking or None
        Under which cases leave by TAXII.

    Raises
    ------
    StorageError
        If it cannot be kept, or the server of the cases does not answer.
    """
    now = wiring.clock().now()
    token, sent = new_token(
        name,
        scopes,
        made_at=now,
        ends_at=now + timedelta(days=days),
        cases=cases,
        room=_room_of(usual_place() if room is None else room),
        marking=marking,
    )
    kept.add(token)
    return token, sent


def _room_of(cases: Path) -> str:
    if is_on_server(cases):
        return f"{_SERVER}{server_store(None).about[0]}"
    return f"folder {real_path(cases)}"
