"""Tools that no one here wrote check what a night in the lab leaves."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.person_keys import create_approver
from cautery.cli import main
from cautery.lab.stamping_server import StampingServer
from cautery.lab.vouched_world import World, made_world
from cautery.model import Referral, Verdict
from cautery.model.records import kinds_of
from cautery.workflows.timing.closing import prove_closed

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parents[2]
NOTES = Path(__file__).parent / "foreign" / "notes.go"
GO = Path(os.environ.get("CAUTERY_GOPATH", "/usr/share/gocode"))


def tool(*names: str) -> None:
    """Skip with a reason if a tool is not here; in CI nothing may skip."""
    search = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    for name in names:
        if shutil.which(name, path=search) is None:
            pytest.skip(f"{name} is not installed")


def run(*command: object, text: str | None = None, cwd: Path | None = None, **more: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], input=text, cwd=cwd, capture_output=True, text=True,
        check=False, env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", **more},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@dataclass(frozen=True)
class Left:
    """What a night leaves: a case that others vouch for, and the bag for a court."""

    case: Path
    bag: Path
    world: World


@pytest.fixture(scope="module")
def left(night: Any, tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("left")
    shutil.copytree(night.case, folder / "case")
    world = made_world(folder / "world")
    world.clock.at = datetime.now(UTC)
    asyncio.run(prove_closed(folder / "case", store=FolderStore(), log=world.log))
    create_approver(folder / "legal.pem")
    authority = world.authorities["one.example"]
    with StampingServer(authority) as server:
        (folder / "world/log/cosigners.policy").write_text(world.policy_text)
        (folder / "world/log/log.toml").write_text(
            f'origin = "{world.settings.origin}"\ncosigners = "cosigners.policy"\n'
            '[network]\nallow = ["127.0.0.0/8"]\n'
            + "".join(
                f'[[authority]]\nname = "{name}"\nurl = "{url}"\nroots = "{one.folder}/root.pem"\n'
                for name, url, one in (
                    ("down", "http://127.0.0.1:9/", world.authorities["two.example"]),
                    ("one", server.url, authority),
                )
            )
        )
        handed = (
            "cautery", "dossier", folder / "case", "--for", "court", "--by", "A. Legal", "--key",
            folder / "legal.pem", "--why", "the court asked", "-o", folder / "bag", "--clips", "1",
            "--log", folder / "world/log", "--sign", seal(folder), "--language", "it",
        )  # fmt: skip
        before, sys.argv = sys.argv, list(map(str, handed))
        try:
            with pytest.raises(SystemExit, match="0"):
                main()
        finally:
            sys.argv = before
    return Left(folder / "case", folder / "bag", world)


def seal(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab League")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(3).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30)).add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "seal.p12"
    made = pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, NoEncryption())
    path.write_bytes(made)
    path.chmod(0o600)
    return path


def test_openssl_sha256sum_bagit_warcio_and_sqlite_check_the_bag(left: Left) -> None:
    tool("openssl", "sha256sum", "sqlite3")
    page = (left.bag / "VERIFY.md").read_text()
    assert page.startswith("# Verificare questo dossier senza Cautery")
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    for name in ("openssl ts -verify", "bagit.py --validate", "warcio check", "sha256sum --check"):
        assert name in commands
    commands = commands.replace("python3 rerun.py", ":")  # test_dossier.py computes all verdicts
    tools = Path(__import__("bagit").__file__).parents[3] / "bin"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], str(tools)))
    said = run("bash", "-eu", "-o", "pipefail", "-c", commands, cwd=left.bag, PATH=path)
    assert said.count("Verification: OK") == 3
    assert said.count("Signature Verified Successfully") == 6


def test_pdfsig_finds_one_signature_of_the_seal_over_the_whole_document(
    left: Left, tmp_path: Path
) -> None:
    tool("pdfsig")
    document = left.bag / "data/dossier.pdf"
    signed_by_the_seal_alone(document)
    whole = document.read_bytes()
    at = whole.index(b"/Type /Page") if b"/Type /Page" in whole else len(whole) // 4
    for altered in (whole + b"\n", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
        (tmp_path / "altered.pdf").write_bytes(altered)
        with pytest.raises(AssertionError):
            signed_by_the_seal_alone(tmp_path / "altered.pdf")


def signed_by_the_seal_alone(document: Path) -> None:
    lines = [line.strip(" -") for line in run("pdfsig", "-nocert", document).splitlines()]
    assert [line for line in lines if line.startswith("Signature #")] == ["Signature #1:"]
    for line in (
        "Signature Validation: Signature is Valid.",
        "Total document signed",
        "Signer full Distinguished Name: O=Lab League",
        "Signing Hash Algorithm: SHA-256",
        "Signature Type: ETSI.CAdES.detached",
    ):
        assert line in lines
    [ranges] = [line for line in lines if line.startswith("Signed Ranges: ")]
    first, last = ranges.removeprefix("Signed Ranges: [0 - ").split(", ")
    assert last.endswith(f" - {document.stat().st_size}]")
    hole = slice(int(first.rstrip("]")), int(last.lstrip("[").partition(" ")[0]))
    # Nothing but the signature itself lies in the part that it does not cover.
    assert re.fullmatch(rb"<[0-9a-f]+>", document.read_bytes()[hole], re.IGNORECASE)


def test_gos_own_implementation_opens_the_notes(left: Left, tmp_path: Path) -> None:
    tool("go")
    if not (GO / "src/golang.org/x/mod/sumdb/note").is_dir():
        pytest.skip(f"no golang.org/x/mod (Debian: golang-golang-x-mod-dev) in {GO}")
    program = tmp_path / "notes"
    # It compiles Go's library, too, which takes a third less CPU where nothing is optimised.
    run("go", "build", "-gcflags=all=-N -l", "-o", program, NOTES, GO111MODULE="off",
        GOPATH=str(GO), GOCACHE=str(tmp_path / "cache"), GOFLAGS="")  # fmt: skip
    case = left.bag / "data/case"
    note, key = (case / "manifest.note").read_text(), (case / "keys/case.pub").read_text().strip()
    assert run(program, key, text=note).strip() == key.partition("+")[0]
    proof = json.loads((case / "manifest.proof").read_text())["proof"]
    policy = (left.bag / "cosigners.policy").read_text()
    cosigners = re.findall(r"^witness \S+ (\S+)$", policy, re.MULTILINE)
    signed = run(program, proof["log"], *cosigners, text=proof["checkpoint"]).split()
    assert signed == ["league.example", "a.example", "b.example", "c.example"]
    for text, keys in ((note.replace("case ", "case  ", 1), [key]), (note, cosigners)):
        refused = subprocess.run(
            [program, *keys], input=text, text=True, capture_output=True, check=False
        )
        assert refused.returncode != 0


@pytest.fixture(scope="module")
def targets(left: Left) -> dict[str, list[str]]:
    """What this case refers by each lever, the hosts that it judges, and two addresses more.

    On a busy machine a night proves nothing; zones and rules are then made of what it judged.
    """
    found: dict[str, list[str]] = {"name": [], "address": []}
    ledger = FolderStore().ledger(left.case, read_only=True)
    try:
        for entry in ledger.read(kinds=kinds_of(Referral, Verdict)):
            if isinstance(entry.content, Referral):
                for block in entry.content.entries:
                    found.setdefault(block.lever.value, []).append(block.target)
            elif isinstance(entry.content, Verdict):
                found["name"].append(entry.content.url.host)
    finally:
        ledger.close()
    assert found["name"]
    return {
        "name": sorted(set(found["name"])),
        "address": sorted({*found["address"], "192.0.2.7", "2001:db8::7"}),
    }


@pytest.fixture(scope="module")
def agent() -> ModuleType:
    folder = str(ROOT / "agents" / "provider" / "src")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(
        "resolvers_of_the_bench", ROOT / "bench" / "provider" / "resolvers.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def configured(agent: ModuleType, targets: dict[str, list[str]], tmp_path: Path) -> Any:
    """The resolvers' configurations, with the zone that the agent writes; none is started."""
    from cautery_provider.drivers.rpz import zone_text

    class Written(agent.Resolvers):  # type: ignore[name-defined, misc]
        def start(self, name: str) -> None:
            (tmp_path / name / "rpz.zone").write_text(
                zone_text(targets["name"], agent.ZONE, serial=1, ttl_s=5)
            )
            if name in {"bind", "unbound"}:
                getattr(self, f"_{name}")(tmp_path / name, self.ports[name])

        def start_namespace(self) -> None:
            """Start none."""

        def wait_for(self, name: str) -> None:
            """Nothing runs."""

    return Written(tmp_path)


def test_bind_finds_zone_and_configuration_correct(configured: Any, agent: ModuleType) -> None:
    tool("named-checkzone", "named-checkconf")
    said = run("named-checkzone", agent.ZONE, configured.zone_file("bind"))
    assert f"zone {agent.ZONE}/IN: loaded serial 1" in said
    run("named-checkconf", "-z", configured.folder / "bind" / "named.conf")


def test_unbound_finds_its_configuration_correct(configured: Any) -> None:
    tool("unbound-checkconf")
    said = run("unbound-checkconf", configured.folder / "unbound" / "unbound.conf")
    assert "no errors" in said


def test_nft_finds_the_ruleset_correct(agent: ModuleType, targets: dict[str, list[str]]) -> None:
    from cautery_provider.drivers.nftables import Nftables

    tool("nft")
    if os.geteuid() != 0:
        pytest.skip("nft -c asks the kernel, which needs root")
    now = datetime.now(UTC)
    until = dict.fromkeys(targets["address"], now + timedelta(hours=1))
    lines = "\n".join(Nftables(owner="lab")._script([], until, now))
    sets = "add table inet cautery\n" + "".join(
        f"add set inet cautery blocked{v} {{ type ipv{v}_addr; flags timeout; }}\n" for v in (4, 6)
    )
    run("nft", "-c", "-f", "-", text=f"{sets}{lines}\n")
    assert "timeout 3600s" in lines
