"""The public pages: look-up while a block is in force, complaints within bounds, the 451 page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lists import MANDATE, NOW, ORDER, WINDOW, CaseKey, approved, entry, referral
from tests.public_lists import FETCHES, Shown

from cautery.act import StandingList
from cautery.act.complaint import number_of, read_complaint
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import InputError
from cautery.model import ExhibitId, Lever
from cautery.model.records import ComplaintFiled, ComplaintMeans
from cautery.model.web import Answered, Asked
from cautery.pages.public import Desk
from cautery.projections.figures import Figures
from cautery.workflows.case import public_figures
from cautery.workflows.case.public_about import about_case
from cautery.workflows.case.public_figures import figures_file
from cautery.workflows.case.public_lists import ListFiles
from cautery.workflows.public.blocked import BlockedPage
from cautery.workflows.public.complaints import MOST_WAITING
from cautery.workflows.public.figures import csv_of
from cautery.workflows.public.lookup import LookUp, target_of
from cautery.workflows.public.shelf import Shelf, ShelvedList
from cautery.workflows.public.site import Site
from cautery.workflows.public.tongues import tongue_of

DESK = Desk(name="Desk", contact="desk@league.example", url="https://desk.example")
BOTH = replace(MANDATE, orders=(replace(ORDER, territory="IT"), replace(ORDER, territory="DK")))
FIELDS = {"target": "a.example", "standing": "owner", "text": "It is my shop.", "mail": ""}


class Public:
    def __init__(self, path: Path) -> None:
        self.shown = Shown(path)
        self.shown.add(referral(entry("a.example"), entry("192.0.2.7", Lever.ADDRESS)))
        self.describe(secret=False)
        self.envelope = self.shown.show()
        self.look_up = LookUp([Shelf(self.shown.files)])
        self.site = Site(self.look_up, DESK)
        self.now = NOW
        self.count = 0

    def describe(self, *, secret: bool) -> None:
        order = {"territory": "FR", "order": "O", "kind": "live", "secret": secret}
        about = {"who": "League", "orders": [order]}
        self.shown.files.write("about.json", json.dumps(about).encode())

    def ask(self, path: str, **more: Any) -> Answered:
        self.count += 1
        given = {"method": "GET", "address": f"198.51.100.{self.count}"} | more
        return self.site.answer(Asked(path=path, **given), self.now)

    def look(self, name: str) -> list[dict[str, Any]]:
        answer = self.ask("/lookup.json", query={"q": name})
        assert answer.status == 200
        return list(json.loads(b"".join(answer.pieces))["blocks"])

    def complain(self, *, lang: str = "", **more: str) -> Answered:
        body = urlencode(FIELDS | more).encode()
        return self.post(body, query={"lang": lang} if lang else {})

    def post(self, body: bytes, **more: Any) -> Answered:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.ask("/complaint", **{"method": "POST", "body": body, "headers": headers} | more)

    def waiting(self) -> tuple[str, ...]:
        return self.shown.files.names("complaints")


@pytest.fixture
def public(tmp_path: Path) -> Public:
    return Public(tmp_path)


def words(answer: Answered) -> str:
    return b"".join(answer.pieces).decode()


# -- look-up ----------------------------------------------------------------------------------


def test_a_blocked_name_is_shown_with_order_end_and_whom_to_ask(public: Public) -> None:
    [block] = public.look("https://A.Example/live")
    assert (block["order"], block["authority"], block["territory"]) == ("O", "Court", "FR")
    assert block["until"].startswith(f"{WINDOW.end:%Y-%m-%dT%H:%M}")
    assert block["ask"] == DESK.contact
    page = words(public.ask("/", query={"q": "a.example"}))
    assert "a.example is blocked" in page
    assert "22:50 UTC" in page
    assert "<script" not in page


def test_other_names_and_names_below_are_not_blocked(public: Public) -> None:
    assert public.look("b.example") == public.look("www.a.example") == []


def test_it_answers_only_while_the_entry_is_in_force(public: Public) -> None:
    assert len(public.look("192.0.2.7")) == len(public.look("a.example")) == 1
    public.now = NOW + timedelta(seconds=121)
    assert public.look("192.0.2.7") == [], "the list is stale for a live address"
    assert len(public.look("a.example")) == 1
    public.now = WINDOW.end
    assert public.look("a.example") == []


def test_what_is_withdrawn_is_gone_with_the_next_version(public: Public) -> None:
    [number] = public.envelope.version.referrals
    assert public.shown.standing.withdraw(number, "a.example")
    public.shown.show(NOW + timedelta(seconds=1))
    public.now = NOW + timedelta(seconds=2)
    assert public.look("a.example") == []


def test_of_a_secret_list_nothing_is_said(tmp_path: Path) -> None:
    public = Public(tmp_path)
    public.describe(secret=True)
    assert public.look("a.example") == []
    blocked, other = (
        words(public.ask("/", query={"q": name})) for name in ("a.example", "b.example")
    )
    assert blocked.replace("a.example", "b.example") == other


def test_what_is_secret_is_not_searched_for(
    public: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that took longer for what is on a list would tell it."""
    searched: list[str] = []
    names = ShelvedList.names
    monkeypatch.setattr(
        ShelvedList, "names", lambda *asked: searched.append(asked[1]) or names(*asked)
    )
    assert len(public.look("a.example")) == 1
    assert len(searched) == 1
    public.describe(secret=True)
    public.now += timedelta(seconds=2)
    assert public.look("a.example") == []
    assert len(searched) == 1


def test_an_older_version_that_comes_back_is_answered_for(public: Public) -> None:
    [file] = public.shown.files.names("lists")
    old = public.shown.files.read(file) or b""
    for step in range(1, 70):
        public.shown.show(NOW + timedelta(seconds=step))
        public.now = NOW + timedelta(seconds=step)
        assert len(public.look("a.example")) == 1
    public.shown.files.write(file, old)
    public.now += timedelta(seconds=5)
    assert len(public.look("a.example")) == 1


@pytest.mark.parametrize("about", [b"", b"{", b"[]", b'{"orders": [1]}', b"[" * 99_999])
def test_of_orders_that_are_not_described_nothing_is_said(public: Public, about: bytes) -> None:
    public.shown.files.write("about.json", about)
    assert public.look("a.example") == []


def test_an_orders_profile_says_whether_its_list_is_secret() -> None:
    rows = json.loads(about_case(BOTH))["orders"]
    assert [(row["territory"], row["secret"]) for row in rows] == [("IT", True), ("DK", False)]


def test_who_asks_too_often_waits(public: Public) -> None:
    answers = [public.ask("/", address="192.0.2.9").status for _ in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert public.ask("/", address="192.0.2.10").status == 200


def test_addresses_of_one_subscriber_share_a_bucket(public: Public) -> None:
    answers = [public.ask("/", address=f"2001:db8::{n:x}").status for n in range(1, 60)]
    assert answers[-1] == 429


@given(st.text())
def test_a_target_is_as_a_list_spells_it_or_refused(text: str) -> None:
    try:
        target = target_of(text)
    except InputError:
        return
    assert target_of(target) == target


@pytest.mark.parametrize(
    "text",
    ["", "a", "a b.example", "x" * 64 + ".example", "a." * 127 + "aa", "http://[::1", "1.2.3"],
)
def test_what_is_no_name_is_refused(public: Public, text: str) -> None:
    if text != "1.2.3":
        assert public.ask("/lookup.json", query={"q": text}).status == 422
    assert public.ask("/", query={"q": text}).status == 200


def test_hostile_text_is_escaped(public: Public) -> None:
    page = words(public.ask("/", query={"q": '"><script>alert(1)</script>'}))
    assert "<script" not in page
    assert "default-src 'none'" in public.ask("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/complaint", "/transparency"])
def test_each_page_says_in_which_language_it_is_and_may_be_answered(
    public: Public, path: str
) -> None:
    page = words(public.ask(path))
    assert '<html lang="en">' in page
    assert "You may write to us in your own language." in page


HEADINGS = {
    "en": ("Is this name or address blocked?", "Complain about a block", "Mistakes"),
    "fr": ("Ce nom ou cette adresse est-il bloqué ?", "Réclamation contre un blocage", "Erreurs"),
    "it": ("Questo nome o indirizzo è bloccato?", "Reclamo contro un blocco", "Errori"),
    "es": ("¿Está bloqueado este nombre o esta dirección?", "Reclamación contra un", "Errores"),
}


@pytest.mark.parametrize("code", HEADINGS)
@pytest.mark.parametrize(("nth", "path"), list(enumerate(["/", "/complaint", "/transparency"])))
def test_each_page_speaks_the_language_that_is_asked_for(
    public: Public, code: str, nth: int, path: str
) -> None:
    public.shown.files.write("figures.json", figures_file(Figures(), MANDATE, NOW))
    by_browser = public.ask(path, headers={"accept-language": f"{code}-XX, de;q=0.9"})
    by_address = public.ask(path, query={"lang": code}, headers={"accept-language": "de, it;q=0.1"})
    for answer in (by_browser, by_address):
        assert f'<html lang="{code}">' in words(answer)
        assert HEADINGS[code][nth] in unescape(words(answer))
        assert answer.headers["Content-Language"] == code
        assert answer.headers["Vary"] == "Accept-Language"
        assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert f"/complaint?lang={code}" in words(by_address)
    for other in HEADINGS:
        assert f'lang={other}" lang="{other}"' in words(by_address)


def test_what_is_asked_stays_in_another_language_and_is_kept_by_nobody(public: Public) -> None:
    hostile = '"><script>alert(1)</script>'
    for code in HEADINGS:
        page = public.ask("/", query={"q": hostile, "lang": code})
        assert "<script" not in words(page)
        assert f"?q={quote(hostile)}&amp;lang=fr" in words(page)
        assert page.headers["Cache-Control"] == "no-store"
    found = public.ask("/", query={"q": "a.example", "lang": "es"})
    assert "a.example está bloqueado" in words(found)
    assert "/complaint?lang=es&amp;target=a.example" in words(found)
    form = public.ask("/complaint", query={"target": "a.example", "lang": "it"})
    assert '<form action="/complaint?lang=it"' in words(form)
    assert form.headers["Cache-Control"] == "no-store"


def test_a_complaint_and_its_receipt_are_in_the_language_of_the_form(public: Public) -> None:
    receipt = public.complain(lang="fr")
    assert receipt.status == 201
    assert "Votre réclamation est arrivée" in words(receipt)
    token = words(receipt).partition("/complaint/")[2][:32]
    state = public.ask(f"/complaint/{token}", query={"lang": "it"})
    assert "È arrivato" in words(state)
    refused = public.complain(lang="es", text="")
    assert "Escriba en una frase por qué es un error el bloqueo." in words(refused)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("de, ja", "en"),
        ("*", "en"),
        ("fr;q=0, it;q=0.001", "it"),
        ("FR-ch", "fr"),
        ("en;q=0.5, es;q=0.6", "es"),
        ("it;q=2, es", "es"),
        (", ;q=1, fr-" + "x" * 9_000, "en"),
        ("a," * 40 + "fr", "en"),
    ],
)
def test_a_browsers_languages_are_weighed_within_bounds(header: str, code: str) -> None:
    asked = Asked(method="GET", path="/", address="192.0.2.1", headers={"accept-language": header})
    assert tongue_of(asked) == code


@pytest.mark.parametrize("lang", ["", "de", "FR", "../fr", "fr\n", "<b>"])
def test_a_language_that_there_is_not_is_english(public: Public, lang: str) -> None:
    assert '<html lang="en">' in words(public.ask("/", query={"lang": lang}))


# -- complaints -------------------------------------------------------------------------------


def test_a_complaint_gets_its_receipt_at_once_and_waits_for_the_case(public: Public) -> None:
    answer = public.complain(mail="me@shop.example")
    assert answer.status == 201
    [name] = public.waiting()
    complaint = read_complaint(public.shown.files.read(name) or b"")
    assert (complaint.target, complaint.text) == ("a.example", "It is my shop.")
    assert complaint.number in words(answer)
    token = words(answer).partition("/complaint/")[2][:32]
    assert token not in name
    assert token not in (public.shown.files.read(name) or b"").decode()
    assert "It has arrived" in words(public.ask(f"/complaint/{token}"))
    public.shown.files.remove(name)
    decision = {"state": "granted", "target": "a.example", "due": "", "why": "You are right."}
    public.shown.files.write(f"decisions/{complaint.number}.json", json.dumps(decision).encode())
    assert "the block is lifted" in words(public.ask(f"/complaint/{token}"))
    assert public.ask("/complaint/" + "0" * 32).status == 404
    assert public.ask(f"/complaint/{complaint.number}").status == 404


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"target": "nowhere.example"}, "no-entry"),
        ({"target": "not a name"}, "target"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * 4_001}, "too-long"),
        ({"mail": "no mail"}, "mail"),
        ({"mail": "a@b.example\r\nBcc: c@d.example"}, "mail"),
        ({"standing": "king"}, "standing"),
    ],
)
def test_a_faulty_complaint_comes_back_with_its_rule(
    public: Public, change: dict[str, str], rule: str
) -> None:
    answer = public.complain(**change)
    assert answer.status == 422
    assert f"Rule: {rule}" in words(answer)
    assert public.waiting() == ()


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a=1&" * 10_000, "application/x-www-form-urlencoded"),
        (b"%ff%fe=%ff", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"x", "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
def test_what_the_form_does_not_send_is_refused(
    public: Public, body: bytes, media_type: str
) -> None:
    assert public.post(body, headers={"content-type": media_type}).status == 422
    assert public.waiting() == ()


def test_where_lists_are_secret_a_refusal_does_not_betray_them(public: Public) -> None:
    public.describe(secret=True)
    assert public.complain(target="a.example").status == 201
    assert public.complain(target="nowhere.example").status == 201


def test_which_of_two_secret_folders_takes_a_complaint_cannot_be_seen(tmp_path: Path) -> None:
    first, second = Public(tmp_path / "1"), Public(tmp_path / "2")
    second.shown.add(referral(entry("b.example")))
    second.shown.show(NOW + timedelta(seconds=1))
    for each in (first, second):
        each.describe(secret=True)
    first.site = Site(LookUp([Shelf(first.shown.files), Shelf(second.shown.files)]), DESK)
    receipts = {name: first.complain(target=name) for name in ("b.example", "nowhere.example")}
    assert [len(each.waiting()) for each in (first, second)] == [1, 1]
    tokens = [words(each).partition("/complaint/")[2][:32] for each in receipts.values()]

    def states() -> set[str]:
        pages = [words(first.ask(f"/complaint/{token}")) for token in tokens]
        numbers = [number_of(token) for token in tokens]
        return {page.replace(number, "") for page, number in zip(pages, numbers, strict=True)}

    assert len(states()) == 1
    [name] = first.waiting()
    first.shown.files.remove(name)  # one case takes its complaints in before the other
    filed = {"state": "filed", "target": "", "due": "", "why": ""}
    first.shown.files.write(f"decisions/{Path(name).name}", json.dumps(filed).encode())
    assert len(states()) == 1
    for number in range(MOST_WAITING):
        first.shown.files.write(f"complaints/C-{number:012x}.json", b"{}", lasting=False)
    statuses = [first.complain(target=name).status for name in ("b.example", "nowhere.example")]
    assert statuses == [503, 503]


def test_a_name_whose_block_has_ended_can_still_be_complained_about(public: Public) -> None:
    public.now = WINDOW.end + timedelta(days=1)
    assert public.look("a.example") == []
    assert public.complain().status == 201


def test_floods_from_one_network_and_from_many_are_bounded(public: Public) -> None:
    statuses = [
        public.post(urlencode(FIELDS).encode(), address="192.0.2.1").status for _ in range(8)
    ]
    assert statuses == [201] * 5 + [429] * 3
    for number in range(MOST_WAITING):
        public.shown.files.write(f"complaints/C-{number:012x}.json", b"{}", lasting=False)
    assert public.complain().status == 503


# -- 451 --------------------------------------------------------------------------------------


def test_the_451_page_names_who_blocks_and_why(public: Public) -> None:
    page = BlockedPage(public.look_up, DESK, by="https://isp.example", provider="ISP")
    answer = page.answer(
        Asked(method="GET", path="/any", address="192.0.2.1", host="a.example"), NOW
    )
    assert answer.status == 451
    assert answer.headers["Link"] == '<https://isp.example>; rel="blocked-by"'
    assert "Court (FR)" in words(answer)
    link = "https://desk.example/complaint?lang=en&amp;target=a.example"
    assert link in words(answer)
    other = page.answer(Asked(method="GET", path="/", address="192.0.2.1", host="b.example"), NOW)
    assert other.status == 404


@pytest.mark.parametrize(
    ("host", "code", "heading"),
    [
        ("a.example", "fr", "Ce nom est bloqué par une décision légale"),
        ("a.example", "it", "Questo nome è bloccato da un ordine legale"),
        ("b.example", "es", "Este nombre no está bloqueado aquí"),
    ],
)
def test_the_451_page_speaks_the_visitors_language(
    public: Public, host: str, code: str, heading: str
) -> None:
    page = BlockedPage(public.look_up, DESK, by="https://isp.example", provider="ISP")
    asked = Asked(
        method="GET", path="/live", address="192.0.2.1", host=host,
        headers={"accept-language": f"de, {code};q=0.7"},
    )  # fmt: skip
    answer = page.answer(asked, NOW)
    assert heading in words(answer)
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == (
        *("Accept-Language", "no-store"),
    )
    assert f"https://desk.example/complaint?lang={code}" in words(answer)
    chosen = page.answer(replace(asked, query={"lang": "en"}), NOW)
    assert '<html lang="en">' in words(chosen)


def test_the_451_page_tells_nothing_of_a_secret_order(public: Public) -> None:
    public.describe(secret=True)
    page = BlockedPage(public.look_up, DESK, by="https://isp.example", provider="ISP")
    pages = [
        page.answer(Asked(method="GET", path="/", address="192.0.2.1", host=host), NOW)
        for host in ("a.example", "b.example", "<script>", "")
    ]
    assert {answer.status for answer in pages} == {451}
    assert len({words(answer) for answer in pages}) == 1
    assert "Court" not in words(pages[0])


# -- figures ----------------------------------------------------------------------------------


def test_figures_are_a_page_and_a_table(public: Public) -> None:
    assert "No case has published figures yet" in words(public.ask("/transparency"))
    figures = Figures()
    figures.lists.block_s += [1.5, 4.0, 700.0]
    public.shown.files.write("figures.json", figures_file(figures, MANDATE, NOW))
    page = words(public.ask("/transparency"))
    assert "Mistakes" in page
    assert "99 % within" in page
    assert "700.0" in page
    table = words(public.ask("/transparency.csv"))
    assert "m,2026-11-24T20:50:00.000000Z,times,block_s,n,3" in table


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"[" * 99_999])
def test_figures_that_cannot_be_read_are_left_out(public: Public, content: bytes) -> None:
    public.shown.files.write("figures.json", content)
    assert public.ask("/transparency").status == 200


def test_no_cell_is_a_formula() -> None:
    case = json.loads(figures_file(Figures(), replace(MANDATE, id="=cmd()"), NOW))
    assert b"\n'=cmd()," in csv_of([case])


def test_where_a_list_is_secret_no_figure_tells_what_is_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def filed(number: str, *, listed: bool) -> ComplaintFiled:
        return ComplaintFiled(
            complaint=number,
            means=ComplaintMeans.FORM,
            received_at=NOW,
            receipt_at=NOW,
            target="a.example" if listed else None,
            referrals=(),
            rule=None if listed else "no-entry",
            late=listed,
            due_at=NOW if listed else None,
            key=number,
            exhibit=ExhibitId("sha256:" + "0" * 64),
            at=NOW,
        )

    monkeypatch.setattr(public_figures, "keeps_secrets", lambda _mandate: True)
    shown = []
    for listed in (True, False):
        figures = Figures()
        figures.complaints.filed["C-1"] = filed("C-1", listed=listed)
        shown.append(json.loads(figures_file(figures, MANDATE, NOW)))
    assert shown[0] == shown[1]
    assert shown[0]["complaints"]["open"] == 1


def test_the_pages_show_figures_without_what_would_tell_a_secret(
    public: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_figures, "keeps_secrets", lambda _mandate: True)
    public.shown.files.write("figures.json", figures_file(Figures(), MANDATE, NOW))
    assert "about nothing" not in words(public.ask("/transparency"))
    assert ",complaints,,about_no_entry,\r\n" in words(public.ask("/transparency.csv"))


def test_of_two_folders_the_one_with_secrets_takes_what_is_on_no_list(
    public: Public, tmp_path: Path
) -> None:
    other = Public(tmp_path / "other")
    other.describe(secret=True)
    both = Site(LookUp([Shelf(public.shown.files), Shelf(other.shown.files)]), DESK)
    body = urlencode(FIELDS | {"target": "nowhere.example"}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    asked = Asked(method="POST", path="/complaint", address="192.0.2.1", body=body, headers=headers)
    assert both.answer(asked, NOW).status == 201
    assert (len(public.waiting()), len(other.waiting())) == (0, 1)


def test_a_folder_that_does_not_say_what_is_secret_takes_any_complaint(public: Public) -> None:
    public.shown.files.remove("about.json")
    public.look_up = LookUp([Shelf(public.shown.files)])
    public.site = Site(public.look_up, DESK)
    assert public.complain(target="nowhere.example").status == 201
    assert public.complain(target="a.example").status == 201


# -- lists of an organisation ---------------------------------------------------------------------


def test_an_entry_on_the_list_of_an_organisation_is_looked_up_in_its_case(tmp_path: Path) -> None:
    key, lists = CaseKey(), CaseKey(bytes([7]) * 32)
    standing = StandingList(key=lists.public, to=FETCHES, of_organisation=True)
    case, shared = (PublicFolder(tmp_path / name, make=True) for name in ("case", "lists"))
    order = {"territory": "FR", "order": "O", "kind": "live", "secret": False}
    case.write("about.json", json.dumps({"who": "League", "orders": [order]}).encode())
    own, whole = ListFiles(case, own_alone=True), ListFiles(shared)
    look_up = LookUp([Shelf(case)], [Shelf(shared)])
    assert look_up.blocks("a.example", NOW) == ()

    def show(at: datetime) -> None:
        version = standing.next_version(at)
        envelope = standing.signed(version, lists.sign_list(version.text))
        for files in (own, whole):
            files.write(envelope)

    subject = referral(entry("a.example"), entry("b.example"))
    standing.add(approved(subject, key, on=lists.public), ORDER)
    show(NOW)
    later = NOW + timedelta(seconds=2)
    [block] = look_up.blocks("a.example", later)
    assert (block.referral, block.who) == (subject.id, "League")
    assert look_up.shelf_of("a.example", later) is not None
    standing.withdraw(subject.id, "a.example")
    show(later)
    assert look_up.blocks("a.example", later + timedelta(seconds=2)) == ()
    assert look_up.blocks("b.example", later + timedelta(seconds=2)) != ()
