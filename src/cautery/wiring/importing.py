"""Files of exchange that come from partners: read apart, shown, converted, taken into a case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cautery import wiring
from cautery.adapters.reading import Budget, ReadingProcess
from cautery.errors import CauteryError, InputError
from cautery.exchange.catalogue import format_named
from cautery.exchange.shape import NOTHING, Assumed, Reading
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Package
from cautery.model.records import Evaluated, PolledFrom
from cautery.projections.told import Told, told_in
from cautery.wiring.cases import reading, writing
from cautery.workflows.case.told import ToldRows, told_rows
from cautery.workflows.exchange.export import Written, written
from cautery.workflows.exchange.jobs import MODULE
from cautery.workflows.exchange.of_watch import of_watch
from cautery.workflows.exchange.reading import ReadFile, read_bytes, read_file
from cautery.workflows.exchange.take_in import TakenIn, take_in

MEMORY_MB = 1024
_DIGEST = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
BUDGET = Budget(least_cpu_s=20.0, cpu_s_per_mb=1.0)
"""Of CPU time: over twice what the slowest reader takes of its worst input (bench/exchange)."""


@contextmanager
def reading_child() -> Iterator[ReadingProcess]:
    """Lend a process that reads files of exchange; it starts with the first one."""
    child = ReadingProcess(
        (MODULE,), memory_mb=MEMORY_MB, without_seccomp=wiring.without_seccomp(), budget=BUDGET
    )
    try:
        yield child
    finally:
        child.end()


def read(
    path: Path,
    *,
    named: str | None = None,
    assumed: Assumed = NOTHING,
    case_path: Path | None = None,
) -> ReadFile:
    """Read a partner's file in a process that is closed in.

    Parameters
    ----------
    case_path : Path or None
        The case that it is for: why a file is refused then says whether that case holds the
        exhibit that the refusal names.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    try:
        with reading_child() as child:
            return read_file(path, lambda: child, named=named, assumed=assumed)
    except InputError as error:
        held = () if case_path is None else _held(case_path, str(error))
        if not held:
            raise
        raise InputError(
            f"{error}; this case holds the exhibit {held[0]}, so the file contradicts it",
            hint=error.hint,
        ) from error


def _held(case_path: Path, words: str) -> tuple[str, ...]:
    """Return the digests among some words that are of exhibits of a case."""
    digests = [f"sha256:{digest.lower()}" for digest in _DIGEST.findall(words)]
    if not digests:
        return ()
    with reading(case_path) as case:
        return tuple(digest for digest in digests if case.vault.holds(ExhibitId(digest)))


def read_polled(
    raw: bytes, name: str, *, named: str = "stix", assumed: Assumed = NOTHING
) -> ReadFile:
    """Read what a server sent as if it were a file.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with reading_child() as child:
        return read_bytes(raw, name, lambda: child, named=named, assumed=assumed)


def convert(package: Package, name: str, *, strict: bool) -> Written:
    """Write a package in another format, and measure what that does not keep.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with reading_child() as child:

        def read_again(raw: bytes, file: str) -> Reading:
            return read_bytes(raw, file, lambda: child, named=name).reading

        now = wiring.clock().now()
        return written(package, format_named(name), at=now, read=read_again, strict=strict)


def take(
    case_path: Path,
    file: ReadFile,
    *,
    source: str,
    evaluation: Evaluated,
    keys_dir: Path | None,
    polled: PolledFrom | None = None,
) -> TakenIn:
    """Take a partner's file into an open case.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with writing(case_path, keys_dir=keys_dir) as case:
        own = None
        # Where nothing may leave yet, nobody outside can have it from us.
        with suppress(CauteryError):
            own = of_watch(case.ledger, at=case.clock.now()).package
        return take_in(case, file, source=source, evaluation=evaluation, own=own, polled=polled)


def told(
    case_path: Path,
    *,
    about: str = "",
    source: str = "",
    kinds: Iterable[str] = (),
    most: int | None = None,
) -> tuple[Told, ToldRows]:
    """Return what partners told a case, open or closed, and the items that stand.

    Raises
    ------
    CauteryError
        If there is no such case.
    """
    with reading(case_path) as case:
        imports = told_in(case.ledger)
        rows = told_rows(
            imports, case.vault.read, about=about, source=source, kinds=kinds, most=most
        )
        return imports, rows
