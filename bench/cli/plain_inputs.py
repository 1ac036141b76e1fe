"""Plain inputs of a wanted size for commands that read files: usual ones, and random ones.

Nothing in them is malformed: a list, a table, a graph or a log as large as somebody likes. Each
maker writes a file of about ``size`` bytes and is the same for the same seed.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

LETTERS = string.ascii_lowercase + string.digits
TOPICS = ("Sport", "Cinema", "News", "Kids", "Music", "Arena", "Liga", "Film", "Serie", "Planet")
QUALITIES = ("SD", "HD", "FHD", "4K", "HEVC", "RAW")
COUNTRIES = ("FR", "ES", "IT", "DE", "PT", "BG", "RO", "PL", "NL", "GB")
SITES = ("streamfox", "golazo", "ninetv", "cinelatino", "arenaplus", "redzone", "kinobox", "tvmax")
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def _word(rng: random.Random, least: int, most: int) -> str:
    return "".join(rng.choices(LETTERS, k=rng.randint(least, most)))


def _host(rng: random.Random) -> str:
    return f"{_word(rng, 6, 12)}.{rng.choice(('example', 'com', 'net', 'tv', 'xyz'))}"


def _ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def _write(path: Path, size: int, head: str, lines: Iterator[str], tail: str = "") -> Path:
    """Write lines until the file has its size."""
    with path.open("w", encoding="utf-8") as file:
        left = size - file.write(head)
        for line in lines:
            file.write(line)
            left -= len(line)
            if left <= 0:
                break
        file.write(tail)
    return path


def _forever(make: Callable[[int], str]) -> Iterator[str]:
    number = 0
    while True:
        yield make(number)
        number += 1


def m3u(path: Path, size: int, rng: random.Random) -> Path:
    """Write a playlist as services write them: some thousand names in several qualities."""

    def entry(number: int) -> str:
        country, topic = rng.choice(COUNTRIES), rng.choice(TOPICS)
        title = f"{country}| {topic.upper()} {number % 400} {rng.choice(QUALITIES)}"
        return (
            f'#EXTINF:-1 tvg-id="{topic.lower()}{number % 400}.{country.lower()}" '
            f'tvg-name="{title}" tvg-logo="http://logo.example/{number}.png" '
            f'group-title="{country} | {topic}",{title}\n'
            f"http://panel.example:8080/live/anna/s3cret/{number}.ts\n"
        )

    return _write(path, size, "#EXTM3U\n", _forever(entry))


def m3u_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write a playlist in which no title, group, host or login stands twice."""

    def entry(_: int) -> str:
        title = " ".join(_word(rng, 2, 9) for _ in range(rng.randint(1, 5)))
        return (
            f'#EXTINF:-1 tvg-id="{_word(rng, 5, 9)}" group-title="{_word(rng, 3, 9)}",{title}\n'
            f"http://{_host(rng)}/{_word(rng, 5, 9)}/{_word(rng, 5, 9)}/{rng.randint(1, 10**6)}\n"
        )

    return _write(path, size, "#EXTM3U\n", _forever(entry))


def xmltv(path: Path, size: int, rng: random.Random) -> Path:
    """Write a programme guide."""

    def programme(number: int) -> str:
        start = BEGUN + timedelta(minutes=30 * (number // 400))
        return (
            f'<programme start="{start:%Y%m%d%H%M%S} +0000" '
            f'stop="{start + timedelta(minutes=30):%Y%m%d%H%M%S} +0000" channel="c{number % 400}">'
            f"<title>{rng.choice(TOPICS)} {_word(rng, 4, 9)}</title>"
            f"<desc>{' '.join(_word(rng, 3, 9) for _ in range(12))}</desc></programme>\n"
        )

    channels = "".join(
        f'<channel id="c{at}"><display-name>{TOPICS[at % 10]} {at}</display-name></channel>\n'
        for at in range(400)
    )
    return _write(path, size, f"<tv>\n{channels}", _forever(programme), "</tv>\n")


def access_log(path: Path, size: int, rng: random.Random) -> Path:
    """Write a log of a stream server."""

    def line(number: int) -> str:
        at = BEGUN + timedelta(seconds=number // 20)
        return (
            f"{_ip(rng)} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET /live/{_word(rng, 6, 8)}/{_word(rng, 6, 8)}/{rng.randint(1, 5000)}.ts HTTP/1.1" '
            f'200 {rng.randint(10**4, 10**7)} "-" "VLC/3.0.{rng.randint(1, 20)}"\n'
        )

    return _write(path, size, "", _forever(line))


def titles_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write titles, one a line, none of them twice."""
    return _write(
        path,
        size,
        "",
        _forever(lambda _: " ".join(_word(rng, 2, 9) for _ in range(rng.randint(1, 5))) + "\n"),
    )


def catalogue(path: Path, size: int, rng: random.Random) -> Path:
    """Write a catalogue of channels in iptv-org's layout."""

    def row(number: int) -> str:
        country, topic = COUNTRIES[number % 10], TOPICS[number // 10 % 10]
        name = f"{topic} {_word(rng, 4, 8).title()} {number // 100}"
        return f"{topic}{number}.{country.lower()},{name},{topic} {number},{country}\n"

    return _write(path, size, "id,name,alt_names,country\n", _forever(row))


def mirror_names(path: Path, size: int, rng: random.Random) -> Path:
    """Write hosts of sites that renumber and rename themselves, with the days of a list."""

    def row(number: int) -> str:
        site = SITES[number % 8] + _word(random.Random(number // 40), 2, 6)
        first = BEGUN + timedelta(days=rng.randint(0, 300))
        last = first + timedelta(days=rng.randint(1, 60))
        top = rng.choice(("com", "net", "tv", "to", "xyz"))
        return f"www.{site}{number % 40}.{top},{first:%Y-%m-%d},{last:%Y-%m-%d},court\n"

    return _write(path, size, "host,first,last,source\n", _forever(row))


def names_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write random hosts, one a line."""
    return _write(path, size, "", _forever(lambda _: _host(rng) + "\n"))


def links(path: Path, size: int, rng: random.Random) -> Path:
    """Write links of networks of some dozen hosts that share certificates, trackers and wallets."""
    kinds = ("certificate", "tracker", "address", "payment", "favicon", "nameserver")

    def row(number: int) -> str:
        network = number // 120
        kind = rng.choice(kinds)
        value = f"{kind}-{network}-{rng.randint(0, 3)}"
        if kind == "nameserver":
            value = f"ns{rng.randint(1, 50)}.hoster.example"
        first = BEGUN + timedelta(days=rng.randint(0, 200))
        return (
            f"host{network}x{rng.randint(0, 29)}.example,{kind},{value},"
            f"{first:%Y-%m-%d},{first + timedelta(days=30):%Y-%m-%d},crawl\n"
        )

    head = "subject,kind,value,first_seen,last_seen,source\n"
    return _write(path, size, head, _forever(row))


def links_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write links whose ends are drawn at random: all hang together, and none is a network."""
    subjects = max(size // 100, 10)

    def row(_: int) -> str:
        kind = rng.choice(("certificate", "tracker", "address", "payment"))
        return f"s{rng.randint(0, subjects)}.example,{kind},v{rng.randint(0, subjects)}\n"

    return _write(path, size, "subject,kind,value\n", _forever(row))


def _graph(path: Path, nodes: list[dict[str, object]], groups: list[dict[str, object]]) -> Path:
    served = [node["id"] for node in nodes if node["role"] == "storefront"]
    demand = [{"node": name, "weight": 1 + at % 50} for at, name in enumerate(served)]
    body = {"nodes": nodes, "groups": groups, "demand": demand}
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


_LAYERS = ("encoder", "origin", "edge", "panel", "reseller", "storefront")


def graph(path: Path, size: int, rng: random.Random) -> Path:
    """Write a supply graph in layers, each asset needing one or two of the layer above."""
    count = size // 160
    widths = [max(1, count * share // 100) for share in (1, 2, 7, 10, 30, 50)]
    nodes: list[dict[str, object]] = []
    groups: list[dict[str, object]] = []
    above: list[str] = []
    for role, width in zip(_LAYERS, widths, strict=True):
        names = [f"{role}-{at}.example" for at in range(width)]
        for at, name in enumerate(names):
            nodes.append(
                {"id": name, "role": role, "cost": rng.randint(1, 9), "country": COUNTRIES[at % 10]}
            )
            if above:
                near = [above[(at * len(above) // width + step) % len(above)] for step in range(2)]
                groups.append({"of": name, "members": sorted(set(near))})
        above = names
    return _graph(path, nodes, groups)


def graph_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write a graph whose assets need any three others, in one another's cycle too."""
    count = size // 220
    names = [_host(rng) + str(at) for at in range(count)]
    nodes: list[dict[str, object]] = [
        {"id": name, "role": rng.choice(_LAYERS), "cost": rng.randint(1, 99)} for name in names
    ]
    groups: list[dict[str, object]] = [
        {"of": name, "need": 1, "members": rng.sample(names, 3)} for name in names
    ]
    return _graph(path, nodes, groups)


def transfers(path: Path, size: int, rng: random.Random) -> Path:
    """Write payments that buyers make to shops, and that shops pay on through hops to exchanges."""

    def rows(number: int) -> str:
        at = BEGUN + timedelta(seconds=40 * number)
        kind, shop = number % 4, number // 4 % 60
        amount = rng.randint(10, 90)
        ends = {
            0: (f"buyer{rng.randint(0, 9999)}", f"shop{shop}"),
            1: (f"shop{shop}", f"hop{shop % 12}x{rng.randint(0, 5)}"),
            2: (f"hop{shop % 12}x{rng.randint(0, 5)}", f"pool{shop % 7}"),
            3: (f"pool{shop % 7}", f"exchange{shop % 3}"),
        }[kind]
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        return (
            f"t{number},USDT,{stamp},in,{ends[0]},{amount}\n"
            f"t{number},USDT,{stamp},out,{ends[1]},{amount}\n"
        )

    return _write(path, size, "id,asset,at,side,address,amount\n", _forever(rows))


def transfers_random(path: Path, size: int, rng: random.Random) -> Path:
    """Write coins of two or three inputs and outputs among addresses drawn at random."""
    addresses = max(size // 400, 10)

    def rows(number: int) -> str:
        stamp = f"{BEGUN + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
        return "".join(
            f"t{number},BTC,{stamp},{side},a{rng.randint(0, addresses)},{amount}\n"
            for side, amount in (("in", 3), ("in", 2), ("out", 1), ("out", 4))
        )

    return _write(path, size, "id,asset,at,side,address,amount\n", _forever(rows))


def targets(path: Path, size: int, rng: random.Random) -> Path:
    """Write what the guard is asked about: addresses, names and URLs."""

    def line(number: int) -> str:
        return (_ip(rng), _host(rng), f"http://{_host(rng)}/{_word(rng, 4, 9)}")[number % 3] + "\n"

    return _write(path, size, "", _forever(line))


def panel_lines(path: Path, size: int, rng: random.Random) -> Path:
    """Write a seized panel's table of lines."""

    def row(number: int) -> str:
        expires = BEGUN + timedelta(days=rng.randint(0, 600))
        return (
            f"{number},{_word(rng, 6, 10)},{_word(rng, 8, 10)},{expires:%Y-%m-%d %H:%M:%S},"
            f"{rng.randint(1, 3)},{rng.randint(1, 90)}\n"
        )

    head = "id,username,password,exp_date,max_connections,member_id\n"
    return _write(path, size, head, _forever(row))


def passive_dns(path: Path, size: int, rng: random.Random) -> Path:
    """Write passive DNS in the common output format, one answer a line."""
    first, last = int(BEGUN.timestamp()), int((BEGUN + timedelta(days=90)).timestamp())

    def line(_: int) -> str:
        row = {
            "rrname": _host(rng) + ".",
            "rrtype": "A",
            "rdata": _ip(rng),
            "time_first": first,
            "time_last": last,
            "count": rng.randint(1, 99),
        }
        return json.dumps(row) + "\n"

    return _write(path, size, "", _forever(line))


def ranges(path: Path, size: int, rng: random.Random) -> Path:
    """Write ranges of addresses, one a line."""
    return _write(
        path,
        size,
        "",
        _forever(
            lambda _: f"{rng.randint(11, 99)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.0/24\n"
        ),
    )


def statements(path: Path, size: int, rng: random.Random) -> Path:
    """Write an agency's statements."""

    def line(_: int) -> str:
        host = _host(rng)
        row = {
            "subject": f"host:{host}",
            "about": "asset",
            "text": f"{host} answers as a panel on {_ip(rng)}",
            "kind": "fact",
            "marking": {
                "tlp": "TLP:AMBER",
                "pap": "PAP:RED",
                "handling": ["H1"],
                "source": "B",
                "accuracy": 2,
            },
            "to": ["bg-gdbop"],
            "details": {},
        }
        return json.dumps(row) + "\n"

    return _write(path, size, "", _forever(line))


def prices(path: Path, size: int, rng: random.Random) -> Path:
    """Write prices that storefronts ask, as ``estimate size`` takes them, and visits beside."""
    path.with_name("visits.csv").write_text("country,month,visits\nFR,2026-03,1200000\n")

    def row(number: int) -> str:
        day = 1 + number // 4 % 28
        return (
            f"shop{number // 112}.example,2026-03-{day:02d},{(1, 3, 6, 12)[number % 4]},"
            f"{rng.randint(5, 90)}.99,EUR\n"
        )

    return _write(path, size, "storefront,on,months,amount,currency\n", _forever(row))
