"""The files of a facts folder: the path, age and rows of each, bounded."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cautery.adapters._files import real_path
from cautery.errors import InputError
from cautery.model.toml import simple_toml
from cautery.packed import PACKINGS, content_of

MAX_BYTES = 128_000_000
"""Most decompressed bytes read of one file (the largest shared one, asn-ipv4.csv, has 12 MB)."""
MAX_ROWS = 5_000_000
MAX_LINE = 4_096
_MAX_TOML = 1_000_000
_KEYS = ("path", "kind", "date", "valid_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFile:
    """One fact file: its path, its kind, its date and how long it is valid.

    ``path`` is ``None`` when the folder has no such file; ``date`` when nobody knows it.
    """

    name: str
    kind: str
    path: Path | None
    date: dt.date | None
    valid_days: int | None

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which it is still valid."""
        if self.path is None or self.date is None or self.valid_days is None:
            return None
        try:
            return self.date + dt.timedelta(days=self.valid_days)
        except OverflowError:
            return dt.date.max


@dataclass(frozen=True, slots=True)
class _Known:
    """A file of the shared layout: folder, file name, date of the shared copy, days it holds."""

    folder: str
    file: str
    kind: str
    date: dt.date | None
    valid_days: int


# Dates are those that the shared data's own README files state for each file. How long a kind of
# fact holds good is our judgement: who owns an address changes within days, who runs a CDN's
# range within months, which sites are popular within a year.
KNOWN: dict[str, _Known] = {
    "asn-ipv4": _Known("ip-asn", "asn-ipv4.csv", "asn", dt.date(2026, 6, 17), 270),
    "asn-ipv6": _Known("ip-asn", "asn-ipv6.csv", "asn", dt.date(2026, 6, 17), 270),
    "asn-names": _Known("ip-asn", "asn-names.csv", "asn", dt.date(2026, 6, 17), 365),
    "country-ipv4": _Known("ip-asn", "country-ipv4.csv", "country", dt.date(2026, 6, 17), 270),
    "country-ipv6": _Known("ip-asn", "country-ipv6.csv", "country", dt.date(2026, 6, 17), 270),
    "ranges": _Known("cdn-hosting-ranges", "ranges.csv", "shared", dt.date(2026, 8, 22), 180),
    "cdn-cname-suffixes": _Known(
        "cdn-hosting-ranges", "cdn-cname-suffixes.csv", "cdn-name", dt.date(2026, 8, 16), 365
    ),
    "popular": _Known("popular-domains", "popular.csv", "popular", dt.date(2026, 8, 20), 365),
    **{
        stem: _Known("popular-domains", f"{stem}.csv", kind, dt.date(2026, 8, 20), 365)
        for stem, kind in (
            ("bank-website", "bank"),
            ("university_domains", "university"),
            ("dynamic-dns", "dynamic-dns"),
            ("link-in-bio", "link-in-bio"),
            ("url-shortener", "url-shortener"),
            ("disposable-email", "disposable-email"),
            ("parking-domain", "parking"),
            ("parking-domain-ns", "parking"),
            ("sinkholes", "sinkhole"),
            ("public-dns-v4", "public-dns"),
        )
    },
    "public_suffix_list": _Known(
        "public-suffix", "public_suffix_list.dat", "public-suffix", dt.date(2026, 8, 19), 365
    ),
    "passive-dns": _Known("", "passive-dns.csv", "hosting", None, 2),
    "dedicated": _Known("", "dedicated.csv", "hosting", None, 30),
    "certificates": _Known("", "certificates.csv", "certificates", None, 30),
    "owners": _Known("", "owners.csv", "owners", None, 30),
    "protected-names": _Known("", "protected-names.csv", "protected", None, 365),
}
ROLES = {
    "shared": "ranges",
    "shared-ranges": "ranges",
    "popular": "popular",
    "popular-names": "popular",
    "hosting": "passive-dns",
    "passive-dns": "passive-dns",
    "certificates": "certificates",
    "dedicated": "dedicated",
    "owners": "owners",
    "protected": "protected-names",
    "bank": "bank-website",
    "university": "university_domains",
    "dynamic-dns": "dynamic-dns",
    "link-in-bio": "link-in-bio",
    "url-shortener": "url-shortener",
    "disposable-email": "disposable-email",
    "cdn-name": "cdn-cname-suffixes",
    "parking": "parking-domain",
    "sinkhole": "sinkholes",
    "public-dns": "public-dns-v4",
}
"""Which known file a further file of that kind is read beside."""


def inventory(folder: Path) -> dict[str, FactFile]:
    """Return every known or declared fact file of a folder, found or not, by its stem.

    Raises
    ------
    InputError
        If the folder does not exist, or ``facts.toml`` is not as it should be.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: this facts folder does not exist",
            hint="Give a folder of fact files: --facts DIR, or [network] facts in a mandate.",
        )
    declared = _declared(folder)
    files: dict[str, FactFile] = {}
    for name, standard in KNOWN.items():
        path = _locate(folder, standard.folder, standard.file)
        # Our dates are those of the shared copy, which lies in its own sub-folder, packed; of any
        # other file facts.toml tells the date, or nobody knows it.
        shared = path is not None and path.parent != folder and path.suffix == ".xz"
        files[name] = FactFile(
            name=name,
            kind=standard.kind,
            path=path,
            date=standard.date if shared else None,
            valid_days=standard.valid_days,
        )
    for name, entry in declared.items():
        files[name] = _merged(folder, name, entry, files.get(name))
    return files


def _locate(folder: Path, below: str, file: str) -> Path | None:
    for place in dict.fromkeys((folder, folder / below)):
        for suffix in PACKINGS:
            path = place / (file + suffix)
            if path.is_file():
                return path
    return None


def _declared(folder: Path) -> dict[str, dict[str, object]]:
    path = folder / "facts.toml"
    if not path.is_file():
        return {}
    if path.stat().st_size > _MAX_TOML:
        raise InputError(f"{path}: more than {_MAX_TOML} bytes")
    try:
        table = simple_toml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    for key in table:
        if key != "facts":
            raise InputError(f"{path}: unknown table [{key}]; expected [facts.NAME]")
    facts = table.get("facts", {})
    if not isinstance(facts, dict) or not all(isinstance(fact, dict) for fact in facts.values()):
        raise InputError(f"{path}: expected tables [facts.NAME] with path, kind, date, valid_days")
    return facts


def _merged(
    folder: Path, name: str, entry: dict[str, object], standard: FactFile | None
) -> FactFile:
    where = f"{folder / 'facts.toml'}: facts.{name}"
    for key in entry:
        if key not in _KEYS:
            raise InputError(f"{where}: unknown key {key!r}; expected {', '.join(_KEYS)}")
    path, kind = entry.get("path"), entry.get("kind", standard.kind if standard else name)
    dated = entry.get("date", standard.date if standard else None)
    days = entry.get("valid_days", standard.valid_days if standard else None)
    if isinstance(dated, dt.datetime):
        dated = dated.date()
    elif isinstance(dated, str):
        try:
            dated = dt.date.fromisoformat(dated)
        except ValueError as error:
            raise InputError(f"{where}.date: {error}") from error
    if not (dated is None or isinstance(dated, dt.date)):
        raise InputError(f"{where}.date: {dated!r} is not a valid date")
    if not (days is None or (isinstance(days, int) and not isinstance(days, bool) and days >= 0)):
        raise InputError(f"{where}.valid_days: {days!r} is not a number of days")
    if not isinstance(kind, str):
        raise InputError(f"{where}.kind: {kind!r} is not a text")
    if standard is None and kind not in ROLES:
        # A list that nobody reads is a bystander that nobody sees.
        raise InputError(
            f"{where}.kind: {kind!r} is not one of {', '.join(sorted(ROLES))}",
            hint="Use one of these, or give the fact its known name, such as ranges.",
        )
    if standard is None and path is None:
        raise InputError(f"{where} has no path")
    located = standard.path if standard else None
    if path is not None:
        # A facts folder may come from elsewhere: it names files of its own only.
        if not isinstance(path, str) or "\0" in path or PurePosixPath(path).is_absolute():
            raise InputError(f"{where}.path: {path!r} is not a path inside the folder")
        located = folder / path
        if not real_path(located).is_relative_to(real_path(folder)):
            raise InputError(f"{where}.path: {path!r} leads out of the folder")
        if not located.is_file():
            raise InputError(f"{where}.path: {located} does not exist")
    return FactFile(name=name, kind=kind, path=located, date=dated, valid_days=days)


def text_of(path: Path) -> str:
    """Return a fact file as text, decompressed, within :data:`MAX_BYTES`.

    Raises
    ------
    InputError
        If it is larger, or no valid archive.
    """
    data = content_of(path, most=MAX_BYTES)
    return data.decode("utf-8-sig", errors="replace")


def rows(path: Path, columns: int) -> Iterator[list[str] | None]:
    """Yield the rows of a CSV file after its header; ``None`` stands for a broken one.

    Raises
    ------
    InputError
        If there are more than :data:`MAX_ROWS`.
    """
    yield from rows_in(text_of(path), columns, name=str(path))


def rows_in(text: str, columns: int, *, name: str) -> Iterator[list[str] | None]:
    """Yield the rows of CSV text after its header, as :func:`rows` does."""
    reader = csv.reader(_short_lines(text))
    count = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            row = [""]
        count += 1
        if count == 1:
            continue
        if count > MAX_ROWS:
            raise InputError(f"{name}: more than {MAX_ROWS:,} rows")
        if not row:
            continue
        yield row if len(row) >= columns else None


def _short_lines(text: str) -> Iterator[str]:
    for line in io.StringIO(text, newline="\n"):
        # An endless line, or one with NUL, is one broken row and not a reason to stop.
        if len(line) > MAX_LINE or "\0" in line:
            yield "\n" if not line.strip() else '""\n'
        else:
            yield line
