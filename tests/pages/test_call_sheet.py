import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import CauteryError, InputError
from cautery.messages import in_language
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    CoTenant,
    Criterion,
    DayPlan,
    Operation,
    ScheduledStep,
    Step,
    StepKind,
)
from cautery.model.message import as_written
from cautery.operation.calendar import calendar
from cautery.pages.call_sheet import call_sheet, call_sheet_html, call_sheet_typst

MOMENT = datetime(2024, 11, 26, 5, 0, tzinfo=UTC)


def agency(name, country, zone, role=AgencyRole.PARTICIPANT):
    return Agency(
        id=name,
        name=f"Police {country}",
        country=country,
        role=role,
        competence=frozenset({Competence.SEARCH}),
        contact=f"desk of {name}",
        zone=zone,
    )


OPERATION = Operation(
    id="taken-down",
    name="Taken Down",
    agencies=(
        agency("it", "IT", "Europe/Rome", AgencyRole.LEAD),
        agency("ro", "RO", "Europe/Bucharest"),
        agency("in", "IN", "Asia/Kolkata"),
    ),
    legal_basis="EIO",
    opened_at=datetime(2022, 11, 1, tzinfo=UTC),
    lab=True,
)


def timed(name, agency, target, *, start=0, **more):
    step = Step(
        id=name,
        kind=StepKind.SEARCH,
        agency=agency,
        country=agency.upper(),
        target=target,
        text=more.pop("text", f"Search {target}"),
        team=f"team {name}",
        place=f"place {name}",
        lasts=timedelta(hours=4),
        **more,
    )
    begins = MOMENT + timedelta(minutes=start)
    return ScheduledStep(
        step=step,
        starts_at=begins,
        ends_at=begins + step.lasts,
        why=as_written(f"after secret-{name}"),
    )


DAY = DayPlan(
    operation="taken-down",
    moment=MOMENT,
    steps=(
        timed("mine", "it", "flat-1", preparation=timedelta(minutes=40), tips_off={"villa-2"}),
        timed("theirs", "ro", "villa-2", tips_off={"flat-1", "yacht-3"}),
        timed("later", "it", "flat-4", start=240, after={"theirs", "mine"}),
    ),
    criteria=(Criterion(id="warrants", question="All signed?", asks="prosecutor"),),
    co_tenants=(
        CoTenant(target="flat-1", name="a dentist", services=3, continuity="moved"),
        CoTenant(target="villa-2", name="a bakery", services=1, continuity="moved"),
    ),
)


def test_times_are_local_to_the_agency_and_the_moment_is_said_in_utc_too():
    sheet = call_sheet(DAY, "ro", OPERATION)
    assert (sheet.moment_local, sheet.offset, sheet.moment_utc) == (
        "07:00",
        "UTC+2",
        "26 Nov, 05:00:00 UTC",
    )
    assert call_sheet(DAY, "in", OPERATION).offset == "UTC+5:30"


def test_a_step_says_when_its_team_leaves_and_for_whom_it_waits():
    first, later = call_sheet(DAY, "it", OPERATION).steps
    assert (first.begins, first.ends, first.leaves) == ("06:00", "10:00", "05:20")
    assert later.waits == ("your step mine", "a step of Police RO, which ends at 10:00")


@pytest.mark.parametrize("form", [call_sheet_html, call_sheet_typst])
def test_nothing_of_another_agencys_step_is_on_the_sheet(form):
    text = form(call_sheet(DAY, "it", OPERATION))
    assert "flat-1" in text
    for secret in ("theirs", "villa-2", "yacht-3", "bakery", "secret-"):
        assert secret not in text


def test_a_step_in_the_place_of_another_agencys_says_whose_it_was_and_no_more():
    own = replace(timed("new", "it", "flat-1"), replaces="theirs")
    stood = replace(timed("again", "it", "flat-4"), replaces="mine")
    gone = (timed("theirs", "ro", "villa-2"), timed("mine", "it", "flat-4"))
    sheet = call_sheet(replace(DAY, steps=(own, stood), dropped=gone), "it", OPERATION)
    assert [one.replaces for one in sheet.steps] == ["a step of Police RO", "mine"]


def secrets_of(one):
    """Return every word of a step that another agency must not read."""
    step = one.step
    return {step.id, step.target, step.text, step.team, step.place, *step.removes, *step.keeps}


@st.composite
def days(draw):
    """A day of three agencies in which every step is tied to those of the others."""
    numbers = count(10**9)

    def word():
        return f"w{next(numbers)}w"

    made = [
        timed(
            word(),
            draw(st.sampled_from(["it", "ro", "in"])),
            word(),
            start=draw(st.integers(-60, 400)),
            text=word(),
            removes=(word(),),
            keeps=frozenset({word()}),
        )
        for _ in range(draw(st.integers(2, 6)))
    ]
    others = st.sampled_from(made)

    def tied(one):
        return replace(
            one,
            replaces=draw(st.sampled_from([None, made[0].step.id])),
            step=replace(
                one.step,
                after=frozenset(each.step.id for each in draw(st.sets(others, max_size=3)))
                - {one.step.id},
                tips_off=frozenset({word(), draw(others).step.target}),
            ),
        )

    return replace(
        DAY,
        dropped=(made[0],),
        steps=tuple(tied(one) for one in made[1:]),
        co_tenants=tuple(
            CoTenant(target=one.step.target, name=word(), services=1, continuity=word())
            for one in made
        ),
    )


@settings(max_examples=60, deadline=None)
@given(days())
def test_no_sheet_and_no_calendar_tells_of_another_agencys_step_person_or_co_tenant(day):
    for agency in ("it", "ro", "in"):
        sheet = call_sheet(day, agency, OPERATION)
        told = "".join(
            (
                call_sheet_html(sheet),
                call_sheet_typst(sheet),
                calendar(day, agency, operation=OPERATION, made_at=MOMENT).decode(),
            )
        )
        everything = (*day.steps, *day.dropped)
        own = [one for one in everything if one.step.agency == agency]
        theirs = [one for one in everything if one.step.agency != agency]
        hidden = set().union(*(secrets_of(one) for one in theirs))
        hidden |= {
            word
            for one in day.co_tenants
            if one.target in {each.step.target for each in theirs}
            for word in (one.name, one.continuity)
        }
        hidden |= set().union(*(one.step.tips_off for one in own))
        hidden -= set().union(*(secrets_of(one) for one in own))
        assert not [word for word in hidden if word in told]


def test_who_warns_this_agencys_targets_is_said_without_their_targets():
    assert call_sheet(DAY, "it", OPERATION).warned == (
        "From 06:00 on, the acts of Police RO warn flat-1.",
    )


def test_co_tenants_are_those_beside_the_agencys_own_targets():
    (tenant,) = call_sheet(DAY, "it", OPERATION).co_tenants
    assert "dentist" in tenant


def test_an_agency_without_a_step_still_gets_the_moment_and_no_target():
    sheet = call_sheet(DAY, "in", OPERATION)
    assert sheet.steps == ()
    assert "You have no step of your own" in call_sheet_html(sheet)


def test_an_agency_that_is_not_at_the_table_gets_none():
    with pytest.raises(InputError, match="not an agency"):
        call_sheet(DAY, "us", OPERATION)


def test_lab_and_marking_are_stamped():
    page = call_sheet_html(call_sheet(DAY, "it", OPERATION))
    assert page.count("TLP:AMBER+STRICT") == 2
    assert "<span>LAB</span>" in page
    real = call_sheet(DAY, "it", replace(OPERATION, lab=False))
    assert "LAB" not in call_sheet_html(real)


def test_markup_in_outside_text_is_shown_and_not_run():
    hostile = replace(DAY, steps=(timed("x", "it", "t", text="<script>alert(1)</script>\u202e"),))
    page = call_sheet_html(call_sheet(hostile, "it", OPERATION))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "[U+202E]" in page


def test_the_page_loads_nothing():
    page = call_sheet_html(call_sheet(DAY, "it", OPERATION))
    assert "default-src 'none'" in page
    assert not any(one in page for one in ("src=", "url(", "href=", "@import"))


def test_the_same_sheet_gives_the_same_pdf():
    source = call_sheet_typst(call_sheet(DAY, "it", OPERATION))
    first = compile_pdf(source)
    assert first.startswith(b"%PDF-")
    assert compile_pdf(source) == first


NASTY = [
    '"',
    "\\",
    '\\"',
    "#",
    "]",
    "#panic()",
    '"))\n#panic("in")',
    "$",
    "*",
    "`",
    "\n",
    "@a",
    "\u0000",
]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=12).map("".join),
)
def test_no_text_can_reach_typst_as_code(text):
    day = replace(DAY, steps=(timed("x", "it", "t", text=text or "-"),))
    assert compile_pdf(call_sheet_typst(call_sheet(day, "it", OPERATION))).startswith(b"%PDF-")


def test_a_document_that_does_not_compile_is_an_error_of_ours():
    with pytest.raises(CauteryError, match="does not compile"):
        compile_pdf('#panic("no")')


def data_of_the_day(marks):
    """Return every text of the day and of its operation, which a sheet shows as it stands."""
    offset = re.compile(r"UTC[+\u2212][\d:]+")
    return {*marks.strings(DAY), *marks.strings(OPERATION), *offset.findall("UTC+1 UTC+2 UTC+5:30")}


MARKING_CODES = {"TLP:AMBER+STRICT", "PAP:AMBER"}


@pytest.mark.parametrize("name", ["it", "ro", "in"])
def test_every_text_of_a_sheet_is_of_the_catalogue_or_data_of_the_day(name, marks):
    with in_language(marks.Marked()):
        sheet = call_sheet(replace(DAY, replanned_at=MOMENT), name, OPERATION)
        page, source = call_sheet_html(sheet), call_sheet_typst(sheet)
    assert '<html lang="qps-ploc">' in page
    known = data_of_the_day(marks) | MARKING_CODES
    assert marks.forgotten(page, known) == []
    assert marks.forgotten(page.replace("⟦Whom to call⟧", "Whom to call"), known) == [
        "Whom to call"
    ]
    *handed, template = re.split(r"^#let \w+ = json\(bytes\((.*)\)\)$", source, flags=re.MULTILINE)
    for text in marks.strings([json.loads(json.loads(part)) for part in handed if part.strip()]):
        assert marks.forgotten(text, known | {"qps"}) == []
    assert typst_words(template) == []
    compile_pdf(source)


def typst_words(template):
    """Return the words that stand in a Typst template as text: outside code and strings."""
    text = re.sub(r'//.*|"(?:[^"\\]|\\.)*"', "", template)
    parts = []
    while blocks := re.findall(r"\[([^\[\]]*)\]", text):  # the innermost first
        parts += blocks
        text = re.sub(r"\[[^\[\]]*\]", "", text)
    parts += re.findall(r"^(?:=+ .*|[A-Za-z].*)", text, re.MULTILINE)
    words = []
    for part in parts:
        while (shorter := re.sub(r"\([^()]*\)|\{[^{}]*\}", "", part)) != part:
            part = shorter  # noqa: PLW2901 - arguments and code, from within
        words += re.findall("[A-Za-z]{2,}", re.sub(r"#(?:(?:if|let|for) .*|[\w.-]+)", "", part))
    return words


def test_a_word_in_the_typst_template_itself_is_noticed():
    template = '#quiet[until #step.ends]\n= #say("x")\nNobody acts.'
    assert typst_words(template) == ["until", "Nobody", "acts"]


def test_every_text_of_a_calendar_is_of_the_catalogue_or_data_of_the_day(marks):
    with in_language(marks.Marked()):
        book = calendar(DAY, "it", operation=OPERATION, made_at=MOMENT).decode()
    shown = re.findall(r"^(?:SUMMARY|DESCRIPTION):(.*(?:\r?\n .*)*)", book, re.MULTILINE)
    assert len(shown) > 4
    for text in shown:
        unfolded = re.sub(r"\r?\n ", "", text).replace("\\,", ",")
        assert marks.forgotten(unfolded, data_of_the_day(marks)) == []
