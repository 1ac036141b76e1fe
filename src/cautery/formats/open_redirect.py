"""Tell who only hands on what its question names from a panel that leads viewers to an edge.

A page such as ``http://innocent.example/out?url=http://pirate.example/1.m3u8`` sends whoever asks
to any place that the question names (CWE-601); an echo answers with the playlist that the question
holds; a proxy or a web archive answers with what it fetches there. Anybody can put them on a list;
to block their names would hit bystanders and leave the stream where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from cautery.formats._question import Question, spellings
from cautery.model import host_of


def open_redirect(hops: Sequence[str]) -> str | None:
    """Return where an open redirect led.

    Parameters
    ----------
    hops : sequence of str
        Exact URLs passed through by redirects, the one that was asked for first.

    Returns
    -------
    str or None
        The last URL at another host than the URL before it whose host a URL before it names; else
        ``None``. It is the last one since many sites first lead to their own ``www``, login or
        consent host, and one open redirect may lead to the next.

    Examples
    --------
    >>> open_redirect(["http://a.example/out?to=http%3A%2F%2Fb.example%2F1", "http://b.example/1"])
    'http://b.example/1'
    >>> open_redirect(["http://panel.example/live/1.ts", "http://edge.example/1.ts"])
    """
    hosts = [host_of(url) for url in hops]
    questions = [_question(url) for url in hops]
    for at in range(len(hops) - 1, 0, -1):
        if hosts[at] != hosts[at - 1]:
            names = spellings(hosts[at], beside=hosts[at - 1])
            if any(question.names(hosts[at], names) for question in questions[:at]):
                return hops[at]
    return None


def places_named(url: str) -> tuple[str, ...]:
    """Return the whole URLs at other hosts that the question of a URL holds, one of each host.

    Examples
    --------
    >>> places_named("http://proxy.example/?url=http%3A%2F%2Fpirate.example%2F1.ts&x=1")
    ('http://pirate.example/1.ts',)
    >>> places_named("http://pirate.example/1.ts?ref=innocent.example")
    ()
    """
    return _question(url).places()


def without(url: str, hosts: Sequence[str]) -> str | None:
    """Return a URL without what names hosts in its question; ``None``: there is no such URL.

    What a server gives to whoever asks it so is its own.

    Examples
    --------
    >>> without("http://pirate.example/1.ts?a=1&ref=http://innocent.example/", ["innocent.example"])
    'http://pirate.example/1.ts?a=1'
    """
    return _question(url).without(hosts)


def parted(
    hosts: Sequence[str], led_to: str | None, named: Collection[str] = ()
) -> tuple[frozenset[str], frozenset[str]]:
    """Part the hosts of one look into those that only hand on and those that serve.

    Parameters
    ----------
    hosts : sequence of str
        Hosts passed through, the one that was asked first.
    led_to : str or None
        The host to which a question led; ``None``: there was none.
    named : collection of str
        Hosts that the question names, where it is not known which of them serves.

    Returns
    -------
    (frozenset of str, frozenset of str)
        All hosts before that one are bystanders, unless it or a later one is the same. Where it is
        not known who serves, all of them are.

    Examples
    --------
    >>> parted(["a.example", "b.example"], "b.example")
    (frozenset({'a.example'}), frozenset({'b.example'}))
    """
    if named:
        return frozenset(hosts), frozenset()
    if led_to is None:
        return frozenset(), frozenset(hosts)
    at = max((at for at, host in enumerate(hosts) if host == led_to), default=len(hosts))
    serving = frozenset((led_to, *hosts[at:]))
    return frozenset(hosts[:at]) - serving, serving


def only_sends_on(
    host: str, hosts: Sequence[str], led_to: str | None, named: Collection[str] = ()
) -> bool:
    """Tell whether a host only hands on, by the hosts of one look (:func:`parted`)."""
    handed_on = led_to is not None or bool(named)
    return handed_on and host not in parted(hosts, led_to, named)[1]


@lru_cache(maxsize=32)
def _question(url: str) -> Question:
    """Return the question of a URL: each way to the media of one look begins with the same."""
    return Question(url)
