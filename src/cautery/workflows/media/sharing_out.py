"""Share the references of a case out: the layout on the shelf, and the recordings."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import CauteryError, InputError, StorageError
from cautery.identify.references.saved import save
from cautery.identify.references.volumes import AnyReferences
from cautery.model.ports import ReferenceShelf
from cautery.workflows.media.layout import (
    LAYOUT,
    MOST_LAYOUT,
    WORKS_SHARD,
    Layout,
    layout_bytes,
    opened_layout,
)
from cautery.workflows.media.published import Listed
from cautery.workflows.media.publishing import Publisher, works_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Where the references of a case are shared.

    Parameters
    ----------
    case : str
        The case's id.
    epoch : int
        Of the lease under which it is driven.
    key : bytes
        The nodes' key.
    """

    shelf: ReferenceShelf
    case: str
    epoch: int
    key: bytes


def share_out(shared: Shared, layout: Layout, recordings: AnyReferences, *, room: Path) -> Layout:
    """Put a layout and the recordings on the shelf; what another layout had is removed.

    Parameters
    ----------
    recordings : References or Volumes
        With all infos of the layout, of which it holds the recordings.
    room : Path
        A folder for files.

    Returns
    -------
    Layout
        The one that is there, if it is of the same references: its shards hold what was heard
        before.

    Raises
    ------
    StorageError
        If the shelf is away, or another watch of the case shares its references out.
    InputError
        If the shelf cannot keep two writers apart.
    """
    name = f"{shared.case}/{LAYOUT}"
    stored = shared.shelf.get(name, most=MOST_LAYOUT)
    if stored is not None:
        # One that cannot be read is replaced.
        with contextlib.suppress(CauteryError):
            before = opened_layout(stored[1], case=shared.case, key=shared.key)
            if _references_of(before) == _references_of(layout):
                layout = before
    _share_recordings(shared, layout, recordings, room)
    data = layout_bytes(layout, case=shared.case, key=shared.key)
    if stored is None or data != stored[1]:
        version = None if stored is None else stored[0]
        if shared.shelf.replace(name, data, version=version) is None:
            raise StorageError(
                f"another watch of case {shared.case} shares its references out",
                hint="One of the two ends when it learns whose the case is.",
            )
    if shared.shelf.replace(name, data, version='"0"') is not None:
        raise InputError(
            f"{shared.shelf.name}: this store replaces a file whatever version is asked for, so "
            "that two nodes could write one shard",
            hint="Use a store that heeds If-Match, as Amazon S3 does.",
        )
    shared.shelf.remove(
        old
        for old in shared.shelf.names(shared.case)
        if old != name and old.rpartition("/")[0] not in layout.shards
    )
    return layout


def _share_recordings(
    shared: Shared, layout: Layout, recordings: AnyReferences, room: Path
) -> None:
    for shard, names in layout.shards.items():
        if shard.endswith(WORKS_SHARD):
            path = room / f"{shard.rpartition('-')[2]}.ref"
            save(recordings.of(names[0]), path)
            listed = Listed(run=(shared.epoch, 0), serial=0, node="watch", at_s=0.0, filled=True)
            publisher = Publisher(shared.shelf, shard, shared.key)
            publisher.publish(listed, {works_name(path): path}, now_s=0.0)


def _references_of(layout: Layout) -> tuple[object, ...]:
    return layout.infos, layout.window_s, layout.origin_s, layout.volume_size
