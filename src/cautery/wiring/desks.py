"""Desks of an operation, and acts on a whole desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cautery import wiring
from cautery.evidence.manifest import NOTE
from cautery.messages import in_language
from cautery.model import Operation
from cautery.wiring.cases import adding_to, reading_store, store
from cautery.wiring.signing import public_key_of
from cautery.workflows.case.open import Case
from cautery.workflows.operation.desk import Desk, desk_in, open_desk
from cautery.workflows.operation.persons import erase_in_closed_case
from cautery.workflows.operation.persons import erase_person as erase_in_open_case

if TYPE_CHECKING:
    from cautery.lab.operations.replay.run import Replayed
    from cautery.lab.operations.replay.story import Told


@contextmanager
def desk(
    path: Path,
    *,
    operation: Operation | None = None,
    agency: str | None = None,
    keys_dir: Path | None = None,
    read_only: bool = False,
) -> Iterator[Desk]:
    """Open an agency's case of an operation, or begin it, and let go of it at the end.

    Raises
    ------
    InputError
        If there is none, or it is another agency's.
    """
    opened = open_desk(
        path,
        store=reading_store() if read_only else store(keys_dir),
        clock=wiring.clock(),
        operation=operation,
        agency=agency,
        read_only=read_only,
    )
    try:
        yield opened
    finally:
        opened.leave()


@contextmanager
def desk_without_keys(path: Path) -> Iterator[Desk]:
    """Open a desk to add records that no key of it signs: reports and answers of the day.

    Raises
    ------
    CauteryError
        If there is none, or it is closed.
    """
    shelf = reading_store()
    with adding_to(path) as ledger:
        yield desk_in(
            Case(
                path=path,
                ledger=ledger,
                vault=shelf.vault(path, None),
                clock=wiring.clock(),
                store=shelf,
                keys=None,
            )
        )


def erase_person(case: Path, pseudonym: str, *, why: str) -> tuple[int, bool]:
    """Destroy the key of a person's name; return how many there were, and if the case is closed.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    if reading_store().exists(case, NOTE):
        return erase_in_closed_case(case, pseudonym, store=store(), clock=wiring.clock()), True
    with desk(case) as opened:
        return erase_in_open_case(opened, pseudonym, why=why), False


def close_operation(case: Path, *, keys_dir: Path | None = None) -> Path:
    """Write page and manifest into an operation's case and close it; return where the page lies.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    from cautery.workflows.operation.close_desk import close_desk  # noqa: PLC0415 - heavy

    opened = open_desk(case, store=store(keys_dir), clock=wiring.clock())
    try:
        return close_desk(opened)
    finally:
        opened.leave()


def write_operation_page(case: Path, out: Path, *, language: str) -> None:
    """Write the page of an operation from the records of a desk's case, for its owner's eyes.

    Parameters
    ----------
    language : str
        Code of the page's language, such as ``fr``.

    Raises
    ------
    InputError
        If there is no such case or no such language.
    StorageError
        If the page cannot be written.
    """
    from cautery.pages.operation import render_page  # noqa: PLC0415 - heavy
    from cautery.workflows.operation.page_view import page_view  # noqa: PLC0415 - heavy

    with in_language(language), desk(case, read_only=True) as opened:
        page = render_page(page_view(opened, made_at=wiring.clock().now()))
    wiring.write_secret(out, (page.encode(),))


def replay(
    like: str,
    *,
    seed: int,
    scale: float,
    folder: Path,
    speed: float,
    listen: Callable[[Told], None],
) -> Replayed:
    """Replay an operation of the lab; its keys lie beside its cases, since nothing in it is real.

    Raises
    ------
    CauteryError
        As the replay says.
    """
    from cautery.lab.operations.replay.run import replay as run_replay  # noqa: PLC0415 - heavy

    keys_dir = folder.with_name(folder.name + "-keys")
    return run_replay(
        like,
        seed=seed,
        scale=scale,
        folder=folder,
        store=store(keys_dir),
        key_of=lambda case: public_key_of(case, keys_dir),
        speed=speed,
        listen=listen,
    )
