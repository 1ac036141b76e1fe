"""Two years of intelligence: agencies learn, join, find what they share, and share it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from cautery.drawing.formatting import counted
from cautery.lab.operations.replay.story import Story
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    LedCategory,
    Marking,
    Pap,
    Person,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.operation.instruments import draft_jit
from cautery.workflows.operation.course import record_joined
from cautery.workflows.operation.deconflict import deconflict_desks
from cautery.workflows.operation.draft_instrument import file_draft
from cautery.workflows.operation.holdings import picture
from cautery.workflows.operation.persons import register_person
from cautery.workflows.operation.picture import picture_of
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, share

_FIRST_JOINS = 3
"""Months after the lead begins until the first other agency joins. The order and pace in which
agencies joined was not published; the story needs one."""
_SHARES_EVERY = 3
_KEEP = timedelta(days=3 * 365)
_TEAM = timedelta(days=730)
_REVIEW = timedelta(days=360)


def gather(story: Story) -> None:
    """Tell all months before the day: what arrives, who joins, what is shared."""
    world = story.world
    months = [month for month in world.months if month < world.moment.date()]
    arriving: defaultdict[tuple[date, str], list[Statement]] = defaultdict(list)
    for statement in world.intelligence:
        arriving[statement.at.date().replace(day=1), statement.by].append(statement)
    joins = _joins(world.agencies, months)
    for number, month in enumerate(months):
        end = min(_month_end(month), world.moment - timedelta(days=9))
        if end > story.clock.now():
            story.clock.reach(end)
        statement_count = 0
        for agency in world.agencies:
            batch = arriving.get((month, agency.id), [])
            statement_count += len(add_statements(story.desks[agency.id], batch)) if batch else 0
        story.tell(
            "intelligence", f"{statement_count} statements recorded", statements=statement_count
        )
        for agency in joins.get(month, ()):
            _join(story, agency)
        if number % _SHARES_EVERY == _SHARES_EVERY - 1 or month == months[-1]:
            _round(story)
    _again(story)
    _agree(story)
    _persons(story)


def _joins(agencies: tuple[Agency, ...], months: list[date]) -> dict[date, list[Agency]]:
    partners = [agency for agency in agencies if agency.role is not AgencyRole.LEAD]
    room = max(1, len(months) - _FIRST_JOINS - 2)
    joins: defaultdict[date, list[Agency]] = defaultdict(list)
    joins[months[0]].append(next(agency for agency in agencies if agency.role is AgencyRole.LEAD))
    for place, agency in enumerate(partners):
        month = months[min(len(months) - 1, _FIRST_JOINS + place * room // len(partners))]
        joins[month].append(agency)
    return joins


def _join(story: Story, agency: Agency) -> None:
    story.joined.append(agency.id)
    record_joined(story.lead, agency.id, at=story.clock.now())
    if agency.id == story.operation.lead.id:
        story.tell("table", f"{agency.name} opens the operation", agency=agency.id)
        return
    story.tell("table", f"{agency.name} joins", agency=agency.id)
    if agency.may(Competence.INVESTIGATE):
        partners = [story.operation.lead.id, *story.joined[1:-1][-1:]]
        for partner in partners:
            if story.operation.agency(partner).may(Competence.INVESTIGATE):
                _deconflict(story, partner, agency.id)
    _exchange(story, agency.id)


def _deconflict(story: Story, first: str, second: str) -> None:
    shared = deconflict_desks(story.desks[first], story.desks[second], at=story.clock.now())
    if shared:
        story.tell(
            "deconfliction",
            f"{first} and {second} share {counted(len(shared), 'target')}, and know "
            "nothing more of each other's; contact is opened",
            shared=len(shared),
            agencies=[first, second],
        )
    else:
        story.tell("deconfliction", f"{first} and {second} share no target", shared=0)


def _round(story: Story) -> None:
    """Everybody at the table tells the lead what may be told, and hears what the lead may tell."""
    for agency in story.joined[1:]:
        _exchange(story, agency)
    picture_now = picture_of(picture(story.lead))
    story.tell(
        "picture",
        f"the shared picture has {len(picture_now.graph.assets)} assets",
        assets=len(picture_now.graph.assets),
        relations=len(picture_now.graph.edges),
        statements=picture_now.said,
    )


def _again(story: Story) -> None:
    """Deconflict once more before the day: what an agency has learnt since is new to the others."""
    lead = story.operation.lead.id
    for agency in story.joined[1:]:
        if story.operation.agency(agency).may(Competence.INVESTIGATE):
            _deconflict(story, lead, agency)


def _agree(story: Story) -> None:
    """Draft the agreement of a joint investigation team; a person signs it, not we."""
    lead = story.operation.lead
    partners = [
        agency
        for agency in story.operation.agencies
        if agency.role is AgencyRole.PARTICIPANT and agency.may(Competence.INVESTIGATE)
    ]
    if not partners:
        return
    now = story.clock.now()
    draft = draft_jit(
        by=lead,
        partners=partners,
        purpose=f"operation {story.operation.name}",
        until=now + _TEAM,
        at=now,
    )
    file_draft(story.lead, draft)
    story.tell(
        "instrument", f"agreement of a joint investigation team of {1 + len(partners)} drafted"
    )


def _exchange(story: Story, agency: str) -> None:
    lead, partner, now = story.lead, story.desks[agency], story.clock.now()
    for giver, taker in ((partner, lead), (lead, partner)):
        raw = share(giver, taker.agency.id, at=now)
        receive(taker, raw, key=giver.case.verifier, at=now)


def _persons(story: Story) -> None:
    """Register each suspect where somebody is at home: the name sealed, the pseudonym recorded."""
    today = story.clock.now().date()
    home = {
        agency.country: agency.id
        for agency in reversed(story.operation.agencies)
        if agency.may(Competence.INVESTIGATE) and agency.role is not AgencyRole.SUPPORT
    }
    person_count = 0
    for suspect in story.world.persons:
        desk = story.desks[home.get(suspect.country, story.operation.lead.id)]
        person = Person(
            pseudonym=suspect.pseudonym,
            category=suspect.category,
            kind=StatementKind.FACT
            if suspect.category is not LedCategory.SUSPECT
            else StatementKind.ASSESSMENT,
            role=suspect.role,
            marking=Marking(tlp=Tlp.AMBER_STRICT, pap=Pap.AMBER),
            review_at=today + _REVIEW,
            erase_at=today + _KEEP,
            country=suspect.country,
        )
        register_person(desk, suspect.name, person)
        person_count += 1
    story.tell(
        "persons",
        f"{person_count} persons under pseudonyms, each with a category",
        persons=person_count,
    )


def _month_end(month: date) -> datetime:
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC) - timedelta(hours=1)
