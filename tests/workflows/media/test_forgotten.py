"""References of a case go when it is closed, and lists of epochs to come when a backup is back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.shared_references import KEY, FailingShelf, infos

from cautery.errors import ConflictError, StorageError
from cautery.workflows.media.forgotten import forget_all, forget_later
from cautery.workflows.media.layout import LAYOUT, layout_bytes, layout_of
from cautery.workflows.media.published import LIST, Listed
from cautery.workflows.media.publishing import Publisher
from cautery.workflows.media.sharing_out import Shared

CASE = "0123abcd"
ONE, TWO = layout_of(infos(4), case=CASE, count=2, window_s=60.0, origin_s=0.0).shards


@pytest.fixture
def shelf(tmp_path: Path) -> FailingShelf:
    made = FailingShelf(tmp_path / "shelf")
    layout = layout_of(infos(4), case=CASE, count=2, window_s=60.0, origin_s=0.0)
    made.replace(f"{CASE}/{LAYOUT}", layout_bytes(layout, case=CASE, key=KEY), version=None)
    return made


def publish(shelf: FailingShelf, shard: str, epoch: int) -> None:
    listed = Listed(run=(epoch, 0), serial=1, node="n1", at_s=0.0)
    Publisher(shelf, shard, KEY).publish(listed, {}, now_s=0.0)


def test_a_case_whose_database_was_restored_is_heard_all_the_same(shelf: FailingShelf) -> None:
    publish(shelf, ONE, 7)
    publish(shelf, TWO, 2)
    shelf.replace(f"{CASE}/odd/{LIST}", b"no list", version=None)
    with pytest.raises(ConflictError):
        publish(shelf, ONE, 3)
    forget_later(Shared(shelf=shelf, case=CASE, epoch=3, key=KEY))
    assert shelf.version(f"{ONE}/{LIST}") is None
    assert shelf.version(f"{TWO}/{LIST}") is not None
    assert shelf.version(f"{CASE}/{LAYOUT}") is not None
    publish(shelf, ONE, 3)


def test_a_closed_case_leaves_nothing_and_others_stay(shelf: FailingShelf) -> None:
    publish(shelf, ONE, 7)
    publish(shelf, "other/000000000000-0", 1)
    forget_all(shelf, CASE)
    assert shelf.names(CASE) == ()
    assert len(shelf.names("other")) == 1
    forget_all(shelf, CASE)
    shelf.away = True
    with pytest.raises(StorageError):
        forget_all(shelf, CASE)
