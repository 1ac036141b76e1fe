"""What a record is about, in a word, and by which words it is found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from cautery.errors import EvidenceError
from cautery.evidence.exhibits import exhibits_in
from cautery.messages import term
from cautery.model import Entry, Finding, RedactedUrl
from cautery.model.message import Message, as_written
from cautery.model.records import ExhibitSealed
from cautery.model.whole_text import whole_text

MOST_SUBJECT = 2048
"""Characters of a subject by which records are found: longer URLs are cut. Judgement."""
_MOST_WORDS = 600
"""Characters of a record that can be searched: a title, hosts and a reason are shorter."""
_MOST_TEXTS = 64
_NAMED_BY = ("host", "referral", "notice", "complaint", "target", "source", "id", "list")
"""Members that say what a record is about where it has no URL, the first one first."""


def kept_text(text: str) -> str:
    """Return a text as lists keep it: one that a table can hold, cut at :data:`MOST_SUBJECT`.

    Whoever has the file of a case can append a record whose text is no Unicode.
    """
    return whole_text(text[:MOST_SUBJECT])


def subject_of(content: object) -> str:
    """Return what a record is about: a stream by its redacted URL, or a host, an act, a source.

    Returns
    -------
    str
        At most :data:`MOST_SUBJECT` characters; empty: it is about the case.
    """
    url = getattr(content, "url", None)
    if isinstance(url, RedactedUrl):
        return kept_text(url.text)
    if isinstance(url, str):
        return kept_text(url)
    if isinstance(content, ExhibitSealed):
        return kept_text(content.exhibit.id)
    for name in _NAMED_BY:
        value = getattr(content, name, None)
        if isinstance(value, str) and value:
            return kept_text(value)
    return ""


def words_of(entry: Entry) -> str:
    """Return the texts of a record by which people search it: what it is about, and others.

    Of its digests only that of an exhibit is one, in the record that seals it.
    """
    # Members come in the order of their names: what it is about must not fall behind the bound.
    subject = subject_of(entry.content)
    texts = [] if subject.startswith("sha256:") else [subject]
    left = _MOST_WORDS
    values: list[Any] = [entry.record.body]
    while values and left > 0 and len(texts) < _MOST_TEXTS:
        value = values.pop()
        shape = type(value)  # JSON has no subclasses, and a million records are read so
        if shape is str:
            if value != subject and not value.startswith("sha256:"):
                texts.append(value[:left])
                left -= len(value)
        elif shape is dict:
            values += list(islice(value.values(), _MOST_TEXTS))[::-1]
        elif shape is list:
            values += value[:_MOST_TEXTS][::-1]
    if isinstance(entry.content, ExhibitSealed):
        texts.append(entry.content.exhibit.id.removeprefix("sha256:"))
    return whole_text(" ".join(texts)).strip()


def exhibits_named(entry: Entry) -> tuple[str, ...]:
    """Return the exhibits that a record names, each once; of a misshapen one, those before that."""
    if (
        entry.leaf and b"sha256:" not in entry.leaf
    ):  # most records name none, and a million are read
        return ()

    def named() -> Iterator[str]:
        try:
            for exhibit, _ in exhibits_in(entry.record.body):
                yield exhibit
        except EvidenceError:  # the record's own page shows what it says
            return

    return tuple(dict.fromkeys(named()))


def in_a_word(content: object) -> Message | None:
    """Return what a record says in a word; ``None``: it has no such word."""
    for name in ("what", "failed", "finding", "why"):
        value = getattr(content, name, None)
        if isinstance(value, Message):
            return value
        if isinstance(value, Finding):
            return term("finding", value)
        if value:
            return term("exhibit", value) if name == "what" else as_written(str(value))
    return None
