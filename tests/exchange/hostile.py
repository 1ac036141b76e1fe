"""Bad input, each named for its fault, with what must happen: a sentence, a reading, or either.

The owner of a format adds rows of its own in ``hostile_NAME.py`` beside this file, as ``ROWS``.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO

from tests.exchange.packages import sample_package

from cautery.exchange.catalogue import NAMES, format_named

EITHER = "(?s).*"
"""Refused with any sentence, or read."""
_JSON = frozenset(("stix", "opencti", "misp", "case"))
_NESTED = 200_000
_HUGE = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A bad input.

    Parameters
    ----------
    fault : str
        What is wrong with it, in a few words.
    file : bytes or callable
        The file, or what makes it.
    refused : str or None
        What the sentence says, as a pattern; ``None``: it must be read; :data:`EITHER`: both will
        do, and whoever reads it neither crashes nor takes long.
    """

    fault: str
    file: bytes | Callable[[], bytes]
    refused: str | None

    @property
    def raw(self) -> bytes:
        """The bytes of the file."""
        return self.file if isinstance(self.file, bytes) else self.file()


def rows() -> Iterator[tuple[str, Row]]:
    """Yield every bad input with the name of the format that it is given to."""
    for name in NAMES:
        good = b"".join(format_named(name).write(sample_package()))
        yield from ((name, row) for row in _generic(good))
        if name in _JSON:
            yield from ((name, row) for row in _of_json(good))
        if name == "xlsx":
            yield from ((name, row) for row in _of_archives(good))
        own = f"tests.exchange.hostile_{name}"
        if find_spec(own) is not None:
            yield from ((name, row) for row in import_module(own).ROWS)


def _generic(good: bytes) -> Iterator[Row]:
    shuffled = random.Random(7)
    yield Row(fault="nothing at all", file=b"", refused="is empty")
    yield Row(fault="white space alone", file=b" \r\n\t" * 50, refused="is empty")
    yield Row(fault="random bytes", file=shuffled.randbytes(1 << 20), refused=".")
    yield Row(fault="NUL alone", file=bytes(1 << 20), refused=".")
    yield Row(fault="another format of files", file=b"%PDF-1.7\n" + bytes(2000), refused=".")
    yield Row(fault="cut in the middle", file=good[: len(good) // 2], refused=EITHER)
    yield Row(fault="without its last byte", file=good[:-1], refused=EITHER)
    yield Row(fault="the file twice", file=good + good, refused=EITHER)
    yield Row(
        fault="bytes that are not UTF-8",
        file=good.replace(b"goals", b"go\xff\xfels"),
        refused=EITHER,
    )
    yield Row(fault="NUL in a word", file=good.replace(b"goals", b"go\0ls"), refused=EITHER)
    yield Row(fault="a byte order mark", file=b"\xef\xbb\xbf" + good, refused=EITHER)
    yield Row(fault="UTF-16", file=good.decode("latin-1").encode("utf-16"), refused=".")
    yield Row(fault="200,000 brackets", file=b"[" * _NESTED, refused=".")
    yield Row(fault="one bit in each kilobyte", file=_flipped(good, shuffled), refused=EITHER)
    yield Row(fault="8 MB on one line", file=b'"' + b"a" * _HUGE + b'"', refused=".")


def _flipped(good: bytes, drawn: random.Random) -> bytes:
    raw = bytearray(good)
    for start in range(0, len(raw), 1024):
        place = min(len(raw) - 1, start + drawn.randrange(1024))
        raw[place] ^= 1 << drawn.randrange(8)
    return bytes(raw)


def _of_json(good: bytes) -> Iterator[Row]:
    opened, _, rest = good.partition(b"{")
    whole = opened + b"{"
    yield Row(
        fault="200,000 lists in an unknown member",
        file=whole + b'"x_deep":' + b"[" * _NESTED + b"]" * _NESTED + b"," + rest,
        refused=EITHER,
    )
    yield Row(
        fault="200,000 objects in each other",
        file=b'{"a":' * _NESTED + b"1" + b"}" * _NESTED,
        refused=".",
    )
    yield Row(
        fault="a text of 8 MB",
        file=whole + b'"x_long":"' + b"a" * _HUGE + b'",' + rest,
        refused=EITHER,
    )
    yield Row(
        fault="a number of 100,000 digits",
        file=whole + b'"x_many":' + b"9" * 100_000 + b"," + rest,
        refused=EITHER,
    )
    yield Row(
        fault="numbers that JSON does not have",
        file=whole + b'"x_nan":NaN,"x_inf":-Infinity,' + rest,
        refused=EITHER,
    )
    yield Row(
        fault="a lone surrogate",
        file=good.replace(b"Sound agrees", b"Sound \\ud800 agrees"),
        refused=EITHER,
    )
    yield Row(
        fault="a member twice",
        file=whole + b'"id":"a","id":"b",' + rest,
        refused=EITHER,
    )
    yield Row(fault="a list in place of all", file=b"[" + good + b"]", refused=EITHER)
    yield Row(fault="an empty object", file=b"{}", refused=".")
    yield Row(fault="null", file=b"null", refused=".")
    yield Row(
        fault="a year that there is not",
        file=good.replace(b"2026-11-30T", b"2026-13-31T"),
        refused=EITHER,
    )
    yield Row(fault="the last year of all", file=good.replace(b"2026-1", b"9999-1"), refused=EITHER)
    yield Row(
        fault="a day of the year 0", file=good.replace(b"2026-11", b"0000-11"), refused=EITHER
    )


def _of_archives(good: bytes) -> Iterator[Row]:
    yield Row(fault="a bomb for each sheet", file=lambda: _bomb(good), refused=".")
    yield Row(fault="an archive without a workbook", file=_zip({"a.txt": b"a"}), refused=".")
    yield Row(fault="an empty archive", file=_zip({}), refused=".")


def _bomb(good: bytes) -> bytes:
    """Return a workbook whose sheets unpack to a gigabyte each."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(good)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for info in before.infolist():
            if "worksheets/" not in info.filename:
                after.writestr(info.filename, before.read(info))
                continue
            with after.open(info.filename, "w", force_zip64=True) as sheet:
                for _ in range(64):
                    sheet.write(b" " * (16 << 20))
            break
    return out.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
