"""A database on another machine is told no password before it has proven its name."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from cautery.adapters import _server_proof
from cautery.adapters._server_proof import PROVEN, proof
from cautery.adapters._servers import connected
from cautery.errors import InputError

SECRET = "the-secret-of-the-database"
ASKS_FOR_TLS = (80877103, 80877104)


class Impostor:
    """Has no TLS, and asks for the password in clear."""

    def __init__(self) -> None:
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError, struct.error):
            while True:
                connection, _ = self._socket.accept()
                connection.settimeout(5)
                with connection, suppress(OSError, struct.error):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        while True:
            (size,) = struct.unpack("!I", connection.recv(4))
            asked = connection.recv(size - 4)
            if struct.unpack("!I", asked[:4])[0] not in ASKS_FOR_TLS:
                break
            connection.sendall(b"N")
        connection.sendall(b"R" + struct.pack("!II", 8, 3))
        self.heard += connection.recv(1_000)

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Impostor]:
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:*:{SECRET}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    made = Impostor()
    yield made
    made.close()


def test_who_has_no_certificate_is_told_no_password(
    impostor: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://cautery@127.0.0.1:{impostor.port}/cases"
    # On this machine another user may listen in the database's place.
    with pytest.raises(psycopg.OperationalError, match="requested a cleartext password"):
        connected(url)
    assert impostor.heard == b""
    with pytest.raises(psycopg.OperationalError):
        connected(f"{url}?require_auth=password")  # who wants that says so
    assert SECRET.encode() in impostor.heard
    impostor.heard = b""
    monkeypatch.setattr(_server_proof, "_is_here", lambda _: False)
    for mode in ("disable", "prefer", "require"):
        monkeypatch.setenv("PGSSLMODE", mode)
        with pytest.raises(psycopg.OperationalError, match="SSL"):
            connected(url)
    assert impostor.heard == b""


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_a_url_that_asks_for_less_than_a_proof_is_refused(mode: str) -> None:
    with pytest.raises(InputError, match=f"asks for sslmode={mode}"):
        connected(f"postgresql://cautery@db.example/cases?sslmode={mode}")


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"host": "/run/postgresql"},
        {"host": "@cautery"},
        {"host": "localhost"},
        {"host": "127.0.0.1"},
        {"hostaddr": "::1"},
        {"host": "localhost,/run/postgresql", "sslmode": "disable"},
    ],
)
def test_this_machine_needs_no_proof(
    stated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    assert proof(stated) == {}


@pytest.mark.parametrize(
    "stated",
    [
        {"host": "db.example"},
        {"host": "localhost", "hostaddr": "192.0.2.7"},
        {"host": "localhost,db.example"},
        {"host": "db.example", "sslmode": PROVEN},
    ],
)
def test_any_machine_that_may_be_asked_proves_its_name(stated: dict[str, str]) -> None:
    assert proof(stated)["sslmode"] == PROVEN


def test_what_the_environment_names_counts_and_a_service_file_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert proof({})["sslmode"] == PROVEN
    with pytest.raises(InputError, match="service file"):
        proof({"service": "cases"})
    monkeypatch.setenv("PGSERVICE", "cases")
    with pytest.raises(InputError, match="service file"):
        proof({"host": "localhost"})


def test_the_certificates_are_those_that_were_named_or_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert proof({"host": "db.example"})["sslrootcert"] == "system"
    assert "sslrootcert" not in proof({"host": "db.example", "sslrootcert": "own.pem"})
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert "sslrootcert" not in proof({"host": "db.example"})
