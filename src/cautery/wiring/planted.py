"""The lab's planner at work: plants the decoys of a night, keeps them, and reveals them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cautery.lab.decoys import DecoyPlaces
from cautery.model.decoys import DecoyLeaf
from cautery.wiring import closing, decoys
from cautery.wiring.decoy_process import KeeperProcess
from cautery.wiring.dossiers import vouching_of


@contextmanager
def planted(
    places: DecoyPlaces, mandate_file: Path, *, log: Path | None = None
) -> Iterator[KeeperProcess]:
    """Plan a night of the lab in secret, and lend its keeper, a process of its own.

    Parameters
    ----------
    log : Path or None
        Folder of the log whose authorities stamp the sealed plan; ``None``: nobody does.

    Raises
    ------
    CauteryError
        If the night cannot be planned or kept.
    """
    vouching = None if log is None else vouching_of(log, None, None)
    decoys.plan(
        places.programme,
        places.night,
        mandate_file=mandate_file,
        key=places.key,
        vouching=vouching,
    )
    with KeeperProcess(
        places.night, key=places.key, mandate_file=mandate_file, gate=places.gate
    ) as keeper:
        yield keeper


def revealed_in(
    places: DecoyPlaces, case: Path, *, keys_dir: Path, log: Path | None = None
) -> tuple[DecoyLeaf, ...]:
    """Reveal the decoys in the case of the night, finish it, and return what the plan holds.

    Raises
    ------
    CauteryError
        If the night is not over, or a leaf does not open.
    """
    decoys.reveal_in(places.night, case, key=places.key)
    closing.finish_revealed(case, keys_dir=keys_dir, log=log)
    return decoys.decoys(places.night, key=places.key)
