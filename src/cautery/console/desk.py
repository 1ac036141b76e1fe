"""What the pages of a room are made from: its cases, its checks, and the secret of its door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.assets import assets
from cautery.console.door import Secret
from cautery.console.live import Live
from cautery.console.rechecks import Rechecks
from cautery.messages import in_language
from cautery.model.web import Asked
from cautery.pages.room.render import Shell, render_page
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.network import Maps
from cautery.workflows.public.tongues import tongue_of

TONGUE = "cautery-tongue"
"""Cookie with the language that somebody chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open room.

    Parameters
    ----------
    cases : Cases
        The cases that people look at.
    rechecks : Rechecks
        What they had checked.
    live : Live
        What grows while they look at it.
    secret : Secret
        What its door asks for.
    maps : Maps
        Maps that they look at, ready to be drawn.
    """

    cases: Cases
    rechecks: Rechecks
    live: Live
    secret: Secret
    maps: Maps = field(default_factory=Maps)

    def page(
        self,
        request: Request,
        name: str,
        view: Callable[[], Mapping[str, Any]],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """Return a page in the language of who asks; the view is made in that language, too.

        Parameters
        ----------
        view : callable
            Calls the workflow, and returns what the template names.
        """
        with in_language(tongue(request)):
            return HTMLResponse(
                render_page(name, self.shell(request), **view()), status_code=status
            )

    def shell(self, request: Request) -> Shell:
        """Return what is around the content of a page."""
        query = f"?{request.url.query}" if request.url.query else ""
        return Shell(
            assets={name: (asset.address, asset.digest) for name, asset in assets().items()},
            csrf=self.secret.csrf,
            path=request.url.path + query,
        )


def tongue(request: Request) -> str:
    """Return the language of a request: the one that was chosen, else what the browser asks for."""
    return tongue_of(
        Asked(
            method="GET",
            path="/",
            address="",
            query={"lang": request.cookies.get(TONGUE, "")},
            headers={"accept-language": request.headers.get("accept-language", "")[:1000]},
        )
    )
