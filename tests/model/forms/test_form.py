"""A form that states nothing sensible is refused when it is read, before any case is looked at."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.model.forms import FACTS, FieldKind, FormFormat, form_of, in_words_of

TABLES: dict[str, Any] = {
    "title": {"en": "Ticket", "it": "Segnalazione"},
    "country": "IT",
    "body": "Office",
    "purpose": {"en": "to block"},
    "issued_by": "rights-holder",
    "regimes": ["gdpr"],
    "formats": ["csv", "pdf"],
    "verified": False,
    "source": {"text": "a text", "read": "2026-11-30"},
    "field": [
        {"name": "fqdn", "label": {"en": "Names"}, "kind": "names", "from": "referral.names"},
    ],
}


def changed(**members: Any) -> dict[str, Any]:
    return deepcopy(TABLES) | members


def with_field(**members: Any) -> dict[str, Any]:
    field = TABLES["field"][0] | members
    return changed(field=[{name: part for name, part in field.items() if part is not None}])


def test_a_form_reads_as_it_is_written() -> None:
    form = form_of(TABLES, id_="it/ticket")
    assert form.id == "it/ticket"
    assert form.formats == (FormFormat.CSV, FormFormat.PDF)
    assert form.fields[0].from_ == "referral.names"
    assert in_words_of(form.title, "it-IT") == "Segnalazione"
    assert in_words_of(form.title, "fr") == "Ticket"


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        (with_field(**{"from": "referral.colour"}), "there is no fact 'referral.colour'"),
        (with_field(kind="ipv4"), "referral.names is names, not ipv4"),
        (with_field(name="Ünd"), "a name has lower-case letters"),
        (with_field(label={"it": "Nomi"}), "no English label"),
        (with_field(path="a/<b>"), "'<b>' is no step of an XML path"),
        (with_field(columns=[{"name": "a", "label": {"en": "A"}}]), "a table has columns"),
        (with_field(fixed="E"), "a fixed field has its text"),
        (with_field(**{"from": "fixed", "kind": "text"}), "a fixed field has its text"),
        (with_field(**{"from": "statement.withheld", "kind": "number"}), "there is no fact"),
        (
            with_field(
                **{
                    "from": "referral.targets",
                    "kind": "table",
                    "columns": [{"name": "a", "label": {"en": "A"}, "from": "fixed"}],
                }
            ),
            "a fixed column has its text",
        ),
        (with_field(surprise=1), "surprise"),
        (changed(surprise=1), "'surprise' is not known"),
        (changed(title={"it": "Nomi"}), "no English title"),
        (changed(formats=[]), "no format"),
        (changed(formats=["xml"]), "a form in XML says how"),
        (changed(formats=["xml"], xml={"root": "<a>"}), "cannot be a name"),
        (changed(formats=["xml"], xml={"root": "a", "prefixes": {"ns0": "urn:b"}}), "cannot be"),
        (changed(csv_table="fqdn"), "it has no table 'fqdn'"),
        (changed(verified=True), "names the address of its source"),
        (changed(field=TABLES["field"] * 2), "stands twice"),
        (changed(field=3), "no [[field]] tables"),
        (changed(field=[3]), "a field is no table"),
        (changed(regimes=["none"]), "regimes"),
    ],
)
def test_what_is_wrong_with_a_form_is_named(tables: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as refusal:
        form_of(tables, id_="it/ticket")
    assert why in str(refusal.value)


def test_a_column_takes_a_column_that_the_fact_has() -> None:
    columns = [{"name": "target", "label": {"en": "Target"}, "from": "colour"}]
    tables = with_field(kind="table", columns=columns, **{"from": "referral.targets"})
    with pytest.raises(InputError, match=r"has no column 'colour'"):
        form_of(tables, id_="it/ticket")


def test_tables_of_the_vocabulary_alone_have_columns() -> None:
    for name, spec in FACTS.items():
        assert (spec.kind is FieldKind.TABLE) == bool(spec.columns), name
