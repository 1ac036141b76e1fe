"""A driver of a case as a process of its own, which a test stops and wakes.

It records until it may not any more, and says so.
"""

import faulthandler
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from cautery.adapters.case_server import ServerStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.server_place import Server
from cautery.errors import LeaseError
from cautery.workflows.case.open import open_case

faulthandler.dump_traceback_later(120, exit=True)
database, vault, keys = sys.argv[1:4]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
store = ServerStore(Server(database=database, vault=vault), KeyFolder(Path(keys)))
case = open_case(Path("server:derby"), store=store, clock=FixedClock(NOON), drive=store.drive)
while True:
    try:
        entry = case.ledger.append("note", {"by": "first"}, at=NOON)
    except LeaseError as error:
        sys.stdout.write(json.dumps({"lost": str(error)}) + "\n")
        break
    sys.stdout.write(json.dumps({"index": entry.index}) + "\n")
    sys.stdout.flush()
case.leave()
