"""PDF documents by Typst, from a source that is Cautery's own.

Reaches: nothing; the compiler runs in this process, over one string, in an empty folder.
Lawful basis: none is needed; it prints what the case already holds.
Manners: no network: Cautery's templates import no package, and outside text is never code. Only
    the fonts that the compiler carries, so that every machine prints the same bytes.
Format: Typst 0.13 and later in, PDF 1.7 (ISO 32000-1) or PDF/A-4f (ISO 19005-4) out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cautery.errors import CauteryError, InputError

MAX_SOURCE = 20_000_000
"""Characters of source: 3,000 steps of six thousand characters, far beyond any sheet."""


def compile_pdf(
    source: str,
    *,
    made_at: datetime | None = None,
    beside: Mapping[str, bytes] | None = None,
    archival: bool = False,
) -> bytes:
    """Compile a Typst document.

    Parameters
    ----------
    source : str
        From one of Cautery's own templates, with outside text in string literals only.
    made_at : datetime or None
        The date in the file; without, the epoch, so that the same source gives the same bytes.
    beside : mapping of str to bytes, optional
        Files that the source shows or attaches, by their plain names.
    archival : bool
        Make PDF/A-4f (ISO 19005-4): PDF 2.0, which may have attachments and stays one when it is
        signed.

    Raises
    ------
    InputError
        If the source is too long.
    CauteryError
        If it does not compile.
    """
    import typst  # noqa: PLC0415 - heavy: a compiler of 30 MB

    if len(source) > MAX_SOURCE:
        raise InputError(
            f"the document has {len(source)} characters; at most {MAX_SOURCE} are allowed"
        )
    stamp = datetime(1970, 1, 1, tzinfo=UTC) if made_at is None else made_at
    with tempfile.TemporaryDirectory(prefix="cautery-typst-") as empty:
        folder = Path(empty)
        (folder / "packages").mkdir()
        document = folder / "document.typ"
        document.write_text(source, encoding="utf-8")
        for name, content in (beside or {}).items():
            if Path(name).name != name or name in {"packages", document.name}:
                raise InputError(f"{name!r}: not a plain name of a file")
            (folder / name).write_bytes(content)
        try:
            pdf = typst.compile(
                document,
                root=folder,
                ignore_system_fonts=True,
                format="pdf",
                package_path=folder / "packages",
                package_cache_path=folder / "packages",
                timestamp=int(stamp.timestamp()),
                pdf_standards=["a-4f"] if archival else [],
            )
        except (typst.TypstError, RuntimeError, ValueError) as error:
            raise CauteryError(f"the document does not compile: {error}") from error
    if not isinstance(pdf, bytes) or not pdf.startswith(b"%PDF-"):
        raise CauteryError("compiling the document gave no PDF")
    return pdf


def png_of(svg: str) -> bytes:
    """Draw an SVG of Cautery's own as a PNG, at 144 points an inch.

    Raises
    ------
    InputError
        If it is too long.
    CauteryError
        If it does not compile.
    """
    import typst  # noqa: PLC0415 - heavy: a compiler of 30 MB

    if len(svg) > MAX_SOURCE:
        raise InputError(
            f"the picture has {len(svg)} characters; at most {MAX_SOURCE} are allowed",
            hint="Draw a part of it, or write an SVG.",
        )
    with tempfile.TemporaryDirectory(prefix="cautery-typst-") as empty:
        folder = Path(empty)
        (folder / "packages").mkdir()
        (folder / "picture.svg").write_text(svg, encoding="utf-8")
        document = folder / "document.typ"
        document.write_text(
            '#set page(width: auto, height: auto, margin: 0pt)\n#image("picture.svg")\n',
            encoding="utf-8",
        )
        try:
            png = typst.compile(
                document,
                root=folder,
                format="png",
                ppi=144.0,
                package_path=folder / "packages",
                package_cache_path=folder / "packages",
            )
        except (typst.TypstError, RuntimeError, ValueError) as error:
            raise CauteryError(f"the picture does not compile: {error}") from error
    if not isinstance(png, bytes) or not png.startswith(b"\x89PNG"):
        raise CauteryError("compiling the picture gave no PNG")
    return png
