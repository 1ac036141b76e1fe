"""The blind test of a case, read without any key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError
from cautery.model.blind import NightAccount
from cautery.model.ledger import contents
from cautery.model.records import CaseOpened
from cautery.projections.blind_account import account_in
from cautery.wiring import cases


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNight:
    """The blind test of one case.

    Parameters
    ----------
    case : str
        The name of its folder.
    lab : bool
        Whether it is of the lab.
    """

    case: str
    lab: bool
    night: NightAccount


def night_of(path: Path) -> CaseNight:
    """Return what the decoys of a case come to.

    Raises
    ------
    InputError
        If there is no such case, or no decoys are planned in it.
    """
    with cases.reading(path) as case:
        night = account_in(case.ledger)
        opened = next(contents(case.ledger, CaseOpened), None)
    if night is None:
        raise InputError(
            f"{path}: no decoys are planned in this case",
            hint="Name the sealed plan in the mandate before the watch: [decoys] sealed = ...",
        )
    is_lab = opened is not None and (opened[1].lab or opened[1].mandate.lab)
    return CaseNight(case=path.name, lab=is_lab, night=night)
