"""The very commands of the units, against PostgreSQL and an S3 server."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Ran, cautery
from tests.cli.mail_room import certificate
from tests.cli.notice_case import made_case
from tests.public_lists import Shown
from tests.servers import Bucket, database_of_its_own

from .units import DEPLOY, SERVICES_COMMANDS, command, compose

__all__ = ["cautery", "certificate"]

Cautery = Callable[..., Ran]
STATE = "/var/lib/cautery"
UNITS = DEPLOY / "systemd"


@pytest.fixture
def organisation(
    cautery: Cautery, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A prepared server with one case and one person, as the guide makes them."""
    for name in ("CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("CAUTERY_TOKENS", str(tmp_path / "tokens"))
    with database_of_its_own() as database:
        monkeypatch.setenv("CAUTERY_DATABASE", database)
        monkeypatch.setenv("CAUTERY_VAULT", bucket.url)
        assert cautery("server", "prepare", "--regime", "gdpr").code == 0
        case = made_case(tmp_path)
        assert cautery("case", "move", case.path, "server:derby").code == 0
        ran = cautery(
            "people", "add", "k.keller", "--role", "keeper",
            "--people", tmp_path / "people", "--keys", tmp_path / "room-keys",
        )  # fmt: skip
        assert ran.code == 0, ran.err
        yield tmp_path


def test_the_backup_and_its_check(cautery: Cautery, organisation: Path) -> None:
    words = command(
        UNITS / "cautery-backup.service",
        {"/var/backups/cautery": str(organisation / "backups"), STATE: str(organisation)},
    )
    ran = cautery(*words)
    assert (ran.code, "1 cases" in ran.err, "and the people" in ran.err) == (0, True, True), ran.err
    key = organisation / "outside.pub"
    key.write_bytes((organisation / "backups/backups.pub").read_bytes())
    words = command(
        UNITS / "cautery-backup-check.service",
        {
            "/var/backups/cautery": str(organisation / "backups"),
            "/etc/cautery/backups.pub": str(key),
        },
    )
    ran = cautery(*words)
    assert (ran.code, "authentic" in ran.err) == (0, True), ran.err


def test_the_room(organisation: Path, certificate: Path) -> None:
    words = command(
        UNITS / "cautery-room.service",
        {
            STATE: str(organisation),
            "${CREDENTIALS_DIRECTORY}/room.pem": str(certificate),
            "${CREDENTIALS_DIRECTORY}/room.key": str(certificate),
            "${CAUTERY_HOST}": "127.0.0.1",
            "${CAUTERY_PORT}": "0",
            "${CAUTERY_ADDRESS}": "https://room.league.example",
        },
    )
    with Running(words) as process:
        line = _line(process)
        assert line.startswith("room    https://room.league.example/"), line


def test_the_public_face(organisation: Path, certificate: Path) -> None:
    shown = Shown(organisation / "public")
    shown.files.write("about.json", json.dumps({"who": "L", "orders": []}).encode())
    shown.show(datetime.now(UTC))
    face = organisation / "face.toml"
    face.write_text(
        f'folders = ["public"]\nname = "League"\ncontact = "b@league.example"\n'
        f'url = "https://b.league.example"\n[public]\nlisten = "127.0.0.1:0"\n'
        f'certificate = "{certificate}"\nkey = "{certificate}"\n'
    )
    words = command(UNITS / "cautery-lists.service", {"/etc/cautery/face.toml": str(face)})
    with Running(words) as process:
        assert process.stderr
        line = process.stderr.readline()
        port = int(re.findall(r":(\d+)$", line.strip())[0])
        context = ssl._create_unverified_context()
        with urllib.request.urlopen(
            f"https://127.0.0.1:{port}/", context=context, timeout=20
        ) as answer:
            assert answer.status == 200


def test_the_alerts(cautery: Cautery, organisation: Path) -> None:
    settings = organisation / "alerts.toml"
    settings.write_text(
        'room = "https://room.example"\n[rules]\nproven = true\n'
        f'[[syslog]]\nname = "log"\naddress = "unix:{organisation}/log"\n'
    )
    settings.chmod(0o600)
    words = command(
        UNITS / "cautery-alerts.service",
        {"/etc/cautery/alerts.toml": str(settings), STATE: str(organisation)},
    )
    ran = cautery(*words, "--once")
    assert (ran.code, "0 alerts raised" in ran.err) == (0, True), ran.err


def test_a_watch(cautery: Cautery, organisation: Path) -> None:
    mandates = organisation / "mandates"
    mandates.mkdir()
    now = time.time()
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + s)) for s in (-60, 8))
    (organisation / "facts").mkdir()
    ran = cautery(
        "mandate", "new", mandates / "md34.toml", "--who", "League", "--regime", "gdpr",
        "--legal-basis", "rights", "--territory", "FR", "--start", start, "--end", end,
        "--event", f'id = "md34", name = "Home v Away", kick_off = {start}, '
        'clean_feed = "https://127.0.0.1:9/clean.m3u8"',
        "--channel", 'id = "fr", names = ["Sport 1"], event = "md34"',
        "--source", 'url = "http://127.0.0.1:9/all.m3u", kind = "m3u"',
        "--facts", organisation / "facts",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    words = command(
        UNITS / "cautery-watch@.service",
        {
            "/etc/cautery/mandates/%i.toml": str(mandates / "md34.toml"),
            "%i": "md34",
            STATE: str(organisation),
        },
    )
    ran = cautery(*words)
    assert ran.code == 0, ran.err
    [line] = [
        line
        for line in map(json.loads, cautery("cases", "server:", "--json").out.splitlines())
        if line["path"] == "server:md34"
    ]
    assert (line["state"], line["records"] > 2) == ("closed", True)
    assert cautery("verify", "server:md34").code == 3


@pytest.mark.parametrize("service", SERVICES_COMMANDS)
def test_compose_starts_what_a_unit_starts(service: str, unit_of: dict[str, str]) -> None:
    """But for places and ports, which differ in a container."""
    options = [word for word in compose()["services"][service]["command"] if word[:2] == "--"]
    unit = command(UNITS / unit_of[service], {})
    assert sorted(options) == sorted(word for word in unit if word[:2] == "--")


@pytest.fixture
def unit_of() -> dict[str, str]:
    return {name: f"cautery-{name}.service" for name in SERVICES_COMMANDS}


class Running:
    """A command in a process of its own, ended at the end."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cautery", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> subprocess.Popen[str]:
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=30)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    return line or process.stderr.read()
