"""S3 on a disk, for tests: Ceph's gateway, over one monitor and one disk that is a file.

Debian's packages ``radosgw``, ``ceph-mon`` and ``ceph-osd``; everything lies in a temporary folder,
listens on loopback alone, and ends with the tests.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTS_S = 180.0
_CAPABLE = ("--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *")
_SETTINGS = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
mon data = {folder}/mon
osd data = {folder}/osd
rgw data = {folder}/rgw
log file = {folder}/$name.log
admin socket =
# One copy of everything, on one disk.
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = bluestore
bluestore block size = 4294967296
bluestore cache autotune = false
bluestore cache size = 67108864
# Debian's own value is relative, to a folder that is not the current one.
osd class dir = {classes}
# Each pool takes some rounds of the monitor, of a second each by default.
paxos propose interval = 0.05
paxos min wait = 0.01
rgw frontends = beast endpoint=127.0.0.1:{gateway}
"""


@contextlib.contextmanager
def ceph(access_key: str, secret_key: str) -> Iterator[str]:
    """Serve S3 to one user; yield the endpoint."""
    for needed in ("ceph-mon", "ceph-osd", "radosgw"):
        if shutil.which(needed) is None:
            pytest.skip(f"Ceph's {needed} is not installed")
    with tempfile.TemporaryDirectory(prefix="ceph-") as name, contextlib.ExitStack() as stack:
        cluster = _Cluster(Path(name), stack)
        cluster.keys()
        cluster.monitor()
        cluster.disk()
        yield cluster.gateway(access_key, secret_key)


class _Cluster:
    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._fsid = str(uuid.uuid4())
        self._monitor, self._gateway = _free_ports(2)
        (classes,) = Path("/usr/lib").glob("*/rados-classes")
        for daemon in ("mon", "osd", "rgw"):
            (folder / daemon).mkdir()
        (folder / "ceph.conf").write_text(
            _SETTINGS.format(
                fsid=self._fsid,
                folder=folder,
                classes=classes,
                monitor=self._monitor,
                gateway=self._gateway,
            )
        )

    def keys(self) -> None:
        keyring = f"{self._folder}/keyring"
        self._run("ceph-authtool", "--create-keyring", keyring)
        for name in ("mon.", "client.admin", "osd.0"):
            self._run("ceph-authtool", keyring, "--gen-key", "-n", name, *_CAPABLE)

    def monitor(self) -> None:
        peers = f"{self._folder}/monmap"
        address = f"[v2:127.0.0.1:{self._monitor}/0]"
        self._run("monmaptool", "--create", "--addv", "a", address, "--fsid", self._fsid, peers)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", peers)
        self._start("ceph-mon", "-i", "a")

    def disk(self) -> None:
        disk = str(uuid.uuid4())
        self._run("ceph", "osd", "new", disk)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._start("ceph-osd", "-i", "0")

    def gateway(self, access_key: str, secret_key: str) -> str:
        self._run(
            "radosgw-admin", "user", "create", "--uid", "tests", "--display-name", "tests",
            "--access-key", access_key, "--secret-key", secret_key,
        )  # fmt: skip
        served = self._start("radosgw", "-n", "client.admin")
        endpoint = f"http://127.0.0.1:{self._gateway}"
        ends = time.monotonic() + _STARTS_S
        while True:
            try:
                urllib.request.urlopen(endpoint, timeout=10).close()
            except OSError as error:
                if served.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"radosgw: {error}: {self._last_words()}") from error
                time.sleep(0.1)
            else:
                return endpoint

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            self._configured(command),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_STARTS_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._configured(command), "-f"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)  # nothing of it is needed any more
        return process

    def _configured(self, command: tuple[str, ...]) -> list[str]:
        if command[0] in {"ceph-authtool", "monmaptool"}:
            return list(command)
        return [*command, "-c", f"{self._folder}/ceph.conf"]

    def _last_words(self) -> str:
        log = self._folder / "client.admin.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "it wrote no log"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
