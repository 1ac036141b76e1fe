"""Signatures of PDF documents, checked by pyHanko in a process that is closed in.

Reaches: nothing; the document comes from the caller.
Lawful basis: whoever is handed a document may check it.
Manners: no certificate is fetched, and none is judged: whose it is, is said as it stands there.
Format: PDF 1.7 and 2.0 (ISO 32000), PAdES (ETSI EN 319 142-1).
"""

from __future__ import annotations

import importlib.util

from cautery.adapters._pdf_signatures import JOB, MODULE
from cautery.adapters.reading import ReadingProcess
from cautery.errors import EvidenceError, SourceError
from cautery.evidence.bag import SignedDocument
from cautery.json_text import parsed_json

_LONGEST_SUBJECT = 500


def can_check_documents() -> bool:
    """Tell whether pyHanko is installed: it is an extra."""
    return importlib.util.find_spec("pyhanko") is not None


def checked_document(pdf: bytes, *, without_seccomp: bool = False) -> SignedDocument:
    """Check that each signature of a document holds, and that nothing follows the last.

    Raises
    ------
    EvidenceError
        Naming the rule that the document breaks.
    ConfinementError
        If the process cannot be closed in.
    """
    child = ReadingProcess((MODULE,), without_seccomp=without_seccomp)
    try:
        return _read(child.work(JOB, None, pdf))
    except SourceError as error:
        raise EvidenceError(str(error)) from error
    finally:
        child.end()


def _read(answer: bytes) -> SignedDocument:
    """Read what the child says; a document may have taken it over."""
    try:
        fields = parsed_json(answer)
        document = SignedDocument(subject=fields["subject"], stamps=fields["stamps"])
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError("what reads it gave no answer that can be understood") from error
    if not isinstance(document.subject, str) or type(document.stamps) is not int:
        raise SourceError("what reads it gave no answer that can be understood")
    return SignedDocument(subject=document.subject[:_LONGEST_SUBJECT], stamps=document.stamps)
