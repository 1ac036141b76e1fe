"""The servers of an organisation, for tests: databases of PostgreSQL, and buckets of S3."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.ceph import ceph

POSTGRESQL = os.environ.get("CAUTERY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
S3 = os.environ.get("CAUTERY_TEST_S3", "moto")
"""Whose S3: of ``moto``, in memory; of ``ceph``, on disk; or of the store at a URL."""
_USER, _SECRET = "its-user", "its-secret"
_MOTO = """
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
        self._s3 = _client(endpoint)
        self._s3.create_bucket(Bucket=self.name)

    def put(self, name: str, data: bytes) -> None:
        """Write an object behind the vault's back."""
        self._s3.put_object(Bucket=self.name, Key=name, Body=data)

    def delete(self, name: str) -> None:
        self._s3.delete_object(Bucket=self.name, Key=name)

    def names(self) -> list[str]:
        listed = self._s3.list_objects_v2(Bucket=self.name)
        return [found["Key"] for found in listed.get("Contents", ())]


@functools.cache
def _client(endpoint: str) -> Any:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=_USER,
        aws_secret_access_key=_SECRET,
    )


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Serve S3 on loopback in processes of its own; yield its endpoint."""
    if S3 == "ceph":
        with ceph(_USER, _SECRET) as endpoint:
            yield endpoint
        return
    if S3 != "moto":
        yield S3
        return
    if importlib.util.find_spec("moto") is None:
        pytest.skip("moto is not installed")
    with subprocess.Popen(
        [sys.executable, "-c", _MOTO],
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
        "AWS_ACCESS_KEY_ID": _USER,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
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
