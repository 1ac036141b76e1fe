"""Renders a world's media into a cache: two processes, resumable, each folder whole or absent."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import StorageError
from cautery.lab.encode import Rendered
from cautery.lab.spec import ChannelSpec, Plan, StreamSpec
from cautery.lab.timeline import span_of

VERSION = 3
"""Counted up whenever the same seed would give other bytes."""

WORK_S = 120.0
"""Length of the short film."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    channel: ChannelSpec | None
    stream: StreamSpec | None
    needs: str | None


def media_folder(cache: Path, plan: Plan, media_dir: Path | None) -> Path:
    """Return where a world's media lie: by version, seed and what the seed drew."""
    suffix = "" if media_dir is None else f"-own-{_print_of(media_dir)}"
    digest = hashlib.sha256(repr(plan).encode()).hexdigest()[:8]
    return cache / f"world-v{VERSION}-{plan.size}-{plan.seed}-{digest}{suffix}"


def render(
    plan: Plan,
    folder: Path,
    *,
    media_dir: Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> None:
    """Render whatever of the plan is not there yet.

    Parameters
    ----------
    plan : Plan
        What to render.
    folder : Path
        From :func:`media_folder`; created if absent.
    media_dir : Path or None
        The analyst's own files, for channels in place of painted ones.
    progress : callable or None
        Called with ``(done, total, what)`` after each piece of work, from zero on.
    workers : int
        Processes.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    InputError
        If one of the analyst's files cannot be decoded.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        _render(plan, folder, media_dir, progress, workers)
    except OSError as error:
        raise StorageError(
            f"{folder}: the lab's media cannot be written: {error}",
            hint="Free some space, or give another cache folder; what is rendered is kept.",
        ) from error


def _render(
    plan: Plan, folder: Path, media_dir: Path | None, progress: Progress | None, workers: int
) -> None:
    tasks = _tasks(plan)
    waiting = [task for task in tasks if not (folder / task.name / "media.json").is_file()]
    rendered = {task.name for task in tasks} - {task.name for task in waiting}

    def tell(what: str) -> None:
        if progress is not None:
            progress(len(rendered), len(tasks), what)

    tell("looking at the cache")
    if not waiting:
        return
    running: dict[Future[None], str] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_modest) as pool:
        try:
            while waiting or running:
                ready = [task for task in waiting if task.needs is None or task.needs in rendered]
                for task in ready[: max(0, workers + 1 - len(running))]:
                    waiting.remove(task)
                    running[pool.submit(_work, task, plan, folder, media_dir)] = task.name
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    name = running.pop(future)
                    future.result()
                    rendered.add(name)
                    tell(name)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _tasks(plan: Plan) -> list[_Task]:
    """Return all work: feeds first, since copies wait for them; the longest first."""
    tasks = [_Task(channel.id, channel, None, None) for channel in plan.channels]
    copies = [stream for stream in plan.streams if stream.rendered and stream.delivery != "relay"]
    tasks += [_Task(copy.id, None, copy, copy.content) for copy in copies]
    return tasks


def _sweep(folder: Path) -> None:
    """Remove what renderers that no longer live left half-done."""
    for path in folder.glob(".*"):
        number = path.suffix[1:]
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end_with_parent() -> None:
    """End this renderer when the lab's process ends, by whatever signal: nobody else tells it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _modest() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)
    gc.set_threshold(50_000)  # as in the command: of what is imported now nothing goes again
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"


def _work(task: _Task, plan: Plan, folder: Path, media_dir: Path | None) -> None:
    """Do one task in a worker process."""
    target = folder / task.name
    if task.channel is not None:
        from cautery.lab.programme import render_channel  # noqa: PLC0415 - heavy: workers only

        begin, end = span_of(plan, task.channel)
        if media_dir is not None and task.channel.style not in ("slate", "black"):
            from cautery.lab.own_media import render_own  # noqa: PLC0415 - heavy: workers only

            render_own(plan, task.channel, media_dir, target, (begin, end))
        else:
            render_channel(plan, task.channel, target, begin, end)
    elif task.stream is not None and task.stream.content is not None:
        from cautery.lab.pirate import render_copy  # noqa: PLC0415 - heavy: workers only

        source = Rendered.load(folder / task.stream.content)
        assert source is not None
        begin, _ = span_of(plan, plan.channel(task.stream.content))
        render_copy(task.stream, plan.timing, source, begin, target)


def _print_of(media_dir: Path) -> str:
    """Return a short name for a folder's files, their sizes and dates."""
    facts = [
        f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}"
        for path in sorted(media_dir.iterdir())
        if path.is_file()
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:10]
