"""Records of the log of backups: what was copied, and by which digests it is known again."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model.evidence import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    """A backup was made.

    Parameters
    ----------
    name : str
        Of its folder: when it was begun, ``20261124T120000Z``.
    digest : Digest
        Of its list ``SHA256SUMS``, which names the lists of all cases and the files of the people.
    cases : int
        How many cases it has.
    files : int
        How many files these have.
    size : int
        Their bytes.
    lacks : tuple of str
        Names of the cases that could not be copied, or that went away; ``people/``: the people of
        the room did.
    """

    name: str
    digest: Digest
    cases: int
    files: int
    size: int
    lacks: tuple[str, ...] = ()


KINDS: dict[str, type] = {"backup.made": BackupMade}
