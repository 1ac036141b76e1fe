"""`cautery log`, `cosign`, `renew`, and `verify --cosigners`, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from cautery.adapters.cosign_server import CosignServer
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.signer import SignerProcess
from cautery.lab.stamping import POLICY, LabAuthority
from cautery.lab.stamping_server import StampingServer
from cautery.lab.trusted_lists import GRANTED, trusted_list

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "tests/assets/cases_of_0_1_0"
NOW = datetime.now(UTC)

Cautery = Callable[..., Any]


@contextmanager
def serving(signer: SignerProcess, said: list[str]) -> Iterator[str]:
    """Serve a co-signer on a thread with a loop of its own."""
    loop, ready, places = asyncio.new_event_loop(), threading.Event(), list[tuple[str, int]]()
    stop = asyncio.Event()

    async def serve() -> None:
        async with CosignServer(signer, say=said.append).serving("127.0.0.1", 0) as place:
            places.append(place)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield f"http://{places[0][0]}:{places[0][1]}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()
    loop.close()


class World:
    """A closed case of version 0.1.0, a log, two authorities and three co-signers."""

    def __init__(self, folder: Path, cautery: Cautery, stack: ExitStack) -> None:
        self.folder, self.cautery = folder, cautery
        self.said: list[str] = []
        self.log, self.case = folder / "log", folder / "case"
        shutil.copytree(ASSETS / "closed/case", self.case)
        made = cautery("log", "new", self.log, "--origin", "league.example", "--keys", folder / "k")
        assert made.code == 0
        self.key = made.out.strip()
        lines, keys = [f"log {self.key}"], [self.key]
        for letter in "abc":
            place = folder / letter
            new = cautery("cosign", "new", place, "--name", f"{letter}.example/w")
            assert new.code == 0
            assert cautery("cosign", "key", place).out == new.out
            assert cautery("cosign", "trust", place, self.key).code == 0
            signer = SignerProcess(place, "cosigner:")
            stack.callback(signer.close)
            url = stack.enter_context(serving(signer, self.said))
            lines.append(f"witness {letter} {new.out.strip()} {url}")
            keys.append(new.out.strip())
        self.policy = folder / "policy"
        self.policy.write_text("\n".join([*lines, "group g 2 a b c", "quorum g", ""]))
        (folder / "keys").write_text("\n".join(keys))
        settings = ['origin = "league.example"', 'cosigners = "../policy"']
        settings += ["[network]", 'allow = ["127.0.0.0/8"]']
        self.servers = {}
        for name in ("one", "two"):
            server = stack.enter_context(StampingServer())
            server.authority = LabAuthority(
                folder / f"tsa-{name}",
                name,
                begins=NOW - timedelta(days=1),
                ends=NOW + timedelta(days=400),
                crl_url=f"{server.url}crl",
            )
            settings += ["[[authority]]", f'name = "{name}"', f'url = "{server.url}"']
            settings += [f'roots = "../tsa-{name}/root.pem"']
            self.servers[name] = server
        (self.log / "log.toml").write_text("\n".join(settings) + "\n")
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(
            b"".join(server.authority.root for server in self.servers.values() if server.authority)
        )

    def prove(self, *more: str) -> Any:
        return self.cautery(
            "log", "prove", self.case, "--log", self.log, "--keys", self.folder / "k", *more
        )

    def verify(self, *more: object) -> Any:
        return self.cautery("verify", self.case, *more)


@pytest.fixture
def world(tmp_path: Path, cautery: Cautery) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, cautery, stack)


def test_an_old_case_is_proven_verified_and_renewed(world: World) -> None:
    proven = world.prove()
    assert proven.code == 0
    assert "2 time-stamps, 3 co-signatures" in proven.err
    trust = ("--cosigners", world.policy, "--tsa-roots", world.roots, "--within", "1e12")
    before = world.verify(*trust, "--log", world.log)
    assert before.code == 3
    assert "proofs from outside: 1; of these hold: time-stamps 2, co-signatures 3" in before.out
    renewed = world.cautery("renew", world.case, "--log", world.log)
    assert "time-stamps of one, two" in renewed.err
    assert "renewed at" in world.verify(*trust).out
    checked = world.cautery("log", "check", world.log, "--json")
    assert json.loads(checked.out)["cosigned"] == 3
    nobody = f"— gov.example {base64.b64encode(bytes(76)).decode()}\n"
    with (world.log / "public/checkpoint").open("a") as published:
        published.write(nobody * 9)
    checked = world.cautery("log", "check", world.log, "--json")
    assert (json.loads(checked.out)["cosigned"], json.loads(checked.out)["not judged"]) == (3, 9)


def test_a_killed_case_is_closed_and_seen_when_its_log_is_named(world: World) -> None:
    """The keys of case and log lie in one folder, as those of a watch do."""
    case = killed(world)
    ran = world.cautery("close", case, "--keys", world.folder / "k", "--log", world.log)
    assert ran.code == 0
    assert "2 time-stamps, 3 co-signatures" in ran.err
    trust = ("--cosigners", world.policy, "--tsa-roots", world.roots, "--within", "1e12")
    assert world.cautery("verify", case, *trust, "--log", world.log).code == 3


def test_a_log_that_is_down_leaves_the_case_closed_and_says_how_to_ask_again(world: World) -> None:
    case = killed(world)
    (world.folder / "log" / "public").write_text("no folder")
    ran = world.cautery("close", case, "--keys", world.folder / "k", "--log", world.log)
    assert ran.code == 0
    assert "no proof from outside for the closed case" in ran.err
    assert "cautery log prove" in ran.err
    assert (case / "manifest.note").exists()


def test_a_folder_that_is_no_log_is_told_before_the_case_is_closed(world: World) -> None:
    case = killed(world)
    ran = world.cautery("close", case, "--keys", world.folder / "k", "--log", world.folder)
    assert ran.code == 2
    assert not (case / "manifest.note").exists()


def test_closing_a_case_that_stands_in_a_log_says_that_nobody_saw_it_closed(world: World) -> None:
    case = killed(world)
    ledger = SqlLedger.at(case / "ledger.sqlite")
    ledger.append("outside.proof", {}, at=NOW)
    ledger.close()
    ran = world.cautery("close", case, "--keys", world.folder / "k")
    assert ran.code == 0
    assert "no proof from outside for the closed case: no --log was given" in ran.err
    assert f"Ask for it: cautery log prove {case} --log LOG." in ran.err


def killed(world: World) -> Path:
    """A case of version 0.1.0 whose watch was killed, its key beside that of the log."""
    case = world.folder / "killed"
    shutil.copytree(ASSETS / "open/case", case)
    keys = world.folder / "k"
    shutil.copytree(ASSETS / "open/case-keys", keys, dirs_exist_ok=True)
    for path in (*keys.iterdir(), *case.rglob("*"), case, keys):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return case


def test_time_stamps_are_qualified_by_a_trusted_list_and_held_to_a_policy(world: World) -> None:
    world.prove()
    authority = world.servers["one"].authority
    assert authority is not None
    listed = world.folder / "list.xml"
    listed.write_bytes(
        trusted_list(
            [authority.certificate],
            issued=NOW - timedelta(days=2),
            until=NOW + timedelta(days=90),
            states=[(NOW - timedelta(days=40), GRANTED)],
        )
    )
    roots = ("--tsa-roots", world.roots)
    ran = world.verify(*roots, "--trusted-list", listed, "--tsa-policy", POLICY)
    assert "qualified time-stamps: 1 of 2, by the trusted lists that you gave" in ran.out
    assert "qualified" not in world.verify(*roots).out
    assert "time-stamps 0" in world.verify(*roots, "--tsa-policy", "1.2.3").out
    for bad, why in (
        (("--trusted-list", listed), "need --tsa-roots"),
        ((*roots, "--tsa-policy", "all"), "is not an OID"),
        ((*roots, "--trusted-list", world.roots), "not a trusted list"),
    ):
        refused = world.verify(*bad)
        assert refused.code == 2
        assert why in refused.err


def test_an_old_case_claims_times_that_nobody_saw_then(world: World) -> None:
    world.prove()
    refused = world.verify("--cosigners", world.policy)
    assert refused.code == 1
    assert "it is back-dated, or it waited long for its proof" in refused.err
    assert "--within SECONDS" in refused.err


def test_authorities_and_cosigners_that_are_down_are_named(world: World) -> None:
    world.servers["one"].is_down = True
    world.servers["two"].change = lambda answer: answer[:-1] + bytes([answer[-1] ^ 1])
    proven = world.prove()
    assert proven.code == 0
    assert "missing one: it gives no answer: it answered with status 503" in proven.err
    assert "missing two: its answer does not hold" in proven.err
    world.servers["one"].is_down, world.servers["two"].change = False, None
    assert world.prove().code == 2
    assert "2 time-stamps, 3 co-signatures" in world.prove("--again").err


def test_a_good_proof_stays_if_nobody_answers_again(world: World) -> None:
    settings, dead = world.log / "log.toml", "127.0.0.1:9"
    text, policy = settings.read_text(), world.policy.read_text()
    settings.write_text(re.sub(r"127\.0\.0\.1:\d+", dead, text))
    world.policy.write_text(re.sub(r"127\.0\.0\.1:\d+", dead, policy))
    nobody = world.prove()
    assert nobody.code == 1
    assert "it stands in the log, but nobody vouches for it" in nobody.err
    settings.write_text(text)
    world.policy.write_text(policy)
    assert "2 time-stamps, 3 co-signatures" in world.prove("--again").err
    good = (world.case / "manifest.proof").read_bytes()
    settings.write_text(re.sub(r"127\.0\.0\.1:\d+", dead, text))
    world.policy.write_text(re.sub(r"127\.0\.0\.1:\d+", dead, policy))
    nobody = world.prove("--again")
    assert nobody.code == 1
    assert "nobody vouched for this case; the proof that lies there stays" in nobody.err
    assert (world.case / "manifest.proof").read_bytes() == good


def test_the_program_of_the_guide_checks_the_proof(world: World) -> None:
    world.prove()
    [program] = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/howto/prove-when.md").read_text(), re.DOTALL
    )

    def ran() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-"],
            input=program,
            cwd=world.case,
            env={**os.environ, "KEYS": str(world.folder / "keys"), "ROOTS": str(world.roots)},
            capture_output=True,
            text=True,
            check=False,
        )

    said = ran()
    assert said.returncode == 0, said.stderr
    assert "the closed case is leaf 0 of 1 in the log league.example" in said.stdout
    assert "league.example signed the checkpoint as its log" in said.stdout
    for letter in "abc":
        assert f"{letter}.example/w co-signed it at " in said.stdout
    assert "two stamped the checkpoint" in said.stdout
    file = world.case / "manifest.proof"
    shape = json.loads(file.read_text())
    for member, value in (
        ("checkpoint", shape["proof"]["checkpoint"].replace("\n1\n", "\n2\n")),
        ("leaf", shape["proof"]["leaf"].replace("log.entry", "log.other")),
        ("index", 5),
    ):
        file.write_text(json.dumps(shape | {"proof": shape["proof"] | {member: value}}))
        assert ran().returncode != 0


def test_what_is_no_log_and_no_cosigner_is_told(tmp_path: Path, cautery: Cautery) -> None:
    assert "not the folder of a log" in cautery("log", "check", tmp_path).err
    assert "not the folder of a co-signer" in cautery("cosign", "key", tmp_path / "x").err
    assert cautery("log", "new", tmp_path / "l", "--origin", "Not a domain").code == 2
    assert not (tmp_path / "l").exists()
    assert cautery("cosign", "serve", tmp_path, "--listen", "nowhere").code == 2


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("x", "log.toml"),
        ('origin = "a.example"\nelse = 1', "else"),
        ('origin = "a.example"\n[[authority]]\nname = "n"\nurl = "ftp://x"\nroots = "r"', "https"),
        ('origin = "a.example"\ncosigners = "gone"', "gone"),
        ('origin = "a.example"\n[network]\nallow = ["x"]', "network.allow"),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    tmp_path: Path, cautery: Cautery, settings: str, why: str
) -> None:
    cautery("log", "new", tmp_path / "log", "--origin", "a.example", "--keys", tmp_path / "k")
    (tmp_path / "log/log.toml").write_text(settings)
    shutil.copytree(ASSETS / "closed/case", tmp_path / "case")
    ran = cautery("renew", tmp_path / "case", "--log", tmp_path / "log")
    assert ran.code == 2
    assert why in ran.err


async def test_the_server_answers_what_the_protocol_says_and_no_more(tmp_path: Path) -> None:
    signer = SignerProcess(tmp_path / "w", "new-cosigner:w.example")
    said: list[str] = []
    async with (
        CosignServer(signer, say=said.append).serving("127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}") as client,
    ):
        for body, status in ((b"", 400), (b"x" * 80_000, 413), (b"old 0\n\nlog\n0\n\n", 400)):
            answer = await client.post("/add-checkpoint", data=body)
            assert answer.status == status
        assert (await client.get("/add-checkpoint")).status == 405
        assert (await client.get("/")).status == 404
    signer.close()
    assert set(said) == {"not co-signed: status 400"}


def test_who_opens_many_connections_keeps_no_log_waiting(tmp_path: Path) -> None:
    signer, said = SignerProcess(tmp_path / "w", "new-cosigner:w.example"), list[str]()
    with serving(signer, said) as url:
        place = urlsplit(url).hostname, urlsplit(url).port
        silent = [
            socket.create_connection(place, source_address=("127.0.0.2", 0)) for _ in range(200)
        ]
        time.sleep(0.5)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/add-checkpoint", data=b"old 0", timeout=10)
        assert refused.value.code == 400
        for connection in silent:  # those beyond the subscriber's share were hung up on
            connection.setblocking(False)
        ended = sum(_has_ended(connection) for connection in silent)
        assert ended == 200 - 64
        for connection in silent:
            connection.close()
    signer.close()


def _has_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_who_sends_slowly_keeps_no_log_waiting(tmp_path: Path) -> None:
    signer, said = SignerProcess(tmp_path / "w", "new-cosigner:w.example"), list[str]()
    with serving(signer, said) as url:
        place = urlsplit(url).hostname, urlsplit(url).port
        slow = [socket.create_connection(place) for _ in range(20)]
        for connection in slow:
            connection.sendall(
                b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nold"
            )
        time.sleep(0.5)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/add-checkpoint", data=b"old 0", timeout=10)
        assert refused.value.code == 400
        for connection in slow:
            connection.close()
    signer.close()
