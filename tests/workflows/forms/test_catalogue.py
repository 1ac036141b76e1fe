"""Every form of the package can be read, and says where it stands what it asks for."""

from __future__ import annotations

import pytest

from cautery.errors import InputError
from cautery.model.forms import Form, FormFormat, form_of
from cautery.workflows.forms.catalogue import all_forms, form_named, forms_of, require_profile


@pytest.mark.parametrize("form", all_forms(), ids=lambda form: form.id)
def test_a_form_names_its_source_and_is_in_a_folder_of_its_own(form: Form) -> None:
    folder, _, name = form.id.partition("/")
    assert folder
    assert name
    assert form.source.text
    assert form.source.url is None or form.source.url.startswith("https://")


def test_forms_are_found_by_country_and_by_id() -> None:
    assert "uk/target-servers" in [form.id for form in forms_of("gb")]
    assert form_named("uk/target-servers").formats[0] is FormFormat.CSV
    with pytest.raises(InputError, match="there is no form 'uk/none'"):
        form_named("uk/none")


def test_a_country_without_a_profile_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="no profile of the country 'XX', so no form"):
        forms_of("XX")
    with pytest.raises(InputError, match="no profile"):
        require_profile("xx")


def test_a_form_needs_members_and_gets_no_id_of_its_own() -> None:
    with pytest.raises(InputError):
        form_of({"id": "it/other"}, id_="it/one")
