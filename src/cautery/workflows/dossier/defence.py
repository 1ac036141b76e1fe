"""The extract for the defence: what counsel is given, and the schedule of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cautery.canonical import canonical
from cautery.model import to_json
from cautery.projections.decoys import Decoys
from cautery.workflows.dossier.accused import Accused, unused
from cautery.workflows.dossier.audiences import SHOWN, Audience
from cautery.workflows.dossier.extract import Extract, cut
from cautery.workflows.dossier.schedule import ScheduleLine, schedule_of

RECEIVED = "statements.jsonl"
"""Statements of other agencies about the accused, as they stated them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defence:
    """What the defence is told of besides the records that it is given.

    Parameters
    ----------
    accused : Accused
        Whom the dossier is about.
    lines : tuple of ScheduleLine
        The schedule of unused material.
    """

    accused: Accused
    lines: tuple[ScheduleLine, ...]


def defence_of(
    leaves: Callable[[], Iterable[tuple[int, str, bytes]]],
    accused: Accused,
    *,
    files: Iterable[str],
    salt: Callable[[int], bytes],
    decoys: Decoys | None = None,
) -> tuple[Extract, Defence]:
    """Choose the records, commit to the others, and list them.

    Parameters
    ----------
    leaves : callable
        Returns every record of the case, in order, each time that it is called.
    files : iterable of str
        The name of every file of the case.
    salt : callable
        Returns so many random bytes.
    decoys : Decoys or None
        The blind test of the case.

    Raises
    ------
    InputError
        If the case has nothing about the accused.
    """
    left_out = unused(leaves, accused, files=files, decoys=decoys)

    def shows(index: int, _kind: str, _body: Any) -> bool:
        return index not in left_out.records

    extract = cut(leaves(), SHOWN[Audience.DEFENCE], shows=shows, salt=salt)
    return extract, Defence(accused=accused, lines=schedule_of(left_out, accused))


def received_file(accused: Accused) -> Mapping[str, bytes]:
    """Return the file with other agencies' statements about the accused, JSON lines, if any."""
    lines = [canonical(to_json(statement)) + b"\n" for statement in accused.received]
    return {RECEIVED: b"".join(lines)} if lines else {}
