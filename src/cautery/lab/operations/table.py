"""Who sits at the operation's table, and who the network's people are (all invented)."""

from __future__ import annotations

import numpy as np

from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import Supply
from cautery.lab.operations.shapes import Shape, kept
from cautery.lab.operations.spec import WorldPerson
from cautery.lab.operations.titles import people_names
from cautery.model import Agency, AgencyRole, Competence, LedCategory

_POLICE = frozenset(
    {
        Competence.INVESTIGATE,
        Competence.SEARCH,
        Competence.ARREST,
        Competence.SEIZE,
        Competence.FREEZE,
        Competence.PRESERVE,
    }
)
_ZONES = {
    "IT": "Europe/Rome",
    "HR": "Europe/Zagreb",
    "NL": "Europe/Amsterdam",
    "RO": "Europe/Bucharest",
    "SE": "Europe/Stockholm",
    "CH": "Europe/Zurich",
    "GB": "Europe/London",
    "BG": "Europe/Sofia",
    "FR": "Europe/Paris",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "GR": "Europe/Athens",
}

_POLICE_NAMES = {
    "IT": ("it-postal", "Postal and cyber police (IT)"),
    "HR": ("hr-police", "Cybercrime unit (HR)"),
    "NL": ("nl-fiod", "Fiscal investigation service (NL)"),
    "RO": ("ro-police", "Organised crime directorate (RO)"),
    "SE": ("se-police", "National operations department (SE)"),
    "CH": ("ch-fedpol", "Federal police (CH)"),
    "GB": ("uk-pipcu", "Intellectual property crime unit (UK)"),
    "BG": ("bg-gdboc", "Directorate against organised crime (BG)"),
    "FR": ("fr-ofac", "Cybercrime office (FR)"),
    "DE": ("de-zit", "Cybercrime prosecution office (DE)"),
    "ES": ("es-police", "National police, cyber unit (ES)"),
    "GR": ("gr-police", "Cybercrime division (GR)"),
}

TABLES = {
    # IT, HR, NL, RO, SE, CH, UK; also named BG, FR, DE [S10][S151]
    "taken-down": ("IT", "HR", "NL", "RO", "SE", "CH", "GB", "BG", "FR", "DE"),
    # Bulgaria with Europol, 15 countries [S11]: those of the lab's dozen
    "kratos": ("BG", "IT", "HR", "NL", "RO", "SE", "CH", "GB", "FR", "DE", "ES", "GR"),
    "xtream": ("IT", "NL", "FR", "DE", "BG", "GR"),
    "flawless": ("GB", "NL"),
    "globe": ("NL", "DE", "GB"),
}


def draw_agencies(shape: Shape) -> tuple[Agency, ...]:
    """Return the table of a shape: the lead first, then participants, the Union, industry."""
    agencies = []
    for country in TABLES[shape.like]:
        short, name = _POLICE_NAMES[country]
        competence = _POLICE | {Competence.BLOCK} if country in {"IT", "FR", "ES"} else _POLICE
        agencies.append(
            Agency(
                id=short,
                name=name,
                country=country,
                role=AgencyRole.LEAD if country == shape.lead else AgencyRole.PARTICIPANT,
                competence=frozenset(competence),
                contact=f"duty officer, {short}.example, call sign {country}-1",
                zone=_ZONES[country],
            )
        )
    agencies.append(
        Agency(
            id="eurojust",
            name="Eurojust",
            country="EU",
            role=AgencyRole.COORDINATION,
            competence=frozenset({Competence.COORDINATE}),
            contact="coordination centre, eurojust.example",
            zone="Europe/Amsterdam",
        )
    )
    agencies.append(
        Agency(
            id="europol",
            name="Europol",
            country="EU",
            role=AgencyRole.SUPPORT,
            competence=frozenset({Competence.COORDINATE}),
            contact="virtual command post, europol.example",
            zone="Europe/Amsterdam",
        )
    )
    agencies.append(
        Agency(
            id="industry",
            name="An association of broadcasters against piracy",
            country="GB",
            role=AgencyRole.INDUSTRY,
            competence=frozenset({Competence.ADVISE}),
            contact="analyst on duty, industry.example",
            zone="Europe/London",
        )
    )
    return tuple(agencies)


def draw_persons(
    shape: Shape, net: Supply, seed: int, scale: float
) -> tuple[tuple[WorldPerson, ...], dict[str, str]]:
    """Draw the network's people, victims and witnesses, and say who runs each node.

    Returns
    -------
    tuple
        Persons; and the pseudonym of the operator by node id.
    """
    rng = chance(seed, "table")
    suspects = kept(shape.suspects, scale, least=8)
    other_count = 8
    names = people_names(rng, suspects + other_count)
    supers = net.of_type("super-reseller")[: max(1, suspects - 6)]
    jobs: list[tuple[str, str, tuple[str, ...]]] = []
    # Ringleaders in NL; three top administrators in UK and NL (docs/reference/sources.md, F6).
    jobs.append(("ringleader", "NL", tuple(net.of_type("origin"))))
    panels = net.of_type("panel")
    jobs.extend(
        (f"administrator of panels {n + 1}", place, tuple(panels[n::3]))
        for n, place in enumerate(("GB", "NL", "NL"))
    )
    jobs.append(("runs the capture rooms", shape.lead, tuple(net.of_type("encoder"))))
    jobs.append(("rents the servers under false identities", "RO", tuple(net.of_type("edge"))))
    jobs.extend(("super-reseller", net.places[node], (node,)) for node in supers)
    jobs.append(("collects and launders the money", "BG", tuple(net.of_type("payment"))))
    jobs = jobs[:suspects]
    sellers = net.of_type("reseller") + net.of_type("sub-reseller")
    size = _sizes(net, sellers)
    largest = sorted(sellers, key=lambda seller: (-size[seller], seller))
    jobs.extend(
        ("reseller", net.places[node], (node,)) for node in largest[: max(0, suspects - len(jobs))]
    )
    arrested = _arrested(jobs, shape, rng, kept(shape.arrests, scale))
    persons = [
        WorldPerson(
            pseudonym=f"P-{token(seed, 'person', n, length=10)}",
            name=names[n],
            role=role,
            country="HR" if shape.like in {"taken-down", "kratos"} and n in arrested else place,
            category=LedCategory.SUSPECT,
            runs=runs,
            arrested=n in arrested,
        )
        for n, (role, place, runs) in enumerate(jobs)
    ]
    operator = {node: person.pseudonym for person in reversed(persons) for node in person.runs}
    for n in range(other_count):
        victim = n < 5
        persons.append(
            WorldPerson(
                pseudonym=f"P-{token(seed, 'other', n, length=10)}",
                name=names[suspects + n],
                role="their identity was used to rent servers" if victim else "neighbour, heard",
                country=shape.lead,
                category=LedCategory.VICTIM if victim else LedCategory.OTHER,
            )
        )
    return tuple(persons), operator


def _sizes(net: Supply, sellers: list[str]) -> dict[str, float]:
    size = dict.fromkeys(sellers, 0.0)
    for node, weight in net.weights.items():
        seller = net.groups[node][0][0][0]
        if seller in size:
            size[seller] += weight
    return size


def _arrested(
    jobs: list[tuple[str, str, tuple[str, ...]]],
    shape: Shape,
    rng: np.random.Generator,
    count: int,
) -> set[int]:
    """Choose who is arrested: in Croatia at Taken Down [S10], so people from among the sellers."""
    first = min(6, len(jobs) - count) if shape.like in {"taken-down", "kratos"} else 0
    pool = np.arange(max(0, first), len(jobs))
    return set(rng.choice(pool, size=min(count, len(pool)), replace=False).tolist())
