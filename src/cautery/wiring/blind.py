"""The blind tests of cases, read without any key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError
from cautery.model import GuardVerdict, Verdict
from cautery.model.blind import NightAccount
from cautery.model.ledger import contents
from cautery.model.records import CaseOpened, DecoyRevealed, DecoysPlanned, ProbeDone, kinds_of
from cautery.projections.blind_account import accounts
from cautery.wiring import cases

_TRIALS = kinds_of(DecoysPlanned, DecoyRevealed, ProbeDone, Verdict, GuardVerdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNights:
    """The nights of blind tests of one case, one at least.

    Parameters
    ----------
    case : str
        The name of its folder.
    lab : bool
        Whether it is of the lab.
    """

    case: str
    lab: bool
    nights: tuple[NightAccount, ...]


def nights_of(path: Path) -> CaseNights:
    """Return what the decoys of a case come to.

    Raises
    ------
    InputError
        If there is no such case, or no decoys are planned in it.
    """
    with cases.reading(path) as case:
        nights = accounts(case.ledger.read(kinds=_TRIALS))
        opened = next(contents(case.ledger, CaseOpened), None)
    if not nights:
        raise InputError(
            f"{path}: no decoys are planned in this case",
            hint="Name the sealed plan in the mandate before the watch: [decoys] sealed = ...",
        )
    is_lab = opened is not None and (opened[1].lab or opened[1].mandate.lab)
    return CaseNights(case=path.name, lab=is_lab, nights=nights)
