"""Check by RFC 9162 what stands in which signed tree: python inclusion.py

Each record of an extract must stand in the ledger whose root is in manifest.note. The note itself
must stand in the log of its organisation, if manifest.proof is there. Python's standard library is
enough. The way from a leaf to its root is that of RFC 9162, section 2.1.3.
"""

import base64
import hashlib
import json
import sqlite3
import sys
from pathlib import Path

FOLDER = next((Path(__file__).resolve().parent / "data").glob("*/manifest.note")).parent


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(leaf, index, size, path):
    """Return the root that a leaf and its inclusion proof lead to (RFC 9162, 2.1.3.2)."""
    node, at, last = sha256(b"\x00" + leaf), index, size - 1
    for step in path:
        if last == 0:
            raise ValueError("the proof is too long")
        if at & 1 or at == last:
            node = sha256(b"\x01" + step + node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + step)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return node


def records(note):
    """Check each record of an extract against the signed root of its ledger."""
    lines = note.split("\n\n")[0].split("\n")
    _, size, root = next(line for line in lines if line.startswith("ledger ")).split(" ")
    ledger = sqlite3.connect(f"file:{FOLDER}/ledger.sqlite?mode=ro&immutable=1", uri=True)
    rows = ledger.execute("SELECT idx, leaf, proof FROM entries ORDER BY idx").fetchall()
    proven = 0
    for index, leaf, proof in rows:
        path = [bytes.fromhex(step) for step in proof.split()]
        if path or int(size) == 1:
            proven += 1
            if root_of(bytes(leaf), index, int(size), path).hex() != root:
                sys.exit(f"record {index} does not stand in the signed ledger")
    if 0 < proven < len(rows):
        sys.exit(f"{len(rows) - proven} records have no way to the signed ledger")
    (withheld,) = ledger.execute("SELECT count(*) FROM withheld").fetchone()
    if len(rows) + withheld != int(size):
        sys.exit(f"{len(rows)} records and {withheld} withheld ones are not {size}")
    print(f"{proven} of {size} records stand in the signed ledger; {withheld} are withheld")


def log(note):
    """Check that the note stands in the log whose checkpoint others signed."""
    proof = json.loads((FOLDER / "manifest.proof").read_text("utf-8"))["proof"]
    if json.loads(proof["leaf"])["body"]["note"] != note:
        sys.exit("manifest.proof is about another note")
    name, size, root = proof["checkpoint"].split("\n")[:3]
    path = [base64.b64decode(step) for step in proof["path"]]
    if root_of(proof["leaf"].encode(), proof["index"], int(size), path) != base64.b64decode(root):
        sys.exit("the case does not stand in the log")
    print(f"the case stands in the log {name} of {size} leaves, at {proof['index']}")


def main():
    note = (FOLDER / "manifest.note").read_text("utf-8")
    if FOLDER.name == "extract":
        records(note)
    if (FOLDER / "manifest.proof").exists():
        log(note)


if __name__ == "__main__":
    main()
