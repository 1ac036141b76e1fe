"""File the photographs that wait in the tray of a room: each is sealed, entered, then taken out.

In this order, a run that is killed files nothing twice: what the register has is only taken out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from cautery.errors import EvidenceError, InputError
from cautery.model import ExhibitId, ExhibitPhotographed
from cautery.model.account import spoken_of
from cautery.model.photograph import Photograph
from cautery.operation.details import require_role
from cautery.operation.labels import key_of
from cautery.operation.register import Line, Register
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import Book
from cautery.workflows.people.tray import Sent, Tray, Waiting

_LEAST_DIGITS = 8


class Outcome(StrEnum):
    """What became of a photograph."""

    FILED = "filed"
    ALREADY = "already-filed"
    """By a run that ended before it could take it out of the tray."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of one photograph; ``why`` of a refused one."""

    waiting: Waiting
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayOfDesk:
    """What of a tray is for one desk.

    Parameters
    ----------
    waiting : tuple of Waiting
        What lies there, each with its fault, if it has one.
    missing : tuple of Sent
        What came by the access log, and neither lies there nor was filed or rejected.
    """

    waiting: tuple[Waiting, ...]
    missing: tuple[Sent, ...]


def tray_of(desk: Desk, tray: Tray, book: Book) -> TrayOfDesk:
    """Return what of a tray is for a desk, compared with the signed access log of the room.

    Raises
    ------
    EvidenceError
        If that log is not what was signed.
    """
    lines = {key_of(line): line for line in book.register.lines.values()}
    lying, rest = tray.judged()
    own = desk.opening.key
    return TrayOfDesk(
        waiting=tuple(
            _fitting(item, book.register, tray)
            for item in lying
            if (item.photograph.desk == own if item.photograph else item.key in lines)
        ),
        missing=tuple(
            sent for sent in rest if (line := lines.get(_key(sent))) and not _has(line, sent.name)
        ),
    )


def file_photographs(
    desk: Desk, tray: Tray, book: Book, waiting: Iterable[Waiting], *, by: str, why: str
) -> Iterator[Filed]:
    """File what waits for a desk, and yield what became of each.

    Parameters
    ----------
    waiting : iterable of Waiting
        Of :func:`tray_of`; one with a fault is refused.
    by : str
        Who files, as a service number or role.

    Raises
    ------
    InputError
        If ``by`` or ``why`` is missing; nothing is filed then.
    """
    require_role("--by", by)
    if not why.strip():
        raise InputError("--why: say why they are filed")
    for item in waiting:
        yield _filed(desk, tray, book, item, by=by, why=why.strip())


def chosen(waiting: Collection[Waiting], digits: Collection[str]) -> tuple[Waiting, ...]:
    """Return those whose SHA-256 begins with some digits.

    Raises
    ------
    InputError
        If there is none.
    """
    for item in digits:
        if len(item) < _LEAST_DIGITS or not any(w.sha256.startswith(item) for w in waiting):
            raise InputError(
                f"no photograph {item[:64]!r} waits for this case",
                hint=f"Give at least {_LEAST_DIGITS} digits of one that is listed.",
            )
    return tuple(item for item in waiting if item.sha256.startswith(tuple(digits)))


def _filed(desk: Desk, tray: Tray, book: Book, item: Waiting, *, by: str, why: str) -> Filed:
    if item.photograph is None or item.fault:
        return Filed(waiting=item, outcome=Outcome.REFUSED, why=item.fault)
    line = book.register.lines[item.photograph.number]
    outcome = Outcome.ALREADY
    if not _has(line, item.name):
        try:
            _file(desk, tray, book, item, item.photograph, by=by, why=why)
        except InputError as error:  # another run may have filed it meanwhile
            if not _has(book.register.lines[item.photograph.number], item.name):
                return Filed(waiting=item, outcome=Outcome.REFUSED, why=str(error))
        else:
            outcome = Outcome.FILED
    tray.remove(item)
    return Filed(waiting=item, outcome=outcome)


def _file(
    desk: Desk, tray: Tray, book: Book, item: Waiting, photograph: Photograph, *, by: str, why: str
) -> None:
    act = ExhibitPhotographed(
        number=photograph.number,
        exhibit=ExhibitId(photograph.digest),
        digest=photograph.digest,
        size=photograph.size,
        media_type=photograph.media_type,
        account=photograph.account,
        by=spoken_of(photograph.by, photograph.account),
        agency=photograph.agency,
        at=photograph.at,
        note=photograph.note,
        filed_by=by,
        why=why,
    )
    book.register.after(act)  # before the first byte is sealed
    moment = desk.case.clock.now()
    sealed = desk.case.vault.seal(
        tray.photo(item),
        media_type=photograph.media_type,
        at=moment,
        clock=desk.case.clock.offset(),
        subject=f"exhibit:{photograph.number}",  # it may show a person, as the entry's own photo
    )
    book.write([replace(act, exhibit=sealed.id)], at=moment)


def _fitting(item: Waiting, register: Register, tray: Tray) -> Waiting:
    """Return it with a fault if the register has no such exhibit, or its bytes are others."""
    if item.fault or item.photograph is None:
        return item
    line = register.lines.get(item.photograph.number)
    if line is None or line.digest != item.photograph.exhibit:
        number = item.photograph.number[:60]
        return replace(item, fault=f"the register has no exhibit {number!r} of it")
    try:
        tray.photo(item)
    except EvidenceError as error:
        return replace(item, fault=str(error))
    return item


def _has(line: Line, name: str) -> bool:
    return any(f"{item.digest[7:]}-{key_of(line)}" == name for item in line.photographs)


def _key(sent: Sent) -> str:
    return sent.name.partition("-")[2]


def reject_photographs(
    desk: Desk, tray: Tray, *, only: Collection[str], by: str, why: str
) -> tuple[Waiting, ...]:
    """Destroy photographs that wait for a desk and are not to be filed; the access log has it.

    Raises
    ------
    InputError
        If there is no reason, or one of ``only`` does not wait.
    CauteryError
        If it cannot be logged or removed.
    """
    rejected = chosen(tray_of(desk, tray, Book(desk)).waiting, only)
    for item in rejected:
        tray.reject(item, by=by, why=why)
    return rejected
