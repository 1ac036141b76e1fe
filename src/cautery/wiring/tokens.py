"""The tokens with which programs read cases through a room."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cautery import wiring
from cautery.adapters.token_folder import TokenFolder, default_folder
from cautery.model.tokens import AccessToken, Scope, new_token


def tokens(folder: Path | None = None) -> TokenFolder:
    """Return where they are kept: the given folder, ``$CAUTERY_TOKENS``, or the default."""
    return TokenFolder(default_folder() if folder is None else folder)


def make_token(
    kept: TokenFolder, name: str, scopes: tuple[Scope, ...], *, days: int, cases: tuple[str, ...]
) -> tuple[AccessToken, str]:
    """Make a token and keep it; return it, and what its holder sends: that is kept nowhere."""
    now = wiring.clock().now()
    token, sent = new_token(
        name, scopes, made_at=now, ends_at=now + timedelta(days=days), cases=cases
    )
    kept.add(token)
    return token, sent
