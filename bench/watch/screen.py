"""How much planted personal data the screen of titles finds, and how often it hides a real title.

    python bench/watch/screen.py [--data /path/to/shared/data]

Two sets of titles with something planted in them: the forms that the patterns were written with,
and thirty other forms that were fixed before they were measured and never tuned on. False positives
are counted on real titles, channel names and guide texts of public catalogues; time is told beside
what reading a list of as many entries takes.
"""

from __future__ import annotations

import argparse
import base64
import csv
import html
import lzma
import random
import re
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from cautery.formats import read_m3u
from cautery.model import KeyedPseudonyms
from cautery.model.screen import screened

TITLES = ("Sky Sports Main Event FHD", "UK: TNT Sports 1 4K", "|FR| CANAL+ FOOT", "DAZN 1 (1080p)",
          "F1 2026 R12 Race", "News 24/7", "RAI 1 HD [backup]", "Arena 3 50fps")  # fmt: skip
EACH = 200
Form = Callable[[random.Random], tuple[str, str]]
"""What is planted, as it is written, and the part that must not stand in the outcome."""


def _word(rng: random.Random, least: int = 5, most: int = 9) -> str:
    return "".join(rng.choice("abcdefghijklmnoprstuvz") for _ in range(rng.randint(least, most)))


def _mail(rng: random.Random) -> str:
    local = _word(rng) + rng.choice(("", ".", "_", "-")) + _word(rng) + rng.choice(("", "77"))
    return f"{local}@{_word(rng)}.{rng.choice(('com', 'net', 'it', 'tv', 'example', 'co.uk'))}"


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("123456789") for _ in range(count))


def _ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(11, 223)) for _ in range(4))


def _secret(rng: random.Random) -> str:
    return _word(rng, 4, 6) + _digits(rng, 3) + _word(rng, 2, 4).upper()


def _mac(rng: random.Random) -> list[str]:
    return ["00", "1A", "79", *(f"{rng.randrange(256):02X}" for _ in range(3))]


def _luhn(digits: str) -> str:
    for last in "0123456789":
        row = [int(one) for one in digits + last][::-1]
        total = sum(one if at % 2 == 0 else sum(divmod(2 * one, 10)) for at, one in enumerate(row))
        if total % 10 == 0:
            return digits + last
    raise AssertionError(digits)


def _iban(rng: random.Random) -> str:
    bban = _digits(rng, 18)
    check = 98 - int(bban + "131400") % 97
    return f"DE{check:02d}{bban}"


def _as(write: Callable[[str], str], make: Callable[[random.Random], str] = _mail) -> Form:
    def form(rng: random.Random) -> tuple[str, str]:
        plain = make(rng)
        return write(plain), plain

    return form


def _groups(text: str, *sizes: int, by: str = " ") -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return by.join([*parts, text[at:]] if text[at:] else parts)


def _bold(text: str) -> str:
    return "".join(chr(0x1D41A + ord(one) - 97) if "a" <= one <= "z" else one for one in text)


TUNED: dict[str, Form] = {
    "mail": _as(str),
    "mail, capitals": _as(str.upper),
    "mail in <>": _as(lambda one: f"<{one}>"),
    "mail, per cent": _as(lambda one: quote(one, safe="")),
    "mail, entity": _as(lambda one: one.replace("@", "&#64;")),
    "mail, Base64": _as(lambda one: base64.b64encode(one.encode()).decode()),
    "mail, full width": _as(lambda one: "".join(chr(ord(c) + 0xFEE0) for c in one)),
    "mail, unseen characters": _as(lambda one: one[:3] + "\u200b" + one[3:]),
    "mail (at)": _as(lambda one: one.replace("@", " (at) ").replace(".", " . ")),
    "mail [at] [dot]": _as(lambda one: one.replace("@", "[at]").replace(".", "[dot]")),
    "mail, letter by letter": _as(" ".join),
    "telephone +": _as(lambda one: "+39 " + _groups("347" + one, 3, 3), lambda r: _digits(r, 7)),
    "telephone + tight": _as(lambda one: "+44" + one, lambda r: "7" + _digits(r, 9)),
    "telephone 00": _as(lambda one: "0049 " + _groups(one, 3), lambda r: "151" + _digits(r, 8)),
    "telephone 06": _as(lambda one: _groups(one, 2, 2, 2, 2), lambda r: "06" + _digits(r, 8)),
    "telephone, told": _as(lambda one: "tel. " + _groups(one, 3), lambda r: _digits(r, 7)),
    "telephone (212)": _as(lambda one: f"({one[:3]}) {one[3:6]}-{one[6:]}",
                           lambda r: "212" + _digits(r, 7)),
    "IPv4": _as(str, _ip),
    "IPv4 and port": _as(lambda one: one + ":8080", _ip),
    "IPv6": _as(str, lambda r: f"2001:db8:{r.randrange(4096):x}::{_digits(r, 3)}:{_digits(r, 2)}"),
    "MAC": _as(str, lambda r: ":".join(_mac(r))),
    "MAC tight": _as(str, lambda r: "".join(_mac(r))),
    "user=, password=": _as(lambda one: f"username=anna&password={one}", _secret),
    "login: pass:": _as(lambda one: f"login: anna pass: {one}", _secret),
    "user:pass@host": _as(lambda one: f"anna:{one}@panel.example", _secret),
    "user:pass": _as(lambda one: f"line77x:{one}", _secret),
    "JWT": _as(lambda one: f"eyJhbGciOiJIUzI1NiJ9.{one}.c2ln", lambda r: _secret(r) + _secret(r)),
    "IBAN": _as(lambda one: _groups(one, 4, 4, 4, 4, 4), _iban),
    "card": _as(lambda one: _groups(one, 4, 4, 4), lambda r: _luhn("4" + _digits(r, 14))),
    "panel path": _as(lambda one: f"panel.example/live/anna/{one}/17.ts", _secret),
}  # fmt: skip
TUNED |= {
    "mail, every letter an entity": _as(lambda one: "".join(f"&#x{ord(c):x};" for c in one)),
    "mail, per cent twice": _as(lambda one: one.replace("@", "%2540")),
    "mail, Base64 for URLs in a query": _as(
        lambda one: "?d=" + base64.urlsafe_b64encode(one.encode()).decode().rstrip("=")
    ),
    "mail AT host DOT com": _as(lambda one: one.replace("@", " AT ").replace(".", " DOT ")),
    "mail, soft hyphens": _as(lambda one: "\u00ad".join((one[:2], one[2:6], one[6:]))),
    "mail, bold letters": _as(_bold),
    "mail, \\u0040": _as(lambda one: one.replace("@", "\\u0040")),
    "mail, at a blank": _as(lambda one: one.replace("@", " @ ")),
    "telephone, Arabic digits": _as(
        lambda one: "+" + "".join(chr(0x660 + int(c)) for c in "966" + one),
        lambda r: "5" + _digits(r, 8),
    ),
    "telephone, thin blanks and a picture": _as(
        lambda one: "\U0001f4de " + _groups(one, 3, 3, by="\u2009"), lambda r: "6" + _digits(r, 8)
    ),
    "telephone, WhatsApp 0034-": _as(
        lambda one: "WhatsApp:0034-" + _groups(one, 3, 3), lambda r: "6" + _digits(r, 8)
    ),
    "telephone, Turkish": _as(
        lambda one: _groups(one, 4, 3, 2), lambda r: "05" + _digits(r, 9)
    ),
    "telephone, dots": _as(
        lambda one: _groups(one, 3, 3, by="."), lambda r: "415" + _digits(r, 7)
    ),
    "telephone, Polish": _as(lambda one: _groups(one, 3, 3, by="-"), lambda r: "6" + _digits(r, 8)),
    "telephone, wa.me": _as(lambda one: f"wa.me/{one}", lambda r: "39347" + _digits(r, 7)),
    "IPv4, 1[.]2": _as(lambda one: one.replace(".", "[.]"), _ip),
    "IPv4, full width": _as(
        lambda one: "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in one), _ip
    ),
    "IPv6 in brackets": _as(
        lambda one: f"[{one}]:8080", lambda r: f"2a01:4f8:{r.randrange(4096):x}:{_digits(r, 3)}::2"
    ),
    "MAC, blanks": _as(" ".join, lambda r: "".join(_mac(r))),
    "u:, p:": _as(lambda one: f"u:anna77 p:{one}", _secret),
    "user:pass in Base64": _as(
        lambda one: "Basic " + base64.b64encode(f"anna77:{one}".encode()).decode(), _secret
    ),
    "line's URL without a head": _as(
        lambda one: f"http://h.example:8080/anna77/{one}/1234", _secret
    ),
    "Bearer": _as(lambda one: f"Bearer {one}", lambda r: _secret(r) + _secret(r) + _secret(r)),
    "IBAN, small letters": _as(lambda one: _groups(one.lower(), 4, 4, 4, 4, 4), _iban),
    "card, dots": _as(
        lambda one: _groups(one, 4, 4, 4, by="."), lambda r: _luhn("5" + _digits(r, 14))
    ),
}  # fmt: skip


REPORTED: dict[str, Form] = {
    "mail, mailto: and per cent": _as(lambda one: f"mailto:{quote(one, safe='')}"),
    "mail, (a)": _as(lambda one: one.replace("@", "(a)")),
    "mail, [@]": _as(lambda one: one.replace("@", "[@]")),
    "mail, full-width sign": _as(lambda one: one.replace("@", "\uff20")),
    "mail, Base64 twice": _as(
        lambda one: base64.b64encode(base64.b64encode(one.encode())).decode()
    ),
    "mail, hexadecimal": _as(lambda one: one.encode().hex()),
    "mail, a Cyrillic letter": _as(lambda one: one.replace("a", "\u0430")),
    "mail, blanks inside": _as(lambda one: one.replace("@", " @").replace(".", ". ")),
    "mail, name ATmailDOT": _as(lambda one: one.replace("@", "AT").replace(".", "DOT")),
    "telephone, +39.": _as(lambda one: f"+39.347.{one}", lambda r: _digits(r, 7)),
    "telephone, (+39)": _as(lambda one: f"(+39) 347 {one}", lambda r: _digits(r, 7)),
    "telephone, (0)": _as(lambda one: f"0049 (0)151 {one}", lambda r: _digits(r, 8)),
    "telephone, German": _as(lambda one: f"0151/{one}", lambda r: _digits(r, 8)),
    "telephone, British": _as(lambda one: f"07700 {one}", lambda r: _digits(r, 6)),
    "telephone, Brazilian": _as(
        lambda one: f"(11) 9{_groups(one, 4, by='-')}", lambda r: _digits(r, 8)
    ),
    "telephone, tel:+": _as(lambda one: f"tel:+39{one}", lambda r: "347" + _digits(r, 7)),
    "telephone, full width": _as(
        lambda one: "\uff0b" + "".join(chr(ord(c) + 0xFEE0) for c in one),
        lambda r: "44" + _digits(r, 10),
    ),
    "telephone, nine digits told": _as(lambda one: f"Tlf {one}", lambda r: "6" + _digits(r, 8)),
    "IPv4, per cent": _as(lambda one: "ip%3D" + one.replace(".", "%2E"), _ip),
    "IPv4, blanks": _as(lambda one: one.replace(".", " . "), _ip),
    "IPv4 in IPv6": _as(lambda one: f"::ffff:{one}", _ip),
    "IPv6, eight groups": _as(
        lambda one: one, lambda r: ":".join(f"{r.randrange(4096, 65536):X}" for _ in range(8))
    ),
    "MAC, per cent": _as(lambda one: one.replace(":", "%3A"), lambda r: ":".join(_mac(r))),
    "MAC, Base64": _as(
        lambda one: base64.b64encode(one.encode()).decode(), lambda r: ":".join(_mac(r))
    ),
    "JSON": _as(lambda one: f'{{"username":"anna","password":"{one}"}}', _secret),
    "get.php without a host": _as(lambda one: f"get.php?username=anna&password={one}", _secret),
    "user / pass": _as(lambda one: f"anna77 / {one}", _secret),
    "token=": _as(lambda one: f"token={one}", lambda r: f"{r.getrandbits(128):032x}"),
    "IBAN, tight": _as(str, _iban),
    "card, fifteen digits": _as(
        lambda one: _groups(one, 4, 6), lambda r: _luhn("37" + _digits(r, 12))
    ),
}  # fmt: skip


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def found(form: Form, rng: random.Random) -> bool:
    """Plant one in a title, as a reader of lists would give it, and tell whether it is hidden."""
    from cautery.formats import redacted_text  # noqa: PLC0415 - as records have it

    written, plain = form(rng)
    title = rng.choice(TITLES)
    text = rng.choice((f"{title} {written}", f"{written} {title}", f"{title} | {written} | VIP"))
    shown = redacted_text(text, KeyedPseudonyms(b"k" * 32))
    return written not in shown and _bare(plain) not in _bare(re.sub("~[0-9a-f]{16}", "", shown))


def real_titles(data: Path) -> list[str]:
    """Return titles, channel names and guide texts of public catalogues, each once."""
    texts: list[str] = []
    for name in ("train", "dev", "unlabelled", "new-since-2026-03-13"):
        with lzma.open(data / "playlist-labels" / f"{name}.csv.xz", "rt") as rows:
            texts += [row.get("title") or row.get("name") or "" for row in csv.DictReader(rows)]
    with lzma.open(data / "iptv-catalogue" / "channels.csv.xz", "rt") as rows:
        texts += [row["name"] for row in csv.DictReader(rows)]
    with tarfile.open(data / "xmltv" / "guides.tar.xz") as guides:
        for member in guides:
            if (file := guides.extractfile(member)) is not None:
                said = file.read().decode("utf-8", "replace")
                texts += re.findall(r"<(?:title|sub-title|desc|display-name)[^>]*>([^<]+)<", said)
    return list(dict.fromkeys(html.unescape(one) for one in texts))


PATTERNS = (
    "{a} @ {b} {h}:{m} PM ET",
    "{a} vs. {b} | {Y}-{M}-{D} {h}:{m}:{s}",
    "PPV {n}: {a} v {b} {D}.{M}.{Y} {h}.{m} - {k}.{m}",
    "|FR| {a} FHD 50fps [{n}]",
    "EVENT {n} {D}/{M}/{Y} {h}:{m} {a} x {b}",
    "{a} S{D}E{M} 1080p x265 {Y}",
    "{Y}{M}{D}_{h}{m}{s} {a}",
    "NBA {n}: {a} @ {b} (HD)",
    "UFC {n} @ {h}.{m}PM",
    "{a} @ {b}. LIVE",
    "{a} 3840x2160 {n}.{m} Mbps",
    "24/7 {a} {n}00 {n}01 {n}02",
    "MLB 0{n} | {a} @ {b} | {M}-{D}-{Y}",
    "UK:{a}FHD{n}",
    "{a} v1.{D}.{m} build {n}{n}",
    "CH {n}{m}{s} {a}",
    "Formula 1 {Y} R{D} FP{n}",
    "{a}: {b} ({Y}-{Z}) 5.1 H.264",
    "{D} {M} {Y} {h}h{m} {a}",
    "{a} 1-0 {b} 45' {n}",
    "Sat {D} Nov {Y} {h}:{m} GMT+1 {a}",
    "{h}:{m}-{k}:{m} {a} {n}%",
    "#{n} {a} &amp; {b}",
    "{a} at {b} {h} PM",
    "+{n} {a}",
    "ID {n}{m}{s}{n} {a}",
    "Pass: {a} {n}",
    "{a} No. {n}",
    "{a} 576 720 {n}",
    "{Y} {Z} {a} 1.{D}.0.{m}",
    "LIGA {Y}/{Z} J{D} {a}-{b}",
    "Season {Y}-{Z} Round {D}-{M} {a}",
)
"""Titles as panels write them, with dates, times, ``@`` for *away at*, versions and numbers."""


def panel_titles(rng: random.Random, count: int) -> list[str]:
    """Return titles that hold nobody's data but look more like it than real catalogues' do."""
    teams = ("Lakers", "Celtics", "Roma", "Real Madrid", "Man Utd", "St. Louis", "Ajax", "Team GB")

    def number(first: int, last: int) -> str:
        return f"{rng.randint(first, last):02d}"

    return [
        rng.choice(PATTERNS).format(
            a=rng.choice(teams), b=rng.choice(teams), Y=number(2019, 2027), Z=number(20, 28),
            M=number(1, 12), D=number(1, 28), h=number(0, 23), k=number(0, 23), m=number(0, 59),
            s=number(0, 59), n=rng.randint(1, 999),
        )
        for _ in range(count)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("shared/data"))
    parser.add_argument("--seed", type=int, default=20261128)
    told = parser.parse_args()
    for name, forms in (("tuned on", TUNED), ("not tuned on", REPORTED)):
        rng = random.Random(f"{told.seed} {name}")
        rates = {form: sum(found(one, rng) for _ in range(EACH)) for form, one in forms.items()}
        print(f"{name}: {sum(rates.values())} of {EACH * len(rates)}")
        for form, count in rates.items():
            print(f"  {form:38} {count:4} of {EACH}")
    texts = real_titles(told.data)
    hidden = KeyedPseudonyms(b"k" * 32)
    changed = [one for one in texts if screened(one, hidden) != one]
    print(f"false positives: {len(changed)} of {len(texts)} real texts", *changed[:20], sep="\n  ")
    made = panel_titles(random.Random(told.seed), 50_000)
    changed = [one for one in made if screened(one, hidden) != one]
    print(f"false positives: {len(changed)} of {len(made)} made titles", *changed[:20], sep="\n  ")
    body = "#EXTM3U\n" + "".join(
        f"#EXTINF:-1,{one}\nhttp://p.example/{at}.ts\n" for at, one in enumerate(texts[:60_000])
    )
    start = time.process_time()
    count = sum(1 for _ in read_m3u([body.encode()], base=None))
    read_s = time.process_time() - start
    start = time.process_time()
    for one in texts[:60_000]:
        screened(one, hidden)
    print(f"{count} entries read in {read_s:.2f} s of CPU, screened in "
          f"{time.process_time() - start:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
