"""Fingerprint files into one ``.ref``; an interrupted build continues where it stopped.

Each finished reference lies as a ``.ref`` of its own in a side folder, ``league.ref.parts/`` beside
``league.ref``, until the whole is written. What stands there is believed only while its media, its
id and the recipe are the same. Whoever builds locks the folder; who reads ``league.ref`` meanwhile
keeps the file that was opened, since the new one only takes its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cautery.errors import DecodeError, InputError, SourceError, StorageError
from cautery.fingerprint.audio import loudness_db
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import refuse_to_replace, unfinished_prefix
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.joining import check_room, join
from cautery.identify.references.opening import load as load_references
from cautery.identify.references.saved import save
from cautery.model.media import Decoded
from cautery.model.ports import Decoder, Engine
from cautery.workflows.identification.media import media_of
from cautery.workflows.identification.sources import Source
from cautery.workflows.media.pump import media_start_s

PARTS = ".parts"
"""What the side folder's name ends with."""
_CONTINUES_S = 0.5
"""A file whose time stamps begin within this of where the last one ended continues it: segments of
one recording keep their clock, other files begin at 0."""
_SILENT_DB = -60.0
"""As :mod:`cautery.identify.sound` has it."""
_MOST_WARNINGS = 4
_NOTHING = np.empty(0, np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What became of one source.

    Parameters
    ----------
    seconds : float
        Of media that are held.
    files : int
        That they came from.
    codecs, warnings : tuple of str
        As the decoder says, each once.
    failures : tuple of str
        Files that could not be read, with the reason; without any other file the reference is not
        in the ``.ref``.
    kept : bool
        It was finished by an earlier, interrupted build.
    """

    id: str
    seconds: float = 0.0
    files: int = 0
    codecs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    kept: bool = False

    @property
    def held(self) -> bool:
        """Whether the reference is in the ``.ref``."""
        return self.seconds > 0


class Builder:
    """Fingerprints sources, several at a time.

    Parameters
    ----------
    out : Path
        The ``.ref`` to be written, whole or not at all.
    jobs : int
        Sources in hand at a time.
    on_built : callable
        Told each source's outcome as it is there.
    on_heard : callable
        Told (id, seconds so far) while a source is read.
    """

    def __init__(
        self,
        out: Path,
        *,
        recipe: Recipe,
        decoder: Decoder,
        engine: Engine,
        jobs: int = 2,
        on_built: Callable[[Built], None] = lambda _: None,
        on_heard: Callable[[str, float], None] = lambda _id, _s: None,
    ) -> None:
        if not out.parent.is_dir():
            raise InputError(f"{out.parent}: no such folder")
        if out.is_dir():
            raise InputError(f"{out}: this is a folder", hint="Give -o the path of a file.")
        refuse_to_replace(out)
        self._out = out
        self._recipe = recipe
        self._decoder = decoder
        self._engine = engine
        self._jobs = asyncio.Semaphore(jobs)
        self._on_built = on_built
        self._on_heard = on_heard
        self._parts = out.with_name(out.name + PARTS)
        self._sounds: dict[str, str] = {}
        """By digest of its code words, who has a sound first."""

    async def build(
        self, sources: Sequence[Source], *, strict: bool = False, append: bool = False
    ) -> tuple[Built, ...]:
        """Fingerprint every source, then write the ``.ref`` and remove the side folder.

        Parameters
        ----------
        strict : bool
            Write nothing if anything of any source could not be read.
        append : bool
            Keep what the ``.ref`` holds already, and add.

        Raises
        ------
        InputError
            If no source could be read, an id is held already, or the old ``.ref`` cannot be used.
        SourceError
            With ``strict``, if anything could not be read.
        StorageError
            If something cannot be written.
        """
        with self._alone():
            before = self._before(sources) if append else None
            check_room(self._out, len(sources) + (len(before.references.infos) if before else 0))
            async with asyncio.TaskGroup() as tasks:
                jobs = [tasks.create_task(self._source(source)) for source in sources]
            built = tuple(task.result() for task in jobs)
            wrong = [outcome.id for outcome in built if outcome.failures]
            if strict and wrong:
                raise SourceError(
                    f"{len(wrong)} of {len(sources)} sources could not be read completely: "
                    + ", ".join(wrong[:8]),
                    hint=(
                        "Repair these sources or leave them out, then run the command again. The "
                        "other sources are not read twice."
                    ),
                )
            if not any(outcome.held for outcome in built):
                self._sweep()
                raise InputError("none of the sources could be read; nothing is written")
            parts = [
                self._part(source)
                for source, outcome in zip(sources, built, strict=True)
                if outcome.held and not (before and before.references.knows(source.id))
            ]
            if parts:
                await self._engine.run(self._write, parts, before)
            self._sweep()
        return built

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the side folder, so that no other build of the same file removes or replaces ours.

        Raises
        ------
        InputError
            If another process builds the same file.
        StorageError
            If the folder cannot be made.
        """
        try:
            handle = _locked(self._parts)
        except BlockingIOError as error:
            raise InputError(
                f"{self._out}: another process is building it",
                hint="Wait until it ends, or name another file with -o.",
            ) from error
        except OSError as error:
            raise StorageError(f"{self._parts}: {error.strerror or error}") from error
        try:
            # A writer that was killed leaves its unfinished file, which may be as large as all.
            prefix = unfinished_prefix(self._out)
            for entry in self._out.parent.iterdir():
                if entry.name.startswith(prefix):
                    entry.unlink(missing_ok=True)
            yield
        finally:
            with contextlib.suppress(OSError):  # it stays while something finished lies in it
                self._parts.rmdir()
            os.close(handle)

    def _before(self, sources: Sequence[Source]) -> _Before | None:
        """Return what the file holds to which is appended.

        Raises
        ------
        InputError
            If it holds a source's id already, unless that source's part says that an append was
            killed after it had written the file.
        """
        if not self._out.exists():
            return None
        stamp = _stamp(self._out)
        references = load_references(self._out, recipe=self._recipe)
        for source in sources:
            if references.knows(source.id) and not self._added(source, references):
                raise InputError(
                    f"{self._out} already holds {source.id!r}",
                    hint="Build without --append to make a new file, or give the reference "
                    "another id.",
                )
        for info in references.infos:
            if (digest := _digest(references, info.id)) is not None:
                self._sounds.setdefault(digest, info.id)
        return _Before(stamp, references)

    def _added(self, source: Source, references: References) -> bool:
        """Tell whether an append that was killed before it tidied up has added a source."""
        if self._kept(source) is None:
            return False
        part = load_references(self._part(source), recipe=self._recipe)
        held, added = references.codes(source.id), part.codes(source.id)
        return references.span(source.id) == part.span(source.id) and all(
            first == second and np.array_equal(words, others)
            for (first, words), (second, others) in itertools.zip_longest(
                held, added, fillvalue=(-1, _NOTHING)
            )
        )

    def _sweep(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)

    def _part(self, source: Source) -> Path:
        """Return where a source's own ``.ref`` lies: the name says all that it was made of."""
        media = [[str(file), *_stamp(file)] for file in source.files]
        made_of = [asdict(self._recipe), asdict(replace(source, files=())), media]
        encoded = json.dumps(made_of, sort_keys=True, default=str).encode()
        return self._parts / f"{hashlib.sha256(encoded).hexdigest()[:32]}.ref"

    async def _source(self, source: Source) -> Built:
        async with self._jobs:
            outcome = await asyncio.to_thread(self._kept, source)
            if outcome is None:
                outcome = await self._made(source)
            if outcome.held:
                outcome = await self._compared(source, outcome)
        self._on_built(outcome)
        return outcome

    async def _compared(self, source: Source, outcome: Built) -> Built:
        """Warn where another reference has the very same sound: probes of it would name both."""
        part = await asyncio.to_thread(load_references, self._part(source), verify=False)
        digest = await asyncio.to_thread(_digest, part, source.id)
        first = source.id if digest is None else self._sounds.setdefault(digest, source.id)
        if first == source.id:
            return outcome
        twin = f"it has the same sound as {first!r}: a probe of either names both"
        return replace(outcome, warnings=(*outcome.warnings, twin))

    def _kept(self, source: Source) -> Built | None:
        """Return what an earlier build made of the same source, if it finished it."""
        part = self._part(source)
        try:
            record = json.loads(part.with_suffix(".json").read_text(encoding="utf-8"))
            load_references(part, recipe=self._recipe)
            lists = ("codecs", "warnings", "failures")
            sequences: dict[str, Any] = {name: tuple(record[name]) for name in lists}
            return Built(
                id=source.id,
                seconds=float(record["seconds"]),
                files=int(record["files"]),
                kept=True,
                **sequences,
            )
        except (OSError, ValueError, KeyError, TypeError, InputError):
            return None

    async def _made(self, source: Source) -> Built:
        single = References(self._recipe, (info_of(source),))
        reading = _Reading(source.id)
        for file in source.files:
            try:
                async with aclosing(media_of(file, self._decoder)) as parts:
                    async for media in parts:
                        at_s = reading.place(media)
                        await self._engine.run(partial(single.add, source.id, media, at_s=at_s))
                        reading.heard(media)
                        self._on_heard(source.id, reading.end_s)
            except (DecodeError, InputError) as error:
                reading.failures.append(f"{file.name}: {error}")
            reading.next_file()
        outcome = reading.outcome()
        if outcome.held:
            part = self._part(source)
            await self._engine.run(save, single, part)
            await asyncio.to_thread(_note, part.with_suffix(".json"), outcome)
        return outcome

    def _write(self, parts: Sequence[Path], before: _Before | None) -> None:
        if before is not None and before.stamp != _stamp(self._out):
            raise InputError(
                f"{self._out}: the file was replaced during the build",
                hint="Run the command again; the sources are not read twice.",
            )
        join(
            before.references if before else None,
            parts,
            self._out,
            recipe=self._recipe,
            room=self._parts,
        )


@dataclass(frozen=True, slots=True)
class _Before:
    """The file to which is appended: its stamp, and what it holds."""

    stamp: tuple[int, ...]
    references: References


class _Reading:
    """One source being read: where on its axis the next media lie, and what was said of them."""

    def __init__(self, id: str) -> None:
        self._id = id
        self.end_s = 0.0
        self.failures: list[str] = []
        self._codecs: dict[str, None] = {}
        self._warnings: dict[str, None] = {}
        self._newest: tuple[str, ...] = ()
        self._files = 0
        self._anchor_s: float | None = None
        self._stamp_s: float | None = None
        self._seconds = 0.0
        self._loud = False

    def place(self, part: Decoded) -> float:
        """Return the reference time of a part's start."""
        start_s = media_start_s(part)
        if self._anchor_s is None:
            stamp_s = self._stamp_s
            continues = stamp_s is not None and abs(start_s - stamp_s) <= _CONTINUES_S
            gap_s = start_s - stamp_s if continues and stamp_s is not None else 0.0
            self._anchor_s = self.end_s + gap_s - start_s
            self._files += 1
        return max(0.0, self._anchor_s + start_s)

    def heard(self, part: Decoded) -> None:
        """Take note of a part that was added."""
        start_s = media_start_s(part)
        self._stamp_s = start_s + part.duration_s
        self.end_s = max(self.end_s, (self._anchor_s or 0.0) + self._stamp_s)
        self._seconds += part.duration_s
        self._codecs |= dict.fromkeys(part.codecs)
        self._newest = part.warnings  # a part repeats and counts what its file gave before
        self._loud |= len(part.audio) > 0 and loudness_db(part.audio) >= _SILENT_DB

    def next_file(self) -> None:
        """Say that what follows comes from another file."""
        self._anchor_s = None
        self._warnings |= dict.fromkeys(self._newest)
        self._newest = ()

    def outcome(self) -> Built:
        """Return what came of it."""
        self.next_file()
        warnings = list(self._warnings)
        if self._seconds and not self._loud and "it has no sound" not in warnings:
            warnings.append("its sound is silent throughout")
        if len(warnings) > _MOST_WARNINGS:
            warnings[_MOST_WARNINGS:] = [f"and {len(warnings) - _MOST_WARNINGS} more warnings"]
        return Built(
            id=self._id,
            seconds=self._seconds,
            files=self._files,
            codecs=tuple(self._codecs),
            warnings=tuple(warnings),
            failures=tuple(self.failures),
        )


def info_of(source: Source) -> ReferenceInfo:
    """Return what a source of files, which has no live edge, is as a reference."""
    return ReferenceInfo(
        id=source.id,
        event=source.event,
        clean=source.clean,
        territory=source.territory,
        licensee=source.licensee,
        kind="work",
    )


def _digest(references: References, id: str) -> str | None:
    """Return what says that two references have the same sound; ``None``: none that says much."""
    pieces = [words for _, words in references.codes(id)]
    if not any(words.any() for words in pieces):
        return None
    return hashlib.sha256(b"".join(words.tobytes() for words in pieces)).hexdigest()


def _locked(folder: Path) -> int:
    """Make a folder and return a descriptor that holds its lock until it is closed.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """
    while True:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held the lock before may have removed the folder meanwhile.
            if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _stamp(file: Path) -> tuple[int, ...]:
    """Return a file's size and time; nothing of one that is gone, or a link to none."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns


def _note(path: Path, outcome: Built) -> None:
    """Write the outcome beside its ``.ref``; it is written last, so it says that all is there."""
    unfinished = path.with_suffix(".json.writing")
    unfinished.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    unfinished.replace(path)
