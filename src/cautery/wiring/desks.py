"""Desks of an operation, and acts on a whole desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cautery import wiring
from cautery.errors import InputError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated
from cautery.evidence.manifest import NOTE
from cautery.evidence.ports import CaseVault
from cautery.messages import in_language
from cautery.model import Operation
from cautery.model.records import GrewBack
from cautery.packed import small_file
from cautery.wiring.cases import adding_to, reading_store, store
from cautery.wiring.following import followed_in
from cautery.wiring.signing import public_key_of
from cautery.workflows.case.open import Case
from cautery.workflows.operation.afterwards import PersonFile, note_text
from cautery.workflows.operation.desk import Desk, desk_in, open_desk
from cautery.workflows.operation.followed import grown_after

if TYPE_CHECKING:
    from cautery.lab.operations.replay.run import Replayed
    from cautery.lab.operations.replay.story import Told
    from cautery.pages.press_sheet import PressSheet
    from cautery.workflows.operation.seizure_site import Choice, Site


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


@contextmanager
def person_file(path: Path, *, read_only: bool = False) -> Iterator[PersonFile]:
    """Open the persons of an agency's case, which may be closed: then its chain takes the notes.

    Raises
    ------
    CauteryError
        If there is no such case, it is another agency's, or its chain of custody is broken.
    """
    shelf = reading_store()
    is_closed = shelf.exists(path, NOTE)
    chain = shelf.custody(path)
    with desk(path, read_only=read_only or is_closed) as opened:
        if read_only or not is_closed:
            keyed = partial(_keyed_vault, path) if read_only else None
            yield PersonFile.of(opened, chain, keyed=keyed)
        else:
            vault = _keyed_vault(path)
            yield PersonFile(desk=opened, vault=vault, chain=chain, note=partial(_note, path))


def _keyed_vault(path: Path) -> CaseVault:
    keyed = store()
    return keyed.vault(path, keyed.keys(path))


def _note(path: Path, contents: Sequence[object], by: str, why: str, at: datetime) -> None:
    """Write records of a closed case into its chain of custody, a line each."""
    shelf = reading_store()
    number = shelf.id_of(path)

    def follow(content: object, chain: tuple[CustodyLine, ...]) -> CustodyLine:
        return stated(
            at=at,
            act=CustodyAct.NOTED,
            by=by,
            why=why,
            what=note_text(content),
            digest="",
            previous=chain[-1].id if chain else "",
            case=number,
        )

    for content in contents:  # each is checked before the first is written
        follow(content, ())
    for content in contents:
        shelf.add_to_custody(path, partial(follow, content))


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


def write_operation_page(
    case: Path, out: Path, *, language: str, following: Path | None = None
) -> None:
    """Write the page of an operation from the records of a desk's case, for its owner's eyes.

    Parameters
    ----------
    language : str
        Code of the page's language, such as ``fr``.
    following : Path or None
        A case that follows this one: what it proposes stands on the page; ``None``: none.

    Raises
    ------
    InputError
        If there is no such case or no such language, or the other case follows another one.
    StorageError
        If the page cannot be written.
    """
    from cautery.pages.operation import render_page  # noqa: PLC0415 - heavy
    from cautery.workflows.operation.page_view import page_view  # noqa: PLC0415 - heavy

    with in_language(language), desk(case, read_only=True) as opened:
        grown: tuple[GrewBack, ...] = ()
        if following is not None:
            with followed_in(following) as followed:
                grown = grown_after(opened, followed)
        page = render_page(page_view(opened, made_at=wiring.clock().now(), grown=grown))
    wiring.write_secret(out, (page.encode(),))


def write_seizure_site(case: Path, offers: Path, choice: Choice, out: Path | None) -> Site:
    """Make the seizure page of a desk's case, and write it as a new folder.

    Parameters
    ----------
    out : Path or None
        ``None``: nothing is written.

    Raises
    ------
    InputError
        As the workflow says; then nothing is written.
    StorageError
        If the folder cannot be written.
    """
    from cautery.workflows.operation.seizure_site import (  # noqa: PLC0415 - heavy
        read_site_list,
        seizure_site,
    )

    listed = read_site_list(offers)
    with desk(case, read_only=True) as opened:
        site = seizure_site(opened, listed, choice, made_at=wiring.clock().now())
    if out is not None:
        wiring.write_folder(out, site.files)
    return site


def write_press_sheet(
    case: Path,
    out: Path | None,
    *,
    languages: Sequence[str],
    embargo: datetime | None,
    earlier: Path | None = None,
) -> tuple[PressSheet, int]:
    """Write the press sheet of a desk's case; its name's ending says which format.

    Parameters
    ----------
    out : Path or None
        ``None``: nothing is written.
    earlier : Path or None
        An earlier sheet in JSON whose numbers must still stand.

    Returns
    -------
    tuple of PressSheet and int
        The sheet in the first language, and how many numbers of the earlier one were compared.

    Raises
    ------
    InputError
        If there is no such language or format, or a number of the earlier sheet fell; then nothing
        is written.
    StorageError
        If the file cannot be written.
    """
    from cautery.pages import press_sheet as pages  # noqa: PLC0415 - heavy
    from cautery.workflows.operation import press_sheet as work  # noqa: PLC0415 - heavy

    made_at = wiring.clock().now()
    with desk(case, read_only=True) as opened:
        sheets = [
            work.press_sheet(opened, language=code, made_at=made_at, embargo=embargo)
            for code in languages
        ]
    compared = 0
    if earlier is not None:
        raw = small_file(earlier, most=work.MAX_EARLIER, of="a press sheet")
        compared = work.compare_sheet(raw, sheets[0])
    if out is not None:
        match out.suffix.lower():
            case ".pdf":
                wiring.write_pdf(pages.sheets_typst(sheets), out, private=True)
            case ".html":
                html = pages.sheets_html(sheets, links=pages.Links())
                wiring.write_secret(out, (html.encode(),))
            case ".json":
                wiring.write_secret(out, (pages.sheets_json(sheets).encode(),))
            case _:
                raise InputError(
                    f"{out}: a press sheet is a .pdf, .html or .json file",
                    hint="cautery operation press-sheet CASE -o sheet.pdf",
                )
    return sheets[0], compared


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
