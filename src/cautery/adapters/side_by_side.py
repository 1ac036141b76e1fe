"""Pictures and sound that Cautery made, as a video file that any player shows.

Reaches: nothing; it encodes arrays in this process, never media of others.
Lawful basis: none is needed; the arrays come from sealed exhibits.
Manners: the same arrays give the same bytes with the same libraries.
Format: MP4 (ISO/IEC 14496-14) with H.264 and AAC.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import CauteryError, InputError
from cautery.model.media import AUDIO_RATE_HZ

_FRAME = 1024
"""Samples of a frame of AAC."""


def encoded(pictures: NDArray[np.uint8], sound: NDArray[np.float32], per_s: float) -> bytes:
    """Encode a video.

    Parameters
    ----------
    pictures : ndarray, shape (pictures, rows, columns, 3), uint8
        RGB; rows and columns are even.
    sound : ndarray, shape (2, samples), float32
        Stereo at 8 kHz, full scale 1.0.
    per_s : float
        Pictures a second.

    Raises
    ------
    InputError
        If a shape is not as it must be.
    CauteryError
        If the encoder fails.
    """
    if pictures.ndim != 4 or not len(pictures) or pictures.shape[1] % 2 or pictures.shape[2] % 2:
        raise InputError(f"pictures: want (pictures, even, even, 3), got {pictures.shape}")
    if sound.ndim != 2 or len(sound) != 2:
        raise InputError(f"sound: want (2, samples), got {sound.shape}")
    import av  # noqa: PLC0415 - heavy: FFmpeg's libraries

    out = io.BytesIO()
    rate = Fraction(per_s).limit_denominator(1000)
    try:
        with av.open(out, "w", format="mp4") as container:
            video: Any = container.add_stream("libx264", rate=rate, options={"crf": "22"})
            video.height, video.width, video.pix_fmt = *pictures.shape[1:3], "yuv420p"
            audio: Any = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
            for number, picture in enumerate(pictures):
                frame: Any = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(picture), format="rgb24"
                )
                frame.pts, frame.time_base = number, 1 / rate
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            for start in range(0, sound.shape[1] - _FRAME + 1, _FRAME):
                part = np.ascontiguousarray(sound[:, start : start + _FRAME].clip(-1, 1))
                audio_frame: Any = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
                audio_frame.sample_rate, audio_frame.pts = AUDIO_RATE_HZ, start
                audio_frame.time_base = Fraction(1, AUDIO_RATE_HZ)
                container.mux(audio.encode(audio_frame))
            container.mux(audio.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise CauteryError(f"the clip cannot be encoded: {error}") from error
    return out.getvalue()
