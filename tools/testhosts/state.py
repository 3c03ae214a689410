"""What the tool knows about groups and hosts, kept as JSON files so that any later command can go on from it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testhosts.network import Network
from testhosts.paths import Layout
from testhosts.process import is_alive


@dataclass(frozen=True)
class HostState:
    """One host, as it was started."""

    name: str
    group: str
    roles: tuple[str, ...]
    """Inventory groups of the host."""
    network: int
    """Index of the group's network."""
    number: int
    """Last octet of the host's address."""
    image: str
    """Key of the image that its root disk is based on."""
    cpu: int
    memory: int
    """MiB."""
    public_key: str
    """The host's SSH key, as in known_hosts."""
    pid: int
    started: int
    """Start time of the process, see process.Stat."""

    @property
    def address(self) -> str:
        return str(Network(self.network).host(self.number).ip)

    @property
    def alive(self) -> bool:
        return is_alive(self.pid, self.started)


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value, indent=2) + "\n")
    fresh.rename(path)


def save_host(layout: Layout, state: HostState) -> None:
    _write(layout.host(state.group, state.name) / "host.json", asdict(state))


def load_hosts(layout: Layout, group: str) -> dict[str, HostState]:
    """The recorded hosts of a group by name, dead ones included."""
    hosts = {}
    for path in sorted((layout.group(group) / "hosts").glob("*/host.json")):
        fields = json.loads(path.read_text())
        state = HostState(**{**fields, "roles": tuple(fields["roles"])})
        hosts[state.name] = state
    return hosts


def load_all_hosts(layout: Layout) -> list[HostState]:
    """The recorded hosts of all groups."""
    return [state for group in group_names(layout) for state in load_hosts(layout, group).values()]


def save_network(layout: Layout, group: str, network: Network) -> None:
    _write(layout.group(group) / "network.json", {"index": network.index})


def load_network(layout: Layout, group: str) -> Network | None:
    """The network that a group has, or None before its first host."""
    try:
        return Network(json.loads((layout.group(group) / "network.json").read_text())["index"])
    except FileNotFoundError:
        return None


def group_names(layout: Layout) -> list[str]:
    """Every group that has files."""
    return sorted(path.name for path in layout.run.glob("*") if path.is_dir())
