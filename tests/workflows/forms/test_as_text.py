"""What leaves as CSV runs nowhere, and JSON says what the form says, whatever the texts hold."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cautery.json_text import parsed_json
from cautery.model import Marking, Pap, Tlp
from cautery.model.forms import Fact, Filled, fill
from cautery.workflows.forms.as_text import csv_of, json_of
from cautery.workflows.forms.catalogue import form_named


def filled(service: str, **facts: Fact) -> Filled:
    form = replace(form_named("dk/blocking-list"), csv_table=None)
    known = {
        "order.id": Fact(value=service),
        "order.authority": Fact(value="Retten"),
        "mandate.holder": Fact(value="League"),
        "referral.targets": Fact(value=({"kind": "name", "target": "a.example"},)),
    }
    return fill(form, known | facts, {"service": "TV", "same_content": True})


def test_no_cell_runs_in_a_spreadsheet() -> None:
    rows = list(csv.reader(io.StringIO(csv_of(filled("=HYPERLINK(A1)")).decode())))
    assert rows[0] == ["field", "label", "value"]
    assert rows[1] == ["decision", "Number of the decision", "'=HYPERLINK(A1)"]
    assert rows[-1][2] == "yes"


def test_the_rows_of_a_table_are_the_lines_where_a_form_says_so() -> None:
    form = form_named("dk/blocking-list")
    whole = filled("1")
    lines = csv_of(replace(whole, form=form)).decode().splitlines()
    assert lines == ["type,target", "name,a.example"]


def test_a_marking_stands_in_the_json_of_what_is_marked() -> None:
    red = Marking(tlp=Tlp.RED, pap=Pap.AMBER)
    marked = filled("1", **{"order.authority": Fact(value="Retten", marking=red)})
    assert parsed_json(json_of(marked))["marking"] == "TLP:RED PAP:AMBER"
    assert "marking" not in parsed_json(json_of(filled("1")))


@given(service=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_json_holds_each_text_and_nothing_that_steers(service: str) -> None:
    written = json_of(filled(service))
    members = parsed_json(written)
    text = written.decode()
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    if service.strip():
        assert members["decision"] == service
    else:
        assert members["DRAFT"].endswith("Number of the decision")
