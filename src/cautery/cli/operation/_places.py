"""Where a command's file goes: refused early, since what is shared or answered is so once."""

from __future__ import annotations

import os
from pathlib import Path

from cautery import wiring
from cautery.errors import InputError


def check_place(out: Path, *, case: Path) -> None:
    """Refuse a place where no file can be written, or where it would spoil the case.

    Raises
    ------
    InputError
        Saying which of them it is.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder: name a file in it")
    if not out.parent.is_dir():
        raise InputError(f"{out}: the folder {out.parent} does not exist")
    if not os.access(out.parent, os.W_OK):
        raise InputError(f"{out}: you may not write to the folder {out.parent}")
    wiring.check_output(out)
    if out.resolve().is_relative_to(case.resolve()):
        raise InputError(
            f"{out} is inside the case {case}, which may hold only its own files",
            hint="Write it outside the case.",
        )
