"""Signers that start as copies of a process which has their imports: a tenth of the CPU.

Each is a process of its own, closed in as ever, and a child of the one that asks for it; only its
interpreter does not start anew. tests/contract/test_signer.py starts them as commands do.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from cautery.adapters import signer

_CLONE = {"x86_64": 56, "aarch64": 220}
_SOURCE = f"""
import ctypes, os, socket, struct, sys
sys.path[:0] = sys.argv[2:4]
from cautery.adapters import _cosigner_secrets, _log_secrets
from cautery.adapters._signer_child import main

line = socket.socket(fileno=int(sys.argv[1]))
call = ctypes.PyDLL(None).syscall
while True:
    asked, descriptors, _, _ = socket.recv_fds(line, 65536, 1)
    if not asked:
        os._exit(0)
    # CLONE_PARENT: a child of who asks, which can then wait for it.
    pid = call({_CLONE.get(platform.machine(), 0)}, 0x8000 | {int(signal.SIGCHLD)}, 0, 0, 0, 0)
    if pid == 0:
        os.setsid()
        main(descriptors[0], *asked.decode().split("\\0"))
    os.close(descriptors[0])
    line.sendall(struct.pack("i", pid))
"""


class _Copy(subprocess.Popen):  # type: ignore[type-arg]
    """A child that ``subprocess`` did not start, but can wait for and end."""

    def __init__(self, pid: int) -> None:
        self.pid, self.args = pid, ["a copied signer"]
        self.returncode = self.stdin = self.stdout = self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()


class CopiedSigners:
    """Starts signers; the process that they are copies of is started with the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self.start_anew = signer._started
        self._source: subprocess.Popen[bytes] | None = None

    @staticmethod
    def can_start() -> bool:
        """Tell whether this system copies processes so."""
        return sys.platform == "linux" and platform.machine() in _CLONE

    def start(self, descriptor: int, folder: Path, case: str) -> subprocess.Popen[bytes]:
        """Start one, as :func:`cautery.adapters.signer._started` does."""
        if os.getpid() != self._owner:  # who asks is a fork, whose child a copy would not be
            return self.start_anew(descriptor, folder, case)
        asked = "\0".join((str(folder), case, signer._unconfined())).encode()
        with self._lock:
            if self._source is None:
                self._begin()
            socket.send_fds(self._line, [asked], [descriptor])
            (pid,) = struct.unpack("i", self._line.recv(4))
        assert pid > 0
        return _Copy(pid)

    def close(self) -> None:
        """End the process of which signers are copies; signers that run go on."""
        if self._source is not None:
            self._line.close()
            self._source.wait(10)

    def _begin(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._source = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _SOURCE, str(theirs.fileno())),
                *signer._ROOTS,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            cwd="/",
            env={"OPENBLAS_NUM_THREADS": "1"},
        )
        theirs.close()
