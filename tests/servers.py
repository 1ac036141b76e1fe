"""The servers of an organisation, for tests: databases of PostgreSQL, and buckets of moto's S3."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator

import pytest

POSTGRESQL = os.environ.get("CAUTERY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
_S3 = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class Bucket:
    """A bucket of its own, for one test."""

    def __init__(self, endpoint: str) -> None:
        self.name = f"vault-{uuid.uuid4().hex[:12]}"
        self.url = f"s3://{self.name}/of/police"
        self._at = f"{endpoint}/{self.name}"
        self._ask("PUT", "")

    def put(self, name: str, data: bytes) -> None:
        """Write an object behind the vault's back."""
        self._ask("PUT", f"/{name}", data)

    def delete(self, name: str) -> None:
        self._ask("DELETE", f"/{name}")

    def names(self) -> list[str]:
        listed = self._ask("GET", "?list-type=2").decode()
        return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        # moto wants to be told who asks, and checks nothing.
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request",
            "Content-Type": "application/octet-stream",
        }
        asked = urllib.request.Request(
            f"{self._at}{path}", data=data, method=method, headers=headers
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return bytes(answer.read())


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Serve S3 on loopback in a process of its own; yield its endpoint."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto is not installed")
    with subprocess.Popen(
        [sys.executable, "-c", _S3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.strip().isdigit():
                break
        try:
            yield f"http://127.0.0.1:{line.strip()}"
        finally:
            process.terminate()


def s3_environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "its-user",
        "AWS_SECRET_ACCESS_KEY": "its-secret",
    }


@contextlib.contextmanager
def database_of_its_own() -> Iterator[str]:
    """Make a database for one test; yield its URL."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    try:
        server = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if "refused" in str(error):
            pytest.skip("no PostgreSQL listens on 127.0.0.1:5432 (set CAUTERY_TEST_POSTGRES)")
        raise
    with server:
        name = f"cautery_test_{uuid.uuid4().hex}"
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{POSTGRESQL.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
