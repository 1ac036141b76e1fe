"""Walk every web archive of this bag strictly: python walk.py

`warcio check` passes archives that are cut. This walk does not: each record must be whole, end as
ISO 28500 says, and have the digests that it states. It needs Python's standard library alone.
"""

import hashlib
import re
import sys
from pathlib import Path

END = b"\r\n\r\n"


def walk(archive):
    """Check one archive; return how many records it has."""
    at = count = 0
    while at < len(archive):
        end = archive.index(END, at)
        head = archive[at:end].decode("utf-8")
        if not re.match(r"WARC/1\.[01]\r\n", head):
            raise ValueError(f"no record begins at byte {at}")
        lines = [line.partition(":") for line in head.split("\r\n")[1:]]
        fields = {name.lower(): value.strip() for name, _, value in lines}
        start, size = end + 4, int(fields["content-length"])
        block = archive[start : start + size]
        at = start + size + 4
        if len(block) != size or archive[at - 4 : at] != END:
            raise ValueError(f"the record at byte {start} is cut")
        parts = {"warc-block-digest": block}
        if "warc-payload-digest" in fields and fields["warc-type"] == "response":
            parts["warc-payload-digest"] = block.partition(END)[2]
        for name, data in parts.items():
            if fields.get(name) != "sha256:" + hashlib.sha256(data).hexdigest():
                if name in fields or name == "warc-block-digest":
                    raise ValueError(f"the record at byte {start} is altered: {name}")
        count += 1
    return count


def main():
    folder, wrong, archives, records = Path(__file__).resolve().parent / "data", 0, 0, 0
    for path in sorted(folder.glob("*/vault/??/*")):
        data = path.read_bytes()
        try:
            if hashlib.sha256(data).hexdigest() != path.name:
                raise ValueError("its name is not its SHA-256")
            if data.startswith(b"WARC/"):
                records += walk(data)
                archives += 1
        except (ValueError, KeyError, IndexError) as error:
            wrong += 1
            print(f"{path}: {error}")
    print(f"{archives} archives with {records} records walked, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
