"""Who finds what: a dossier is tampered with at random, and each tool is asked.

    python bench/dossier/tampers.py [COUNT]

The dossier is a court's, of a small case for whose times two authorities and three co-signers of
the lab vouch; its document is signed, its tag manifest is stamped. Whoever tampers is one of three:
*anybody* changes bytes; a *fitter* also writes all manifests of the bag anew, so that the digests
agree; an *insider* also holds the key of the bag, signs it again and has it stamped, so that only
the case's own signatures, those of the document, and what others signed can tell. An insider does
not change what the signature of the bag alone covers: that is another bag.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import io
import itertools
import json
import logging
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bagit
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from pyhanko.pdf_utils.generic import NameObject, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cautery.adapters._pdf_keys import KeyFile
from cautery.adapters._pdf_signatures import JOB, JOBS
from cautery.adapters.bag_folder import BagFolder, ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.pades import sign_pdf
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import CauteryError, EvidenceError, SourceError
from cautery.evidence.bag import SIGNATURE, STAMP, STAMP_SIGNATURE, SignedDocument
from cautery.evidence.outside.stamps import stamp_request
from cautery.lab.stamping import LabAuthority
from cautery.lab.vouched_world import World, made_world
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import make_dossier
from cautery.workflows.dossier.trusted import trusted_files
from cautery.workflows.dossier.verify import verify_bag

TAGS, PAYLOAD = "tagmanifest-sha256.txt", "manifest-sha256.txt"
PROOF = "data/case/manifest.proof"
ANYBODY, FITTER, INSIDER = "anybody", "fitter", "insider"


@dataclass
class Scene:
    """The bag before anybody tampers, and what only an insider has."""

    world: World
    key: Ed25519PrivateKey
    bag: Path
    stranger: LabAuthority
    """An authority that nobody trusts."""

    @property
    def now(self) -> datetime:
        return self.world.clock.at

    def token(self, message: bytes, authority: LabAuthority | None = None) -> bytes:
        request, _ = stamp_request(message)
        own = self.world.authorities["one.example"]
        return (authority or own).answer_at(request, at=self.now)


def scene(folder: Path) -> Scene:
    """Make the bag."""
    world = made_world(folder / "world")
    journal = world.journal()
    for number in range(6):
        data = b"media %d" % number * 50
        journal.seal(data, what="segment", media_type="video/mp2t", at=world.clock.at)
    asyncio.run(world.watch(3))
    case = asyncio.run(world.closed())
    key = Ed25519PrivateKey.generate()
    begins, ends = world.clock.at - timedelta(days=30), world.clock.at + timedelta(days=3000)
    stranger = LabAuthority(folder / "stranger", "Stranger", begins=begins, ends=ends)
    made = Scene(world, key, folder / "bag", stranger)
    pdf = sign_pdf(
        compile_pdf("= A dossier", archival=True), key=KeyFile(path=_seal(folder)), reason="bench"
    ).pdf
    salts = itertools.count()
    make_dossier(
        case,
        made.bag,
        audience=Audience.COURT,
        store=FolderStore(),
        writer=BagFolder(),
        by="bench",
        key=key,
        at=made.now,
        salt=lambda size: next(salts).to_bytes(size, "big"),
        document=lambda _: {"dossier.pdf": pdf},
        stamp=made.token,
        trusted=trusted_files(world.trust),
    )
    return made


def _seal(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "League")])
    at = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(3)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=30))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "seal.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption())
    )
    path.chmod(0o600)
    return path


# -- tampers: each takes (bag, scene, rng, who)


def files_of(bag: Path, who: str = ANYBODY) -> list[Path]:
    """Return what may be changed: an insider leaves alone what only the bag's signature covers."""
    inner = bag / "data" / "case"
    return sorted(
        path
        for path in bag.rglob("*")
        if path.is_file() and (who != INSIDER or (inner in path.parents and path != bag / PROOF))
    )


def flipped(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    _flip(rng.choice(files_of(bag, who)), rng)


def cut(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    path = rng.choice(files_of(bag, who))
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def longer(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    path = rng.choice(files_of(bag, who))
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 40)))


def removed(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    rng.choice(files_of(bag, who)).unlink()


def added(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    path = rng.choice(files_of(bag, who))
    path.with_name(f"new-{rng.randrange(1000)}").write_bytes(rng.randbytes(20))


def exchanged(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    path = rng.choice(files_of(bag, who))
    ours = path.read_bytes()
    other = rng.choice([one for one in files_of(bag, who) if one.read_bytes() != ours])
    path.write_bytes(other.read_bytes())
    other.write_bytes(ours)


def edited(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    with contextlib.closing(sqlite3.connect(bag / "data/case/ledger.sqlite")) as ledger, ledger:
        index, leaf = rng.choice(ledger.execute("SELECT idx, leaf FROM entries").fetchall())
        record = json.loads(leaf)
        record["at"] = record["at"][:-4] + f"{rng.randrange(1000):03d}Z"
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if text.encode() == leaf:
            text = text.replace("Z", "z", 1)
        ledger.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (text.encode(), index))


def dropped(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    with contextlib.closing(sqlite3.connect(bag / "data/case/ledger.sqlite")) as ledger, ledger:
        (count,) = ledger.execute("SELECT count(*) FROM entries").fetchone()
        ledger.execute("DELETE FROM entries WHERE idx = ?", (rng.randrange(count),))


def token_flipped(bag: Path, _: Scene, rng: random.Random, who: str) -> None:
    tokens = [path for path in files_of(bag, INSIDER) if _token(path)]
    if who != INSIDER:
        tokens.append(bag / STAMP)
    _flip(rng.choice(tokens), rng)


def token_of_other_bytes(bag: Path, scene: Scene, rng: random.Random, _: str) -> None:
    _new_token(bag, scene.token(rng.randbytes(30)), rng)


def token_of_a_stranger(bag: Path, scene: Scene, rng: random.Random, _: str) -> None:
    _new_token(bag, scene.token(_checkpoint(bag).encode(), scene.stranger), rng)


def cosignature_flipped(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    def flip(line: str) -> str:
        head, _, encoded = line.rpartition(" ")
        raw = bytearray(base64.b64decode(encoded))
        raw[rng.randrange(4, len(raw))] ^= 1 << rng.randrange(8)
        return f"{head} {base64.b64encode(raw).decode()}"

    _change_lines(bag, rng, flip)


def cosignature_of_a_stranger(bag: Path, scene: Scene, rng: random.Random, _: str) -> None:
    def forge(line: str) -> str:
        head, _, encoded = line.rpartition(" ")
        raw = base64.b64decode(encoded)
        seconds = int(scene.now.timestamp()) - rng.randrange(10**6)
        text = f"cosignature/v1\ntime {seconds}\n{_checkpoint(bag)}".encode()
        signed = Ed25519PrivateKey.generate().sign(text)
        return f"{head} {base64.b64encode(raw[:4] + seconds.to_bytes(8, 'big') + signed).decode()}"

    _change_lines(bag, rng, forge)


def checkpoint_changed(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    shape = json.loads((bag / PROOF).read_bytes())
    origin, size, *others = shape["proof"]["checkpoint"].split("\n")
    changed = [origin, str(int(size) + rng.randint(1, 9)), *others]
    shape["proof"]["checkpoint"] = "\n".join(changed)
    (bag / PROOF).write_text(json.dumps(shape))


def revised(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    path, out = bag / "data/dossier.pdf", io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(path.read_bytes()))
    writer.root[NameObject("/Lang")] = pdf_string(f"x{rng.randrange(1000)}")
    writer.update_root()
    writer.write(out)
    path.write_bytes(out.getvalue())


def page_flipped(bag: Path, _: Scene, rng: random.Random, __: str) -> None:
    path = bag / "data/dossier.pdf"
    data = path.read_bytes()
    first = int(re.search(rb"/ByteRange \[0 +(\d+)", data)[1])  # type: ignore[index]
    _flip(path, rng, most=first)


def _flip(path: Path, rng: random.Random, most: int | None = None) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data) if most is None else most)] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _token(path: Path) -> bool:
    """Tell whether a file is an answer of an authority: it names the type TSTInfo."""
    return b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" in path.read_bytes()[:200]


def _checkpoint(bag: Path) -> str:
    note = json.loads((bag / PROOF).read_bytes())["proof"]["checkpoint"]
    return str(note.rpartition("\n\n")[0]) + "\n"


def _new_token(bag: Path, answer: bytes, rng: random.Random) -> None:
    shape = json.loads((bag / PROOF).read_bytes())
    rng.choice(shape["proof"]["stamps"])["answer"] = base64.b64encode(answer).decode()
    (bag / PROOF).write_text(json.dumps(shape))


def _change_lines(bag: Path, rng: random.Random, change: Callable[[str], str]) -> None:
    shape = json.loads((bag / PROOF).read_bytes())
    text, _, signatures = shape["proof"]["checkpoint"].rpartition("\n\n")
    lines = signatures.splitlines()
    at = rng.randrange(1, len(lines))  # the first is the log's own
    lines[at] = change(lines[at])
    shape["proof"]["checkpoint"] = "\n".join([text, "", *lines, ""])
    (bag / PROOF).write_text(json.dumps(shape))


Tamper = Callable[[Path, Scene, random.Random, str], None]
TAMPERS: tuple[tuple[str, Tamper], ...] = (
    ("file: bit flipped", flipped),
    ("file: cut off", cut),
    ("file: bytes added", longer),
    ("file removed", removed),
    ("file added", added),
    ("files exchanged", exchanged),
    ("record edited", edited),
    ("record removed", dropped),
    ("token: bit flipped", token_flipped),
    ("token of other bytes", token_of_other_bytes),
    ("token of a stranger", token_of_a_stranger),
    ("co-signature: bit flipped", cosignature_flipped),
    ("co-signature of a stranger", cosignature_of_a_stranger),
    ("log's checkpoint changed", checkpoint_changed),
    ("PDF revised", revised),
    ("PDF: bit flipped", page_flipped),
)


def fit(bag: Path) -> None:
    """Write both manifests anew, as whoever tampers can."""
    data = [path for path in files_of(bag) if path.is_relative_to(bag / "data")]
    (bag / PAYLOAD).write_text("".join(f"{_sum(p)}  {p.relative_to(bag)}\n" for p in data))
    info = bag / "bag-info.txt"
    if info.exists():
        oxum = f"Payload-Oxum: {sum(path.stat().st_size for path in data)}.{len(data)}"
        info.write_bytes(re.sub(rb"Payload-Oxum: [0-9.]+", oxum.encode(), info.read_bytes()))
    tags = [path for path in bag.iterdir() if path.is_file() and not path.name.startswith(TAGS)]
    (bag / TAGS).write_text("".join(f"{_sum(p)} {p.name}\n" for p in sorted(tags)))


def sign_again(bag: Path, scene: Scene) -> None:
    """Sign the bag again and have it stamped, as an insider can."""
    listed = (bag / TAGS).read_bytes()
    (bag / SIGNATURE).write_bytes(scene.key.sign(listed))
    (bag / STAMP).write_bytes(scene.token(listed))
    (bag / STAMP_SIGNATURE).write_bytes(scene.key.sign((bag / STAMP).read_bytes()))


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- tools: each tells whether it finds fault

_SHELL = {
    "sha256sum": (
        f"sha256sum --check --strict --quiet {TAGS} && sha256sum --check --strict --quiet {PAYLOAD}"
        " && cd data/case && sha256sum --check --strict --quiet manifest.sha256"
    ),
    "find": (
        r"find . -maxdepth 1 -type f ! -name 'tagmanifest-sha256.txt*' | sed 's|^\./||'"
        r" | LC_ALL=C sort > $WORK/found; sed 's/^[0-9a-f]* *//' tagmanifest-sha256.txt"
        r" | LC_ALL=C sort | diff - $WORK/found && (cd data/case && find . -type f"
        r" | sed 's|^\./||' | grep -v -x 'manifest\.\(sha256\|note\|proof\)' | LC_ALL=C sort)"
        r" > $WORK/found && sed 's/^[0-9a-f]*  //' data/case/manifest.sha256 | LC_ALL=C sort"
        r" | diff - $WORK/found"
    ),
}


class Foreign:
    """The commands of VERIFY.md, run by an expert who has authorities and keys from outside."""

    def __init__(self, scene: Scene) -> None:
        page = (scene.bag / "VERIFY.md").read_text()
        blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        outside = scene.bag.parent / "outside"
        outside.mkdir()
        for name in ("authorities.pem", "cosigners.policy", "signer.pem"):
            shutil.copy(scene.bag / name, outside)
        shutil.copy(scene.bag / "data/case/keys/case.pub", outside)
        signed = [block for block in blocks if "openssl" in block and "for number" not in block]
        stamped = [block for block in blocks if "openssl ts -verify" in block]
        begin = "set -eu -o pipefail\n"
        texts = [block for block in blocks if "inclusion.py" in block]
        self.commands = {
            **_SHELL,
            "openssl pkeyutl": begin + "\n".join(
                "\n".join(line for line in block.splitlines() if not line.startswith("openssl ts"))
                for block in (*signed[:3], *texts, *signed[3:])
            ),
            "openssl ts": begin + "\n".join([*texts, *stamped]),
        }  # fmt: skip
        for name in self.commands:
            text = self.commands[name].replace("data/case/keys/case.pub", "$OUT/case.pub")
            text = re.sub(r"python3 inclusion.py\n", "", text)
            for own in ("authorities.pem", "cosigners.policy", "signer.pem"):
                text = re.sub(rf"(?<![\w/.]){re.escape(own)}", f"$OUT/{own}", text)
            self.commands[name] = text
        self.outside = outside

    def finds(self, name: str, bag: Path) -> bool:
        with tempfile.TemporaryDirectory() as work:
            done = subprocess.run(
                ["bash", "-c", self.commands[name]], cwd=bag, capture_output=True, check=False,
                env={"PATH": "/usr/bin:/bin", "WORK": work, "OUT": str(self.outside)},
            )  # fmt: skip
        return done.returncode != 0


def by_bagit(bag: Path) -> bool:
    try:
        bagit.Bag(str(bag)).validate()
    except Exception:  # noqa: BLE001 - a bag may be broken in any way
        return True
    return False


def by_pyhanko(bag: Path) -> bool:
    try:
        raw = (bag / "data/dossier.pdf").read_bytes()
        [signature] = PdfFileReader(io.BytesIO(raw)).embedded_signatures
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[]))
    except Exception:  # noqa: BLE001 - a PDF may be broken in any way
        return True
    return not (status.intact and status.valid and status.coverage.name.startswith("ENTIRE_FILE"))


def findings(bag: Path, scene: Scene) -> frozenset[str] | None:
    """Return what ``cautery verify`` asks about; ``None``: it refuses the bag."""

    def documents(pdf: bytes) -> SignedDocument:
        try:
            return SignedDocument(**json.loads(JOBS[JOB](None, pdf)))
        except SourceError as error:
            raise EvidenceError(str(error)) from error

    try:
        verified = verify_bag(
            bag, store=FolderStore(), extracts=ExtractFile(), now=scene.now,
            trust=scene.world.trust, documents=documents,
        )  # fmt: skip
    except CauteryError:
        return None
    assert verified.case is not None
    return frozenset(verified.case.findings)


def main() -> None:
    logging.disable(logging.CRITICAL)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = random.Random(20)
    tried: Counter[str] = Counter()
    found: dict[str, Counter[str]] = {}
    foreign_misses, own_misses = [], []
    with tempfile.TemporaryDirectory() as folder:
        made = scene(Path(folder))
        tools: dict[str, Callable[[Path], bool]] = {}
        shell = Foreign(made)
        for name in shell.commands:
            tools[name] = lambda bag, name=name: shell.finds(name, bag)  # type: ignore[misc]
        tools |= {"bagit": by_bagit, "pyHanko": by_pyhanko}
        before = findings(made.bag, made)
        assert before is not None, "cautery refuses the untouched bag"
        for name, finder in tools.items():
            assert not finder(made.bag), f"{name} finds fault with the untouched bag"
            found[name] = Counter()
        found["cautery verify"] = Counter()
        for number in range(count):
            bag = Path(folder) / "tampered"
            shutil.copytree(made.bag, bag)
            name, tamper = TAMPERS[number % len(TAMPERS)]
            who = (ANYBODY, FITTER, INSIDER)[number // len(TAMPERS) % 3]
            tamper(bag, made, rng, who)
            if who != ANYBODY:
                fit(bag)
            if who == INSIDER:
                sign_again(bag, made)
            row = f"{name} | {who}"
            tried[row] += 1
            seen = {tool for tool, finder in tools.items() if finder(bag)}
            for tool in seen:
                found[tool][row] += 1
            if not seen:
                foreign_misses.append(row)
            after = findings(bag, made)
            if after is None or after - before:
                found["cautery verify"][row] += 1
            else:
                own_misses.append(row)
            shutil.rmtree(bag)
    print("| tamper | by whom | tried | " + " | ".join(found) + " |")
    print("| --- | --- |" + " --- |" * (len(found) + 1))
    for name, _ in TAMPERS:
        for who in (ANYBODY, FITTER, INSIDER):
            row = f"{name} | {who}"
            if tried[row]:
                cells = " | ".join(str(each[row]) for each in found.values())
                print(f"| {row} | {tried[row]} | {cells} |")
    print(f"found by a foreign tool: {count - len(foreign_misses)} of {count} {foreign_misses}")
    print(f"found by cautery verify: {count - len(own_misses)} of {count} {own_misses}")


if __name__ == "__main__":
    main()
