"""A seizure from file to links: sealed, read, resumed, consulted, forgotten."""

import gzip
import io
import json
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from cautery.errors import ErasedError, InputError, SourceError, StorageError
from cautery.formats import columns_of
from cautery.lab.authority import police
from cautery.lab.catalogues import draw_catalogues
from cautery.messages import message, say
from cautery.model import ExhibitId, LedCategory
from cautery.model.ledger import append, contents
from cautery.model.records import MaterialConsulted, MaterialTaken, OriginalPartSealed
from cautery.model.records.seized import MaterialTable
from cautery.wiring import cases
from cautery.wiring.seized import erase_seized
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.networks.case_links import links_of_case
from cautery.workflows.seized import original, tables, take
from cautery.workflows.seized.consult import account_names, erase, write_original
from cautery.workflows.seized.links import links_of_seized
from cautery.workflows.seized.records import taken
from cautery.workflows.seized.views import views

SAMPLES = Path(__file__).parents[2] / "formats" / "assets" / "samples"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRETS = ("anna.b", "p;w", "t0ps3cret", "Via Roma", "seller@mail", "boss@mail", "wholesale", "w0rd", "192.0.2.7",
           "2001:db8::7", "00:1A:79", "rootword", "Anna 0039", "from Bob", "Smart",
           'c"arl')  # fmt: skip
LINES = "INSERT INTO users (id, username, exp_date, forced_country, member_id) VALUES\n"


@pytest.fixture
def case(tmp_path):
    return tmp_path / "case"


@contextmanager
def opened(case):
    with cases.writing(case) as one:
        yield one


def took(case, path, **options):
    """Take one file; return what the case knows of it and whether it knew it."""
    given = {
        "authority": police(),
        "place": lambda _: ("IT", 1267),
        "by": "A. B.",
        "review_at": date(2027, 1, 1),
        "panel": "north",
    }
    with opened(case) as one:
        return take.take(path, case=one, **(given | options))


def of_sample(case, kind, tmp_path, **options):
    path = tmp_path / kind
    path.write_bytes((SAMPLES / kind).read_bytes())
    return took(case, path, **options)[0]


def stored(case):
    return b"".join(one.read_bytes() for one in sorted(case.rglob("*")) if one.is_file())


def derived(case, kind):
    with cases.reading(case) as one:
        return tables.Derivative(one.ledger, one.vault).frame(kind, tuple(tables.schema_of(kind)))


def test_no_secret_of_the_file_stands_anywhere_in_the_case(case, tmp_path):
    for kind in ("panel_sql", "panel_dump", "access_log", "netflow"):
        of_sample(case, kind, tmp_path)
    whole = stored(case)
    shown = []
    with cases.reading(case) as one:
        for found in taken(one.ledger):
            shown += [
                pl.read_parquet(io.BytesIO(one.vault.read(t.exhibit))).write_ndjson()
                for t in found.tables
            ]
        shown.append(json.dumps(views(tables.Derivative(one.ledger, one.vault), on=NOON)))
        shown.append(repr(links_of_seized(tables.Derivative(one.ledger, one.vault))))
    for secret in SECRETS:
        assert secret.encode() not in whole
        assert not any(secret in text for text in shown)


def test_a_table_of_lines_as_csv_is_taken_like_the_same_table_of_a_dump(case, tmp_path):
    table, dump = tmp_path / "lines.csv", tmp_path / "dump.sql"
    table.write_text("id,username,exp_date,forced_country\n7,bob,1800000000,IT\n8,ann,,\n9,cut\n")
    dump.write_text(
        "INSERT INTO users (id, username, exp_date, forced_country) VALUES\n"
        "(7,'bob',1800000000,'IT'),(8,'ann',NULL,NULL);\n"
    )
    of_table, _ = took(case, table)
    took(case, dump)
    rows = derived(case, "line").drop("seized", "taken_at").to_dicts()
    assert rows[:2] == rows[2:]
    assert rows[0]["username"].startswith("~")
    [told] = of_table.warnings
    assert (say(told.why), told.line) == ("not a row of the table", 4)


def test_the_same_file_is_taken_once_under_whatever_name(case, tmp_path):
    first = of_sample(case, "panel_sql", tmp_path)
    size = len(stored(case))
    other = tmp_path / "copy.sql"
    other.write_bytes((SAMPLES / "panel_sql").read_bytes())
    assert took(case, other) == (first, True)
    assert abs(len(stored(case)) - size) < 10_000


def test_a_run_that_was_stopped_is_gone_on_with_and_nothing_counts_twice(
    case, tmp_path, monkeypatch
):
    monkeypatch.setattr(original, "PART_BYTES", 1000)
    path = tmp_path / "dump.sql"
    path.write_bytes((SAMPLES / "panel_sql").read_bytes())
    seal, sealed = original._seal_part, []

    def failing(*arguments):
        if len(sealed) == 2:
            raise StorageError("the disk is full")
        sealed.append(arguments[2])
        return seal(*arguments)

    monkeypatch.setattr(original, "_seal_part", failing)
    with pytest.raises(StorageError):
        took(case, path)
    with cases.reading(case) as one:
        assert list(taken(one.ledger)) == []
    monkeypatch.setattr(original, "_seal_part", seal)
    found, known = took(case, path)
    assert not known
    with cases.reading(case) as one:
        assert [part.index for _, part in contents(one.ledger, OriginalPartSealed)] == [0, 1, 2]
        assert len(list(contents(one.ledger, MaterialTaken))) == 1
    assert len(found.exhibits) == 3
    assert derived(case, "line").height == 3


def test_the_tables_come_from_what_was_sealed_and_the_original_comes_back(
    case, tmp_path, monkeypatch
):
    monkeypatch.setattr(original, "PART_BYTES", 700)
    found = of_sample(case, "panel_sql", tmp_path)
    kept = []
    with opened(case) as one:
        name, _ = write_original(one, found.id, kept.extend, by="A. B.", why="court")
        [(_, log)] = contents(one.ledger, MaterialConsulted)
    assert name == "panel_sql"
    assert b"".join(kept) == (SAMPLES / "panel_sql").read_bytes()
    assert (log.by, log.why) == ("A. B.", "court")


def test_accounts_names_are_read_by_somebody_for_something(case, tmp_path):
    found = of_sample(case, "panel_sql", tmp_path, category=LedCategory.OTHER)
    with opened(case) as one:
        with pytest.raises(InputError, match="give your name and the reason"):
            account_names(one, found.id, by="A. B.", why=" ")
        rows = account_names(one, found.id, by="A. B.", why="report")
    assert {(row["name"], row["category"]) for row in rows} == {
        ("boss", "other"),
        ("seller", "other"),
    }


def test_a_destroyed_key_ends_every_way_back_and_no_proof(case, tmp_path):
    found = of_sample(case, "panel_sql", tmp_path)
    before = derived(case, "line")["username"].to_list()
    with opened(case) as one:
        assert erase(one, found.id, by="A. B.", why="retention") == 1
        assert erase(one, None, by="A. B.", why="retention") == 1
        for look in (
            lambda: account_names(one, found.id, by="A. B.", why="x"),
            lambda: write_original(one, found.id, list, by="A. B.", why="x"),
        ):
            with pytest.raises(ErasedError):
                look()
        close_case(one, at=one.clock.now())
    assert verify_case(case, store=cases.reading_store()).named == 9
    again = tmp_path / "again"
    other = tmp_path / "dump.sql"
    other.write_bytes((SAMPLES / "panel_sql").read_bytes() + b"\n")
    took(again, other)
    assert not set(before) & set(derived(again, "line")["username"])


def test_a_key_can_be_destroyed_after_the_case_was_closed(case, tmp_path):
    found = of_sample(case, "panel_sql", tmp_path)
    with opened(case) as one:
        close_case(one, at=one.clock.now())
    assert erase_seized(case, found.id, by="A. B.", why="retention") == 1
    assert verify_case(case, store=cases.reading_store()).exhibits == 9


def test_small_numbers_of_customers_are_not_told(case, tmp_path):
    rows = [
        f"({n},'user{n}',1893456000,'{'IT' if n < 20 else 'FR'}',{1 + n // 17})" for n in range(23)
    ]
    path = tmp_path / "dump.sql"
    path.write_text(
        LINES
        + ",\n".join(rows)
        + ";\nINSERT INTO reg_users (id, username, credits) VALUES (1,'s1',5),(2,'s2',6);\n"
    )
    took(case, path)
    with cases.reading(case) as one:
        shown = views(tables.Derivative(one.ledger, one.vault), on=NOON)
    lines = {row["country"]: row["paid"] for row in shown["lines by country"]}
    assert lines == {"IT": 20, "ZZ": None}
    assert sorted(row["lines"] or 0 for row in shown["accounts"]) == [6, 17]


def test_the_flows_of_known_servers_are_in_clear_and_customers_are_not(case, tmp_path):
    of_sample(case, "panel_sql", tmp_path)
    of_sample(case, "netflow", tmp_path)
    flows = derived(case, "flow")
    assert set(flows["destination"]) >= {"203.0.113.5"}
    assert all(one.startswith("~") for one in flows["source"] if one != "203.0.113.5")


def test_the_links_join_panels_by_their_source(case, tmp_path):
    of_sample(case, "panel_sql", tmp_path)
    other = tmp_path / "other.sql"
    other.write_text(
        "INSERT INTO streams (id, stream_display_name, stream_source) VALUES (1,'A','[\"http://up.example/x/y/1\"]');"
    )
    took(case, other, panel="south")
    with cases.reading(case) as one:
        found = links_of_seized(tables.Derivative(one.ledger, one.vault))
    assert {link.value for link in found if link.subject == "up.example"} == {"north", "south"}
    assert all(link.first_seen <= link.last_seen for link in found)


def test_each_link_names_the_record_and_the_sealed_table_that_it_stands_in(case, tmp_path):
    of_sample(case, "panel_sql", tmp_path)
    with cases.reading(case) as one:
        [material] = taken(one.ledger)
        [record] = [entry.index for entry, _ in contents(one.ledger, MaterialTaken)]
        found = links_of_seized(tables.Derivative(one.ledger, one.vault))
    sealed = {table.kind: table.exhibit for table in material.tables}
    assert {link.records for link in found} == {(record,)}
    drawn = next(link for link in found if link.subject == "up.example")
    assert drawn.exhibit == sealed["stream"]
    assert drawn.said is not None
    assert say(drawn.said) == "panel north, in its panel's table of streams, as their source"
    server = next(link for link in found if (link.subject, link.kind) == ("203.0.113.5", "address"))
    assert server.exhibit == sealed["server"]


def dump_of(entries, kind):
    """Return a dump of a panel with a catalogue, its rows as a database gives them: by number."""
    if kind == "xtream":
        head = "streams (id, stream_display_name, stream_source, channel_id, `order`)"
    else:
        head = "itv (id, name, cmd, xmltv_id, number)"
    rows = [
        f"({number},'{title}','http://up{number % 7}.example/{number}','{guide}',{place})"
        for place, (title, guide) in enumerate(entries)
        for number in [(place * 37 + 11) % 997]
    ]
    return f"INSERT INTO {head} VALUES\n" + ",\n".join(sorted(rows)) + ";\n"


@pytest.mark.parametrize("kinds", [("xtream", "xtream"), ("xtream", "stalker")])
def test_seized_panels_with_one_catalogue_are_linked_and_a_strangers_is_not(case, tmp_path, kinds):
    drawn = draw_catalogues(7, networks=1, panels=2)
    copies = [one for one in drawn if one.network]
    stranger = next(one for one in drawn if one.kind == "shuffled")
    for one, kind in zip((*copies, stranger), (*kinds, "xtream"), strict=True):
        path = tmp_path / f"{one.host}.sql"
        path.write_text(dump_of(one.entries, kind))
        took(case, path, panel=one.host)
    with cases.reading(case) as opened_case:
        links, warnings = links_of_case(opened_case.ledger, opened_case.vault)
    for kind in ("catalogue-order", "epg-quirks"):
        held = [link for link in links if link.kind == kind]
        assert sorted(link.subject for link in held) == sorted(one.host for one in copies)
        assert all(link.records and link.exhibit and link.said for link in held)
    assert warnings == []


def parquet(frame):
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


NUMBERS = pl.DataFrame({"domain": [1], "address": [1], "second_address": [1], "sources": [1]})


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(lambda seal, known: ExhibitId("x"), id="no id"),
        pytest.param(lambda seal, known: ExhibitId("sha256:" + "0" * 64), id="not there"),
        pytest.param(lambda seal, known: known.cover, id="no table"),
        pytest.param(lambda seal, known: seal(parquet(NUMBERS)), id="numbers for text"),
    ],
)
def test_a_forged_record_of_material_costs_no_more_than_its_own_tables(case, tmp_path, forged):
    of_sample(case, "panel_sql", tmp_path)
    with opened(case) as one:
        before = links_of_case(one.ledger, one.vault)[0]
        [known] = taken(one.ledger)

        def seal(data):
            moment = {"at": one.clock.now(), "clock": one.clock.offset()}
            return one.vault.seal(data, media_type=tables.PARQUET, **moment).id

        exhibit = forged(seal, known)
        sealed = tuple(MaterialTable(kind=k, rows=1, exhibit=exhibit) for k in ("server", "stream"))
        forgery = replace(known, id="forged", panel="forged", tables=sealed)
        append(one.ledger, forgery, at=NOON)
    with cases.reading(case) as one:
        links, warnings = links_of_case(one.ledger, one.vault)
        shown = views(tables.Derivative(one.ledger, one.vault), on=NOON)
    assert [link for link in links if link.source != "seized:forged"] == list(before)
    assert warnings == ["1 table of seized material cannot be read from the vault: left out"]
    assert {row["panel"] for row in shown["servers"]} == {"north"}
    path = tmp_path / "more.sql"
    path.write_text(LINES + "(1,'anna',1893456000,'IT',1);\n")
    assert took(case, path)[1] is False


def test_a_table_is_read_a_bounded_number_of_times_however_often_records_name_it(
    case, tmp_path, monkeypatch
):
    of_sample(case, "panel_sql", tmp_path)
    with opened(case) as one:
        [known] = taken(one.ledger)
        for number in range(3):
            forged = replace(known, id=f"forged {number}", tables=known.tables * 500)
            append(one.ledger, forged, at=NOON)
    monkeypatch.setattr(tables, "MOST_SHARING", 2)
    with cases.reading(case) as one:
        derivative = tables.Derivative(one.ledger, one.vault)
        parts = list(derivative.frames("server", ("server",)))
    assert [dump.id for dump, _ in parts] == [known.id, "forged 0"]
    assert len(derivative.warnings) == 1


def test_tables_sealed_before_a_column_was_read_are_still_read(case, tmp_path, monkeypatch):
    def before(kind):
        return {k: v for k, v in columns_of(kind).items() if k not in ("guide", "place")}

    with monkeypatch.context() as older:
        older.setattr(tables, "columns_of", before)
        of_sample(case, "panel_sql", tmp_path)
    rows = derived(case, "stream")
    assert rows["title"].to_list() == ["IT| Arena 1 FHD"]
    assert rows["guide"].to_list() == [None]


def test_a_packed_dump_that_is_cut_off_keeps_what_stood_before(case, tmp_path):
    rows = ",\n".join(f"({n},'user{n * 7919}',1893456000,'IT',1)" for n in range(60_000))
    packed = gzip.compress((LINES + rows + ";").encode())
    path = tmp_path / "dump.sql.gz"
    path.write_bytes(packed[: len(packed) // 2])
    found, _ = took(case, path)
    assert found.failed == message("seized.cut-off")
    assert 20_000 < found.rows("line") < 50_000


def test_a_bomb_ends_the_reading_not_the_machine(case, tmp_path, monkeypatch):
    monkeypatch.setattr(original, "LARGEST_UNPACKED", 1 << 20)
    path = tmp_path / "dump.sql.gz"
    path.write_bytes(
        gzip.compress((LINES + "(1,'a',1893456000,'IT',1);\n-- ").encode() + b"x" * (8 << 20))
    )
    found, _ = took(case, path)
    assert found.failed.id == "seized.over-limit"
    assert "unpacks to more than" in say(found.failed)
    assert found.rows("line") == 1


@pytest.mark.parametrize("content", [b"", b"some words", b"\0" * 100])
def test_what_is_no_seized_material_leaves_no_case(case, tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises((InputError, SourceError)):
        took(case, path)
    with suppress(InputError), cases.reading(case) as one:
        assert one.ledger.size() == 0


def test_a_playlist_is_not_taken_as_seized(case, tmp_path):
    with pytest.raises(InputError, match="not a format of seized material"):
        of_sample(case, "m3u", tmp_path)


def test_nobody_takes_it_unnamed(case, tmp_path):
    with pytest.raises(InputError, match="who takes it"):
        of_sample(case, "netflow", tmp_path, by="")


def test_a_file_read_as_the_wrong_kind_can_be_taken_as_the_right_one(case, tmp_path):
    with pytest.raises(SourceError, match="not flow records"):
        took(case, SAMPLES / "access_log", kind="netflow")
    assert of_sample(case, "access_log", tmp_path).rows("request") == 5


def test_what_is_read_again_counts_once(case, tmp_path):
    first = of_sample(case, "panel_sql", tmp_path)
    second = of_sample(case, "panel_sql", tmp_path, again=True, panel="south")
    assert (first.id, first.exhibits) == (second.id, second.exhibits)
    with cases.reading(case) as one:
        assert [found.panel for found in taken(one.ledger)] == ["south"]
    assert derived(case, "line").height == 3
