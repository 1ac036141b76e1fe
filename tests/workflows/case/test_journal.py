"""The one pen: equal bytes are recorded once, credentials never, listeners hear what is on disk."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.errors import InputError, LimitError, SourceError
from cautery.model import Entry
from cautery.model.records import UnknownRecord
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case


def sealed(heard: list[Entry]) -> list[str]:
    return [
        one.record.body["exhibit"]["id"] for one in heard if one.record.kind == "exhibit.sealed"
    ]


def seal(
    journal: Journal, data: bytes, *, url: str | None = None, confidential: bool = False
) -> str:
    return journal.seal(
        data,
        what="segment",
        media_type="video/mp2t",
        at=journal.now(),
        url=url,
        confidential=confidential,
    )


def test_equal_bytes_are_one_exhibit_and_one_record(journal: Journal, heard: list[Entry]) -> None:
    ids = [seal(journal, one) for one in (b"a", b"b", b"a")]
    assert ids[0] == ids[2] != ids[1]
    assert sealed(heard) == ids[:2]


def test_what_is_sealed_reads_back_byte_for_byte(journal: Journal, case: Case) -> None:
    assert case.vault.read(seal(journal, b"\x47" * 1000)) == b"\x47" * 1000


def test_a_capture_with_credentials_lies_encrypted_and_its_record_names_a_pseudonym(
    journal: Journal, case: Case, heard: list[Entry]
) -> None:
    secret = b"http://panel.example/live/anna/s3cret/1.ts"
    exhibit = seal(journal, secret, url="http://panel.example/get.php", confidential=True)
    record = heard[-1].record.body["exhibit"]
    assert b"s3cret" not in case.vault.read(exhibit)
    assert record["confidential"]
    assert "panel.example" not in record["subject"]
    assert case.vault.open(exhibit, subject=record["subject"]) == secret


def test_a_url_is_recorded_without_its_credentials(journal: Journal, heard: list[Entry]) -> None:
    seal(journal, b"x", url="http://u:pw@panel.example:80/live/anna/s3cret/17.ts?token=abc")
    leaf = heard[-1].leaf
    assert b"panel.example" in leaf
    assert not any(word in leaf for word in (b"anna", b"s3cret", b"abc", b"u:pw"))


def test_one_secret_has_one_pseudonym_so_that_streams_keep_their_names(journal: Journal) -> None:
    urls = [f"http://panel.example/live/anna/s3cret/{number}.ts" for number in (1, 1, 2)]
    first, again, other = [journal.redact(url).text for url in urls]
    assert first == again
    assert first != other


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.text(max_size=2000))
def test_a_failure_is_a_record_whatever_the_message_holds(
    journal: Journal, heard: list[Entry], message: str
) -> None:
    journal.fail("source", "list", SourceError(message.encode("utf-8", "replace").decode()))
    body = heard[-1].record.body
    assert body["error"] == "SourceError"
    assert len(body["message"]) <= 500


def test_a_failure_carries_its_class_and_its_hint(journal: Journal, heard: list[Entry]) -> None:
    journal.fail("publish", "provider", LimitError("too slow", hint="Try later."))
    body = heard[-1].record.body
    assert (body["what"], body["where"], body["error"]) == ("publish", "provider", "LimitError")
    assert body["hint"] == "Try later."


def test_a_listener_hears_only_what_is_on_disk(
    journal: Journal, case: Case, heard: list[Entry]
) -> None:
    journal.write(UnknownRecord(kind="watch.started", body={"why": "window open"}))
    [entry] = case.ledger.read()
    assert heard == [entry]


def test_an_entry_of_another_process_is_passed_on_without_being_written_again(
    journal: Journal, case: Case, heard: list[Entry]
) -> None:
    entry = case.ledger.append("approval.given", {"referral": "R-1"}, at=journal.now())
    journal.pass_on(entry)
    assert heard == [entry]
    assert case.ledger.size() == 1


async def test_listeners_hear_entries_in_the_ledgers_order_whichever_thread_writes(
    journal: Journal, heard: list[Entry]
) -> None:
    async def seal_one(number: int) -> None:
        await journal.seal_aside(
            b"%d" % number, what="segment", media_type="video/mp2t", at=journal.now()
        )
        journal.write(UnknownRecord(kind="probe.done", body={"number": number}))

    await asyncio.gather(*(seal_one(number) for number in range(40)))
    assert [one.index for one in heard] == list(range(80))


def written_at_once(journal: Journal, case: Case, bodies: list[object]) -> list[object]:
    """Write from one thread each while the first is being flushed; return what each got."""
    got: list[object] = [None] * len(bodies)
    begun, go_on = threading.Event(), threading.Event()
    append_all = case.ledger.append_all

    def slow(records: Any, **conditions: Any) -> Any:
        begun.set()
        go_on.wait(20)
        return append_all(records, **conditions)

    def write(place: int) -> None:
        try:
            got[place] = journal.write(UnknownRecord(kind="x", body=bodies[place])).index
        except InputError as error:
            got[place] = type(error)

    case.ledger.append_all = slow  # type: ignore[method-assign]
    threads = [threading.Thread(target=write, args=(place,)) for place in range(len(bodies))]
    threads[0].start()
    begun.wait(20)
    for place, thread in enumerate(threads[1:], start=1):
        thread.start()
        while len(journal._writes._queue) < place:
            time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join(20)
    return got


def test_threads_that_wait_share_a_flush_and_listeners_hear_them_in_order(
    journal: Journal, case: Case, heard: list[Entry]
) -> None:
    got = written_at_once(journal, case, [{"n": n} for n in range(9)])
    assert got == list(range(9))
    assert [one.record.body["n"] for one in heard] == list(range(9))


def test_a_record_without_a_canonical_form_costs_no_other_of_its_group(
    journal: Journal, case: Case, heard: list[Entry]
) -> None:
    got = written_at_once(journal, case, [{"n": 0}, {"n": 1}, {"n": 2**60}, {"n": 3}])
    assert got == [0, 1, InputError, 2]
    assert [one.record.body["n"] for one in heard] == [0, 1, 3]


def test_a_record_can_be_written_whatever_stands_in_it(
    journal: Journal, heard: list[Entry]
) -> None:
    journal.write(
        UnknownRecord(
            kind="test",
            body={"host": "\ud800.example", "\ud800": ["\ud83d\ude00"], "title": "\ud800"},
        )
    )
    assert heard[-1].record.body == {
        "host": "\ufffd.example",
        "\ufffd": ["\U0001f600"],
        "title": "\ufffd",
    }


def test_records_that_are_known_together_share_a_flush_and_keep_their_order(
    journal: Journal, case: Case, heard: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    append_all = case.ledger.append_all

    def counted(records: Any, **conditions: Any) -> Any:
        groups.append(len(records))
        return append_all(records, **conditions)

    monkeypatch.setattr(case.ledger, "append_all", counted)
    entries = journal.write_all(UnknownRecord(kind="x", body={"n": n}) for n in range(5))
    assert groups == [5]
    assert [one.record.body["n"] for one in entries] == [0, 1, 2, 3, 4]
    assert heard == list(entries)


def test_of_a_group_whatever_has_a_form_stands_and_the_fault_is_raised(
    journal: Journal, heard: list[Entry]
) -> None:
    with pytest.raises(InputError):
        journal.write_all(UnknownRecord(kind="x", body={"n": n}) for n in (0, 2**60, 2))
    assert [one.record.body["n"] for one in heard] == [0, 2]


async def test_what_is_written_aside_holds_up_no_loop_and_is_over_when_its_task_is_cancelled(
    journal: Journal, case: Case, heard: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    append_all = case.ledger.append_all

    def slow(records: Any, **conditions: Any) -> Any:
        begun.set()
        go_on.wait(20)
        return append_all(records, **conditions)

    monkeypatch.setattr(case.ledger, "append_all", slow)
    writing = asyncio.ensure_future(journal.write_aside(UnknownRecord(kind="x", body={"n": 1})))
    # A loop that the flush held up would come here when the flush has given up waiting.
    assert await asyncio.to_thread(begun.wait, 10)
    assert not writing.done()
    writing.cancel()
    await asyncio.sleep(0.01)
    assert not writing.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert [one.record.body["n"] for one in heard] == [1]
