"""Which targets a desk compares with another agency: those of its own statements, or of a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cautery.errors import InputError
from cautery.operation.targets import NOT_TARGETS, normalise
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.share import held

MAX_TARGET_BYTES = 32 << 20
"""A file of 2^17 targets, each of 200 bytes."""


def targets_of(desk: Desk) -> tuple[str, ...]:
    """Return the targets of the agency's own statements on assets, each in its one spelling.

    What others have shared is theirs to compare, so it is left out.
    """
    return tuple(
        sorted(
            {
                normalise(one.statement.subject)
                for one in held(desk)
                if one.received_from is None
                and one.statement.about == "asset"
                and one.statement.subject.partition(":")[0] not in NOT_TARGETS
                and one.corrected_by is None
                and not one.statement.details.get("withdrawn")
            }
        )
    )


def read_targets(path: Path) -> tuple[str, ...]:
    """Read targets from a file, one a line (``kind:value``, a host or an address); # comments.

    Raises
    ------
    InputError
        Naming file and line.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_TARGET_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({why[:200]})") from error
    if len(raw) > MAX_TARGET_BYTES:
        raise InputError(f"{path}: over {MAX_TARGET_BYTES:,} bytes")
    found: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        told = line.strip()
        if told and not told.startswith("#"):
            try:
                found.add(normalise(told))
            except InputError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
    return tuple(sorted(found))


def compared_targets(desk: Desk, given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the targets of a run: those given, or the desk's own."""
    if given is None:
        return targets_of(desk)
    return tuple(sorted({normalise(one) for one in given}))
