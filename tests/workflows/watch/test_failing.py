"""Why a watch ends that cannot write its case any more."""

import errno
import os

import psycopg
import pytest

from cautery.adapters._files import write_new
from cautery.adapters._ledger_failures import failures
from cautery.errors import StorageError
from cautery.model.records import WatchEnd
from cautery.workflows.watch.failing import ended_by


def of_database(error):
    with pytest.raises(StorageError) as raised, failures("a ledger", "append to"):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("number", "end"), [(errno.ENOSPC, WatchEnd.DISK_FULL), (errno.EIO, WatchEnd.STORE_AWAY)]
)
def test_a_disk_that_fails_is_not_a_full_one(tmp_path, monkeypatch, number, end):
    def fails(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StorageError) as raised:
        write_new(tmp_path / "a", b"x")
    assert ended_by(raised.value) is end


def test_a_database_that_is_away_is_not_a_full_one():
    assert ended_by(of_database(psycopg.OperationalError("gone"))) is WatchEnd.STORE_AWAY
    assert ended_by(of_database(psycopg.errors.DiskFull("full"))) is WatchEnd.DISK_FULL
