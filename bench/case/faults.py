"""Faults injected everywhere: what was acknowledged is never lost, and the case goes on.

The writer writes through a watch's journal: records and exhibits from several threads, checkpoints,
and the close; it says what is on disk. A whole watch takes ten seconds to get under way, so this
stands for most of its kills.

- running watch: kill -9 of ``cautery watch`` within three seconds of its first look;
- killed: kill -9 at a random instant, the case gone on with after up to four kills;
- killed at a call: kill -9 at a random call to the disk (``strace``), then a second run;
- power cut: the writes of one or two such runs replayed up to a random call, less what was not
  flushed, with torn pages (``_faults_disk.py``);
- full disk: a small file system of its own that fills up (root);
- read-only: a case on a file system that takes no writes, then takes them again (root);
- torn: the last frame of the log, which nobody was told of, half written;
- clock: set back and forth by a day while it is read;
- several: two to four processes on one case, one of them killed.

After each, the case is opened as the next watch would; everything the writer said is looked for,
every exhibit is read, the case is closed and verified.

    python bench/case/faults.py [SHARE] [SEED]

SHARE of the full number (1,000 kills, 500 power cuts), by default 1.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import faults_disk as disk
import faults_watch as watch
import faults_writer as writer

from cautery.errors import CauteryError, StorageError
from cautery.evidence.manifest import NOTE
from cautery.wiring import cases
from cautery.workflows.case.verify import verify_case

WATCHES, KILLS, CALLS, CUTS, DISKS, READ_ONLY, TORN, CLOCKS, SEVERAL = (
    100,
    1000,
    100,
    500,
    30,
    10,
    100,
    100,
    100,
)
CUTS_A_RECORDING = 25
WRITER = str(Path(writer.__file__))
Fault = Callable[[Path, random.Random], int]


class Running:
    """A writer in a process of its own, forked, so that a thousand of them start quickly."""

    def __init__(self, work: Callable[[], None]) -> None:
        read, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            code = 1
            try:
                os.dup2(write, 1)
                os.close(read)
                work()
                code = 0
            except CauteryError as error:
                os.write(2, f"{error}\n".encode())
            finally:
                os._exit(code)
        os.close(write)
        self._lines: list[bytes] = []
        self._hearing = threading.Thread(target=self._hear, args=(read,))
        self._hearing.start()

    def kill(self) -> None:
        """Kill it as nothing can prevent."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[int, list[dict[str, object]]]:
        """Wait for its end; return its exit status and what it said."""
        _, status = os.waitpid(self.pid, 0)
        self._hearing.join()
        return os.waitstatus_to_exitcode(status), writer.told(self._lines)

    def _hear(self, read: int) -> None:
        with open(read, "rb") as lines:
            self._lines.extend(lines)


def killed(top: Path, rng: random.Random) -> int:
    """Kill a writer one to four times, at random instants; return how often it was."""
    said: list[dict[str, object]] = []
    kills = rng.randrange(1, 5)
    done = 0
    for turn in range(kills):
        if (top / "case" / NOTE).exists():
            break
        seed = rng.randrange(1 << 30)
        turns = rng.choice((3, 10, 30, 200))
        running = Running(partial(writer.write_to_the_end, top, seed=seed, turns=turns, threads=4))
        time.sleep(rng.random() ** 2 * rng.choice((0.1, 0.5, 1.5)))
        running.kill()
        done += 1
        said += running.end()[1]
        if turn + 1 < kills:
            writer.check(top, said, close=False)
    writer.check(top, said)
    return done


def killed_at_a_call(top: Path, rng: random.Random) -> int:
    """Kill a writer as it makes its n-th call of a kind; then a second one goes on to the end."""
    call = rng.choice(("fsync", "fdatasync", "rename", "unlink", "pwrite64", "mkdir", "ftruncate"))
    most = {"pwrite64": 120, "fsync": 90, "fdatasync": 40, "rename": 40}.get(call, 12)
    root = top / "root"
    root.mkdir()
    calls = disk.recorded(
        [sys.executable, WRITER, str(root), str(rng.randrange(1 << 30)), "25", "1"],
        top / "log",
        kill_at=f"{call}:signal=KILL:when={rng.randrange(1, most)}",
    )
    playing = disk.Disk(root)
    for one in calls:
        playing.play(*one)
    writer.check(root, writer.told(playing.said))
    return 1


def power_cuts(top: Path, rng: random.Random) -> int:
    """Record a run that is killed and one that goes on; cut the power at many moments of both."""
    root = top / "root"
    root.mkdir()
    command = [sys.executable, WRITER, str(root), str(rng.randrange(1 << 30)), "25", "1"]
    where = f"fsync:signal=KILL:when={rng.randrange(4, 80)}"
    recordings = [disk.recorded(command, top / "log", kill_at=where)]
    if not (root / "case" / NOTE).exists():
        recordings.append(disk.recorded(command, top / "log"))
    steps = []
    playing = disk.Disk(root)
    for number, calls in enumerate(recordings):
        steps += [(number, place) for place, call in enumerate(calls) if playing.play(*call)]
        playing.end()
    cuts = sorted(rng.choice(steps) for _ in range(CUTS_A_RECORDING))
    playing = disk.Disk(root)
    moment = (0, 0)
    for turn, cut in enumerate(cuts):
        while moment <= cut:
            number, place = moment
            playing.play(*recordings[number][place])
            moment = (number, place + 1)
            if moment[1] == len(recordings[number]):
                playing.end()
                moment = (number + 1, 0)
        left = top / f"cut-{turn}"
        left.mkdir()
        playing.cut(left, rng)
        writer.check(left, writer.told(playing.said))
        shutil.rmtree(left)
    return len(cuts)


@contextlib.contextmanager
def small_disk(path: Path, size_kb: int) -> Iterator[None]:
    """Mount a small file system."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def full_disk(top: Path, rng: random.Random) -> int:
    """Write until the disk is full; with the reserve given back, the case is closed on it."""
    with small_disk(top / "disk", 16_400 + rng.randrange(600, 4_000)):
        (top / "keys").mkdir(mode=0o700)
        (top / "disk" / "case").mkdir()
        (top / "case").symlink_to(top / "disk" / "case")

        def work() -> None:
            with cases.writing(top / "case", keys_dir=top / "keys") as case:
                writer.say(opened=case.id)
                writer.write(case, seed=rng.randrange(1 << 30), turns=5_000, threads=1)

        running = Running(work)
        status, said = running.end()
        if status != 1:
            raise writer.LostError(f"the writer ended with {status}")
        with cases.writing(top / "case", keys_dir=top / "keys") as case:
            case.make_room()
        writer.check(top, said)
    return 1


def read_only(top: Path, rng: random.Random) -> int:
    """Meet a disk that takes no writes, in mid-case and with a closed case."""
    with small_disk(top / "disk", 60_000):
        root = top / "disk"
        running = Running(
            lambda: writer.write_to_the_end(
                root, seed=rng.randrange(1 << 30), turns=9_000, threads=2
            )
        )
        time.sleep(0.3 + rng.random() * 0.3)
        running.kill()
        _, said = running.end()
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        try:
            with cases.writing(root / "case", keys_dir=root / "keys"):
                raise writer.LostError("a case was opened for writing on a disk that takes none")
        except StorageError:
            pass
        subprocess.run(["mount", "-o", "remount,rw", root], check=True)
        writer.check(root, said)
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        verify_case(root / "case", store=cases.reading_store())
    return 1


def torn(top: Path, rng: random.Random) -> int:
    """Tear the last page of the log, which was being written as the power went."""
    running = Running(
        lambda: writer.write_to_the_end(top, seed=rng.randrange(1 << 30), turns=9_000, threads=1)
    )
    time.sleep(0.2 + rng.random() * 0.4)
    running.kill()
    _, said = running.end()
    log = top / "case" / "ledger.sqlite-wal"
    if log.exists():
        content = log.read_bytes()
        frames = (len(content) - 32) // 4120
        half = content[32 + (frames - 1) * 4120 :][: rng.randrange(1, 4120)] if frames else b""
        log.write_bytes(content + half)  # a frame begun after the last that was flushed
    writer.check(top, said)
    return 1


def clock(top: Path, rng: random.Random) -> int:
    """Write by a clock that jumps back and forth, killed once."""
    seed = rng.randrange(1 << 30)

    def work() -> None:
        with cases.writing(top / "case", keys_dir=top / "keys") as case:
            object.__setattr__(case, "clock", writer.JumpingClock(seed))
            writer.say(opened=case.id)
            writer.write(case, seed=seed, turns=30, threads=3)

    first = Running(work)
    time.sleep(rng.random() * 0.5)
    first.kill()
    second = Running(work) if rng.random() < 0.5 else first
    said = first.end()[1]
    if second is not first:
        said += second.end()[1]
    writer.check(top, said)
    return 1


def several(top: Path, rng: random.Random) -> int:
    """Let two to four processes write one case; kill one, and let one try to close."""
    with cases.writing(top / "case", keys_dir=top / "keys") as case:
        case.ledger.append("begun", {}, at=case.clock.now())

    def work(seed: int) -> None:
        with cases.writing(top / "case", keys_dir=top / "keys") as case:
            writer.say(opened=case.id)
            writer.write(case, seed=seed, turns=25, threads=2)

    seeds = [rng.randrange(1 << 30) for _ in range(rng.randrange(2, 5))]
    running = [Running(partial(work, seed)) for seed in seeds]
    time.sleep(rng.random() * 0.6)
    running[0].kill()
    ended = [one.end() for one in running]
    if any(status for status, _ in ended[1:]):
        raise writer.LostError("a writer was stopped by another's death")
    writer.check(top, [one for _, said in ended for one in said])
    return 1


def inject(fault: Fault, wanted: int, *, seed: int, folder: Path) -> tuple[int, Counter[str]]:
    """Inject a fault so often; return how often it was and what went wrong, by message."""
    failures: Counter[str] = Counter()
    done = 0
    turn = 0
    while done < wanted:
        top = folder / f"{fault.__name__}-{turn}"
        top.mkdir()
        try:
            done += fault(top, random.Random(f"{fault.__name__}-{seed}-{turn}"))
        except writer.LostError as error:
            done += 1
            failures[str(error).replace(str(top), "")] += 1
            print(f"{fault.__name__} {turn}: {error}", file=sys.stderr, flush=True)
        shutil.rmtree(top)
        turn += 1
    return done, failures


def main() -> int:
    """Print a row for each fault; end with 1 if anything was lost."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    faults: list[tuple[str, Fault, int]] = [
        ("kill -9 of a running watch", watch.watch_killed, WATCHES),
        ("kill -9 at a random instant", killed, KILLS),
        ("kill -9 at a random call to the disk", killed_at_a_call, CALLS),
        ("power cut", power_cuts, CUTS),
        ("torn last page", torn, TORN),
        ("clock back and forth", clock, CLOCKS),
        ("two to four processes, one killed", several, SEVERAL),
    ]
    if os.geteuid() == 0:
        faults += [("full disk", full_disk, DISKS), ("read-only disk", read_only, READ_ONLY)]
    only = sys.argv[3:]
    lost = 0
    print("| fault | N | lost or stuck | at most, 95 % | seconds |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for what, fault, wanted in faults:
            if only and fault.__name__ not in only:
                continue
            begun = time.monotonic()
            done, failures = inject(
                fault, max(1, round(wanted * share)), seed=seed, folder=Path(name)
            )
            count = sum(failures.values())
            lost += count
            bound = f"{3 / done:.4f}" if not count else "-"
            took = time.monotonic() - begun
            print(f"| {what} | {done} | {count} | {bound} | {took:.0f} |", flush=True)
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
