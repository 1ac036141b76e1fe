"""What templates of pages write."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any

import pytest

from cautery.drawing.europe import country_name
from cautery.drawing.templates import environment
from cautery.messages import in_language
from cautery.model import Finding, Role
from cautery.model.message import Message, as_written


def rendered(source: str, **values: Any) -> str:
    return environment("cautery.pages.case_report").from_string(source).render(**values)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('{{ _("%(n)s hosts", n=12345) }}', "12\u202f345 hosts"),
        ('{{ ngettext("%(count)s host", "%(count)s hosts", 1) }}', "1 host"),
        ("{{ role|word }}", "super-reseller"),
        ("{{ 'weak support'|word('verbal') }}", "weak support"),
        ("{{ 'a receipt of ours'|word('exhibit') }}", "a receipt of ours"),
        ("{{ whys|map('said')|join('; ') }}", "a &lt;b&gt;; undecided; c"),
        ("{{ ['A', 'B', 'C']|both }}, {{ ['A', 'B']|either }}", "A and B and C, A or B"),
    ],
)
def test_a_template_writes_numbers_words_and_messages(source: str, wanted: str) -> None:
    whys = (as_written("a <b>"), Message("finding.undecided"), "c")
    assert rendered(source, role=Role.SUPER_RESELLER, whys=whys) == wanted


class Loud(NullTranslations):
    def info(self) -> dict[str, str]:
        return {"language": "pt_BR"}

    def gettext(self, message: str) -> str:
        return message.upper()


def test_words_countries_and_the_code_of_the_language_follow_the_language_in_use() -> None:
    with in_language(Loud()):
        assert rendered("{{ language() }} {{ finding|word }}", finding=Finding.PROVEN) == (
            "pt-BR PROVEN"
        )
        assert country_name("HR") == "CROATIA"
    assert rendered("{{ language() }}") == "en"
