"""Stalker portals, and what a panel says beside its lists."""

import base64
import json

import pytest

from cautery.errors import SourceError
from cautery.formats import (
    PanelAccount,
    PanelCategory,
    PanelEpisode,
    PanelStream,
    PortalGenre,
    PortalItem,
    PortalLink,
    PortalSession,
    Programme,
    ReadWarning,
    guide_url,
    read_answer,
    read_stalker,
    read_streams,
)


def portal(js):
    return list(read_stalker([json.dumps({"js": js, "text": "generated in 0.01s"}).encode()]))


def panel(body):
    return list(read_answer([json.dumps(body).encode()]))


def test_a_handshake_says_that_a_token_was_given_and_not_which():
    [found] = portal({"token": "topsecret", "random": "topsecret2"})
    assert isinstance(found, PortalSession)
    assert found.granted
    assert "topsecret" not in repr(found)


def test_a_profile_is_read_without_what_names_the_line():
    [found] = portal({"id": "7", "mac": "00:1A:79:AA:BB:CC", "login": "bob", "status": 0, "stb_sn": "S1",
                      "default_timezone": "Europe/London", "expire_billing_date": "2027-01-31 00:00:00", "theme": "x"})  # fmt: skip
    assert (found.blocked, found.timezone, found.expires.year) == (False, "Europe/London", 2027)
    assert ("theme", "x") in found.other
    assert not any(word in repr(found) for word in ("AA:BB", "bob", "S1"))


def test_the_end_of_a_line_may_stand_where_a_phone_would():
    [found] = portal({"mac": "x", "phone": "January 31, 2027, 12:00 am"})
    assert found.expires.date().isoformat() == "2027-01-31"


def test_genres_items_links_and_programmes_are_told_apart():
    kinds = [
        portal([{"id": 3, "title": "Sport", "censored": "0"}]),
        portal({"data": [{"id": 7, "name": "Arena", "cmd": "ffrt http://localhost/ch/7_", "use_http_tmp_link": 1}]}),
        portal({"data": [{"id": "8", "name": "Film", "cmd": "x", "is_series": "0", "year": 2020}]}),
        portal({"id": 0, "cmd": "ffmpeg http://p.example/live/u/p/7.ts?play_token=x"}),
        portal({"data": {"7": [{"name": "Home v Away", "start_timestamp": 1764100000, "stop_timestamp": "1764107200"}]}}),
    ]  # fmt: skip
    assert [[type(one) for one in kind] for kind in kinds] == [
        [PortalGenre], [PortalItem], [PortalItem], [PortalLink], [Programme]]  # fmt: skip
    [channel], [film], [link] = kinds[1:4]
    assert (channel.kind, channel.url, channel.temporary) == ("live", None, True)
    assert film.kind == "movie"
    assert link.url == "http://p.example/live/u/p/7.ts?play_token=x"


@pytest.mark.parametrize(
    "js", [None, False, "", {"error": "access denied"}, {"cmd": ""}, 5, "words"]
)
def test_a_portal_that_refuses_is_a_source_error(js):
    with pytest.raises(SourceError):
        portal(js)


def test_every_action_of_a_panel_is_told_by_its_answer():
    coded = base64.b64encode("Été v Home".encode()).decode()
    answers = [
        ({"user_info": {"auth": 1, "status": "Active"}, "server_info": {}}, PanelAccount),
        ([{"category_id": "3", "category_name": "Sport", "parent_id": 0}], PanelCategory),
        ([{"stream_id": "7", "name": "Arena", "stream_type": "live"}], PanelStream),
        ([{"stream_id": 7, "name": "Film", "stream_type": "movie", "container_extension": "mkv", "rating": "5"}], PanelStream),
        ([{"series_id": "7", "name": "Series"}], PanelStream),
        ({"info": {"plot": "x"}, "movie_data": {"stream_id": "7", "name": "Film", "container_extension": "mp4"}}, PanelStream),
        ({"seasons": [], "info": {}, "episodes": {"1": [{"id": "71", "episode_num": "2", "season": 1, "title": "E"}]}}, PanelEpisode),
        ({"epg_listings": [{"title": coded, "start_timestamp": "1764100000", "stop_timestamp": 1764107200, "channel_id": "a"}]}, Programme),
    ]  # fmt: skip
    found = [panel(body) for body, _ in answers]
    assert [[type(one) for one in each] for each in found] == [[kind] for _, kind in answers]
    assert ("rating", "5") in found[3][0].other
    assert [each[0].kind for each in found[2:6]] == ["live", "movie", "series", "movie"]
    assert (found[6][0].number, found[6][0].season) == (2, 1)
    assert found[7][0].titles == (("", "Été v Home"),)


def test_broken_episodes_and_programmes_are_warnings():
    [episode] = panel({"episodes": [[{"id": None}]]})
    [programme] = panel({"epg_listings": [{"title": "x", "start_timestamp": 0}]})
    assert isinstance(episode, ReadWarning)
    assert isinstance(programme, ReadWarning)


def test_the_guide_has_a_url_of_its_own():
    assert guide_url("http://p.example/get.php", username="a", password="b") == (
        "http://p.example/xmltv.php?username=a&password=b"
    )


NOTHING = [False, None, [], {}, "", 0]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize(
    "answer",
    [
        lambda nothing: {"epg_listings": nothing},
        lambda nothing: {"info": nothing, "movie_data": nothing},
        lambda nothing: {"seasons": nothing, "info": nothing, "episodes": nothing},
    ],
)
def test_what_stands_where_an_empty_list_should_is_nothing(answer, nothing):
    assert panel(answer(nothing)) == []


@pytest.mark.parametrize("nothing", [b"false", b"null\n", b'""', b"[]", b"{}"])
def test_a_panel_that_lists_nothing_may_say_so_in_any_way(nothing):
    assert list(read_streams([nothing])) == []


def test_an_account_keeps_what_is_not_understood_but_no_name_and_no_clock():
    [account] = panel(
        {
            "user_info": {
                "auth": 1,
                "username": "bob",
                "password": "pw",
                "reseller_dns": "r.example",
            },
            "server_info": {"xui": True, "version": "1.5.12", "time_now": "2026-11-26 10:00:00"},
        }
    )
    assert account.other == (("xui", "true"), ("version", "1.5.12"), ("reseller_dns", "r.example"))


def test_a_category_without_a_number_is_a_warning_and_the_others_are_read():
    found = panel([{"category_id": 1, "category_name": "A", "x": "y"}, {"category_name": "B"}, 5])
    assert [type(one) for one in found] == [PanelCategory, ReadWarning, ReadWarning]
    assert found[0].other == (("x", "y"),)


def test_a_series_tells_of_itself_before_its_episodes():
    series, episode = panel(
        {
            "seasons": [{"season_number": 1, "name": "Season 1"}, {"season_number": "2"}, 3],
            "info": {"name": "Harbour (2019)", "cover": "http://c.example/1", "tmdb": "1396"},
            "episodes": {"1": [{"id": "55", "season": 1, "episode_num": 1}]},
        }
    )
    assert (series.name, series.seasons, series.other) == (
        "Harbour (2019)", (1, 2), (("tmdb", "1396"),),
    )  # fmt: skip
    assert episode.id == 55


def test_a_broken_stream_among_others_is_quoted_and_the_others_are_read():
    text = (
        '[{"stream_id":1,"name":"A"},\n{"stream_id":2,"name":"B "quoted""},{"stream_id":3,"name":"C\tc"},'
        '{"stream_id":4,"name":"D",},{"stream_id":5,"name":"' + "E" * 300 + '"}]'
    )
    for cut in (len(text), 7, 64):
        chunks = [text[at : at + cut].encode() for at in range(0, len(text), cut)]
        found = list(read_streams(chunks))
        assert [one.id for one in found if isinstance(one, PanelStream)] == [1, 3, 5]
        assert ['"quoted"' in one.quoted for one in found if isinstance(one, ReadWarning)] == [
            True, False,
        ]  # fmt: skip


def test_a_member_without_end_is_passed_over_in_bounded_memory(traced):
    def chunks():
        yield b'[{"stream_id":1,"name":"A"},{"stream_id":2,"name":"'
        for _ in range(400):
            yield b"a" * 65_536
        yield b'"},{"stream_id":3,"name":"C"}]'

    with traced() as memory:
        found = list(read_streams(chunks()))
    assert [one.id for one in found if isinstance(one, PanelStream)] == [1, 3]
    assert sum(isinstance(one, ReadWarning) for one in found) == 1
    assert memory.peak < 4_000_000


def test_deep_nesting_in_one_member_costs_that_member():
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    found = list(read_streams([b'[{"stream_id":1},' + deep + b',{"stream_id":2}]']))
    assert [one.id for one in found if isinstance(one, PanelStream)] == [1, 2]


def test_half_a_surrogate_pair_does_not_reach_a_name():
    [stream] = read_streams(
        [b'[{"stream_id":1,"name":"A \\ud800 B \\ud83d\\ude00","x":"\\udfff"}]']
    )
    assert stream.name == "A \ufffd B \U0001f600"
    assert stream.other == (("x", "\ufffd"),)


@pytest.mark.parametrize("wrap", [lambda listed: listed, lambda listed: {"data": listed}])
def test_a_days_programmes_of_a_portal_are_programmes(wrap):
    listed = [
        {"id": "1", "ch_id": 77, "name": "Match", "start_timestamp": 1795723200},
        {"id": "2", "ch_id": "77", "name": "Later"},
    ]
    programme, warning = portal(wrap(listed))
    assert (programme.channel, programme.titles) == ("77", (("", "Match"),))
    assert isinstance(warning, ReadWarning)


def test_an_empty_page_of_a_portals_list_is_nothing():
    assert portal({"total_items": 0, "data": False}) == []


def test_a_portal_that_refuses_in_words_is_quoted():
    with pytest.raises(SourceError, match=r"refuses: 'Authorization failed\.'"):
        portal("Authorization failed.")


def test_other_sources_of_a_portals_channel_are_kept():
    [item] = portal(
        [{"id": 1, "name": "A", "cmd": "ffmpeg http://localhost/ch/1_",
          "cmds": [{"url": "ffmpeg http://s1.example/1"}, {"url": "http://s2.example/1"}, 5]}]
    )  # fmt: skip
    assert item.sources == ("http://s1.example/1", "http://s2.example/1")


def test_a_portals_list_that_is_broken_or_breaks_off_gives_what_can_be_read():
    text = '{"js":{"total_items":3,"data":[{"id":"1","name":"A"},{"id":"2","name":"B "x""},{"id":"3","name":"C"}]}}'
    found = list(read_stalker([text.encode()]))
    assert [type(one) for one in found] == [PortalItem, ReadWarning, PortalItem]
    reading = read_stalker([text[:60].encode()])
    assert next(reading).name == "A"
    with pytest.raises(SourceError, match="incomplete"):
        next(reading)


def test_a_panels_guide_that_breaks_off_gives_what_stood_before():
    one = '{"title":"QQ==","start_timestamp":1764100000,"channel_id":"a"}'
    reading = read_answer([f'{{"epg_listings":[{one},{one},{{"title":"Q'.encode()])
    assert [next(reading).channel for _ in range(2)] == ["a", "a"]
    with pytest.raises(SourceError, match="incomplete"):
        next(reading)
