"""The tokens with which programs read cases through a room."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import real_path
from cautery.adapters.token_folder import TokenFolder, default_folder
from cautery.evidence.case_names import is_on_server
from cautery.model.tokens import AccessToken, Scope, new_token
from cautery.wiring.kept import usual_place
from cautery.wiring.server import server_store


def tokens(folder: Path | None = None) -> TokenFolder:
    """Return where they are kept: the given folder, ``$CAUTERY_TOKENS``, or the default."""
    return TokenFolder(default_folder() if folder is None else folder)


class TokensOfRoom:
    """Those tokens that were made for one room: a person's other rooms have the same folder.

    Parameters
    ----------
    cases : Path
        Folder of the room's cases, or ``server:``.
    """

    def __init__(self, kept: TokenFolder, cases: Path) -> None:
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
    kept: TokenFolder,
    name: str,
    scopes: tuple[Scope, ...],
    *,
    days: int,
    cases: tuple[str, ...],
    room: Path | None,
) -> tuple[AccessToken, str]:
    """Make a token and keep it; return it, and what its holder sends: that is kept nowhere.

    Parameters
    ----------
    room : Path or None
        Folder of the cases that a room shows, or ``server:``; ``None``: what `cautery serve` shows
        if nobody says it.

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
    )
    kept.add(token)
    return token, sent


def _room_of(cases: Path) -> str:
    if is_on_server(cases):
        return f"server {server_store(None).about[0]}"
    return f"folder {real_path(cases)}"
