"""``cautery node``: a machine that looks and hears for the watches of an organisation."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._node_view import NodeLines, NodeStream, NodeTable
from cautery.cli._verbs import Verbs
from cautery.messages import say, word
from cautery.model import iso, to_json
from cautery.model.records import NodeState
from cautery.projections.presence import node_country, node_name, state_of
from cautery.wiring import node_run, nodes

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Let this machine look and hear for watches; show, drain and resume such machines.",
)

_Name = Annotated[str, typer.Argument(help="The node's name, as cautery node list shows it.")]


@app.command()
def run(
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            envvar="CAUTERY_NODE",
            help="What the node is called in every record; default: this machine's name.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, max=256, help="Jobs side by side; default: two per core."),
    ] = None,
    country: Annotated[
        str,
        typer.Option(
            "--country",
            envvar="CAUTERY_COUNTRY",
            help="Where it stands, two letters such as FR.",
        ),
    ] = "",
    node_key: Annotated[
        Path | None,
        typer.Option("--node-key", help="File of the nodes' key; default $CAUTERY_NODE_KEY."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", help="Folder for references; default: one in the user's cache folder."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, one for each event.")] = False,
) -> None:
    """Do jobs of watches until SIGTERM or Ctrl-C: look at streams, hear references.

    The node needs the organisation's database and vault (--database, --vault, the environment or
    server.toml) and the nodes' key. It takes jobs of watches that were started with --nodes, and a
    watch that is under way uses it at once. It gets no job while its version of Cautery is not the
    watch's, its clock is more than 5 s off, or its disk is full; cautery node list says why.

    At the first signal the node ends what is under way and leaves; at the second it ends at once,
    and other nodes do its jobs again.

    Example: cautery node run --name paris --jobs 4 --node-key node.key
    """
    own_name = node_name(socket.gethostname().partition(".")[0].lower() if name is None else name)
    capacity = node_run.default_capacity() if jobs is None else jobs
    view = NodeStream() if json else (NodeTable if sys.stderr.isatty() else NodeLines)(own_name)
    with view:
        node_run.run_node(
            own_name,
            capacity=capacity,
            country=node_country(country),
            key_file=node_key,
            cache=cache,
            listen=view.hear,
        )


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="The file to make; it must not be there yet.")],
) -> None:
    """Make the nodes' key: once for an organisation, then copied to each node and driver.

    Who has this key and the database can read what watches ask of nodes, logins of test purchases
    among it, and can answer in a node's place. The file is for its owner alone.

    Example: cautery node key /etc/cautery/node.key
    """
    nodes.make_key(file)
    render.say(
        render.printable(
            f"{file} is made. Copy it to every machine that runs cautery node run or cautery watch "
            "--nodes, with mode 0600, and nowhere else."
        )
    )


@app.command("list")
@render.tabular
def list_(
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the nodes: how each stands, what it does, and why one gets no job.

    Example: cautery node list
    """
    cluster, fit = nodes.nodes_seen(), nodes.fit()
    rows = [(node, *state_of(node, fit, now=cluster.now)) for node in cluster.nodes]
    if json:
        for node, state, why in rows:
            is_refused = why is not None and state is NodeState.REFUSED
            extra = {"state": state.value, "refused": say(why) if is_refused and why else ""}
            render.json_line(to_json(node) | extra)
        return
    if not rows:
        render.say("There is no node. Start one: cautery node run --name NAME")
        return
    render.table(
        ("node", "state", "jobs", "done", "lag", "shards", "clock", "disk", "version", "country",
         "last seen", "what is wrong"),
        (
            (
                node.name,
                word(state),
                f"{node.at_work} of {node.capacity}",
                str(node.done),
                "-" if node.lag_s is None else f"{node.lag_s:.1f} s",
                ", ".join(node.shards) or "-",
                f"{-node.clock_late_s:+.1f} s",
                f"{node.free_bytes / 1e9:.1f} GB",
                node.version,
                node.country or "-",
                iso(node.seen_at),
                "-" if why is None else say(why),
            )
            for node, state, why in rows
        ),
    )  # fmt: skip


@app.command()
def drain(name: _Name) -> None:
    """Ask a node to take nothing new: it ends what is under way within seconds, and stays.

    Example: cautery node drain paris
    """
    with nodes.register() as opened:
        opened.drain(node_name(name), draining=True)
    render.say(f"{name} takes nothing new. To let it work again: cautery node resume {name}")


@app.command()
def resume(name: _Name) -> None:
    """Let a node take jobs again that was drained.

    Example: cautery node resume paris
    """
    with nodes.register() as opened:
        opened.drain(node_name(name), draining=False)
    render.say(f"{name} takes jobs again")
