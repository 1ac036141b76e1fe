"""Cases moved between folders and the server of the organisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cautery.adapters.moved_folder import FolderCase
from cautery.errors import InputError
from cautery.evidence.case_names import is_on_server, name_on_server
from cautery.evidence.ports import CasePlace
from cautery.wiring.cases import keys, reading_store
from cautery.wiring.kept import sweep
from cautery.wiring.server import required_server
from cautery.workflows.case.move import Moved, Progress, copy_case, move_case


def move(
    case: Path,
    to: Path,
    *,
    public_key: Path | None = None,
    keys_dir: Path | None = None,
    progress: Progress,
) -> Moved:
    """Move a case from a folder to the server, or back; go on with a move that was cut short.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    if is_on_server(case) == is_on_server(to):
        raise InputError(
            "a case is moved from a folder to the server, or from the server to a folder",
            hint="cautery case move cases/md34 server:md34. To rename a folder: mv.",
        )
    moved = move_case(
        _place(case, to, keys_dir),
        _place(to, case, keys_dir),
        public_key=public_key,
        progress=progress,
    )
    places = reading_store()
    places.server()  # so that it is asked for what left it
    sweep(store=places)
    return moved


@contextmanager
def as_folder(case: Path) -> Iterator[Path]:
    """Lend a case as a folder: itself, or a checked copy of one on the server until the end."""
    if not is_on_server(case):
        yield case
        return
    with TemporaryDirectory(prefix="cautery-copy-") as folder:
        copy = Path(folder) / name_on_server(case)
        copy_case(_place(case, copy, None), _place(copy, case, None))
        yield copy


def _place(case: Path, other: Path, keys_dir: Path | None) -> CasePlace:
    if not is_on_server(case):
        return FolderCase(case, keys(keys_dir), to=str(other))
    from cautery.adapters.moved_server import ServerCase  # noqa: PLC0415 - few have a server

    name_on_server(case)
    return ServerCase(case, required_server(), keys(keys_dir))
