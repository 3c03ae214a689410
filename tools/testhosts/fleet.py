"""A group of test hosts, as one thing to bring up, use and take down.

    fleet = Fleet("tests")
    fleet.up(["manager:manager", "node1:workers"])     # seconds; hosts that run are left alone
    Path("hosts.yml").write_text(fleet.inventory())
    print(fleet.host("node1").run("hostname").stdout)
    fleet.down()

Hosts outlive the process that started them. Another `Fleet` with the same group name, or the command
line tool, finds them again.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from testhosts import network, ssh
from testhosts.command import say, step
from testhosts.errors import ToolError
from testhosts.host import boot, stop, wait_until_ready
from testhosts.image import ensure_image
from testhosts.inventory import render
from testhosts.locks import locked
from testhosts.paths import Layout, default_cache
from testhosts.plan import Request, check_group_name, least_loaded, parse_request, parse_size
from testhosts.prepare import require_root
from testhosts.seed import make_key
from testhosts.state import (
    HostState,
    group_names,
    load_all_hosts,
    load_hosts,
    load_network,
    save_host,
    save_network,
)

DEFAULT_GROUP = "default"
DEFAULT_MEMORY = "3072M"
DEFAULT_DATA_SIZE = "8G"

_SMALLEST_MEMORY = 256 << 20
_SMALLEST_DATA = 300 << 20
"""mkfs.xfs makes no smaller file system."""


class Host:
    """One running host of a fleet."""

    def __init__(self, layout: Layout, state: HostState) -> None:
        self._layout = layout
        self.state = state

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def address(self) -> str:
        """IPv4 address, reachable from this machine and from the other hosts of the group."""
        return self.state.address

    def ssh_command(self) -> list[str]:
        """The ssh command line that reaches this host; append a command, or use it for rsync's -e."""
        return ssh.command(self._layout, self.state)

    def run(
        self, cmd: str | Sequence[str], *, check: bool = True, stdin: str = "", timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command as root: a string by the shell of the host, a sequence of words as it is.

        Raises ToolError when the command exits with another status than 0, unless `check` is false, and
        subprocess.TimeoutExpired after `timeout` seconds.
        """
        line = cmd if isinstance(cmd, str) else shlex.join(cmd)
        done = subprocess.run(
            [*self.ssh_command(), line], input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode != 0:
            raise ToolError(f"{self.name}: `{line}` exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return done


class Fleet:
    """The hosts of one group."""

    def __init__(self, group: str = DEFAULT_GROUP, cache: Path | None = None) -> None:
        self.group = check_group_name(group)
        self._layout = Layout(cache or default_cache())

    def up(
        self, hosts: Sequence[str], *, memory: str = DEFAULT_MEMORY, data_size: str = DEFAULT_DATA_SIZE
    ) -> list[Host]:
        """Boots the hosts that do not run yet, and returns when all of them are ready.

        Each host is `NAME` or `NAME:ROLE[,ROLE]`; a role is an inventory group. A host that runs is left
        alone, apart from its roles, which are the last ones given.
        """
        requests = [parse_request(text) for text in hosts]
        mebibytes = parse_size(memory, _SMALLEST_MEMORY) >> 20
        data_bytes = parse_size(data_size, _SMALLEST_DATA)
        layout = self._layout
        require_root()
        base = ensure_image(layout, {state.image for state in load_all_hosts(layout) if state.alive})
        with self._locked():
            # Addresses, network names and processors are shared by all groups.
            with locked(layout.root / "locks" / "machine", "the list of hosts"):
                make_key(layout.ssh_key, "wcp360-testhosts")
                states = [self._ensure_booted(request, base, mebibytes, data_bytes) for request in requests]
            self._write_known_hosts()
            _in_parallel(self._announce_ready, states)
        return [Host(layout, state) for state in states]

    def _ensure_booted(self, request: Request, base: Path, memory: int, data_size: int) -> HostState:
        layout = self._layout
        recorded = load_hosts(layout, self.group)
        existing = recorded.pop(request.name, None)
        roles = request.roles or (existing.roles if existing else ())
        if existing and existing.alive:
            current = replace(existing, roles=roles)
            save_host(layout, current)
            return current
        if existing:
            say(f"{request.name}: the host recorded under this name is dead; starting afresh")
            stop(layout, existing)
        numbers = {state.number for state in recorded.values()}
        cpus_taken = [state.cpu for state in load_all_hosts(layout) if state.alive]
        planned = HostState(
            name=request.name,
            group=self.group,
            roles=roles,
            network=self._ensure_network().index,
            number=existing.number if existing else network.free_host_number(numbers),
            image=base.parent.name,
            cpu=least_loaded(sorted(os.sched_getaffinity(0)), cpus_taken),
            memory=memory,
            public_key="",
            pid=0,
            started=0,
        )
        return boot(layout, planned, base, data_size)

    def _ensure_network(self) -> network.Network:
        layout = self._layout
        known = load_network(layout, self.group)
        if known is None:
            others = {other.index for group in group_names(layout) if (other := load_network(layout, group))}
            known = network.Network(network.free_group_index(others, network.names_in_use()))
            save_network(layout, self.group, known)
        network.create(known)
        return known

    def _announce_ready(self, state: HostState) -> None:
        with step(f"{state.name} ({state.address}): waiting for SSH and systemd"):
            word = wait_until_ready(self._layout, state)
        if word == "degraded":
            say(f"{state.name} is up but degraded: see `systemctl --failed` there")

    def _write_known_hosts(self) -> None:
        hosts = load_hosts(self._layout, self.group).values()
        ssh.known_hosts(self._layout, self.group).write_text(ssh.known_hosts_text(hosts))

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._layout.root / "locks" / self.group, f"the group {self.group}")

    def down(self, names: Iterable[str] | None = None) -> None:
        """Stops hosts and removes their disks and devices; without names, the whole group.

        The group's network goes with its last host. Names that are not there are no error.
        """
        layout = self._layout
        require_root()
        with self._locked():
            recorded = load_hosts(layout, self.group)
            wanted = set(recorded) if names is None else set(names)
            for name in sorted(wanted - set(recorded)):
                say(f"{name}: no such host in group {self.group}")
            _in_parallel(self._announce_stop, [state for name, state in recorded.items() if name in wanted])
            if load_hosts(layout, self.group):
                self._write_known_hosts()
            else:
                self._remove_group()

    def _announce_stop(self, state: HostState) -> None:
        with step(f"{state.name}: stopping"):
            stop(self._layout, state)

    def _remove_group(self) -> None:
        known = load_network(self._layout, self.group)
        if known:
            network.remove(known)
        shutil.rmtree(self._layout.group(self.group), ignore_errors=True)

    def hosts(self) -> list[Host]:
        """The hosts of the group that run."""
        return [Host(self._layout, state) for state in load_hosts(self._layout, self.group).values() if state.alive]

    def host(self, name: str) -> Host:
        """One running host by name."""
        for host in self.hosts():
            if host.name == name:
                return host
        raise ToolError(
            f"No host {name} runs in group {self.group}. Start it: testhosts up --group {self.group} {name}"
        )

    def inventory(self) -> str:
        """An Ansible inventory of the running hosts, as YAML text."""
        hosts = [host.state for host in self.hosts()]
        if not hosts:
            raise ToolError(f"No host runs in group {self.group}.")
        return render(
            [(state.name, state.address, state.roles) for state in hosts],
            self._layout.ssh_key,
            ssh.options(self._layout, self.group),
        )


def _in_parallel(action: Callable[[HostState], None], states: Sequence[HostState]) -> None:
    """Does it for all of them, and reports every failure at the end."""
    if not states:
        return
    with ThreadPoolExecutor(max_workers=len(states)) as pool:
        failures = [error for job in [pool.submit(action, state) for state in states] if (error := job.exception())]
    unexpected = [error for error in failures if not isinstance(error, ToolError)]
    if unexpected:
        raise unexpected[0]
    if failures:
        raise ToolError("\n".join(str(error) for error in failures))
