"""Settings to adapters: the only place that knows them all. Each verb loads what it needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cautery.adapters._files import PRIVATE, ordinary_mode
from cautery.adapters.clock import SystemClock
from cautery.adapters.output import check_output, write_folder, write_output
from cautery.model.ports import Clock

__all__ = [
    "OWN_FEEDS_PER_S",
    "UNCONFINED",
    "check_output",
    "clock",
    "pdf_of",
    "without_seccomp",
    "write_file",
    "write_file_of",
    "write_folder",
    "write_pdf",
    "write_png",
    "write_secret",
]

OWN_FEEDS_PER_S = 200.0
"""Our reference feeds are no strangers: they are not asked as slowly as suspects are."""

UNCONFINED = "CAUTERY_ALLOW_UNCONFINED"
"""Environment variable that, as 1, lets decoders start where system calls can't be filtered."""


def without_seccomp() -> bool:
    """Return whether a decoder may start where the system can't filter its calls."""
    return os.environ.get(UNCONFINED) == "1"


def clock() -> Clock:
    """Return the machine's clock."""
    return SystemClock()


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    InputError
        If it lies in a case, or is a link or a folder.
    StorageError
        If it cannot be written.
    """
    write_output(path, (content,), mode=ordinary_mode())


def write_file_of(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all, piece by piece.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    write_output(path, pieces, mode=ordinary_mode())


def write_secret(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file for its owner's eyes, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    write_output(path, pieces, mode=PRIVATE)


def write_png(svg: str, path: Path) -> None:
    """Draw one of our SVGs as a PNG and write it whole or not at all.

    Raises
    ------
    CauteryError
        If it cannot be drawn or written.
    """
    from cautery.adapters.typst_pdf import png_of  # noqa: PLC0415 - its wheel is large

    write_output(path, (png_of(svg),), mode=ordinary_mode())


def pdf_of(source: str) -> bytes:
    """Make a PDF of Typst source.

    Raises
    ------
    CauteryError
        If it cannot be made.
    """
    from cautery.adapters.typst_pdf import compile_pdf  # noqa: PLC0415 - its wheel is large

    return compile_pdf(source)


def write_pdf(source: str, path: Path, *, private: bool = False) -> None:
    """Make a PDF of Typst source and write it whole or not at all.

    Raises
    ------
    CauteryError
        If it cannot be made or written.
    """
    mode = PRIVATE if private else ordinary_mode()
    write_output(path, (pdf_of(source),), mode=mode)
