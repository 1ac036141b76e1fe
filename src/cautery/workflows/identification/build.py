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
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from cautery.errors import DecodeError, InputError, SourceError, StorageError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import refuse_to_replace, unfinished_prefix
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.joining import check_room, join
from cautery.identify.references.opening import load as load_references
from cautery.identify.references.saved import save
from cautery.json_text import parsed_json
from cautery.model.ports import Decoder, Engine
from cautery.workflows.identification.appending import Before, digest_of, stamp_of
from cautery.workflows.identification.media import media_of
from cautery.workflows.identification.reading import Built, Reading
from cautery.workflows.identification.sources import Source

PARTS = ".parts"
"""What the side folder's name ends with."""


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
            before = Before.of(self._out, self._recipe) if append and self._out.exists() else None
            if before is not None:
                before.refuse(sources, self._part, done=self._kept)
                self._sounds = before.sounds()
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

    def _sweep(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)

    def _part(self, source: Source) -> Path:
        """Return where a source's own ``.ref`` lies: the name says all that it was made of."""
        media = [[str(file), *stamp_of(file)] for file in source.files]
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
        digest = await asyncio.to_thread(digest_of, part, source.id)
        first = source.id if digest is None else self._sounds.setdefault(digest, source.id)
        if first == source.id:
            return outcome
        twin = f"it has the same sound as {first!r}: a probe of either names both"
        return replace(outcome, warnings=(*outcome.warnings, twin))

    def _kept(self, source: Source) -> Built | None:
        """Return what an earlier build made of the same source, if it finished it."""
        part = self._part(source)
        try:
            record = parsed_json(part.with_suffix(".json").read_text(encoding="utf-8"))
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
        reading = Reading(source.id)
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

    def _write(self, parts: Sequence[Path], before: Before | None) -> None:
        if before is not None:
            before.still(self._out)
        join(
            before.references if before else None,
            parts,
            self._out,
            recipe=self._recipe,
            room=self._parts,
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


def _note(path: Path, outcome: Built) -> None:
    """Write the outcome beside its ``.ref``; it is written last, so it says that all is there."""
    unfinished = path.with_suffix(".json.writing")
    unfinished.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    unfinished.replace(path)
