"""Who finds what: a dossier is tampered with at random, and each tool is asked.

    cautery dossier CASE --for court ... --sign seal.p12 -o /tmp/bag
    python bench/dossier/tampers.py /tmp/bag [COUNT]

A tamper is one of: a bit flipped, bytes cut off, bytes added, a file removed, a file added, two
files exchanged, a record edited by SQL, a second revision of the PDF. Every second one is *fitted*:
whoever does it writes both manifests anew, so that all digests agree and the signatures alone can
tell. Tools that no one here wrote: sha256sum, find, bagit, openssl, and pyHanko
for the PDF.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import bagit
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.errors import CauteryError
from cautery.workflows.dossier.verify import verify_bag

TAGS, PAYLOAD = "tagmanifest-sha256.txt", "manifest-sha256.txt"
_NOW = datetime.now(UTC)


def files_of(bag: Path) -> list[Path]:
    return sorted(path for path in bag.rglob("*") if path.is_file())


def flipped(path: Path, _: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def cut(path: Path, _: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def longer(path: Path, _: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 40)))


def removed(path: Path, _: Path, __: random.Random) -> None:
    path.unlink()


def added(path: Path, _: Path, rng: random.Random) -> None:
    path.with_name(f"new-{rng.randrange(1000)}").write_bytes(rng.randbytes(20))


def exchanged(path: Path, bag: Path, rng: random.Random) -> None:
    ours = path.read_bytes()
    others = [other for other in files_of(bag) if other.read_bytes() != ours]
    other = rng.choice(others)
    path.write_bytes(other.read_bytes())
    other.write_bytes(ours)


def edited(_: Path, bag: Path, rng: random.Random) -> None:
    [path] = bag.glob("data/*/ledger.sqlite")
    with sqlite3.connect(path) as ledger:
        rows = ledger.execute("SELECT idx, leaf FROM entries").fetchall()
        index, leaf = rng.choice(rows)
        record = json.loads(leaf)
        record["at"] = record["at"][:-4] + f"{rng.randrange(1000):03d}Z"
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if text.encode() == leaf:
            text = text.replace("Z", "z", 1)
        ledger.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (text.encode(), index))
    ledger.close()


def revised(_: Path, bag: Path, rng: random.Random) -> None:
    path = bag / "data/dossier.pdf"
    path.write_bytes(
        path.read_bytes() + b"\n1 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<<>>\n%%EOF\n"
        + rng.randbytes(4).hex().encode()
    )  # fmt: skip


TAMPERS: tuple[tuple[str, Callable[[Path, Path, random.Random], None]], ...] = (
    ("bit flipped", flipped),
    ("bytes cut off", cut),
    ("bytes added", longer),
    ("file removed", removed),
    ("file added", added),
    ("files exchanged", exchanged),
    ("record edited", edited),
    ("PDF revised", revised),
)


def fit(bag: Path) -> None:
    """Write both manifests anew, as whoever tampers can."""
    data = [path for path in files_of(bag) if path.is_relative_to(bag / "data")]
    (bag / PAYLOAD).write_text("".join(f"{_sum(p)}  {p.relative_to(bag)}\n" for p in data))
    tags = [path for path in bag.iterdir() if path.is_file() and not path.name.startswith(TAGS)]
    (bag / TAGS).write_text("".join(f"{_sum(p)} {p.name}\n" for p in sorted(tags)))


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def by_sha256sum(bag: Path) -> bool:
    return any(
        subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", name], cwd=bag, capture_output=True,
            check=False,
        ).returncode
        for name in (TAGS, PAYLOAD)
    )  # fmt: skip


_FIND = r"""find . -maxdepth 1 -type f ! -name 'tagmanifest-sha256.txt*' | sed 's|^\./||' \
  | LC_ALL=C sort > "$WORK"; sed 's/^[0-9a-f]* *//' tagmanifest-sha256.txt | LC_ALL=C sort \
  | diff - "$WORK" """


def by_find(bag: Path) -> bool:
    """As VERIFY.md looks for tag files that no manifest lists: bagit passes them."""
    with tempfile.NamedTemporaryFile() as work:
        done = subprocess.run(
            ["bash", "-c", _FIND], cwd=bag, capture_output=True, check=False,
            env={"PATH": "/usr/bin:/bin", "WORK": work.name},
        )  # fmt: skip
    return done.returncode != 0


def by_bagit(bag: Path) -> bool:
    try:
        bagit.Bag(str(bag)).validate()
    except Exception:  # noqa: BLE001 - a bag may be broken in any way
        return True
    return False


def by_openssl(bag: Path) -> bool:
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "signer.pem", "-rawin"]
    command += ["-in", TAGS, "-sigfile", f"{TAGS}.sig"]
    return subprocess.run(command, cwd=bag, capture_output=True, check=False).returncode != 0


def by_pyhanko(bag: Path) -> bool:
    try:
        raw = (bag / "data/dossier.pdf").read_bytes()
        [signature] = PdfFileReader(io.BytesIO(raw)).embedded_signatures
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[]))
    except Exception:  # noqa: BLE001 - a PDF may be broken in any way
        return True
    return not (status.intact and status.valid and status.coverage.name.startswith("ENTIRE"))


def by_cautery(bag: Path) -> bool:
    try:
        verify_bag(bag, store=FolderStore(), extracts=ExtractFile(), now=_NOW)
    except CauteryError:
        return True
    return False


TOOLS: tuple[tuple[str, Callable[[Path], bool]], ...] = (
    ("sha256sum", by_sha256sum),
    ("find", by_find),
    ("bagit", by_bagit),
    ("openssl", by_openssl),
    ("pyHanko", by_pyhanko),
    ("cautery verify", by_cautery),
)


def main() -> None:
    logging.disable(logging.CRITICAL)
    whole, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    rng = random.Random(20)
    tried: Counter[str] = Counter()
    finds: dict[str, Counter[str]] = {name: Counter() for name, _ in TOOLS}
    foreign = 0
    with tempfile.TemporaryDirectory() as folder:
        for tool, finder in TOOLS:
            assert not finder(whole), f"{tool} finds fault with the untouched bag"
        for number in range(count):
            bag = Path(folder) / "bag"
            shutil.copytree(whole, bag)
            name, tamper = TAMPERS[number % len(TAMPERS)]
            fitted = number // len(TAMPERS) % 2 == 1
            tamper(rng.choice(files_of(bag)), bag, rng)
            if fitted:
                fit(bag)
            row = f"{name}, fitted" if fitted else name
            tried[row] += 1
            found = {tool for tool, finder in TOOLS if finder(bag)}
            for tool in found:
                finds[tool][row] += 1
            foreign += bool(found - {"cautery verify"})
            shutil.rmtree(bag)
    print("| tamper | tried | " + " | ".join(name for name, _ in TOOLS) + " |")
    print("| --- |" + " --- |" * (len(TOOLS) + 1))
    for row in sorted(tried):
        cells = " | ".join(str(finds[name][row]) for name, _ in TOOLS)
        print(f"| {row} | {tried[row]} | {cells} |")
    everything = sum(finds["cautery verify"].values())
    print(f"found by a foreign tool: {foreign} of {count}; by cautery verify: {everything}")


if __name__ == "__main__":
    main()
