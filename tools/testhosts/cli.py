"""The command line."""

import argparse
import json
import os
import sys
from dataclasses import asdict

from testhosts.command import require, say
from testhosts.errors import ToolError
from testhosts.fleet import DEFAULT_DATA_SIZE, DEFAULT_GROUP, DEFAULT_MEMORY, Fleet
from testhosts.host import console_tail
from testhosts.image import bake
from testhosts.paths import Layout, default_cache
from testhosts.prepare import prepare
from testhosts.state import HostState, group_names, load_all_hosts
from testhosts.uml import console_log


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="testhosts", description="Throw-away Debian machines for tests and demos.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    group = argparse.ArgumentParser(add_help=False)
    group.add_argument("--group", metavar="G", help=f"hosts that share a network (default: {DEFAULT_GROUP})")

    commands.add_parser("prepare", help="install the Debian packages the tool needs").set_defaults(run=_prepare)
    commands.add_parser("bake", help="make the image, unless the cache has it").set_defaults(run=_bake)

    up = commands.add_parser("up", parents=[group], help="boot hosts and wait until they are ready")
    up.add_argument("hosts", nargs="+", metavar="NAME[:ROLE]", help="ROLE: inventory group, such as manager or workers")
    up.add_argument("--memory", default=DEFAULT_MEMORY, help="per host (default: %(default)s)")
    up.add_argument("--data-size", default=DEFAULT_DATA_SIZE, help="empty XFS disk /dev/ubdb (default: %(default)s)")
    up.set_defaults(run=_up)

    down = commands.add_parser("down", parents=[group], help="stop hosts and remove all they have")
    down.add_argument("names", nargs="*", metavar="NAME")
    down.add_argument("--all", action="store_true", help="every host of the group; without --group, of all groups")
    down.set_defaults(run=_down)

    listing = commands.add_parser("list", parents=[group], help="show hosts")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_list)

    commands.add_parser("inventory", parents=[group], help="print an Ansible inventory").set_defaults(run=_inventory)

    ssh = commands.add_parser("ssh", parents=[group], help="log in, or run a command")
    ssh.add_argument("name", metavar="NAME")
    ssh.add_argument("remote", nargs=argparse.REMAINDER, metavar="COMMAND")
    ssh.set_defaults(run=_ssh)

    console = commands.add_parser("console", parents=[group], help="show where a host's console log is, and its end")
    console.add_argument("name", metavar="NAME")
    console.set_defaults(run=_console)
    return parser


def _fleet(arguments: argparse.Namespace) -> Fleet:
    return Fleet(arguments.group or DEFAULT_GROUP)


def _layout() -> Layout:
    return Layout(default_cache())


def _prepare(_: argparse.Namespace) -> None:
    prepare()
    say("Everything the tool needs is installed.")


def _bake(_: argparse.Namespace) -> None:
    layout = _layout()
    print(bake(layout, {state.image for state in load_all_hosts(layout) if state.alive}))


def _up(arguments: argparse.Namespace) -> None:
    hosts = _fleet(arguments).up(arguments.hosts, memory=arguments.memory, data_size=arguments.data_size)
    _print_table([host.state for host in hosts])


def _down(arguments: argparse.Namespace) -> None:
    if bool(arguments.names) == arguments.all:
        raise ToolError("Say which hosts: either names, or --all.")
    if arguments.names:
        _fleet(arguments).down(arguments.names)
        return
    for group in [arguments.group] if arguments.group else group_names(_layout()):
        Fleet(group).down()


def _recorded(arguments: argparse.Namespace) -> list[HostState]:
    return [state for state in load_all_hosts(_layout()) if arguments.group in (None, state.group)]


def _list(arguments: argparse.Namespace) -> None:
    states = _recorded(arguments)
    if arguments.json:
        rows = [{**asdict(state), "address": state.address, "alive": state.alive} for state in states]
        print(json.dumps(rows, indent=2))
    else:
        _print_table(states)


def _print_table(states: list[HostState]) -> None:
    rows = [("GROUP", "NAME", "ADDRESS", "STATE", "CPU", "MEMORY", "ROLES")]
    for state in states:
        word = "running" if state.alive else "dead"
        roles = ",".join(state.roles) or "-"
        rows.append((state.group, state.name, state.address, word, str(state.cpu), f"{state.memory}M", roles))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _inventory(arguments: argparse.Namespace) -> None:
    print(_fleet(arguments).inventory(), end="")


def _ssh(arguments: argparse.Namespace) -> None:
    argv = [*_fleet(arguments).host(arguments.name).ssh_command(), *arguments.remote]
    os.execv(require(argv[0]), argv)


def _console(arguments: argparse.Namespace) -> None:
    directory = _layout().host(arguments.group or DEFAULT_GROUP, arguments.name)
    if not directory.exists():
        raise ToolError(f"No host {arguments.name} is recorded in group {arguments.group or DEFAULT_GROUP}.")
    print(console_log(directory))
    print(console_tail(directory))


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (ToolError, OSError) as error:
        print(f"testhosts: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("testhosts: interrupted; `testhosts list` shows what runs", file=sys.stderr)
        return 130
    return 0
