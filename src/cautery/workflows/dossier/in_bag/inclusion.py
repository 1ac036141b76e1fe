"""Check that each record of this extract stands in the signed ledger: python inclusion.py

The root stands in the last line of data/extract/manifest.note, which the case's key signed. The way
from a record to the root is that of RFC 9162, section 2.1.3. Python's standard library is enough.
"""

import hashlib
import sqlite3
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "data" / "extract"


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


def main():
    lines = (FOLDER / "manifest.note").read_text("utf-8").split("\n\n")[0].split("\n")
    _, size, root = next(line for line in lines if line.startswith("ledger ")).split(" ")
    ledger = sqlite3.connect(f"file:{FOLDER}/ledger.sqlite?mode=ro&immutable=1", uri=True)
    rows = ledger.execute("SELECT idx, leaf, proof FROM entries ORDER BY idx").fetchall()
    for index, leaf, proof in rows:
        path = [bytes.fromhex(step) for step in proof.split()]
        if root_of(bytes(leaf), index, int(size), path).hex() != root:
            sys.exit(f"record {index} does not stand in the signed ledger")
    (withheld,) = ledger.execute("SELECT count(*) FROM withheld").fetchone()
    if len(rows) + withheld != int(size):
        sys.exit(f"{len(rows)} records and {withheld} withheld ones are not {size}")
    print(f"{len(rows)} of {size} records stand in the signed ledger; {withheld} are withheld")


if __name__ == "__main__":
    main()
