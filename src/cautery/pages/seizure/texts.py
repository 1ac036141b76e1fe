"""The sentences of a seizure page, in the languages of Cautery or in one that a user brings.

What they say follows the studies of the EUIPO (docs/reference/sources.md, F60 to F63): people stop
where a lawful offer is affordable and easy to find, many cannot tell a lawful service from another,
and what worries them is fraud. They are not threatened: the page says of no law that it punishes
whoever reads it, and of nobody that he is guilty (Directive (EU) 2016/343, art. 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from cautery.errors import InputError
from cautery.messages.language import gettext

PLACE = re.compile(r"%\((\w+)\)s")
_LONGEST = 600
"""Characters of a sentence. Judgement: the longest of ours has a third of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTexts:
    """Every sentence of the page; some have places, such as ``%(days)s``."""

    lab: str
    languages: str
    heading: str
    taken_on: str
    brands: str
    operation: str
    basis: str
    innocent: str
    agencies: str
    lead: str
    participant: str
    coordination: str
    support: str
    industry: str
    viewers: str
    lawful_look: str
    nothing_to_do: str
    passwords: str
    payments: str
    application: str
    no_demand: str
    offers: str
    prefer: str
    checked: str
    free: str
    no_offer: str
    sellers: str
    stopped: str
    speak: str
    lawyer: str
    ask: str
    everybody: str
    for_viewers: str
    for_sellers: str
    for_owners: str
    for_press: str
    footer: str
    made_on: str


def own_texts() -> PageTexts:
    """Return the sentences in the language in use."""
    return PageTexts(
        lab=gettext("LAB: everything on this page is invented."),
        languages=gettext("Languages"),
        heading=gettext("Authorities have taken over this address"),
        taken_on=gettext("It was taken over on %(days)s."),
        brands=gettext("It was used by a service that called itself %(brands)s."),
        operation=gettext("This happened in a joint operation: %(operation)s."),
        basis=gettext("The legal basis, as it is recorded: %(basis)s"),
        innocent=gettext("Nobody is guilty of a crime until a court has decided so."),
        agencies=gettext("Who took part"),
        lead=gettext("leads the operation"),
        participant=gettext("takes part"),
        coordination=gettext("coordinates"),
        support=gettext("supports"),
        industry=gettext("advises"),
        viewers=gettext("If you watched here"),
        lawful_look=gettext(
            "Services without a licence often look like lawful ones. Many people cannot tell them "
            "apart."
        ),
        nothing_to_do=gettext(
            "This page asks nothing of you and keeps no record of your visit. You can close it."
        ),
        passwords=gettext("If you used the same password elsewhere, change it there."),
        payments=gettext(
            "If you paid by card or account, look through your statements, and ask your bank about "
            "payments that you do not know."
        ),
        application=gettext(
            "Remove the application and the address of the service from your devices: others may "
            "send you harmful software through them."
        ),
        no_demand=gettext(
            "No authority asks for money through a page like this one. A message that does is "
            "fraud."
        ),
        offers=gettext("Where you can watch"),
        prefer=gettext("These services have a licence in the country under which they are listed."),
        checked=gettext("Somebody looked through this list on %(day)s."),
        free=gettext("free of charge"),
        no_offer=gettext("No service is listed yet."),
        sellers=gettext("If you sold access"),
        stopped=gettext(
            "This address does not lead to the service any more. What was sold through it may not "
            "work any more."
        ),
        speak=gettext("You can speak to the people below about what you know."),
        lawyer=gettext(
            "What the law says about such sales differs from country to country. You may ask a "
            "lawyer before you speak to anybody."
        ),
        ask=gettext("Whom to ask"),
        everybody=gettext("for everybody"),
        for_viewers=gettext("for viewers"),
        for_sellers=gettext("for those who sold access"),
        for_owners=gettext("if you think that this address was taken by mistake"),
        for_press=gettext("for the press"),
        footer=gettext(
            "This page runs no script, sets no cookie and loads nothing from elsewhere. Its web "
            "server is set up to keep no record of who visits it."
        ),
        made_on=gettext("Made on %(day)s."),
    )


def texts_of(table: Mapping[str, str], *, where: str) -> PageTexts:
    """Return sentences that a user brings, all of them, with the places of ours.

    Parameters
    ----------
    where : str
        What is said first of an error: file and language.

    Raises
    ------
    InputError
        If one is missing, is none of ours, or has other places.
    """
    english = own_texts()
    names = [field.name for field in fields(PageTexts)]
    missing = [name for name in names if not str(table.get(name, "")).strip()]
    if missing:
        raise InputError(
            f"{where}: {len(missing)} of {len(names)} sentences are missing: "
            f"{', '.join(missing[:6])}{' ...' if len(missing) > 6 else ''}",
            hint="`cautery operation seizure-page --texts` prints all of them, to be translated.",
        )
    strange = sorted(set(table) - set(names))
    if strange:
        raise InputError(f"{where}: the page has no sentence {strange[0][:60]!r}")
    for name in names:
        text, places = table[name], sorted(PLACE.findall(getattr(english, name)))
        if not text.isprintable() or len(text) > _LONGEST:
            raise InputError(
                f"{where}: {name} must be one printable line of at most {_LONGEST} characters"
            )
        if sorted(PLACE.findall(text)) != places or "%" in PLACE.sub("", text):
            spelled = " ".join(f"%({place})s" for place in places) or "no place, and no %"
            raise InputError(f"{where}: {name} must have {spelled}, as the English text has")
    return PageTexts(**{name: table[name] for name in names})
