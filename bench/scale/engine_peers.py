"""Ray and Dask for bench/scale/engines.py, in an environment of their own.

It imports nothing of Cautery, so that any Python with the two packages runs it; each measurement is
one process, which prints one line of JSON. Everything binds to loopback.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

QUESTION = {"url": "https://cdn.example/live/" + "u" * 950}
ANSWER_BYTES = 4000
SLEEP_S = 2.0
RAY_ADDRESS = "127.0.0.2"
"""On loopback: Ray takes the machine's own address, which all can reach, for 127.0.0.1."""


def probe(question: dict[str, str]) -> dict[str, str]:
    """A task with the size of a look's question and answer, and nothing in between."""
    return {"url": question["url"][:100], "seen": "s" * ANSWER_BYTES}


def mortal(folder: str) -> int:
    """A task that takes a while; it says who does it."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(SLEEP_S)
    return os.getpid()


def of_a_stranger(path: str) -> None:
    """What somebody runs who was never asked."""
    Path(path).write_text("run")


def cpu_s(pids: list[int]) -> float:
    """CPU of processes until now."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def killed(
    submit: Callable[[], Any], result: Callable[[Any], Any], folder: str
) -> dict[str, object]:
    """Kill the worker of a task in its middle; return after how long it was done."""
    task = submit()
    limit = time.monotonic() + 60
    while not (seen := list(Path(folder).iterdir())) and time.monotonic() < limit:
        time.sleep(0.02)
    os.kill(int(seen[0].name), signal.SIGKILL)
    began = time.monotonic()
    try:
        result(task)
    except Exception as error:  # noqa: BLE001 - the result of the measurement
        return {"killed": f"lost: {type(error).__name__}"}
    return {"killed_s": round(time.monotonic() - began - SLEEP_S, 2)}


# Dask


@contextlib.contextmanager
def dask_cluster(*more: str) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and two workers, each in its process as on machines of their own."""
    there = Path(sys.executable).parent / "dask"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        quiet: dict[str, Any] = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": folder,
        }
        common = ["--host", "127.0.0.1", *more]
        plain = ["--scheduler-file", str(file), "--no-dashboard"]
        started = [
            subprocess.Popen(
                [there, "scheduler", "--port", "0", *plain, *common],
                **quiet,
            )
        ]
        worker = [there, "worker", *plain, *common, "--nthreads", "1", "--memory-limit", "0"]
        started += [subprocess.Popen(worker, **quiet) for _ in range(2)]
        try:
            limit = time.monotonic() + 120
            while not file.exists() and time.monotonic() < limit:
                time.sleep(0.05)
            yield json.loads(file.read_text())["address"], [started[0].pid]
        finally:
            for process in started:
                process.terminate()
            for process in started:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()
                process.wait()


def dask_start() -> dict[str, object]:
    from distributed import Client  # noqa: PLC0415 - each engine alone

    with dask_cluster() as (address, _), Client(address, timeout=120) as client:
        client.submit(probe, QUESTION).result(120)
        return {"ok": True}


def dask_jobs(number: int) -> dict[str, object]:
    from distributed import Client  # noqa: PLC0415 - each engine alone

    with dask_cluster() as (address, pids), Client(address, timeout=120) as client:
        client.wait_for_workers(2, timeout=120)
        client.gather(client.map(probe, [QUESTION] * 50, pure=False))
        cpu, between, wall = time.process_time(), cpu_s(pids), time.monotonic()
        client.gather(client.map(probe, [QUESTION] * number, pure=False))
        return _costs(cpu, between, wall, pids, number)


def dask_killed() -> dict[str, object]:
    from distributed import Client  # noqa: PLC0415 - each engine alone

    with (
        tempfile.TemporaryDirectory() as folder,
        dask_cluster() as (address, _),
        Client(address, timeout=120) as client,
    ):
        client.wait_for_workers(2, timeout=120)
        return killed(
            lambda: client.submit(mortal, folder, pure=False), lambda task: task.result(60), folder
        )


def dask_stranger() -> dict[str, object]:
    """Whether somebody who knows the port alone runs code: by default, and with mutual TLS."""
    from distributed import Client  # noqa: PLC0415 - each engine alone
    from distributed.security import Security  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory() as folder:
        with dask_cluster() as (address, _):
            path = f"{folder}/open"
            with Client(address, timeout=60) as stranger:
                stranger.submit(of_a_stranger, path).result(60)
            told: dict[str, object] = {"by default": _seen(path)}
        files = _temporary_certificates(Security, folder)
        with dask_cluster("--protocol", "tls", *files) as (address, _):
            path = f"{folder}/closed"
            try:
                with Client(address, timeout=10, security=Security.temporary()) as stranger:
                    stranger.submit(of_a_stranger, path).result(10)
            except Exception as error:  # noqa: BLE001 - the result of the measurement
                told["with mutual TLS"] = f"refused ({type(error).__name__}); {_seen(path)}"
            else:
                told["with mutual TLS"] = _seen(path)
    return told


def _temporary_certificates(security: Any, folder: str) -> list[str]:
    made = security.temporary()
    names = {"ca": made.tls_ca_file, "cert": made.tls_scheduler_cert, "key": made.tls_scheduler_key}
    for name, text in names.items():
        (Path(folder) / f"{name}.pem").write_text(text)
    return [
        part
        for flag, name in (("--tls-ca-file", "ca"), ("--tls-cert", "cert"), ("--tls-key", "key"))
        for part in (flag, f"{folder}/{name}.pem")
    ]


# Ray


def _ray_up() -> Any:
    import ray  # noqa: PLC0415 - each engine alone

    ray.init(
        address="local",  # and not one that somebody left behind
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address=RAY_ADDRESS,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100 << 20,
    )
    return ray


def _ray_processes() -> list[int]:
    """The processes between driver and workers."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                program = (folder / "cmdline").read_bytes().partition(b"\0")[0]
                if program.endswith((b"/gcs_server", b"/raylet")):
                    found.append(int(folder.name))
    return found


def ray_start() -> dict[str, object]:
    """A first answer."""
    ray = _ray_up()
    ray.get(ray.remote(probe).remote(QUESTION))
    return {"ok": True}


def ray_jobs(number: int) -> dict[str, object]:
    """What so many jobs cost."""
    ray = _ray_up()
    task = ray.remote(probe)
    ray.get([task.remote(QUESTION) for _ in range(50)])
    pids = _ray_processes()
    cpu, between, wall = time.process_time(), cpu_s(pids), time.monotonic()
    ray.get([task.remote(QUESTION) for _ in range(number)])
    return _costs(cpu, between, wall, pids, number)


def ray_killed() -> dict[str, object]:
    """A worker that is killed in the middle of a task."""
    ray = _ray_up()
    with tempfile.TemporaryDirectory() as folder:
        return killed(
            lambda: ray.remote(mortal).remote(folder),
            lambda task: ray.get(task, timeout=60),
            folder,
        )


def ray_stranger() -> dict[str, object]:
    """Whether a process that knows the address alone runs code: by default, and with a token.

    As on several machines, by ``ray start``: a cluster that ``ray.init`` starts has a token.
    """
    return {
        "by default": _asked_by_a_stranger({}),
        "with a token": _asked_by_a_stranger({"RAY_AUTH_MODE": "token"}),
    }


_STRANGER = """
import ray, sys
def code(path):
    open(path, "w").write("run")
ray.init(address=sys.argv[1], _node_ip_address=sys.argv[2])
ray.get(ray.remote(code).remote(sys.argv[3]), timeout=60)
"""


def _asked_by_a_stranger(settings: dict[str, str]) -> str:
    ray = Path(sys.executable).parent / "ray"
    plain = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
    port = str(_free_port())
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        ours.mkdir()
        theirs.mkdir()
        own = {**plain, **settings, "HOME": str(ours)}
        if settings:
            make = [ray, "get-auth-token", "--generate"]
            subprocess.run(make, env=own, check=True, capture_output=True)
        head = subprocess.Popen(
            [
                *(ray, "start", "--head", "--block", f"--node-ip-address={RAY_ADDRESS}"),
                *(f"--port={port}", "--include-dashboard=false", "--num-cpus=1"),
                "--object-store-memory=100000000",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=own,
            start_new_session=True,
        )
        path = f"{folder}/run"
        why: list[str] = []
        try:
            _until_listening(RAY_ADDRESS, int(port), 120)
            time.sleep(5)
            done = subprocess.run(
                [sys.executable, "-c", _STRANGER, f"{RAY_ADDRESS}:{port}", RAY_ADDRESS, path],
                capture_output=True,
                check=False,
                timeout=120,
                text=True,
                env={**plain, "HOME": str(theirs)},
            )
            why = done.stderr.strip().splitlines()[-1:] if done.returncode else []
        except (subprocess.TimeoutExpired, TimeoutError) as error:
            why = [type(error).__name__]
        finally:
            _end(head)
        return f"{_seen(path)} {''.join(why)[:160]}".strip()


def _end(head: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started."""
    for signal_, wait_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(head.pid, signal_)
        with contextlib.suppress(subprocess.TimeoutExpired):
            head.wait(wait_s)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((RAY_ADDRESS, 0))
        return int(one.getsockname()[1])


def _until_listening(address: str, port: int, within_s: float) -> None:
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
            return
        time.sleep(0.2)
    raise TimeoutError


def _costs(
    cpu: float, between: float, wall: float, pids: list[int], number: int
) -> dict[str, object]:
    return {
        "driver_ms": round((time.process_time() - cpu) / number * 1000, 3),
        "between_ms": round((cpu_s(pids) - between) / number * 1000, 3),
        "wall_ms": round((time.monotonic() - wall) / number * 1000, 3),
    }


def _seen(path: str) -> str:
    return "ran the stranger's code" if Path(path).exists() else "ran nothing"


MEASUREMENTS = {
    "dask start": dask_start,
    "dask jobs": dask_jobs,
    "dask killed": dask_killed,
    "dask stranger": dask_stranger,
    "ray start": ray_start,
    "ray jobs": ray_jobs,
    "ray killed": ray_killed,
    "ray stranger": ray_stranger,
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:  # Ray writes a token into it
        os.environ["HOME"] = home
        print(json.dumps(MEASUREMENTS[sys.argv[1]](*map(int, sys.argv[2:]))), flush=True)
