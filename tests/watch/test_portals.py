"""Stalker portals, and what a panel says beside its lists."""

import base64
import json

import pytest

from cautery.errors import SourceError
from cautery.watch import (
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
