"""The people who may sign mandates: a TOML file outside the case, and whether two of them did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cautery.act import Standing, approver_key, standing_of
from cautery.errors import ApprovalError, InputError
from cautery.model import Approver, Mandate, from_json, person_key
from cautery.model.toml import simple_toml
from cautery.packed import require_file

_MAX_BYTES = 1_000_000


def read_signers(path: Path) -> tuple[Approver, ...]:
    """Return the people of a file of tables ``[[signer]]``: ``name``, ``role``, ``public_key``.

    Raises
    ------
    InputError
        If it cannot be read, holds anything else, or two of them are one, by name or key.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        tables = simple_toml(raw.decode("utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: not a valid list of signers ({why})") from error
    listed = tables.get("signer", [])
    if len(raw) > _MAX_BYTES or set(tables) - {"signer"} or not isinstance(listed, list):
        raise InputError(f"{path}: only tables [[signer]] are allowed")
    signers: list[Approver] = []
    names, marks = set[str](), set[str]()
    for number, row in enumerate(listed, 1):
        where = f"{path}: signer {number}"
        if not isinstance(row, dict) or set(row) != {"name", "role", "public_key"}:
            raise InputError(f"{where}: expected name, role and public_key")
        signer = from_json(Approver, row)
        try:
            of_key = approver_key(signer).marks
        except ApprovalError as error:
            raise InputError(f"{where}: {error}", hint=error.hint) from error
        name = person_key(signer.name)
        if not name or name in names or marks & of_key:
            raise InputError(
                f"{where}: the name or key of {signer.name!r} is already in the list",
                hint="Name each person once, with a separate key.",
            )
        names.add(name)
        marks |= of_key
        signers.append(signer)
    if not signers:
        raise InputError(f"{path}: the list names no signer")
    return tuple(signers)


def require_vouched(
    path: Path, mandate: Mandate, *, now: datetime, signers: Sequence[Approver] | None
) -> Standing:
    """Return what may be said of the signatures under a mandate.

    Parameters
    ----------
    path : Path
        The mandate's file, to be named.
    signers : sequence of Approver or None
        Of whom two must have signed it; ``None``: nobody says who may sign mandates.

    Raises
    ------
    ApprovalError
        If fewer than two of them did, or a signature does not hold.
    """
    standing = standing_of(mandate, now=now, signers=signers)
    if standing.vouched is False:
        raise ApprovalError(
            f"{path}: {standing.words}",
            hint="Two people from --signers must sign: cautery mandate sign.",
        )
    return standing
