"""Histories that the owner of a case's key forges: forked, cut, rolled back, back-dated.

Each is signed as the real thing is, by the key itself and without the rules of the signer: only
what others saw can tell.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.canonical import canonical
from cautery.evidence.manifest import Manifest, sums
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import checkpoint_text
from cautery.evidence.signing import signed_note, verifier_key
from cautery.json_text import parsed_json
from cautery.model import digest_of
from cautery.model.times import iso

Leaves = list[tuple[str, bytes]]
"""Kind and leaf of each record."""


Key = tuple[Ed25519PrivateKey, str]
"""The private key of a case, and what it signs as."""


def key_in(keys: Path, case: Path) -> Key:
    """Return the private key of a case, and what it signs as."""
    name = (case / "keys/case.pub").read_text().partition("+")[0]
    raw = (keys / f"{name.replace('cautery/', '')}.key").read_bytes()
    return Ed25519PrivateKey.from_private_bytes(raw), name


def leaves_of(case: Path) -> Leaves:
    """Return the records of a closed case."""
    place = f"file:{case / 'ledger.sqlite'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(place, uri=True)) as ledger:
        rows = ledger.execute("SELECT kind, leaf FROM entries ORDER BY idx").fetchall()
    return [(kind, bytes(leaf)) for kind, leaf in rows]


def forged(case: Path, target: Path, change: Callable[[Leaves], Leaves], key: Key) -> Path:
    """Copy a closed case with other records, all of it signed anew."""
    shutil.copytree(case, target)
    leaves = change(leaves_of(case))
    private, name = key
    with closing(sqlite3.connect(target / "ledger.sqlite")) as ledger, ledger:
        old = [size for (size,) in ledger.execute("SELECT size FROM checkpoints ORDER BY number")]
        ledger.execute("DELETE FROM entries")
        ledger.execute("DELETE FROM checkpoints")
        ledger.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)",
            [(at, kind, leaf) for at, (kind, leaf) in enumerate(leaves)],
        )
        frontier, sizes = Frontier(), {size for size in old if size < len(leaves)} | {len(leaves)}
        rows: list[tuple[int, int, str, str]] = []
        for _, leaf in leaves:
            frontier = frontier.append(leaf_hash(leaf))
            if frontier.size in sizes:
                text = checkpoint_text(name, frontier.size, frontier.root())
                note = signed_note(text, name=name, private=private)
                at = parsed_json(leaf)["at"]
                rows.append((len(rows), frontier.size, at, note))
        ledger.executemany("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", rows)
    sign(target, len(leaves), frontier.root(), key)
    return target


def sign(case: Path, size: int, root: bytes, key: Key) -> None:
    """Write manifest and note of a case as its key would."""
    private, name = key
    public = private.public_key().public_bytes_raw()
    (case / "keys/case.pub").write_text(verifier_key(name, public) + "\n")
    listed = [
        path
        for path in case.rglob("*")
        if path.is_file()
        and path.name not in {"manifest.sha256", "manifest.note", "manifest.proof"}
    ]
    digests = {
        path.relative_to(case).as_posix(): digest_of(path.read_bytes())[7:] for path in listed
    }
    text = sums(digests)
    (case / "manifest.sha256").write_bytes(text)
    manifest = Manifest(
        case=name.removeprefix("cautery/case-"),
        files=len(digests),
        size=sum(path.stat().st_size for path in listed),
        digest=digest_of(text),
        records=size,
        root=root,
    )
    (case / "manifest.note").write_text(signed_note(manifest.text, name=name, private=private))


def edited(leaves: Leaves, at: int) -> Leaves:
    """Change one record and nothing else."""
    kind, leaf = leaves[at]
    record = parsed_json(leaf)
    record["body"]["forged"] = at
    return [*leaves[:at], (kind, canonical(record)), *leaves[at + 1 :]]


def cut(leaves: Leaves, size: int) -> Leaves:
    """Keep the first records, and close the case after them."""
    return [*leaves[:size], leaves[-1]]


def rolled_back(leaves: Leaves, size: int) -> Leaves:
    """Go back to the first records, and tell another story from there, as long as the old one."""
    last = parsed_json(leaves[size - 1][1])
    at = datetime.fromisoformat(last["at"])
    forged_leaves = [
        (
            "verdict",
            canonical(
                {"kind": "verdict", "at": iso(at + timedelta(seconds=n)), "body": {"other": n}}
            ),
        )
        for n in range(len(leaves) - size - 1)
    ]
    return [*leaves[:size], *forged_leaves, leaves[-1]]


def back_dated(leaves: Leaves, by: timedelta) -> Leaves:
    """Move the time of every record back; what proofs they hold is left as it was."""
    moved = []
    for kind, leaf in leaves:
        record = parsed_json(leaf)
        record["at"] = iso(datetime.fromisoformat(record["at"]) - by)
        moved.append((kind, canonical(record)))
    return moved
