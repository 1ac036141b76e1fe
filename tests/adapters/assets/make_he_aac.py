"""Make the HE-AAC samples beside this file from made music: ``python make_he_aac.py``.

FFmpeg as Debian and PyAV build it has no HE-AAC encoder. The npm package ``@ffmpeg/core-st`` 0.11.1
(FFmpeg for WebAssembly, with the Fraunhofer FDK AAC encoder) has one: install it in a folder, with
``--ignore-scripts``, and run this from that folder. It needs Node.js and is no dependency.
"""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
_SCRIPT = """
const fs = require('fs'), create = require('@ffmpeg/core-st');
const [output, ...args] = process.argv.slice(1);
(async () => {
  const wasmBinary = fs.readFileSync(require.resolve('@ffmpeg/core-st/dist/ffmpeg-core.wasm'));
  const core = await create({mainName: 'main', wasmBinary, quit: () => {}});
  core.FS.writeFile('in.wav', fs.readFileSync('in.wav'));
  const words = ['ffmpeg', '-nostdin', '-y', '-i', 'in.wav', ...args, 'out.aac'].map(word => {
    const size = core.lengthBytesUTF8(word) + 1, at = core._malloc(size);
    core.stringToUTF8(word, at, size);
    return at;
  });
  const list = core._malloc(4 * words.length);
  words.forEach((at, k) => core.setValue(list + 4 * k, at, 'i32'));
  try { core._main(words.length, list); } catch (ended) {}
  fs.writeFileSync(output, core.FS.readFile('out.aac'));
  process.exit(0);
})();
"""


def main() -> None:
    """Encode eight seconds of the tests' own music."""
    sys.path.insert(0, str(HERE.parent))
    from test_decoder_streams import music

    sound = np.repeat(music(48000, 8.0)[:, None], 2, axis=1)
    with wave.open("in.wav", "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(48000)
        out.writeframes((sound * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    for name, profile, rate in (("v1", "aac_he", "48k"), ("v2", "aac_he_v2", "32k")):
        target = str(HERE / f"he_aac_{name}.aac")
        options = ["-c:a", "libfdk_aac", "-profile:a", profile, "-b:a", rate, "-ar", "48000"]
        subprocess.run(["node", "-e", _SCRIPT, target, *options], check=True)


if __name__ == "__main__":
    main()
