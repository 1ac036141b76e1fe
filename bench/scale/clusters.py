"""Databases for measurements: a server of PostgreSQL with its copy, and a line to cut.

They run on loopback as the user ``postgres``, from Debian's programs, in a folder of their own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
wal_level = replica
hot_standby = on
max_connections = 60
shared_buffers = 32MB
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """One server of PostgreSQL in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._data = folder / "data"

    def begin(self) -> None:
        """Make it, empty, and start it."""
        self._own()
        _as_postgres("initdb", "-A", "trust", "-U", "postgres", "-D", str(self._data))
        self._start()

    def begin_as_copy_of(self, first: Cluster) -> None:
        """Make it a streaming copy, without which the first acknowledges nothing from now on."""
        self._own()
        source = f"host=127.0.0.1 port={first.port} user=postgres application_name=copy"
        _as_postgres("pg_basebackup", "-d", source, "-D", str(self._data), "-R", "-X", "stream")
        self._start()
        first.sql("ALTER SYSTEM SET synchronous_standby_names = 'copy'")
        first.sql("SELECT pg_reload_conf()")
        limit = time.monotonic() + 30
        while "sync" not in first.sql("SELECT sync_state FROM pg_stat_replication"):
            if time.monotonic() > limit:
                raise RuntimeError("the copy does not follow")
            time.sleep(0.2)

    def sql(self, statement: str, database: str = "postgres") -> str:
        return _as_postgres(
            "psql", "-h", "127.0.0.1", "-p", str(self.port), "-d", database, "-Atc", statement
        )

    def promote(self) -> None:
        """Let the copy be written to."""
        _as_postgres("pg_ctl", "promote", "-D", str(self._data), "-w", "-t", "30")

    def kill(self) -> None:
        """End it as a power cut would."""
        _as_postgres("pg_ctl", "stop", "-D", str(self._data), "-m", "immediate", "-t", "20")

    def stop(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.kill()

    def _own(self) -> None:
        self.folder.mkdir(parents=True)
        shutil.chown(self.folder, "postgres")

    def _start(self) -> None:
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS.format(port=self.port, folder=self.folder))
        _as_postgres(
            "pg_ctl", "start", "-D", str(self._data), "-w", "-t", "30",
            "-l", str(self.folder / "log"),
        )  # fmt: skip


def _as_postgres(program: str, *arguments: str) -> str:
    command = [str(PROGRAMS / program) if program != "psql" else "psql", *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    ran = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
    ) if program != "pg_ctl" else _quietly(command)  # fmt: skip
    if ran.returncode:
        raise subprocess.CalledProcessError(ran.returncode, program, ran.stdout)
    return ran.stdout or ""


def _quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run what starts a server: it would inherit a pipe, and nobody would see its end."""
    return subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
    )


class Line:
    """A line to a server that can be cut: then nothing passes, and nobody is told so."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open = threading.Event()
        self._open.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._open.clear()

    def heal(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._server.close()
        self._open.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self._open.wait()
                far = socket.create_connection(("127.0.0.1", self._to))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                self._open.wait()
                other.sendall(data)
        self._open.wait()
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def two_servers(folder: Path) -> Iterator[tuple[Cluster, Cluster]]:
    """Lend a server and its copy."""
    first, copy = Cluster(folder / "first"), Cluster(folder / "copy")
    try:
        first.begin()
        copy.begin_as_copy_of(first)
        yield first, copy
    finally:
        copy.stop()
        first.stop()


@contextlib.contextmanager
def one_server(folder: Path) -> Iterator[Cluster]:
    """Lend a server alone."""
    server = Cluster(folder / "alone")
    try:
        server.begin()
        yield server
    finally:
        server.stop()
