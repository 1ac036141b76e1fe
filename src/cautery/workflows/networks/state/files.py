"""The files of a state: written whole, and read as arrays without being taken apart.

``current.json`` names the files of the one state that counts, and the weights; it is written
last. Names and numbers are Arrow files, which are mapped into memory (``state_tables``). What was
learnt at once is not written again until all is learnt anew: what came later stands in files
beside it. Links as they came are Parquet, one file a run, read only when all is learnt anew or
something is explained.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from cautery.errors import InputError, StorageError
from cautery.json_text import parsed_json
from cautery.packed import require_file
from cautery.workflows.networks.state.tables import (
    LATER,
    LEARNT,
    STANDING,
    Kept,
    kept_of,
    later_tables,
    learnt_tables,
    standing_tables,
    taught,
)

FORMAT = "cautery-networks-5"
CURRENT = "current.json"
BEGUN = "begun"
"""Stands in ``current.json`` until a folder's first state is whole."""
DIGITS = 16
"""Of a file's SHA-256, in its name."""
Write = Callable[[Path, bytes], None]
_WRITING = ".writing-"
_NO_STATE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,  # nested too deeply
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,  # of Polars, at a table whose footer lies
)
_RESTORE = "Restore the folder from a copy, or cluster all links again into a new folder."


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder, and be the only run that works on its state.

    Raises
    ------
    InputError
        If another run does, or it is no folder.
    StorageError
        If it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a state must be a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(
            f"{folder}: another run is using this state",
            hint="Wait until it ends, or name another folder.",
        ) from error
    finally:
        os.close(descriptor)


def load(folder: Path) -> Kept | None:
    """Return the state in a folder; ``None``: there is none yet.

    Raises
    ------
    InputError
        If the folder holds something else, a state of another format or one that was changed.
    """
    pointer = folder / CURRENT
    if not pointer.exists():
        inside = list(folder.iterdir()) if folder.is_dir() else []
        if any(not _ours(entry) for entry in inside):
            raise InputError(f"{folder}: the folder does not hold a state")
        if any(not entry.name.startswith(_WRITING) for entry in inside):
            raise InputError(
                f"{folder}: {CURRENT} is missing, but other files of a state are there",
                hint=f"Restore {CURRENT}, or cluster all links again into a new folder.",
            )
        return None
    try:
        require_file(pointer)
        current = parsed_json(pointer.read_text())
        if current["format"] != FORMAT:
            raise InputError(
                f"{folder}: the state has format {current['format']}, expected {FORMAT}",
                hint="Its links-*.parquet hold the original links: cluster them into a new folder.",
            )
        if current.get(BEGUN):
            return None
        digest = current.pop("digest", None)
        if digest is not None and digest != _digest(_json(current)):
            raise InputError(_changed(folder, CURRENT), hint=_RESTORE)
        for name, size in current["sizes"].items():
            if (folder / name).stat().st_size != size:
                raise InputError(_changed(folder, name), hint=_RESTORE)
        files = current["tables"]
        for name in files.values():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS] not in name:
                    raise InputError(_changed(folder, name), hint=_RESTORE)
        tables = {table: pl.read_ipc(folder / name) for table, name in files.items()}
        learnt = {table: files[table] for table in LEARNT}
        return kept_of(tables, current["weights"], files=learnt, links=tuple(current["links"]))
    except OSError as error:
        missing = Path(str(error.filename or folder)).name
        raise InputError(f"{folder}: {missing}: {error.strerror}", hint=_RESTORE) from error
    except _NO_STATE as error:
        raise InputError(
            f"{folder}: {CURRENT} was changed or damaged after it was written ({error})",
            hint=_RESTORE,
        ) from error


def links_about(folder: Path, subjects: Sequence[str]) -> pl.DataFrame:
    """Return the links of some subjects in a state that was loaded or saved, as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    return all_links(folder).filter(pl.col("subject").is_in(list(subjects)))


def all_links(folder: Path) -> pl.DataFrame:
    """Return all links in a state that was loaded or saved, as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    return links_of(folder, parsed_json((folder / CURRENT).read_text())["links"])


def links_of(folder: Path, names: Sequence[str]) -> pl.DataFrame:
    """Return the links in some of a state's files, as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    frames = []
    for name in names:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(f"{folder}: {name}: {error.strerror}", hint=_RESTORE) from error
        if _digest(content) not in name:
            raise InputError(_changed(folder, name), hint=_RESTORE)
        frames.append(pl.read_parquet(io.BytesIO(content)))
    # A run whose file had no column source has none here.
    return pl.concat(frames, how="diagonal")


def save(folder: Path, kept: Kept, links: pl.DataFrame, write: Write) -> None:
    """Write a state with further links as they came; the one before it counts until the end.

    Raises
    ------
    StorageError
        If it cannot be written; the state before it stands.
    """
    if not (folder / CURRENT).exists():
        write(folder / CURRENT, _json({"format": FORMAT, BEGUN: True}))
    current: dict[str, Any] = {
        "format": FORMAT,
        "learnt": int(kept.evidence.value.size),
        "sizes": {},
        "tables": dict(kept.files),
    }

    def put(name: str, ending: str, content: bytes) -> str:
        file = f"{name}-{_digest(content)}.{ending}"
        write(folder / file, content)
        current["sizes"][file] = len(content)
        return file

    # What a state was loaded from is as it was then: this run alone works on the folder.
    for file in (*kept.files.values(), *kept.links):
        current["sizes"][file] = (folder / file).stat().st_size
    learnt = {} if kept.files else learnt_tables(kept)
    for name, table in {**learnt, **later_tables(kept), **standing_tables(kept)}.items():
        current["tables"][name] = put(name, "arrow", _arrow(table))
    current["links"] = [*kept.links, put("links", "parquet", _parquet(links))]
    current["weights"] = taught(kept)
    current["digest"] = _digest(_json(current))
    write(folder / CURRENT, _json(current))
    tidy(folder)


def tidy(folder: Path) -> None:
    """Drop what interrupted runs left in the folder of a state that was loaded or saved."""
    counts = {CURRENT, *parsed_json((folder / CURRENT).read_text())["sizes"]}
    for old in folder.iterdir():
        if old.is_file() and _ours(old) and old.name not in counts:
            old.unlink()


def _changed(folder: Path, name: str) -> str:
    return f"{folder}: {name} was changed after it was written"


def _ours(path: Path) -> bool:
    prefixes = (_WRITING, "links-", CURRENT, *(f"{name}-" for name in (*LEARNT, *LATER, *STANDING)))
    return path.name.startswith(prefixes)


def _json(current: dict[str, Any]) -> bytes:
    return json.dumps(current, indent=1).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def _arrow(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    # Offsets and bytes: the newer string views keep dead bytes, in an order that chance decides.
    frame.rechunk().write_ipc(out, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    return out.getvalue()


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()
