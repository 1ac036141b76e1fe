"""A form with its exhibits in one ZIP, each with its digest: what an office keeps as the evidence.

Exhibits that are encrypted with the keys of the case stay out and are named; they can hold personal
data or credentials.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime

from cautery.cells import table_of
from cautery.errors import InputError
from cautery.model import Digest, Exhibit, ExhibitId, digest_of, iso
from cautery.model.forms import Filled

SUMS, LISTED = "SHA256SUMS", "exhibits.csv"
_PRIVATE = 0o600 << 16
"""Where ZIP keeps a file's mode."""
_EARLIEST = datetime(1980, 1, 1)  # noqa: DTZ001 - ZIP has no zone, and no earlier time
_ENDINGS = {
    "video/mp2t": ".ts",
    "video/mp4": ".mp4",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/json": ".json",
    "application/warc": ".warc",
    "text/plain": ".txt",
    "text/html": ".html",
}


def package_of(
    filled: Filled,
    papers: Mapping[str, bytes],
    sealed: Mapping[ExhibitId, Exhibit],
    read: Callable[[ExhibitId], bytes],
    *,
    at: datetime,
) -> bytes:
    """Return a ZIP with papers, a list of exhibits, the open exhibits and a digest of each file.

    Parameters
    ----------
    papers : mapping of str to bytes
        The form in its other formats, by the names of their files.
    sealed : mapping
        What the case has sealed, by id.
    read : callable
        Returns the bytes of an exhibit as they were sealed.
    at : datetime
        The time of every file in it, in UTC.

    Raises
    ------
    InputError
        If the exhibits have more bytes than the form allows.
    EvidenceError
        If an exhibit was altered.
    """
    form = filled.form
    exhibit_ids = dict.fromkeys(exhibit for entry in filled.fields for exhibit in entry.exhibits)
    listed = [sealed[exhibit] for exhibit in exhibit_ids if exhibit in sealed]
    within = [exhibit for exhibit in listed if not exhibit.confidential]
    size = sum(exhibit.size for exhibit in within)
    if size > form.most_bytes:
        raise InputError(
            f"the exhibits have {size:,} bytes; the form {form.id} allows {form.most_bytes:,}",
            hint="Write the form without them, as another format, or for fewer targets.",
        )
    content = dict(papers)
    content[LISTED] = table_of(
        [
            ("sha256", "media_type", "bytes", "sealed_at", "file"),
            *(
                (
                    exhibit.id.removeprefix("sha256:"),
                    exhibit.media_type,
                    exhibit.size,
                    iso(exhibit.sealed_at),
                    "not included: encrypted" if exhibit.confidential else _name(exhibit),
                )
                for exhibit in listed
            ),
        ]
    )
    for exhibit in within:
        content[_name(exhibit)] = read(exhibit.id)
    digests = {name: _hex(digest_of(data)) for name, data in content.items()}
    content[SUMS] = "".join(f"{hexed}  {name}\n" for name, hexed in digests.items()).encode()
    return _packed(content, at)


def _name(exhibit: Exhibit) -> str:
    return f"exhibits/{exhibit.id.removeprefix('sha256:')}{_ENDINGS.get(exhibit.media_type, '')}"


def _hex(digest: Digest) -> str:
    return digest.removeprefix("sha256:")


def _packed(content: Mapping[str, bytes], at: datetime) -> bytes:
    moment = max(at.replace(tzinfo=None), _EARLIEST).timetuple()[:6]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            about = zipfile.ZipInfo(name, date_time=moment)
            about.external_attr = _PRIVATE
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, data)
    return out.getvalue()
