"""The list, the records with their proofs, the exhibits and the check, as a browser gets them."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jinja2 import nodes

from cautery.adapters._kept_questions import Questions
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.drawing.templates import environment
from cautery.evidence.merkle import leaf_hash, verify_inclusion
from cautery.model.ledger import append
from cautery.model.records import ExhibitSealed
from cautery.pages.room.render import capped
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.report import write_report

CLOSED, OPEN = "/cases/night-1", "/cases/cup+night-2"
ALL = (
    "/",
    "/keys",
    *(
        f"{case}{page}"
        for case in (CLOSED, OPEN)
        for page in (
            "",
            "/exhibits",
            "/orders",
            "/mandate",
            "/network",
            "/verify",
            "/records/0",
            "/records/9",
        )
    ),
)


class Seen(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def first(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[1]


# -- the list ---------------------------------------------------------------------------------


def test_the_list_shows_each_case_with_its_mandate_window_and_state(room: Any) -> None:
    page = room.text("/")
    assert 'href="/cases/night-1"' in page
    assert 'href="/cases/cup%2Bnight-2"' in page
    assert "holiday photos" not in page
    said = words(page)
    assert "closed" in said
    assert "left open" in said
    assert "Example League" in said
    assert re.search(r"24 Nov 2026, \d\d:\d\d:00 UTC to 24 Nov 2026", said)


def test_a_case_that_cannot_be_read_says_why_and_costs_itself_alone(room: Any) -> None:
    row = first(r'(href="/cases/broken".*?</tr>)', room.text("/").replace("\n", " "))
    assert "unreadable" in row
    assert room.client.get("/cases/broken").status_code == 409


def test_the_list_reads_only_cases_that_changed_again(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    room = room_at(make_season(tmp_path))
    read: list[str] = []
    ends = room.desk.cases.ends
    read_one = ends._read_one

    def counted(case: Path) -> Any:
        read.append(case.name)
        return read_one(case)

    ends._read_one = counted
    first_time = words(room.text("/"))
    assert sorted(read) == ["broken", "night-1", "night-2"]
    assert words(room.text("/")) == first_time
    assert len(read) == 3
    (tmp_path / "cases/night-1/manifest.note").unlink()
    assert words(room.text("/")) != first_time
    assert read[3:] == ["night-1"]


def test_where_there_is_no_case_the_list_says_how_one_is_made(
    tmp_path: Path, room_at: Callable[[Path], Any]
) -> None:
    for folder in (tmp_path, tmp_path / "not there yet"):
        said = words(room_at(folder).text("/"))
        assert "There is no case here yet" in said
        assert f"cautery watch MANDATE.toml --case {folder}/NAME" in said
    assert not (tmp_path / "not there yet").exists()


def test_a_folder_that_is_a_case_itself_is_shown(
    season: Path, room_at: Callable[[Path], Any]
) -> None:
    assert 'href="/cases/night-1"' in room_at(season / "night-1").text("/")


# -- records ----------------------------------------------------------------------------------


def test_records_are_paged_newest_first_and_none_is_shown_twice_or_left_out(room: Any) -> None:
    path, numbers = CLOSED, []
    while True:
        page = room.text(path)
        numbers += [int(number) for number in re.findall(r'records/(\d+)" hx-get', page)]
        older = re.search(r'rel="next" href="(\?[^"]+)"', page)
        if older is None:
            break
        path = CLOSED + unescape(older[1])
    assert numbers == list(range(numbers[0], -1, -1))
    assert len(numbers) > 100
    newest = first(r'rel="prev" href="(\?[^"]+)"', room.text(f"{CLOSED}?before=30"))
    assert re.findall(r'records/(\d+)" hx-get', room.text(CLOSED + newest))[-1] == "30"


def test_a_kind_and_a_text_choose_records(room: Any) -> None:
    page = room.text(f"{CLOSED}?kind=verdict")
    assert set(re.findall(r'<th scope="row">([^<]+)</th>', page)) == {"verdict"}
    assert "20 of this kind" in words(page)
    found = words(room.text(f"{CLOSED}?q=ST-ANNA"))
    assert "guard.decided" in found
    assert "No record is like that" in words(room.text(f"{CLOSED}?q=nowhere-at-all"))
    both = words(room.text(f"{CLOSED}?kind=verdict&q=st-anna"))
    assert "No record is like that" in both
    assert "No record is like that" in words(room.text(f"{CLOSED}?kind=no.such.kind"))


def test_a_search_that_was_ended_says_so_and_goes_on_from_there(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Look further" not in words(room.text(f"{CLOSED}?q=example"))
    fetched = Questions.fetch

    def ended(self: Any, statement: str, values: Any, rows: list[Any], spent: Any) -> bool:
        fetched(self, statement, values, rows, spent)
        del rows[2:]
        return False

    monkeypatch.setattr(Questions, "fetch", ended)
    page = room.text(f"{CLOSED}?q=example")
    numbers = re.findall(r'records/(\d+)" hx-get', page)
    assert len(numbers) == 2
    assert f"Look further, below record {numbers[-1]}" in words(page)
    assert f"before={numbers[-1]}" in page
    nothing = words(room.text(f"{CLOSED}?q=nowhere-at-all"))
    assert "Nothing like that among the newest records" in nothing


def test_a_large_case_says_how_far_its_lists_are_and_then_shows_them(
    tmp_path: Path,
    make_season: Callable[[Path], Path],
    room_at: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cautery.workflows.browse.kept._AT_ONCE", 10)
    room = room_at(make_season(tmp_path))
    page = room.text(CLOSED)
    assert re.search(r"are being made: 10 of \d{3} records", words(page))
    assert '<meta http-equiv="refresh"' in page
    assert "case.closed" in words(page)  # the newest records come from the ledger itself
    room.desk.cases.wait()
    for path in (CLOSED, f"{CLOSED}/tonight"):
        page = room.text(path)
        assert "are being made" not in words(page)
        assert '<meta http-equiv="refresh"' not in page


def test_what_may_be_among_records_that_are_not_taken_up_is_not_called_absent(
    tmp_path: Path,
    make_season: Callable[[Path], Path],
    room_at: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cautery.workflows.browse.kept._AT_ONCE", 1)
    monkeypatch.setattr("cautery.workflows.browse.kept.Kept._fill", lambda _: None)
    room = room_at(make_season(tmp_path))
    for path in ("streams/20", f"exhibits/{'0' * 64}"):
        answer = room.client.get(f"{CLOSED}/{path}")
        assert answer.status_code == 503
        assert answer.headers["refresh"] == "2"
        assert "This cannot be shown now" in words(answer.text)
    assert "The proof is shown once the lists" in words(room.text(f"{CLOSED}/records/7"))
    assert "being made" in words(room.text(f"{CLOSED}/tonight"))


def test_the_proof_on_a_record_s_page_ties_its_leaf_to_the_signed_root(room: Any) -> None:
    page = unescape(room.text(f"{CLOSED}/records/7"))
    leaf = first(r'<pre class="leaf">(.*?)</pre>', page.replace("\n", "\x0b")).replace("\x0b", "\n")
    hashes = [bytes.fromhex(digits) for digits in re.findall(r"\b[0-9a-f]{64}\b", page)]
    hashed = leaf_hash(leaf.encode())
    assert hashed in hashes
    root_at = hashes.index(hashed)
    note = first(r"<pre>(cautery/case-[^<]+)</pre>", page)
    size = int(note.split("\n")[1])
    path = hashes[root_at + 1 : root_at + 1 + (size - 1).bit_length()]
    root = hashes[root_at + 1 + len(path)]
    verify_inclusion(hashed, index=7, size=size, proof=path, root=root)
    assert "proven" in words(page)


def test_a_record_that_no_root_covers_says_so(room: Any) -> None:
    last = int(first(r'records/(\d+)" hx-get', room.text(OPEN)))
    assert "No signed root covers this record yet" in words(room.text(f"{OPEN}/records/{last}"))
    assert "wait for the next root" in words(room.text(OPEN))


def test_a_record_that_was_changed_has_no_proof_and_the_page_warns(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    room = room_at(cases)
    assert "proven" in words(room.text(f"{OPEN}/records/3"))
    with closing(sqlite3.connect(cases / "cup" / "night-2" / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE entries SET leaf = replace(leaf, 'm3u', 'm3v') WHERE idx = 3")
        changed = ledger.execute("SELECT leaf FROM entries WHERE idx = 3").fetchone()[0]
        ledger.execute(
            "UPDATE entries SET leaf = ? WHERE idx = 3",
            (bytes(changed, "utf-8") if isinstance(changed, str) else changed,),
        )
    for again in (room, room_at(cases)):
        said = words(again.text(f"{OPEN}/records/3"))
        assert "The proof does not hold" in said
        assert "Do not rely on this record" in said


@pytest.mark.parametrize(
    "path",
    [
        "/cases/nobody",
        "/cases/%2e%2e",
        "/cases/%2e%2e%2f",
        "/cases/..%2f..%2fetc",
        "/cases/%00",
        "/cases/holiday%20photos",
        f"{CLOSED}/records/99999999",
        f"{CLOSED}/records/-1",
        f"{CLOSED}/records/1e3",
        f"{CLOSED}/records/{'9' * 60}",
        f"{CLOSED}/exhibits/{'0' * 64}",
        f"{CLOSED}/exhibits/..%2fledger.sqlite",
        f"{CLOSED}/exhibits/{'0' * 64}/bytes",
        f"{CLOSED}?before=x",
        f"{CLOSED}?before=-9",
        f"{CLOSED}?q={'x' * 201}",
        "/docs",
        "/openapi.json",
        "/static/0/room.js",
        "/static/../app.py",
    ],
)
def test_what_there_is_not_is_a_page_that_says_so(room: Any, path: str) -> None:
    assert room.client.get(path).status_code in {404, 400}


# -- exhibits ---------------------------------------------------------------------------------


def test_an_exhibit_is_hashed_for_its_page_and_saved_never_opened(room: Any) -> None:
    page = room.text(f"{CLOSED}/exhibits")
    digits = first(r'/exhibits/([0-9a-f]{64})"', page)
    shown = words(room.text(f"{CLOSED}/exhibits/{digits}"))
    assert "unchanged" in shown
    assert "exhibit.sealed" in shown
    assert "Nobody has taken it out of the case" in shown
    answer = room.client.get(f"{CLOSED}/exhibits/{digits}/bytes")
    assert hashlib.sha256(answer.content).hexdigest() == digits
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["content-security-policy"].startswith("sandbox;")


def test_an_exhibit_whose_bytes_were_changed_is_not_given_out(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    room = room_at(cases)
    digits = first(r'/exhibits/([0-9a-f]{64})"', room.text(f"{CLOSED}/exhibits"))
    sealed = cases / "night-1" / "vault" / digits[:2] / digits
    sealed.chmod(0o600)
    sealed.write_bytes(b"something else")
    assert "sealed as sha256:" in words(room.text(f"{CLOSED}/exhibits/{digits}"))
    assert room.client.get(f"{CLOSED}/exhibits/{digits}/bytes").status_code == 409


def test_an_exhibit_is_read_and_sent_in_pieces_whoever_asks_for_it(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    """Two dozen of 192 MB that nobody reads on took 5 GB of the room, and then the room."""
    cases, most = make_season(tmp_path), 24 << 20
    store, now = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1), datetime.now(UTC)
    case = open_case(cases / "cup" / "night-2", store=store, clock=SystemClock())
    sealed = case.vault.seal(
        bytes(most), media_type="application/x-sql", at=now, clock=case.clock.offset()
    )
    append(case.ledger, ExhibitSealed(exhibit=sealed, what="dump", url=None), at=now)
    case.leave()
    room = room_at(cases)
    address = f"{OPEN}/exhibits/{sealed.id.removeprefix('sha256:')}"
    room.text(address)  # all that is loaded once
    tracemalloc.start()
    try:
        assert "unchanged" in words(room.text(address))
        with room.client.stream("GET", f"{address}/bytes") as answer:
            assert answer.headers["content-length"] == str(most)
            assert max(map(len, answer.iter_raw())) <= 1 << 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most


# -- hostile text -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL)
def test_no_page_has_an_inline_script_a_handler_or_a_style(room: Any, path: str) -> None:
    page = room.text(path)
    seen = Seen(page)
    for tag, attributes in seen.tags:
        if tag == "script":
            assert attributes["src"].startswith("/static/")
            assert attributes["integrity"].startswith("sha384-")
        assert tag != "style"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    for address in re.findall(r'(?:href|src|action|hx-get)="([^"]*)"', page):
        assert address.startswith(("/", "?", "#", "data:,")), address


def test_a_title_that_is_a_script_is_shown_and_never_run(room: Any) -> None:
    page = room.text(f"{CLOSED}?q=gnp.exe&kind=stream.appeared")
    index = first(r'records/(\d+)" hx-get', page)
    shown = room.text(f"{CLOSED}/records/{index}")
    assert "<script>alert" not in page + shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "[U+202E]gnp.exe[U+0000]" in shown
    asked = '"><script>alert(1)</script>'
    assert "<script>alert" not in room.text("/cases/night-1", params={"q": asked})
    assert "<script>alert" not in room.text("/cases/night-1", params={"kind": asked})


def test_report_and_map_are_shut_in_where_they_reach_nothing_of_the_room(room: Any) -> None:
    report = room.client.get(f"{CLOSED}/report")
    assert report.headers["content-security-policy"].startswith("sandbox allow-popups;")
    assert "script-src" not in report.headers["content-security-policy"]
    drawn = room.client.get(f"{OPEN}/map")
    policy = drawn.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")  # without allow-same-origin: no cookie
    assert "allow-same-origin" not in policy
    assert "script-src 'sha256-" in drawn.text


def test_the_report_of_a_closed_case_is_the_signed_file_byte_for_byte(
    room: Any, season: Path
) -> None:
    shown = room.client.get(f"{CLOSED}/report").content
    assert shown == (season / "night-1" / "report.html").read_bytes()
    assert "Case report" in room.text(f"{OPEN}/report")


@pytest.mark.parametrize("file", ["report.html", "manifest.sha256", "manifest.note"])
def test_a_report_that_was_changed_after_the_signature_is_not_shown(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any], file: str
) -> None:
    cases = make_season(tmp_path)
    changed = cases / "night-1" / file
    content = changed.read_bytes().replace(b"a", b"b", 1)
    changed.chmod(0o600)
    changed.write_bytes(content)
    room = room_at(cases)
    answer = room.client.get(f"{CLOSED}/report")
    assert answer.status_code != 200
    assert "Case report" not in answer.text
    assert file in answer.text


# -- the check --------------------------------------------------------------------------------


def _check(room: Any, case: str) -> str:
    answer = room.client.post(
        f"{case}/verify",
        data={"csrf": room.desk.secret.csrf},
        headers={"origin": "http://127.0.0.1:8017"},
    )
    assert answer.status_code == 303
    room.desk.rechecks.wait()
    return words(room.text(answer.headers["location"]))


def test_the_check_of_a_closed_case_is_that_of_verify(room: Any) -> None:
    said = _check(room, CLOSED)
    assert "consistent" in said
    assert "every file is as it was signed" in said
    assert "consistent" in words(room.text("/"))


def test_the_check_of_an_open_case_hashes_every_root_and_claims_no_more(room: Any) -> None:
    said = _check(room, OPEN)
    assert "open; its signed roots hold" in said
    assert "records came after it" in said


@pytest.mark.parametrize("file", ["report.html", "ledger.sqlite"])
def test_the_check_names_the_first_fault_of_a_changed_case(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any], file: str
) -> None:
    cases = make_season(tmp_path)
    changed = cases / "night-1" / file
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.chmod(0o600)
    changed.write_bytes(content)
    said = _check(room_at(cases), CLOSED)
    assert "BROKEN" in said
    assert file in said


def test_a_check_that_runs_says_how_far_it_is_and_is_not_begun_twice(room: Any) -> None:
    hashed = room.desk.rechecks._store.digest
    seen: list[str] = []

    def slowly(*arguments: Any, **options: Any) -> str:
        if len(seen) < 3:
            seen.append(words(room.text(f"{CLOSED}/verify")))
            assert (
                room.client.post(
                    f"{CLOSED}/verify",
                    data={"csrf": room.desk.secret.csrf},
                    headers={"origin": "http://127.0.0.1:8017"},
                ).status_code
                == 303
            )
        return hashed(*arguments, **options)

    room.desk.rechecks._store.digest = slowly
    assert "consistent" in _check(room, CLOSED)
    assert "Checking since" in seen[0]
    assert "files, " in seen[2]


# -- reading changes nothing ------------------------------------------------------------------


def _contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_looking_at_every_page_changes_no_byte_and_leaves_no_file(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    before = _contents(cases)
    room = room_at(cases)
    for path in (*ALL, f"{CLOSED}/report", f"{OPEN}/report", f"{CLOSED}/map", f"{OPEN}/map"):
        room.text(path)
    _check(room, CLOSED)
    _check(room, OPEN)
    room.desk.cases.close()
    assert _contents(cases) == before


def test_who_looks_at_a_case_does_not_keep_it_from_being_written_or_closed(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    room = room_at(cases)
    room.text(OPEN)
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    case = open_case(cases / "cup" / "night-2", store=store, clock=SystemClock())
    at = case.clock.now()
    case.ledger.append("failure", {"what": "a-late-thing"}, at=at)
    assert "failure" in words(room.text(f"{OPEN}?q=a-late-thing"))
    case.write("report.html", write_report(case.ledger, case.vault, at=at).encode())
    close_case(case, at=at)
    said = words(room.text(OPEN))
    assert "closed" in said
    assert "case.closed" in said
    assert "consistent" in _check(room, OPEN)


def test_a_case_that_is_removed_under_the_room_is_a_sentence(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    room = room_at(cases)
    room.text(CLOSED)
    (cases / "night-1").rename(tmp_path / "taken away")
    assert "There is no case night-1" in words(room.text(CLOSED, 404))
    assert "night-1" not in room.text("/").replace("case night-1", "")


def test_more_cases_than_are_kept_are_shown_all_the_same(
    tmp_path: Path,
    make_season: Callable[[Path], Path],
    room_at: Callable[[Path], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cautery.workflows.browse.kept.MOST_KEPT", 1)
    room = room_at(make_season(tmp_path))
    for _ in range(2):
        for case in (CLOSED, OPEN):
            assert "case.opened" in room.text(f"{case}/records/0")


def test_a_large_count_is_capped_and_says_so() -> None:
    assert capped(9_999) == "9\u202f999"
    assert capped(10_001) == "10\u202f000+"


# -- languages --------------------------------------------------------------------------------

HEADINGS = {
    "fr": ("Affaires", "Enregistrements", "Pièces", "Le mur", "Ce qui changerait ceci"),
    "it": ("Casi", "Registrazioni", "Reperti", "Il muro", "Che cosa lo cambierebbe"),
    "es": ("Casos", "Registros", "Piezas", "El muro", "Qué lo cambiaría"),
}


@pytest.mark.parametrize("tongue", HEADINGS)
def test_the_room_speaks_the_language_of_its_browser(room: Any, tongue: str) -> None:
    asked = {"headers": {"accept-language": f"{tongue}-XX,en;q=0.3"}}
    paths = ("/", CLOSED, f"{CLOSED}/exhibits", f"{CLOSED}/tonight", f"{CLOSED}/streams/1")
    for path, heading in zip(paths, HEADINGS[tongue], strict=True):
        page = room.text(path, **asked)
        assert f'<html lang="{tongue}"' in page
        assert heading in words(page)
    for path in ALL:
        assert f'<html lang="{tongue}"' in room.text(path, **asked)
    nowhere = room.text("/nowhere", 404, **asked)
    assert f'<html lang="{tongue}"' in nowhere
    assert "There is nothing here" not in words(nowhere)
    assert f'<html lang="{tongue}"' in room.stranger().get("/", **asked).text


TEMPLATES = [file for file in files("cautery.pages.room").iterdir() if file.name.endswith(".j2")]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_no_text_stands_in_a_template_itself(template: Any, marks: Any) -> None:
    commands = r"<(pre|code)[^>]*>cautery .*?</\1>"
    source = re.sub(commands, "", template.read_text(encoding="utf-8"))
    pieces = environment("cautery.pages.room").parse(source).find_all(nodes.TemplateData)
    said = marks.forgotten("".join(piece.data for piece in pieces), {"Cautery"})
    assert [text for text in said if any(map(str.isalpha, text)) and "Cautery" not in text] == []
