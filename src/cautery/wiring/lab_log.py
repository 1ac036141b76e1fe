"""A log of the lab, with authorities and co-signers that answer as long as it is lent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cautery.evidence.outside.proof import Trust
from cautery.lab.live_vouchers import LiveVouchers
from cautery.wiring import timing

ORIGIN = "lab.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabLog:
    """A log of the lab.

    Parameters
    ----------
    folder : Path
        What a mandate names.
    policy, roots : Path
        What a checker gives to ``cautery verify``.
    """

    folder: Path
    policy: Path
    roots: Path

    def trust(self) -> Trust:
        """Return the trust of a checker who believes the lab's authorities and co-signers."""
        return timing.trust(self.policy, self.roots)


@contextmanager
def lab_log(run: Path, *, keys_dir: Path) -> Iterator[LabLog]:
    """Lend a new log in the folder of a run.

    Raises
    ------
    CauteryError
        If there is one already, or it cannot be written.
    """
    folder = (run / "log").resolve()
    key = timing.new_log(folder, ORIGIN, keys_dir=keys_dir)
    with LiveVouchers(run / "vouchers", key) as vouchers:
        (folder / "log.toml").write_text(vouchers.settings(ORIGIN), encoding="utf-8")
        yield LabLog(folder=folder, policy=vouchers.policy, roots=vouchers.roots)
