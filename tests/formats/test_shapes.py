"""What of a URL may be told of its server, and what may not."""

from __future__ import annotations

import pytest

from cautery.formats.shapes import shapes_of


@pytest.mark.parametrize(
    ("url", "shapes"),
    [
        ("http://p.example:25461/live/u/w/7.ts", {"port:25461", "path:live", "path:segments"}),
        ("http://p.example/u123/w456/7", {"port:80", "path:live"}),
        ("https://p.example/player_api.php?username=u&password=w", {"port:443", "path:player_api"}),
        ("http://p.example:8080/get.php?type=m3u", {"port:8080", "path:get.php"}),
        ("http://p.example/c/", {"port:80", "path:portal"}),
        ("http://e.example/hls/9/00012.m4s", {"port:80", "path:segments"}),
        ("http://e.example/hls/1501/12.ts", {"port:80", "path:segments"}),
        ("http://e.example/tv1/1501/0012.ts", {"port:80", "path:segments"}),
        ("http://e.example/hls/9/index.m3u8", {"port:80", "path:manifest"}),
        ("https://s.example/clientarea.php", {"port:443", "page:client-area"}),
        ("https://s.example/clients-say", {"port:443"}),
        ("http://shop.example/contact", {"port:80"}),
        ("rtmp://e.example/app", {"port:1935"}),
        ("http://e.example:99999/", set()),
        ("http://[::1", set()),
        ("not a url", set()),
        ("", set()),
    ],
)
def test_a_url_says_its_port_and_the_shape_of_its_path(url: str, shapes: set[str]) -> None:
    assert set(shapes_of(url)) == shapes


def test_no_credential_is_told() -> None:
    told = " ".join(shapes_of("http://p.example/live/anna/s3cret/17.ts?token=abcdef"))
    assert not any(secret in told for secret in ("anna", "s3cret", "abcdef", "17"))
