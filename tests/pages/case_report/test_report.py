from __future__ import annotations

import importlib.util
import re
import struct
import sys
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.drawing.escaping import clean
from cautery.drawing.formatting import percent
from cautery.errors import DecodeError
from cautery.evidence.outside.brackets import Moment
from cautery.model import Asset, Role, SupplyGraph
from cautery.pages.case_report import Alignment, alignment_plot, reduced, stills, supply_drawing
from cautery.pages.case_report.formatting import delay, span, speed
from cautery.workflows.case.report import write_report
from cautery.workflows.case.report_times import ReportTimes


def _synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "report_synthetic", Path(__file__).with_name("synthetic.py")
    )
    assert spec
    assert spec.loader
    if spec.name not in sys.modules:
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


made = _synthetic()


@pytest.fixture(scope="module")
def page() -> str:
    case = made.whole_case(streams=60)
    return write_report(case.ledger, case.vault, at=case.now)


class _Outline(HTMLParser):
    """Notes elements, open ones, and what would load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.unlabelled: list[str] = []
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.add(tag)
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            value = held.get(name) or ""
            if value and not value.startswith(("data:", "#")):
                self.loads.append(value)
        if tag == "img" and not held.get("alt"):
            self.unlabelled.append("img")
        if tag == "th" and not held.get("scope"):
            self.unlabelled.append("th")
        if any(name.startswith("on") for name in held):
            self.loads.append("handler")
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))


@pytest.fixture(scope="module")
def outline(page: str) -> _Outline:
    parsed = _Outline()
    parsed.feed(page)
    return parsed


def test_the_page_loads_nothing_and_runs_nothing(outline: _Outline) -> None:
    assert outline.loads == []
    assert not outline.tags & {"script", "iframe", "object", "embed", "form"}


def test_a_hostile_title_is_shown_as_text(page: str) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert "\x00" not in page


def test_every_picture_has_words_and_every_table_header_a_scope(outline: _Outline) -> None:
    assert outline.unlabelled == []


def test_there_is_one_first_heading(outline: _Outline) -> None:
    assert outline.levels.count(1) == 1


def test_sixty_streams_fit_into_six_megabytes(page: str) -> None:
    assert len(page.encode()) < 6_000_000


def test_zero_errors_never_stand_without_their_bound(page: str) -> None:
    zeros = [page[found.end() :] for found in re.finditer("0 of 4\u202f?200", page)]
    assert zeros
    assert all("0.071" in after[:120] for after in zeros)


def test_a_lab_case_is_stamped_and_a_real_one_is_not() -> None:
    real = made.opened(lab=False)
    assert 'class="stamp"' not in write_report(real.ledger, real.vault, at=real.now)
    lab = made.opened()
    assert 'class="stamp"' in write_report(lab.ledger, lab.vault, at=lab.now)


def test_page_one_names_the_hospital_that_was_spared(page: str) -> None:
    assert "st-anna-hospital.example" in page[: page.index('id="streams"')]


def test_what_was_done_for_bystanders_is_told(page: str) -> None:
    told = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for said in (
        "at most 3 bystanders, budget 5; allowed targets left out because of the budget: crowded.example",
        "2 decisions of the guard checked again",
        "1 unrelated name probed together",
        "but through all others: 1 time",
        "A. Legal and B. Desk overrode the guard\u2019s objections to alone.example",
        "sold.example withdrawn : it has a new owner",
        "roll-back of wide.example proposed to ISP South : 2 of 3 unrelated names are dark",
    ):
        assert said.replace(" :", ":") in told.replace(" :", ":")


def test_a_referrals_statement_stands_line_by_line_with_digests_that_an_eye_can_compare(
    page: str,
) -> None:
    assert "<p>- name one.example; exhibits abababababab…, cdcdcdcdcdcd….</p>" in page
    assert "ab" * 32 not in page


def test_a_stream_that_runs_ahead_is_told_beside_its_peak_in_few_words() -> None:
    ahead = Alignment(
        kind="sound", reference="film", delay_s=-12.02, lags_s=(-20.0, -12.0, -4.0),
        strength=(1.0, 60.0, 1.0),
    )  # fmt: skip
    assert ">12.02 s ahead</text>" in alignment_plot(ahead)


def test_a_second_content_stands_beside_the_first_with_its_place_delay_and_odds(page: str) -> None:
    shown = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert re.search(r"Home v Away; .{2,40}, and at the same time late-film: likelihood", shown)
    assert (
        "At the same time late-film, in a part of the picture: 40 % of its width from 50 %, 40 % of "
        "its height from 55 %; 3.20 s ahead of the reference; 10 1.6 . Nothing is claimed by it."
    ) in shown


def test_what_no_exhibits_clock_knew_is_said_once_a_stream(page: str) -> None:
    shown = page[page.index('id="streams"') : page.index('id="all"')]
    assert shown.count("offset of the clock unknown") <= shown.count("Exhibits (SHA-256)")


def test_no_time_of_a_stream_stands_without_whose_clock_it_is(page: str) -> None:
    shown = unescape(page[page.index('id="streams"') : page.index('id="errors"')])
    times = list(re.finditer(r"\d\d:\d\d:\d\d UTC", shown))
    assert len(times) > 200
    for time in times:
        table = max(shown.rfind(tag, 0, time.start()) for tag in ("<dl", "<table", "<h4"))
        around = shown[table : time.end() + 40]
        assert "this machine's clock" in around, around


def test_beside_a_time_stands_its_bracket_rounded_outwards() -> None:
    case = made.whole_case(streams=20)
    [appeared, *_] = case.ledger.read(kinds=("stream.appeared",))
    before = datetime(2026, 11, 24, 20, 31, 2, 700_000, tzinfo=UTC)
    after = before + timedelta(seconds=59)
    early = Moment(record=appeared.index - 1, covers=1, not_before=before, not_after=before)
    late = Moment(record=case.ledger.size() - 1, covers=10_000, not_before=after, not_after=after)
    times = ReportTimes(moments=(early, late))
    page = write_report(case.ledger, case.vault, at=case.now, times=times)
    shown = page[page.index('id="streams"') : page.index('id="errors"')]
    both = "(not before 24 Nov 2026, 20:31:02 UTC, not after 24 Nov 2026, 20:32:02 UTC)"
    full, listed = shown.split('id="all"')
    assert full.count(both) == 4 * 4 + 2 * 3  # seen, proven and two probes; the undecided without
    assert listed.count(both) == 20


def test_the_page_tells_how_to_check_without_us(page: str) -> None:
    assert "sha256sum -c manifest.sha256" in page
    assert "openssl pkeyutl -verify" in page


def _curve(lags: list[float], strength: list[float], delay_s: float = 1.0) -> Alignment:
    return Alignment(
        reference="r", kind="sound", delay_s=delay_s, lags_s=tuple(lags), strength=tuple(strength)
    )


def test_thinning_a_long_curve_keeps_its_peak() -> None:
    strength = [0.0] * 50_000
    strength[31_007] = 9.0
    drawn = alignment_plot(_curve([0.01 * one for one in range(50_000)], strength))
    assert len(drawn) < 60_000
    assert re.search(r'class="curve"[^>]* points="[^"]*,26\.0', drawn)


def test_a_curve_of_no_lags_is_said_not_drawn() -> None:
    assert "<svg" not in alignment_plot(_curve([], []))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.floats(-300, 300))
def test_any_finite_curve_is_drawn_with_finite_numbers(
    strength: list[float], delay_s: float
) -> None:
    drawn = alignment_plot(_curve([float(one) for one in range(len(strength))], strength, delay_s))
    assert "nan" not in drawn
    assert "inf" not in drawn


def test_a_crowded_graph_says_how_much_it_shows() -> None:
    assets = tuple(
        Asset(kind="host", value=f"h{one}.example", role=Role.EDGE, country="NL")
        for one in range(400)
    )
    drawing = supply_drawing(SupplyGraph(assets=assets))
    assert drawing.said.startswith(f"{drawing.shown} of 400 assets")
    assert f"+ {400 - drawing.shown} more" in drawing.svg


def test_a_graph_of_many_countries_puts_every_asset_in_a_column() -> None:
    assets = tuple(
        Asset(kind="host", value=f"h{one}.example", country=f"C{one}" if one else None)
        for one in range(12)
    )
    drawing = supply_drawing(SupplyGraph(assets=assets))
    assert drawing.shown == 12
    assert "others:" in drawing.svg


def test_a_hostile_asset_name_is_escaped_in_the_drawing() -> None:
    graph = SupplyGraph(assets=(Asset(kind="host", value="</svg><script>", country='"><b>'),))
    assert "<script" not in supply_drawing(graph).svg


def test_shared_infrastructure_is_dimmed() -> None:
    assert 'class="node dim"' in supply_drawing(made.supply()).svg


@pytest.mark.parametrize("data", [b"", b"<html>", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40])
def test_a_still_that_is_no_png_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        reduced(data)


def test_a_png_that_claims_a_huge_size_is_refused_unread() -> None:
    png = bytearray(made.pitch(1, suspect=False))
    png[16:24] = b"\x00\x01\x00\x00\x00\x01\x00\x00"
    with pytest.raises(DecodeError, match="65536x65536"):
        reduced(bytes(png))


def test_a_damaged_png_is_refused() -> None:
    png = made.pitch(1, suspect=False)
    with pytest.raises(DecodeError):
        reduced(png[:60])


def _png(
    *chunks: tuple[bytes, bytes], header: bytes = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), *chunks, (b"IEND", b""))
    )


_ROWS = zlib.compress(bytes(48 * (1 + 3 * 64)))


@pytest.mark.parametrize(
    "png",
    [
        _png((b"IDAT", zlib.compress(bytes(1 << 28), 9))),
        _png((b"IDAT", zlib.compress(bytes(100)))),
        _png((b"IDAT", zlib.compress(b"\x05" * (48 * (1 + 3 * 64))))),
        _png((b"IDAT", _ROWS[:-4] + b"dirt")),
        _png(),
        _png((b"IDAT", _ROWS), header=struct.pack(">IIBBBBB", 64, 48, 16, 2, 0, 0, 0)),
        _png((b"IDAT", _ROWS), header=struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 1)),
        _png((b"IDAT", _ROWS), header=struct.pack(">IIBBBBB", 65, 48, 8, 2, 0, 0, 0)),
    ],
    ids=["bomb", "short", "filtered", "dirt", "empty", "deep", "interlaced", "other size"],
)
def test_a_png_that_our_decoder_would_not_write_is_refused_without_unpacking_more(
    png: bytes,
) -> None:
    tracemalloc.start()
    with pytest.raises(DecodeError):
        reduced(png)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_what_a_png_says_beside_its_picture_is_not_unpacked() -> None:
    bomb = b"x\0\0" + zlib.compress(bytes(1 << 28), 9)
    plain = reduced(_png((b"IDAT", _ROWS)))
    tracemalloc.start()
    assert reduced(_png((b"iCCP", bomb), (b"zTXt", bomb), (b"IDAT", _ROWS))) == plain
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("pred", ["none", "sub", "up", "avg", "paeth", "mixed"])
def test_a_still_is_read_as_ffmpeg_reads_it_whatever_filter_its_rows_have(pred: str) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (36, 64, 3), np.uint8)
    pixels[8:20] = pixels[8, 0]
    coder = av.CodecContext.create("png", "w")
    coder.width, coder.height, coder.pix_fmt = 64, 36, "rgb24"
    coder.time_base, coder.options = Fraction(1, 25), {"pred": pred}
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    frame.pts = 0
    png = b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])
    rows = np.frombuffer(stills._rows(png, 64, 36), np.uint8).reshape(36, 1 + 3 * 64)
    assert (stills._unfiltered(rows[:, 0], rows[:, 1:].reshape(36, 64, 3)) == pixels).all()


def test_no_decoder_of_pictures_runs_beside_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> object:
        raise AssertionError("FFmpeg reads it")

    monkeypatch.setattr(av, "open", opened)
    assert reduced(made.pitch(1, suspect=False))


def test_a_still_becomes_a_small_jpeg() -> None:
    png = made.pitch(1, suspect=False)
    uri = reduced(png)
    assert uri.startswith("data:image/jpeg;base64,/9j/")
    assert len(uri) < 40_000


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_clean_text_can_always_be_written_as_utf8(text: str) -> None:
    assert "\u202e" not in clean(text).encode().decode()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (span(59.97), "1 min 00 s"),
        (span(3600), "1 h 00 min"),
        (delay(None), "not determined"),
        (speed(0.98), "\u22122.0 % (slower)"),
        (percent(0.000712), "0.071\u202f%"),
    ],
)
def test_quantities_are_said_as_people_say_them(said: str, wanted: str) -> None:
    assert said == wanted


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize("width", [1240, 390])
def test_in_a_browser_the_page_is_quiet_stamped_and_fits(
    browser: Any, page: str, tmp_path: Path, width: int
) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    tab = browser.new_page(viewport={"width": width, "height": 1200})
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    across = tab.evaluate("document.documentElement.scrollWidth")
    stamped = tab.locator(".stamp span").is_visible() and tab.locator("#lab").is_visible()
    tab.emulate_media(media="print")
    printed = tab.evaluate("getComputedStyle(document.querySelector('.stamp')).position")
    tab.close()
    assert said == []
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert stamped
    assert printed == "fixed"
    assert across <= width
