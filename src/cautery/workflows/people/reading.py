"""The access log as people read it, with the names that have not been erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cautery.errors import EvidenceError
from cautery.model import Entry
from cautery.model.records import AccountChanged, DataUsed, DoorUsed, LogBegunAnew, LogRead
from cautery.pages.room.people import AccessRow, AccessView
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import People

_ROWS = 100


def access_view(
    people: People,
    log: AccessLog,
    check: Callable[[], tuple[int, datetime]],
    *,
    look: int,
    stated: LogRead,
    before: int | None,
    about: str,
    case: str,
) -> AccessView:
    """Return a page of the access log, with whether it can be believed.

    Parameters
    ----------
    check : callable
        Returns how many records of the log a signed root covers, and when all of them were hashed
        again; it raises EvidenceError if the log is not the one that was signed.
    look, stated
        Who reads, and for what: the record and its number.
    before : int or None
        Entries before this number.
    about, case : str
        As for :meth:`AccessLog.page`; a name stands for its account.
    """
    names = {one.id: one.name for one in people.accounts()}
    ids = {one.name: one.id for one in people.accounts()}
    page = log.page(before=before, most=_ROWS, about=ids.get(about.casefold(), about), case=case)
    signed, at, broken = 0, None, ""
    try:
        signed, at = check()
    except EvidenceError as error:
        broken = str(error)
    return AccessView(
        look=look,
        purpose=stated.purpose,
        why=stated.why,
        rows=tuple(_row(entry, names) for entry in page.entries),
        total=page.total,
        signed=signed,
        checked_at=at,
        broken=broken,
        older=page.older,
        about=about,
        case=case,
    )


def _row(entry: Entry, names: dict[str, str]) -> AccessRow:
    """Return an entry in one line."""
    content = entry.content
    by, what, about, numbers, why = "", entry.record.kind, "", "", ""
    if isinstance(content, DataUsed):
        by, what, why = content.by, content.act.value, content.why
        about = f"{content.case} {content.page}".strip()
        numbers = ", ".join(f"{name} {value}" for name, value in content.numbers)
    elif isinstance(content, LogRead):
        by, what, about, why = content.by, "log read", content.purpose.value, content.why
    elif isinstance(content, LogBegunAnew):
        by, what, about, why = content.by, "log begun anew", content.backup, content.why
    elif isinstance(content, AccountChanged):
        by, what, why = content.by, f"account {content.what}", content.why
        about = names.get(content.account, content.account)
        seen = "*" if content.cases is None else " ".join(content.cases)
        numbers = f"{' '.join(content.roles)}: {seen}" if content.roles else ""
    elif isinstance(content, DoorUsed):
        by, what, about = content.account, f"login {content.what}", content.by
        numbers = "" if content.count == 1 else f"{content.count}"
    return AccessRow(
        index=entry.index,
        at=entry.record.at,
        who=names.get(by, ""),
        id=by,
        what=what,
        about=about,
        numbers=numbers,
        why=why,
    )
