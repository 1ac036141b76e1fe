"""Sentences about a watch: its beginning and end, its pace, its failures."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "watch.waits": "the watch waits for the window of its mandate, which opens at %(window_at)s",
    # Why a watch ended.
    "watch-end.window-closed": "window closed",
    "watch-end.disk-full": "disk full",
    "watch-end.store-away": "the case could not be written",
    "watch-end.interrupted": "interrupted",
    "watch-end.it-was-killed": "it was killed",
    "taken-why.it-was-silent": "it was silent",
    "taken-why.its-process-had-ended": "its process had ended",
    "taken-why.it-gave-the-case-back": "it gave the case back",
    # What becomes of a case whose decoys are not revealed.
    "decoys-end.waits": (
        (
            "the case waits for its reveal: %(count)s decoy is not opened yet, so it has no report "
            "and nothing computed from it leaves. The planner opens it: `cautery decoy reveal "
            "NIGHT --case %(case)s --key PLANNER.pem`; or close it without: `cautery close "
            "%(case)s`."
        ),
        (
            "the case waits for its reveal: %(count)s decoys are not opened yet, so it has no "
            "report and nothing computed from it leaves. The planner opens them: `cautery decoy "
            "reveal NIGHT --case %(case)s --key PLANNER.pem`; or close it without: `cautery close "
            "%(case)s`."
        ),
    ),
    "decoys-end.closed": (
        (
            "%(count)s decoy was never revealed, and nobody can reveal it any more. The case says "
            "so; it is handed to a court and the defence alone."
        ),
        (
            "%(count)s decoys were never revealed, and nobody can reveal them any more. The case "
            "says so; it is handed to a court and the defence alone."
        ),
    ),
    "decoys-board.stand": (
        "blind test: %(count)s decoy is among the streams, %(opened)s opened",
        "blind test: %(count)s decoys are among the streams, %(opened)s opened",
    ),
    "decoys-board.foreign": (
        (
            "%(count)s leaf of the blind test stands on a host or address that the mandate does "
            "not call own: it is no decoy, and nothing is void by it. Ask the planner."
        ),
        (
            "%(count)s leaves of the blind test stand on hosts or addresses that the mandate does "
            "not call own: they are no decoys, and nothing is void by them. Ask the planner."
        ),
    ),
    "decoys-board.unasked": (
        (
            "%(count)s approved act does not leave: the keeper of the decoys does not answer. Ask "
            "the planner whether it runs; `cautery decoy reveal --abandon` ends the test."
        ),
        (
            "%(count)s approved acts do not leave: the keeper of the decoys does not answer. Ask "
            "the planner whether it runs; `cautery decoy reveal --abandon` ends the test."
        ),
    ),
    # Whether it keeps up.
    "pace.references-loading": "the references have been loading for %(loading_s)s",
    "pace.references-late": (
        "%(late)s of %(references)s references are late, %(reference)s by %(late_s)s"
    ),
    "pace.looks-late": "looks are late by %(late_s)s: %(cost)s",
    "pace.time-spent": "they spend their time on %(shares)s",
    "pace.spent-on": "%(step)s %(spent_share)s",
    "pace.looks-hang": "they hang: %(hanging)s",
    "pace.hang-at": "%(looks)s at %(step)s",
    "pace.no-look": "no look begins",
    "pace.loop-late": "this machine is slow: the watch's own loop ran %(late_s)s late",
    "pace.order": (
        "own events before channels before works before titles that match nothing of ours; within "
        "each, new streams before second looks before repeated looks at settled streams"
    ),
    # Why a node gets no job.
    "node.other-version": "it runs version %(version)s of Cautery, and the watch %(watch)s",
    "node.other-recipe": (
        "it makes fingerprints by the recipe %(recipe)s, and the watch by %(watch)s"
    ),
    "node.not-in-mandate": "the mandate does not name it",
    "node.clock-behind": "its clock is %(seconds)s s behind the database's",
    "node.clock-ahead": "its clock is %(seconds)s s ahead of the database's",
    "node.disk-full": (
        "its disk has %(free_mb)s MB free for references, and needs %(least_mb)s MB"
    ),
    "node.store-away": "it cannot reach the store, and tries again: %(why)s",
    "node.damaged": "a file of its references is damaged: %(file)s",
    # How the nodes of a watch stand.
    "nodes-board.stand": (
        "nodes at work %(at_work)s   draining %(draining)s   refused %(refused)s   gone %(gone)s"
    ),
    "nodes-board.refused": "node %(name)s gets no job: %(why)s",
    "nodes-board.waits": (
        "NO NODE is at work: nothing is looked at until one comes. Start one: `cautery node run`"
    ),
    # What a look does.
    "look-step.fetching": "fetching",
    "look-step.decoding": "decoding",
    "look-step.comparing": "comparing",
    "look-step.its-own-loop": "its own loop",
    "look-step.a-node": "a node",
    "error.not-looked-at": "not looked at",
    # Why a look, a source or a calendar gave nothing.
    "failed.with-error": "%(error)s: %(detail)s",
    "failed.too-slow": "not looked at: this machine was too slow for %(step)s",
    "failed.node-too-slow": "not looked at: node %(node)s was too slow for %(step)s",
    "failed.no-node": "not looked at: %(detail)s",
}
