"""The document says where the hosts of a claim lie, and which record says so."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.typst_pdf import compile_pdf
from cautery.messages import in_language
from cautery.model.records import AssetFacts, kind_of_type
from cautery.pages.case_report.view import StreamView
from cautery.pages.dossier import dossier_typst
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.hosts import Hosts

from .conftest import NOON, Made

HOST = "edge.pirate.example"


def test_each_change_of_a_host_has_a_row_with_the_record_that_says_so(made: Made) -> None:
    view, _ = document_view(made.path, None, audience=Audience.COURT, store=FolderStore(), at=NOON)
    [claim] = view.claims
    assert [(row.host, row.addresses, row.network) for row in claim.hosts] == [
        (HOST, "192.0.2.1", "AS64500 Example Hosting, NL"),
        (HOST, "192.0.2.2, ::1", "AS64500 Example Hosting, NL"),
    ]
    ledger = FolderStore().ledger(made.path, read_only=True)
    try:
        leaves = {index: (kind, leaf) for index, kind, leaf in ledger.leaves()}
    finally:
        ledger.close()
    for row, at in zip(claim.hosts, ("2026-11-24 12:00:00", "2026-11-24 12:02:00"), strict=True):
        assert row.claimed == at
        kind, leaf = leaves[int(row.record)]
        assert kind == kind_of_type(AssetFacts)
        assert ", ".join(json.loads(leaf)["body"]["addresses"]) == row.addresses


def test_a_host_that_was_never_looked_up_is_named_too(made: Made) -> None:
    ledger = FolderStore().ledger(made.path, read_only=True)
    try:
        [row] = Hosts(ledger).of(StreamView(number=1, url="http://x.example/", host="x.example"))
    finally:
        ledger.close()
    assert (row.host, row.network, row.record) == ("x.example", "not looked up", "")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext")
def test_the_table_stands_in_the_document(made: Made, tmp_path: Path) -> None:
    with in_language("es"):
        view, attached = document_view(
            made.path, None, audience=Audience.COURT, store=FolderStore(), at=NOON
        )
        source = dossier_typst(view, tuple(attached))
        (tmp_path / "dossier.pdf").write_bytes(
            compile_pdf(source, made_at=NOON, beside={**view.files, **attached})
        )
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "dossier.pdf", "-"], capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    for word in ("192.0.2.2, ::1", "AS64500 Example Hosting, NL", "Asiento", "respuestas del DNS"):
        assert word in text
