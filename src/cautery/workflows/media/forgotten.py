"""Take away shared references that no watch of a case may go on with, or needs any more."""

from __future__ import annotations

import contextlib

from cautery.errors import InputError
from cautery.model.ports import ReferenceShelf
from cautery.workflows.media.published import LIST, MOST_LIST, list_of
from cautery.workflows.media.sharing_out import Shared


def forget_later(shared: Shared) -> None:
    """Take away lists of epochs that are to come: a backup of the database was brought back.

    Epochs count up from the backup's again, and homes would leave each shard to a later one.

    Raises
    ------
    StorageError
        If the shelf is away.
    """
    for name in shared.shelf.names(shared.case):
        shard, _, last = name.rpartition("/")
        stored = shared.shelf.get(name, most=MOST_LIST) if last == LIST else None
        if stored is None:
            continue
        with contextlib.suppress(InputError):  # one that cannot be read is replaced
            if list_of(stored[1], shard=shard, key=shared.key).run[0] > shared.epoch:
                shared.shelf.remove([name])


def forget_all(shelf: ReferenceShelf, case: str) -> None:
    """Take away all references of a case that is closed: nothing is compared with them any more.

    Raises
    ------
    StorageError
        If the shelf is away.
    """
    shelf.remove(shelf.names(case))
