"""What the child says that reads a document: it may have been taken over by it."""

from __future__ import annotations

import pytest

from cautery.adapters import pdf_signatures
from cautery.adapters.pdf_signatures import checked_document
from cautery.errors import EvidenceError


class TakenOver:
    """A child that answers what the document wants."""

    answer = b""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def work(self, *_: object) -> bytes:
        return self.answer

    def end(self) -> None:
        pass


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"null", b"[" * 99_999, b'{"subject": "A"}', b'{"subject": {}, "stamps": 0}',
     b'{"subject": "A", "stamps": "2"}', b'{"subject": "A", "stamps": true}', b"\xff"],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error_of_the_document(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(TakenOver, "answer", answer)
    monkeypatch.setattr(pdf_signatures, "ReadingProcess", TakenOver)
    with pytest.raises(EvidenceError, match="no answer"):
        checked_document(b"%PDF-1.7")


def test_a_name_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TakenOver, "answer", b'{"subject": "%s", "stamps": 1}' % (b"A" * 100_000))
    monkeypatch.setattr(pdf_signatures, "ReadingProcess", TakenOver)
    assert len(checked_document(b"%PDF-1.7").subject) == 500
