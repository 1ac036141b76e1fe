"""Seized material: where its addresses are, and the end of its keys."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cautery.evidence.manifest import NOTE
from cautery.wiring.cases import store, writing
from cautery.wiring.facts import known_facts
from cautery.workflows.seized.consult import erase as erase_seizure
from cautery.workflows.seized.consult import erase_in_closed_case as erase_in_closed_seizure

if TYPE_CHECKING:
    from cautery.formats import Place


def place_of(folder: Path | str | None) -> Place:
    """Return where addresses are by a facts folder; without one, nobody knows."""
    if folder is None:
        return lambda _: (None, None)
    facts = known_facts(folder)

    @lru_cache(maxsize=1 << 16)
    def place(address: str) -> tuple[str | None, int | None]:
        network = facts.network_of(address)
        return facts.country_of(address), None if network is None else network.asn

    return place


def erase_seized(
    path: Path, id: str | None, *, by: str, why: str, keys_dir: Path | None = None
) -> int:
    """Destroy a key of seized material, in a case that is open or closed; return how many.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    key_store = store(keys_dir)
    if key_store.exists(path, NOTE):
        return erase_in_closed_seizure(key_store.vault(path, key_store.keys(path)), id)
    with writing(path, keys_dir=keys_dir) as case:
        return erase_seizure(case, id, by=by, why=why)
