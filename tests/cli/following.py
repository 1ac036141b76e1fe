"""What tests of `cautery follow` do more than once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.following import GROWN, STRANGERS, StruckCase, seen_file

from cautery.adapters.case_folder import FolderStore

from .conftest import Ran

Cautery = Callable[..., Ran]


def bodies(path: Path, kind: str) -> list[dict[str, object]]:
    ledger = FolderStore().ledger(path, read_only=True)
    read = [dict(entry.record.body) for entry in ledger.read(kinds=(kind,))]
    ledger.close()
    return read


def begun(cautery: Cautery, struck: StruckCase, tmp_path: Path) -> str:
    """Follow the case once; return the id of the proposal."""
    seen = seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))
    ran = cautery("follow", struck.path, "--mandate", struck.mandate(), "--seen", seen, "--json")
    assert ran.code == 0, ran.err
    (row,) = map(json.loads, ran.out.splitlines())
    return str(row["id"])


def signed(cautery: Cautery, struck: StruckCase, *more: object, who: str = "anna") -> Ran:
    """Sign as a person without a terminal does: with the digest that the refusal names."""
    run = ("follow", struck.path, *more, "--as", who.title(), "--key", struck.key(who))
    asked = cautery(*run)
    assert asked.code == 1
    digest = next(word for word in asked.err.split() if word.startswith("sha256:"))
    return cautery(*run, "--digest", digest)
