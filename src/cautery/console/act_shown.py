"""The page of an act as somebody sees it, and the parts of it that others change meanwhile."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk, tongue
from cautery.console.login_pages import room_origin
from cautery.console.part_stream import digest_of_parts
from cautery.console.rights import caller_of
from cautery.messages import in_language, tr
from cautery.pages.room.orders import ActView
from cautery.pages.room.render import render_page
from cautery.workflows.browse.act import act_view
from cautery.workflows.browse.act_forms import Doer


def doer_of(desk: Desk, request: Request) -> Doer | None:
    """Return who asks, if it is somebody with an account."""
    caller = caller_of(request)
    if caller.account is None:
        return None
    return Doer(
        account=caller.account.id, name=caller.account.name, rights=caller.rights,
        origin=room_origin(desk.place, request),
    )  # fmt: skip


def act_page(
    desk: Desk,
    request: Request,
    id: str,
    act: str,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    second: str = "",
    token: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of an act with what came of a form.

    Parameters
    ----------
    typed : dict, optional
        What somebody wrote into a form that was not taken: it stands there still.
    second : str
        Address to open on a second device.
    token : str
        This is the second device, which brought it.
    """

    def values() -> dict[str, Any]:
        view = act_view(desk.cases, id, act, doer=doer_of(desk, request))
        lives = view.writable and not token
        return {
            "view": view,
            "done": _done_words(request.query_params.get("done", "")),
            "fault": fault,
            "typed": typed or {},
            "second": second,
            "token": token,
            "position": digest_of_parts(_live_parts(desk, request, view)) if lives else "",
        }

    return desk.page(request, "act", values, status=status)


def act_parts(desk: Desk, request: Request, id: str, act: str) -> str:
    """Return what others change of an act while somebody looks at it.

    Raises
    ------
    AbsentError
        If there is none.
    """
    with in_language(tongue(request)):
        view = act_view(desk.cases, id, act, doer=doer_of(desk, request))
        return _live_parts(desk, request, view)


def _live_parts(desk: Desk, request: Request, view: ActView) -> str:
    return render_page("act_live", desk.shell(request), view=view)


def _done_words(done: str) -> str:
    words = {
        "signed": tr("Your signature is recorded."),
        "withdrawn": tr("The withdrawal is recorded."),
        "decided": tr("The decision is recorded."),
        "refused": tr("The refusal is recorded. Another version can be approved."),
    }
    return words.get(done, "")
