"""A world as a folder: for others to read, and read back by checking it against its own seed.

A folder from outside is not believed. The header says which world it is; that world is drawn
anew, and every file must be what the header lists and the truth what the seed says. So no table
that somebody altered is ever parsed here, and a damaged folder is refused, not half read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.adapters._files import read_whole, regular
from cautery.errors import EvidenceError, InputError
from cautery.json_text import parsed_json
from cautery.lab.operations.shapes import LIKES
from cautery.lab.operations.spec import OperationWorld
from cautery.lab.operations.tables import (
    FORMAT,
    STAMP,
    as_json,
    day_month,
    truth_of,
    write_rest,
    write_seized,
    write_sources,
    write_supply,
)
from cautery.lab.operations.world import Progress, build_world
from cautery.lab.whole_folder import whole_folder

_HEADER_LIMIT = 4_000_000
_FILES_LIMIT = 5_000
_FILE_LIMIT = 2_000_000_000
"""Bytes of one file: far above the largest dump at full size (some 20 MB)."""


def write_world(
    world: OperationWorld, folder: Path, *, progress: Progress | None = None
) -> tuple[str, ...]:
    """Write a world into a new or empty folder, whole or not at all; return the files' paths.

    Raises
    ------
    InputError
        If the folder holds something already, or is no folder.
    StorageError
        If it cannot be written; nothing partial survives.
    """
    with whole_folder(folder) as work_folder:
        return _write_all(world, work_folder, progress)


def read_world(folder: Path, *, progress: Progress | None = None) -> OperationWorld:
    """Return the world of a folder after checking that the folder tells it as its seed does.

    Raises
    ------
    InputError
        If it is no world's folder, a file is missing, added or altered, or its truth is not that
        of the seed.
    """
    header = _header(folder)
    listed = _listed(folder, header)
    paths = set(_walk(folder)) - {"world.json"}
    for path in sorted(paths ^ set(listed)):
        what = "the file is missing" if path in listed else "this file is not in world.json"
        raise InputError(f"{folder / path}: {what}", hint=_REMEDY)
    for path, digest in sorted(listed.items()):
        if _digest(folder / path) != digest:
            raise InputError(
                f"{folder / path}: its content differs from what world.json lists", hint=_REMEDY
            )
    world = build_world(
        header["like"], seed=header["seed"], scale=header["scale"], progress=progress
    )
    truth = truth_of(world)
    if (
        listed.get("truth.json") != "sha256:" + hashlib.sha256(truth).hexdigest()
        or header.get("sizes") != world.sizes()
    ):
        raise InputError(
            f"{folder}: this is not the world of its seed",
            hint=f"It was built by version {header.get('version')}, this is {__version__}: "
            "build it again.",
        )
    return world


_REMEDY = "The folder was damaged or changed; build the world again: cautery lab build."


def _write_all(world: OperationWorld, folder: Path, progress: Progress | None) -> tuple[str, ...]:
    month = day_month(world)
    jobs: list[tuple[str, Callable[[], None]]] = [
        ("supply", lambda: write_supply(world, folder)),
        ("intelligence", lambda: write_rest(world, folder)),
        ("sources", lambda: write_sources(world, folder)),
        ("seized disks", lambda: write_seized(world, folder, month)),
    ]
    for finished, (what, job) in enumerate(jobs):
        if progress is not None:
            progress(finished, len(jobs), f"writing: {what}")
        job()
    paths = sorted(_walk(folder))
    header = {
        "lab": True,
        "stamp": STAMP,
        "format": FORMAT,
        "version": __version__,
        "like": world.like,
        "seed": world.seed,
        "scale": world.scale,
        "moment": world.moment,
        "countries": world.countries,
        "months": world.months,
        "statement": world.sheet.statement if world.sheet else None,
        "card": world.card,
        "sizes": world.sizes(),
        "files": {path: _digest(folder / path) for path in paths},
    }
    (folder / "world.json").write_bytes(as_json(header))
    return ("world.json", *paths)


def _header(folder: Path) -> dict[str, Any]:
    path = folder / "world.json"
    try:
        header = parsed_json(read_whole(path, limit=_HEADER_LIMIT))
    except EvidenceError as error:
        raise InputError(f"{folder}: not a world of the lab ({error})") from error
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON") from error
    if (
        not isinstance(header, dict)
        or header.get("format") != FORMAT
        or header.get("lab") is not True
    ):
        raise InputError(f"{path}: not the header of a world of the lab ({FORMAT})")
    seed, scale = header.get("seed"), header.get("scale")
    if (
        header.get("like") not in LIKES
        or not isinstance(seed, int)
        or isinstance(seed, bool)
        or not isinstance(scale, float)
    ):
        raise InputError(f"{path}: like, seed and scale do not name a world")
    return header


def _listed(folder: Path, header: dict[str, Any]) -> dict[str, str]:
    files = header.get("files")
    if (
        not isinstance(files, dict)
        or len(files) > _FILES_LIMIT
        or not all(isinstance(file, str) for file in files.values())
    ):
        raise InputError(f"{folder / 'world.json'}: it does not list files with their digests")
    return files


def _walk(folder: Path) -> list[str]:
    """Return the files below a folder; links, pipes and too many of them are refused.

    Raises
    ------
    InputError
        If there is anything but files and folders, or more than a world has.
    """
    paths: list[str] = []
    todo = [folder]
    try:
        while todo:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        paths.append(Path(entry.path).relative_to(folder).as_posix())
                    else:
                        raise InputError(f"{entry.path}: neither file nor folder", hint=_REMEDY)
                    if len(paths) + len(todo) > 2 * _FILES_LIMIT:
                        raise InputError(f"{folder}: more files than a world can have")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from error
    return paths


def _digest(path: Path) -> str:
    hasher = hashlib.sha256()
    try:
        with regular(path) as handle:
            if os.fstat(handle).st_size > _FILE_LIMIT:
                raise InputError(f"{path}: larger than a file of a world can be")
            while block := os.read(handle, 1 << 20):
                hasher.update(block)
    except EvidenceError as error:
        raise InputError(str(error), hint=_REMEDY) from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    return "sha256:" + hasher.hexdigest()
