"""Disguises of decoys: what pirates do to pictures and sound, as short chains of filters.

A recipe of one's own is written as FFmpeg writes a chain, and only filters that compute are taken:
none that opens a file, a socket or a script (``movie``, ``sendcmd``, ``drawtext`` ...). A chain is
read here into names and options, and no parser of FFmpeg ever sees the text of a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cautery.errors import InputError
from cautery.model.ids import check_id

MOST_STEPS = 8
LONGEST_RECIPE = 500

VIDEO_FILTERS = frozenset(
    ("null", "hflip", "vflip", "crop", "scale", "pad", "hue", "lutyuv", "drawbox", "drawgrid",
     "gblur", "noise", "unsharp", "rotate", "setsar", "setdar", "format", "negate",
     "vignette", "colorchannelmixer", "colorbalance")
)  # fmt: skip
"""Filters of pictures that read nothing but the picture (FFmpeg Filters Documentation)."""
AUDIO_FILTERS = frozenset(
    ("anull", "volume", "aecho", "lowpass", "highpass", "bandpass", "equalizer",
     "aresample", "aformat", "acompressor", "alimiter", "tremolo", "chorus", "flanger")
)  # fmt: skip
"""Filters of sound that read nothing but the sound."""
_STEP = re.compile(r"([a-z0-9_]{1,30})(?:=([^,]{1,200}))?")
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,30}=[A-Za-z0-9_.+*()|<>-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterStep:
    """One filter with its options.

    Parameters
    ----------
    name : str
        Of a filter that computes and reads nothing else.
    options : tuple of (str, str)
        Names and values.
    """

    name: str
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in VIDEO_FILTERS | AUDIO_FILTERS:
            raise InputError(
                f"recipe: the filter {self.name[:40]!a} is not allowed",
                hint="Allowed are " + ", ".join(sorted(VIDEO_FILTERS | AUDIO_FILTERS)) + ".",
            )
        for option in self.options:
            if not _OPTION.fullmatch("=".join(option)):
                raise InputError(
                    f"recipe: {self.name}: {'='.join(option)[:60]!a} is not a plain option",
                    hint="Write name=value; a value has letters, digits and + - * ( ) . alone.",
                )

    @property
    def arguments(self) -> str:
        """The options as FFmpeg takes them."""
        return ":".join("=".join(option) for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disguise:
    """What is done to a decoy's media.

    Parameters
    ----------
    name : str
        Its name in tables.
    video, audio : tuple of FilterStep
        Chains; empty: pictures or sound stay as they are, byte for byte.
    encrypted : bool
        Whether segments are encrypted with AES-128 under a key that is served in clear (RFC 8216).
    """

    name: str
    video: tuple[FilterStep, ...] = ()
    audio: tuple[FilterStep, ...] = ()
    encrypted: bool = False

    def __post_init__(self) -> None:
        check_id("disguise", self.name)
        for what, steps, allowed in (
            ("pictures", self.video, VIDEO_FILTERS),
            ("sound", self.audio, AUDIO_FILTERS),
        ):
            if len(steps) > MOST_STEPS:
                raise InputError(f"disguise {self.name}: more than {MOST_STEPS} filters")
            for step in steps:
                if step.name not in allowed:
                    raise InputError(f"disguise {self.name}: {step.name} is no filter of {what}")


def chain_of(text: str) -> tuple[FilterStep, ...]:
    """Read a chain as FFmpeg writes it: ``name=option=value:option=value,name``.

    Raises
    ------
    InputError
        If it is not a plain chain of allowed filters.

    Examples
    --------
    >>> [step.name for step in chain_of("hflip,noise=alls=12:allf=t")]
    ['hflip', 'noise']
    """
    if len(text) > LONGEST_RECIPE:
        raise InputError(f"recipe: longer than {LONGEST_RECIPE} characters")
    steps = []
    for part in text.split(",") if text.strip() else ():
        match = _STEP.fullmatch(part.strip())
        if match is None:
            raise InputError(
                f"recipe: {part[:60]!a} is not a filter with its options",
                hint="Write it as hflip or noise=alls=12:allf=t, and single commas between.",
            )
        name, options = match.groups()
        pairs = [option.partition("=")[::2] for option in options.split(":")] if options else []
        steps.append(FilterStep(name=name, options=tuple(pairs)))
    return tuple(steps)


def _named(name: str, *, video: str = "", audio: str = "", encrypted: bool = False) -> Disguise:
    return Disguise(name=name, video=chain_of(video), audio=chain_of(audio), encrypted=encrypted)


DISGUISES: Mapping[str, Disguise] = MappingProxyType(
    {
        disguise.name: disguise
        for disguise in (
            _named("none"),
            _named("mirror", video="hflip"),
            _named("crop", video="crop=w=iw*0.9:h=ih*0.9"),
            _named("dark", video="lutyuv=y=val*0.74+6"),
            _named("logo", video="drawbox=x=iw*0.76:y=ih*0.03:w=iw*0.22:h=ih*0.18:t=fill"),
            _named("ticker", video="drawbox=x=0:y=ih*0.9:w=iw:h=ih*0.1:t=fill"),
            _named(
                "covered-graphics",
                video="drawbox=x=4:y=4:w=iw*0.38:h=ih*0.2:t=fill,"
                "drawbox=x=iw*0.6:y=4:w=iw*0.38:h=ih*0.2:t=fill,"
                "drawbox=x=iw*0.15:y=ih*0.76:w=iw*0.7:h=ih*0.2:t=fill",
            ),
            _named("noisy", video="noise=alls=14:allf=t"),
            _named("soft", video="gblur=sigma=1.2"),
            _named("quiet", audio="volume=volume=0.4"),
            _named("muffled", audio="lowpass=f=2500"),
            _named("aes-128", encrypted=True),
        )
    }
)  # fmt: skip
"""Ours, by name."""
