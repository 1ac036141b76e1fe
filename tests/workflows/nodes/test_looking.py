"""Looks by nodes: killed, doubled, hostile and erased, and the same as on one machine."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from tests.looks import MANDATE, NOON, Hears, JobsInMemory, film, looks_by_jobs, looks_here

from cautery.adapters.engine import ThreadEngine
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import AwayError, ErasedError, StorageError
from cautery.evidence.warc import read_warc
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.windows import part_of
from cautery.messages import say
from cautery.model import AUDIO_RATE_HZ, Decoded, Entry, Finding, Source, Verdict
from cautery.model.hidden import Location, Secret
from cautery.model.records import AlignmentShown, ExhibitSealed, Failure, LookStep, ProbeDone
from cautery.model.records.scoring import ScoreBasis
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.tape import Tape
from cautery.workflows.nodes.looking import MOST_LEFT
from cautery.workflows.watch.pace import Heard, Pace
from cautery.workflows.watch.probing.probes import QUEUED, Prober
from cautery.workflows.watch.streams import Stream

T = TypeVar("T")

KEY = b"k" * 32
URL = "http://pirate.example/live/anna77/gehe1m/1.m3u8"
LIVE = b"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n0.ts\n"
FILM = "http://pirate.example/film.ts"


@dataclass
class Night:
    """A small watch of one stream, by nodes or in this process."""

    case: Case
    journal: Journal
    heard: list[Entry]
    stream: Stream
    prober: Prober
    jobs: JobsInMemory | None
    pace: Pace
    engine: ThreadEngine

    def look(self, times: int = 1) -> None:
        """Look at the stream, whenever it is due."""

        async def looking() -> None:
            for _ in range(times):
                await self.prober._probe(self.stream)

        asyncio.run(looking())

    def of(self, shape: type[T]) -> list[T]:
        return [entry.content for entry in self.heard if isinstance(entry.content, shape)]


@pytest.fixture
def night(
    answers: Callable[..., Any], case: Case, journal: Journal, heard: list[Entry], tmp_path: Path
) -> Iterator[Callable[..., Night]]:
    """Begin the watch of one stream: a live one whose list shows its line, or a film."""
    engine = ThreadEngine()

    def begun(
        *,
        url: str = URL,
        by_jobs: bool = True,
        media: bytes = b"media",
        shown: Decoded | None = None,
        behind: bool = False,
    ) -> Night:
        references = References(
            DEFAULT_RECIPE,
            (ReferenceInfo(id="work-1", kind="work", event=None, clean=False, territory=None),),
        )
        references.add("work-1", film(60.0), at_s=0.0)
        heard_of_it = film(60.0) if url == FILM else part_of(film(60.0), 20.0, 32.0)
        segment = URL.replace("1.m3u8", "0.ts")
        stream = Stream(
            url=url, key=journal.redact(url).text, host="pirate.example", title=None,
            source="list", first_seen=NOON,
        )  # fmt: skip
        parts: dict[str, Any] = {
            "fetcher": answers({URL: LIVE, segment: b"media", FILM: media}),
            "decoder": Hears(shown or heard_of_it),
            "engine": engine,
            "journal": journal,
        }
        tape, jobs = Tape(tmp_path, window_s=60.0), None
        looks: Any = looks_here(references, tape, **parts)
        if by_jobs:
            looks, jobs = looks_by_jobs(
                references, tape, **parts, case=case, key=KEY, behind=lambda: behind
            )
        streams = {stream.key: stream}
        pace = Pace(MANDATE, streams, heard=lambda: Heard(until={}, filled=True), journal=journal)
        prober = Prober(
            MANDATE, streams, looks, recipe=DEFAULT_RECIPE.name, journal=journal,
            on_verdict=lambda _: None, pace=pace,
        )  # fmt: skip
        return Night(case, journal, heard, stream, prober, jobs, pace, engine)

    yield begun
    engine.close()


def test_a_node_says_what_this_process_says(night: Callable[..., Night]) -> None:
    by_node, here = night(url=FILM), night(url=FILM, by_jobs=False)
    by_node.look()
    here.look()
    ours, theirs = here.stream.verdict, by_node.stream.verdict
    assert ours is not None
    assert theirs is not None
    assert theirs.finding is Finding.PROVEN

    def bare(verdict: Verdict) -> Verdict:  # each machine seals archives of its own
        seen = tuple(replace(one, exhibits=()) for one in verdict.observations)
        return replace(verdict, observations=seen)

    assert bare(theirs) == bare(ours)
    kept = [replace(basis, exhibit="") for basis in by_node.of(ScoreBasis)]
    assert kept[: len(kept) // 2] == kept[len(kept) // 2 :]
    assert kept
    shown, same = by_node.of(AlignmentShown)
    assert shown == same


@pytest.mark.parametrize(
    ("behind", "finding"), [(True, Finding.UNDECIDED), (False, Finding.NOTHING)]
)
def test_a_node_that_lacks_a_shard_calls_no_stream_nothing(
    night: Callable[..., Night], finding: Finding, *, behind: bool
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 12 * AUDIO_RATE_HZ).astype(np.float32)
    one = night(shown=replace(part_of(film(60.0), 20.0, 32.0), audio=noise), behind=behind)
    one.look()
    [done] = one.of(ProbeDone)
    assert done.observation is not None
    assert done.observation.came_too_early is behind
    assert one.stream.verdict is not None
    assert one.stream.verdict.finding is finding


def test_the_record_of_a_look_names_its_node_and_all_that_it_names_is_sealed(
    night: Callable[..., Night],
) -> None:
    one = night(url=FILM)
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.node, done.hindered) == ("lyon", None)
    sealed = [record.exhibit.id for record in one.of(ExhibitSealed)]
    assert set(done.exhibits) <= set(sealed)
    assert len(sealed) == len(set(sealed))
    for exhibit in sealed:
        one.case.vault.read(exhibit)


def test_neither_media_nor_the_key_of_the_case_travels(night: Callable[..., Night]) -> None:
    one = night()
    one.look()
    assert one.jobs is not None
    for text in one.jobs.texts:
        assert b"media".hex() not in text
        assert KEY.hex() not in text
        assert len(text) < 20_000


def test_a_node_that_is_killed_in_a_look_is_replaced_and_the_look_is_recorded_once(
    night: Callable[..., Night],
) -> None:
    one = night()
    assert one.jobs is not None
    one.jobs.dying = ["lyon"]
    one.look()
    assert [name for kind, name, _ in one.jobs.asked if kind == "look"] == ["lyon", "oslo"]
    [done] = one.of(ProbeDone)
    assert (done.node, done.hindered, done.failed) == ("oslo", None, None)
    sealed = one.of(ExhibitSealed)
    captures = [record for record in sealed if record.what in ("segment", "playlist")]
    assert {record.exhibit.id for record in captures} == set(done.exhibits)
    for record in one.of(ExhibitSealed):
        if record.exhibit.subject is not None:
            one.case.vault.open(record.exhibit.id, subject=record.exhibit.subject)


def test_a_look_that_two_nodes_do_is_recorded_once(night: Callable[..., Night]) -> None:
    one = night(url=FILM)
    assert one.jobs is not None
    one.jobs.twice = True
    one.look(times=2)
    assert len(one.of(ProbeDone)) == 2
    assert len([kind for kind, _, _ in one.jobs.asked if kind == "look"]) == 4
    sealed = [record.exhibit.id for record in one.of(ExhibitSealed)]
    assert len(sealed) == len(set(sealed))


@pytest.mark.parametrize("dying", [["lyon", "oslo"], []])
def test_nobody_blames_a_stream_for_nodes_that_are_gone(
    night: Callable[..., Night], dying: list[str]
) -> None:
    one = night()
    assert one.jobs is not None
    one.jobs.dying, one.jobs.dead = dying, set() if dying else {"lyon", "oslo"}
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, done.node, one.stream.probes) == (LookStep.NODE, "", 0)
    assert say(done.failed).startswith("not looked at: ")
    assert (one.stream.verdict, one.stream.failures) == (None, 0)
    assert one.of(ExhibitSealed) == []


def test_what_a_dead_node_saw_is_shown_by_another_from_what_was_sealed(
    night: Callable[..., Night],
) -> None:
    one, here = night(url=FILM), night(url=FILM, by_jobs=False)
    jobs = one.jobs
    assert jobs is not None

    def dies_after_looking(kind: str, content: Any) -> Any:
        if kind == "look":
            jobs.dead.add("lyon")
        return content

    jobs.altered = dies_after_looking
    one.look()
    here.look()
    assert [(kind, name) for kind, name, _ in jobs.asked] == [("look", "lyon"), ("show", "oslo")]
    assert one.stream.proven
    assert one.stream.aligned
    bases = one.of(ScoreBasis)
    half = len(bases) // 2
    assert half
    for again, ours in zip(bases[:half], bases[half:], strict=True):
        assert replace(again, exhibit="") == replace(ours, exhibit="")
        packed = [one.case.vault.read(basis.exhibit) for basis in (again, ours)]
        arrays = [np.load(io.BytesIO(data), allow_pickle=False) for data in packed]
        assert arrays[0].files == arrays[1].files
        assert all((arrays[0][name] == arrays[1][name]).all() for name in arrays[0].files)


def test_a_node_whose_vault_is_full_is_to_blame_and_the_night_goes_on(
    night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("no space left on device")

    one = night()
    monkeypatch.setattr(FolderVault, "_keep", full)
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, done.node, one.stream.verdict) == (LookStep.NODE, "lyon", None)
    assert "no space left" in say(done.failed)


def test_a_look_that_one_node_cannot_seal_is_done_by_another(
    night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, refused = FolderVault._keep, list[str]()

    def away_once(vault: FolderVault, name: str, stored: bytes) -> None:
        if not refused:
            refused.append(name)
            raise AwayError("the vault answers 503")
        keep(vault, name, stored)

    one = night()
    monkeypatch.setattr(FolderVault, "_keep", away_once)
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, done.failed, done.node) == (None, None, "oslo")
    assert one.jobs is not None
    assert [name for kind, name, _ in one.jobs.asked if kind == "look"] == ["lyon", "oslo"]


def test_a_look_that_no_node_can_seal_is_said_to_be_none(
    night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise AwayError("the vault answers 503")

    one = night()
    monkeypatch.setattr(FolderVault, "_keep", away)
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, one.stream.verdict) == (LookStep.NODE, None)
    assert "503" in say(done.failed)
    assert one.jobs is not None
    assert len(one.jobs.asked) == 1 + MOST_LEFT


@pytest.mark.parametrize("by_jobs", [True, False])
def test_a_store_that_takes_nothing_in_time_is_no_stall_of_the_stream(
    night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch, *, by_jobs: bool
) -> None:
    over = threading.Event()
    one = night(by_jobs=by_jobs)
    monkeypatch.setattr(FolderVault, "_keep", lambda *_: over.wait(60))
    monkeypatch.setattr(Prober, "_patience_s", 0.3)
    threading.Timer(6.0, over.set).start()  # threads are waited for
    one.look()
    [done] = one.of(ProbeDone)
    assert done.hindered is (LookStep.NODE if by_jobs else LookStep.OWN_LOOP)
    assert (one.stream.verdict, one.stream.failures) == (None, 0)


def test_a_source_of_a_watch_that_fails_is_its_own_fault_on_a_node_too(
    night: Callable[..., Night],
) -> None:
    one = night(url="http://pirate.example/gone.ts")
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, done.node) == (None, "lyon")
    assert done.failed is not None
    assert done.failed.values["error"] == "SourceError"
    assert one.stream.verdict is not None
    assert one.stream.verdict.finding is Finding.UNREACHABLE


def test_a_second_look_goes_before_others_and_what_a_verdict_waits_for_before_all(
    night: Callable[..., Night],
) -> None:
    one = night()
    assert one.jobs is not None
    one.look(times=2)
    kinds = [kind for kind, _, _ in one.jobs.asked]
    assert kinds[:3] == ["look", "show", "look"]
    assert one.jobs.priorities[:3] == [0, 2, 1]


def test_there_are_as_many_looks_as_nodes_have_room_and_each_host_waits_for_all(
    night: Callable[..., Night],
) -> None:
    one = night()
    assert one.jobs is not None
    looks, alone_s = one.prober._looks, one.prober._patience_s
    assert (looks.capacity, looks.machines) == (4, 2)
    one.jobs.dead.add("oslo")
    assert (looks.capacity, looks.machines) == (2, 1)
    queued_s = QUEUED / MANDATE.network.rate_per_host
    assert alone_s - one.prober._patience_s == pytest.approx(queued_s)
    one.jobs.dead.add("lyon")
    assert (looks.capacity, looks.machines) == (0, 1)


# What a hostile node may answer


def _with(*path: str | int, to: Any) -> Callable[[Any], Any]:
    def altered(content: Any) -> Any:
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to(place[path[-1]]) if callable(to) else to
        return content

    return altered


def _an_hour_later(look: Any) -> Any:
    moment = (NOON + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    look["fetched"]["at"] = moment
    for window in look["windows"]:
        window["observation"]["at"] = moment
    return look


def _of_a_person(content: Any) -> Any:
    for record in content["sealings"]["records"]:
        if record["body"]["exhibit"]["subject"] is not None:
            record["body"]["exhibit"]["subject"] = "person:anna"
    for key in content["sealings"]["keys"]:
        key["subject"] = "person:anna"
    return content


HOSTILE: dict[str, Callable[[Any], Any]] = {
    "no answer at all": lambda _: [1, 2],
    "both": _with("failed", to={"error": "SourceError", "text": "gone"}),
    "neither": _with("look", to=None),
    "media": _with("look", "fetched", "data", to="abcd"),
    "no window": _with("look", "windows", to=[]),
    "too many windows": _with("look", "windows", to=lambda windows: windows * 5),
    "another hour": _with("look", to=_an_hour_later),
    "an unknown reference": _with(
        "look", "windows", 0, "observation", "witnesses", 0, "reference", to="none"
    ),
    "a reason of a later version": _with(
        "look", "windows", 0, "observation", "unmatched", to={"sound": "heard-by-nobody"}
    ),
    "an exhibit of nobody": _with("exhibits", to=["sha256:" + "0" * 64]),
    "a verdict of its own": _with("sealings", "records", 0, "kind", to="verdict"),
    "a misshapen record": _with("sealings", "records", 0, "body", to={}),
    "no keys": _with("sealings", "keys", to=[]),
    "a key too many": _with(
        "sealings", "keys", to=lambda keys: [*keys, {**keys[0], "subject": "person:1"}]
    ),
    "a short key": _with("sealings", "keys", 0, "key", to="00"),
    "a key of a person": _of_a_person,
    "too many records": _with("sealings", "records", to=lambda records: records * 600),
    "too many exhibits": _with("exhibits", to=lambda exhibits: exhibits * 3000),
    "a long text": _with("look", "fetched", "address", to="x" * 200_000),
    "years": _with("spent", "fetching", to=1e9),
    "infinity": _with("anchor", to=float("inf")),
    "not a number": _with("look", "windows", 0, "media_at_s", to=float("nan")),
    "a letter": _with("look", "fetched", "target_s", to="x"),
    "a mandate of its own": _with("sealings", "records", 0, "body", "what", to="mandate"),
    "a name without end": _with("sealings", "records", 0, "body", "what", to="\x1b" * 90_000),
    "a line of a header": _with(
        "sealings", "records", 0, "body", "exhibit", "media_type", to="a/b\r\nX: y"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_refused_with_a_sentence_and_nothing_of_it_is_recorded(
    night: Callable[..., Night], name: str
) -> None:
    one = night()
    assert one.jobs is not None
    one.jobs.altered = lambda kind, content: HOSTILE[name](content)
    one.look()
    [done] = one.of(ProbeDone)
    assert (done.hindered, done.exhibits, one.stream.verdict) == (LookStep.NODE, (), None)
    [failure] = one.of(Failure)
    assert failure.where == "lyon"
    assert failure.message.startswith("what node lyon answered is not valid: ")
    assert one.of(ExhibitSealed) == []


def test_no_url_of_a_node_is_recorded_as_it_wrote_it(night: Callable[..., Night]) -> None:
    one = night()
    assert one.jobs is not None
    line = "http://anna:pa55word@panel.example/live/gehe1mword/pa55word/1.ts"
    to = _with("sealings", "records", 0, "body", "url", to=line)
    one.jobs.altered = lambda kind, content: to(content) if kind == "look" else content
    one.look()
    urls = [sealed.url for sealed in one.of(ExhibitSealed)]
    assert one.journal.redact(line).text in urls
    assert not any("pa55word" in str(url) or "gehe1mword" in str(url) for url in urls)


# Keys that a node makes


def confidential(one: Night) -> list[ExhibitSealed]:
    return [record for record in one.of(ExhibitSealed) if record.exhibit.confidential]


def test_what_a_node_sealed_is_opened_with_the_cases_keys_and_erased_with_them(
    night: Callable[..., Night],
) -> None:
    one = night()
    one.look()
    [playlist] = confidential(one)
    subject = playlist.exhibit.subject
    assert subject is not None
    clear = one.case.vault.open(playlist.exhibit.id, subject=subject)
    assert [answer.body for answer in read_warc(clear)] == [LIVE]

    assert one.case.vault.erase(subject) == 1
    with pytest.raises(ErasedError):
        one.case.vault.open(playlist.exhibit.id, subject=subject)

    # The node does not know it yet: what it seals next is erased with the rest, and proven.
    one.look()
    second = confidential(one)[1]
    with pytest.raises(ErasedError):
        one.case.vault.open(second.exhibit.id, subject=subject)
    assert one.case.vault.read(second.exhibit.id)

    one.look()  # now it was told
    third = confidential(one)[2]
    clear = one.case.vault.open(third.exhibit.id, subject=subject)
    assert [answer.body for answer in read_warc(clear)] == [LIVE], "nothing leans on what is erased"
    assert one.case.vault.erase(subject) == 1
    with pytest.raises(ErasedError):
        one.case.vault.open(third.exhibit.id, subject=subject)


def test_the_case_seals_nothing_under_a_key_that_a_node_made(night: Callable[..., Night]) -> None:
    one = night()
    one.look()
    [playlist] = confidential(one)
    subject = str(playlist.exhibit.subject)
    ours = one.journal.seal(
        b"ours", what="page", media_type="text/html", at=NOON, url=URL, confidential=True
    )
    stored = [one.case.vault.read(exhibit) for exhibit in (playlist.exhibit.id, ours)]
    assert stored[0][8:24] != stored[1][8:24]
    assert one.case.vault.open(ours, subject=subject) == b"ours"
    assert one.case.vault.erase(subject) == 2


def test_a_capture_whose_answer_was_lost_is_told_again_with_its_key(
    night: Callable[..., Night],
) -> None:
    one = night(url=FILM)
    jobs = one.jobs
    assert jobs is not None
    lost = [True]

    def once(kind: str, content: Any) -> Any:
        return [] if kind == "look" and lost and lost.pop() else content

    jobs.altered = once
    one.look(times=2)
    first, second = one.of(ProbeDone)
    assert first.hindered is LookStep.NODE
    assert len(second.exhibits) == 2, "its own archive, and the one that has the payload"
    assert {record.exhibit.id for record in one.of(ExhibitSealed)} >= set(second.exhibits)


@pytest.mark.parametrize("hidden", [False, True])
def test_media_that_send_a_purchased_line_back_are_sealed_confidentially_on_a_node_too(
    night: Callable[..., Night], *, hidden: bool
) -> None:
    one = night(url=FILM, media=b"media of gehe1mword")
    line = Source(
        location=Location("http://list.example/"), kind="m3u", username=Secret("gehe1mword")
    )
    if hidden:
        one.journal.hide_line(line)
    one.look()
    sealed = one.of(ExhibitSealed)
    [capture] = [record for record in sealed if record.what == "segment"]
    assert capture.exhibit.confidential is hidden
