"""Cases exported for partners' tools: gathered, written, and noted in the case."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cautery import wiring
from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.evidence.custody import CustodyAct, stated
from cautery.evidence.manifest import NOTE
from cautery.exchange.catalogue import format_named
from cautery.exchange.shape import Format
from cautery.model import Marking, Regime
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import ExchangeExported, OperationOpened, kinds_of
from cautery.wiring import desks
from cautery.wiring.cases import adding_to, reading, reading_signed, reading_store
from cautery.wiring.custody import login
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.roots import keep_to_roots
from cautery.workflows.exchange.export import Written, record_of, report_of, written
from cautery.workflows.exchange.gathering import Gathered
from cautery.workflows.exchange.of_operation import of_operation
from cautery.workflows.exchange.of_watch import DEFAULT_MARKING, of_watch

LOSSES = ".losses.json"
"""Behind the name of a file: what its format did not keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What a person asks of an export.

    Parameters
    ----------
    case : Path
        Of a watch or of an operation.
    format : str
        Name of the format.
    out : Path or None
        The file; ``None``: one in the current folder, named after the case.
    partner : str or None
        Who gets it: of an operation, an agency at the table.
    marking : Marking or None
        Of a watch's case; ``None``: the usual one.
    strict : bool
        Write nothing if the format does not keep everything.
    force : bool
        Take the place of a file that is there.
    who, why : str or None
        Who exports it, and why.
    """

    case: Path
    format: str
    out: Path | None = None
    partner: str | None = None
    marking: Marking | None = None
    strict: bool = False
    force: bool = False
    who: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Parameters
    ----------
    out : Path
        The file.
    file : Written
        What is in it.
    stays : Counter
        What of the case is not in it, by the reason.
    closed : bool
        Whether the case is closed, so that its chain of custody says what left, and no record.
    """

    out: Path
    file: Written
    stays: Counter[str]
    closed: bool

    @property
    def report(self) -> dict[str, object]:
        """The loss report."""
        return report_of(self.file, name=self.out.name)


def export(
    request: ExportRequest, *, losses_beside: bool = True, doing: Callable[[str], None]
) -> Exported:
    """Write a case, or what an agency may see of it, to a file for a partner's tool.

    Parameters
    ----------
    losses_beside : bool
        Write the loss report beside it.
    doing : callable
        Is told what is being done.

    Raises
    ------
    IncompleteError
        If the format does not keep everything, and the request is strict; nothing is written then.
    UnrevealedError
        If the case has decoys that are not revealed yet.
    InputError
        If there is no such case, format or agency, or something is at the file's place.
    CauteryError
        As the workflows say.
    """
    format_ = format_named(request.format)
    is_closed = reading_store().exists(request.case, NOTE)
    with reading(request.case) as case:
        is_desk = any(True for _ in case.ledger.read(kinds=kinds_of(OperationOpened)))
    export_of = _of_operation if is_desk else _of_watch
    exported = export_of(request, format_, is_closed=is_closed, doing=doing)
    if losses_beside:  # first: no file stands there whose losses nobody wrote down
        report = canonical(exported.report) + b"\n"
        wiring.write_secret(exported.out.with_name(exported.out.name + LOSSES), (report,))
    wiring.write_secret(exported.out, (exported.file.raw,))
    return exported


def _of_watch(
    request: ExportRequest, format_: Format, *, is_closed: bool, doing: Callable[[str], None]
) -> Exported:
    doing("gathering")
    with _ledger(request.case, is_closed=is_closed) as ledger:
        now = wiring.clock().now()
        if opening_of(ledger).mandate.regime is Regime.LED:
            _require_reason(request)
        gathered = of_watch(ledger, marking=request.marking or DEFAULT_MARKING, at=now)
        out, file = _written(request, format_, gathered, doing, at=now)
        record = record_of(
            file, at=now, who=request.who or login(), why=request.why or "", to=request.partner
        )
        if not is_closed:
            append(ledger, record, at=now)
    if is_closed:
        _note(request.case, record)
    return Exported(out=out, file=file, stays=gathered.stays, closed=is_closed)


def _of_operation(
    request: ExportRequest, format_: Format, *, is_closed: bool, doing: Callable[[str], None]
) -> Exported:
    if request.partner is None:
        raise InputError(
            "the case of an operation is exported for one agency: what it may not see is left out",
            hint="Give --for AGENCY.",
        )
    if request.marking is not None:
        raise InputError("each statement of an operation has a marking of its own: no --marking")
    _require_reason(request)
    doing("gathering")
    with desks.desk(request.case, read_only=is_closed) as desk:
        now = desk.case.clock.now()
        gathered, bundle = of_operation(desk, request.partner, at=now)
        out, file = _written(request, format_, gathered, doing, at=now)
        record = record_of(
            file,
            at=now,
            who=request.who or desk.agency.contact,
            why=request.why or "",
            to=request.partner,
            statements=tuple(row.key for row in bundle.rows),
        )
        if not is_closed:
            desk.record(record, at=now)
    if is_closed:
        _note(request.case, record)
    return Exported(out=out, file=file, stays=gathered.stays, closed=is_closed)


def _require_reason(request: ExportRequest) -> None:
    if not (request.why or "").strip():
        raise InputError(
            "an export under regime led needs a reason for the log (Directive (EU) 2016/680, "
            "art. 25)",
            hint="Give --why TEXT.",
        )


@contextmanager
def _ledger(path: Path, *, is_closed: bool) -> Iterator[Ledger]:
    """Open the ledger of a watch's case: to add to it, if it is not closed."""
    if not is_closed:
        with adding_to(path) as ledger:
            keep_to_roots(path, ledger, reading_store())
            yield ledger
        return
    with reading_signed(path) as case:
        yield case.ledger


def _written(
    request: ExportRequest,
    format_: Format,
    gathered: Gathered,
    doing: Callable[[str], None],
    *,
    at: datetime,
) -> tuple[Path, Written]:
    """Write a package in memory, and say to which file; nothing is recorded before it can be."""
    out = request.out or Path(_file_name(gathered.package.name, request, format_))
    for path in (out, out.with_name(out.name + LOSSES)):
        if path.exists() and not request.force:
            raise InputError(f"{path} exists already", hint="Name a new file, or give --force.")
        wiring.check_output(path)
    doing(f"writing {format_.name} and reading it again")
    return out, written(gathered.package, format_, at=at, strict=request.strict)


def _file_name(name: str, request: ExportRequest, format_: Format) -> str:
    """Return the name of a file that nobody named: the case, the partner and the format."""
    parts = [name, *(() if request.partner is None else ("for", request.partner))]
    if format_.name not in format_.suffix.split("."):
        parts.append(format_.name)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts)).strip("-.") + format_.suffix


def _note(case: Path, record: ExchangeExported) -> None:
    """Write into the chain of custody of a closed case what left it."""
    number = reading_store().id_of(case)
    why = record.why or f"export as {record.format}"
    reading_store().add_to_custody(
        case,
        lambda chain: stated(
            at=record.at,
            act=CustodyAct.COPIED,
            by=record.who,
            to=record.to or "",
            why=why,
            what=f"export {record.format}, {record.marking.words}",
            digest=record.digest,
            previous=chain[-1].id if chain else "",
            case=number,
        ),
    )
