"""Close a child process in, for good: what it can still do is compute, and answer its parent.

For children that read hostile bytes or hold keys. The parts, from strong to additional: a filter
that refuses every system call but a list (:mod:`cautery.adapters._seccomp`), Landlock, namespaces
without network and files, no capabilities, limits of memory and descriptors. Only the first is
demanded; the others where the kernel has them. See docs/adr/0026-children-closed-in.md.
"""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cautery.adapters import _landlock, _namespaces, _seccomp, _seccomp_foreign
from cautery.adapters._kernel import (
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    close_from,
    hide_memory,
    prctl,
)
from cautery.errors import ConfinementError

_LEAST_ROOM = 32 << 20
_OPEN_FILES = 64
_LOOKS, _LOOK_S = 50, 0.01
_PROGRAM_BYTES = 4 << 30
_PROGRAM_THREADS = 64
"""FFmpeg and its SRT take some twenty."""
_INSTALLED = (
    "/usr", "/bin", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache",
    "/etc/ssl/openssl.cnf", "/dev/urandom",
)  # fmt: skip
"""What a program needs to start; no folder of a user."""


class Confinement(NamedTuple):
    """How a process is closed in, as far as its system allows.

    Attributes
    ----------
    seccomp : bool
        Whether every system call is refused that is not on a list.
    landlock : int
        The version of Landlock in force; 0: none.
    own_network : bool
        Whether it has a network of its own, with nothing in it.
    own_files : bool
        Whether its root folder is empty.
    """

    seccomp: bool
    landlock: int
    own_network: bool
    own_files: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return self._asdict()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Confinement:
        """Return what :meth:`to_json` gave."""
        return cls(
            seccomp=bool(values["seccomp"]),
            landlock=int(values["landlock"]),
            own_network=bool(values["own_network"]),
            own_files=bool(values["own_files"]),
        )


def confine(
    *,
    memory_mb: int,
    keep: int = 3,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    with_sockets: bool = False,
    niceness: int = 5,
    without_seccomp: bool = False,
) -> Confinement:
    """Close this process in. It can't be undone from inside.

    To be called in a child of one thread, after everything is imported and has run once: nothing
    can be loaded afterwards. Without paths, the process can open nothing at all; with paths, it
    can read, or write too, below them. It can start no thread and no program, reach no network and
    no other process in either case, and make no code.

    Parameters
    ----------
    memory_mb : int
        Resident memory that it may grow to.
    keep : int
        Descriptors from 0 that stay open; all from this number on are closed.
    readable, writable : sequence of Path
        Folders or files that are there.
    with_sockets : bool
        With paths: it can send and receive by the sockets among the descriptors that stay open.
    niceness : int
        How far others go before it.
    without_seccomp : bool
        Go on if the system has no seccomp, instead of an error.

    Returns
    -------
    Confinement
        What is in force.

    Raises
    ------
    ConfinementError
        If there is no seccomp, and that is not allowed; or if threads run already.
    """
    with_files = bool(readable or writable)
    if not sys.platform.startswith("linux"):
        os.closerange(keep, _OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return _judged(_NOTHING, "it is not Linux", without_seccomp=without_seccomp)
    machine = platform.machine()
    close_from(keep)
    # Read before the root folder is exchanged: after that there is no /proc.
    room = _room(memory_mb)
    if not _alone():
        raise ConfinementError("the process already has threads, so it cannot be confined")
    # The order is fixed by what each step takes away. A new user namespace gives its maker every
    # capability, so these are dropped after it; Landlock and seccomp demand NO_NEW_PRIVS first; and
    # the filter comes last, since it refuses the calls of all other steps.
    own_network = _namespaces.leave_network(machine)
    own_files = own_network and not with_files and _namespaces.leave_files(machine)
    _namespaces.drop_capabilities(machine)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    hide_memory()
    landlock = _landlock.restrict(readable=readable, writable=writable)
    os.nice(niceness)
    for what, limit in (
        (resource.RLIMIT_AS, room),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        # With no number free, no call that the filter may have missed yields a descriptor.
        (resource.RLIMIT_NOFILE, keep + _OPEN_FILES if with_files else keep),
        *(() if with_files else ((resource.RLIMIT_FSIZE, 0),)),
    ):
        resource.setrlimit(what, (limit, limit))
    reached = Confinement(
        seccomp=True, landlock=landlock, own_network=own_network, own_files=own_files
    )
    try:
        calls = _seccomp.SOCKETS if with_sockets else _seccomp.FILES
        _seccomp.allow_only(calls if with_files else _seccomp.COMPUTE)
    except OSError as error:
        without = Confinement(**reached.to_json() | {"seccomp": False})
        return _judged(without, str(error), without_seccomp=without_seccomp)
    return reached


def _alone() -> bool:
    """Tell whether no other thread runs: one that was joined is still listed for a moment."""
    for _ in range(_LOOKS):
        if len(list(Path("/proc/self/task").iterdir())) == 1:
            return True
        time.sleep(_LOOK_S)
    return False


def confine_program(program: Path) -> int:
    """Close this process in as far as a foreign program bears it that is about to take its place.

    It keeps the network's UDP, may read and run itself, what is installed with it and by the
    system, and ends with its parent. Where the kernel has seccomp it can make no other socket, no
    process, change no file's mode and nothing of another process, and signal none; where it has
    Landlock it can read or write no other file; without, only limits are set. Where it may have a
    user namespace it has few threads, unless it is the superuser's.

    Returns
    -------
    int
        The version of Landlock in force; 0: none.
    """
    if not sys.platform.startswith("linux"):
        return 0
    # First: a new user namespace gives its maker every capability.
    has_few_threads = _namespaces.count_threads_apart(platform.machine())
    _namespaces.drop_capabilities(platform.machine())
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    installed = (*_installed_with(program.resolve()), *(Path(place) for place in _INSTALLED))
    landlock = _landlock.restrict(
        runnable=[path for path in installed if path.exists()],
        writable=[path for path in (Path("/dev/null"),) if path.exists()],
    )
    for what, limit in (
        (resource.RLIMIT_AS, _PROGRAM_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        *(((resource.RLIMIT_NPROC, _PROGRAM_THREADS),) if has_few_threads else ()),
    ):
        resource.setrlimit(what, (limit, limit))
    with contextlib.suppress(OSError):
        _seccomp_foreign.refuse_what_reaches_out(os.getpid())
    return landlock


def _installed_with(program: Path) -> tuple[Path, ...]:
    """Return a program, and the folders of a whole installation if it lies in its ``bin``.

    A program that lies beside anything else, such as in somebody's home, is given itself alone.
    """
    folder = program.parent
    return (program, folder, folder.parent / "lib") if folder.name == "bin" else (program,)


_NOTHING = Confinement(seccomp=False, landlock=0, own_network=False, own_files=False)


def _judged(reached: Confinement, why: str, *, without_seccomp: bool) -> Confinement:
    if not without_seccomp:
        raise ConfinementError(f"system calls can't be filtered on this machine: {why}")
    return reached


def _room(memory_mb: int) -> int:
    """Return the address space in which the process can grow to so much resident memory."""
    # Linux heeds no limit of resident memory (RLIMIT_RSS, getrlimit(2)), and libraries map far more
    # than they use: the limit is today's address space and what may be added.
    virtual, resident = (
        int(word) * resource.getpagesize()
        for word in Path("/proc/self/statm").read_bytes().split()[:2]
    )
    return virtual + max(_LEAST_ROOM, (memory_mb << 20) - resident)
