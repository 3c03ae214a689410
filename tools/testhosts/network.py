"""One private network per group, in a network namespace of its own.

The bridge and the hosts' tap devices live in the namespace. A veth pair leads from it to the machine,
whose end carries the first address of the group's subnet, so the machine reaches the hosts. Nothing
routes further: the subnet is connected and the hosts have no default route. Deleting the namespace
removes every device at once.

Subnets come from 198.18.0.0/15, the range for benchmarks of network devices (RFC 2544), which no
real network uses.
"""

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from testhosts.command import run
from testhosts.errors import ToolError
from testhosts.process import kill_kernels

_RANGE = IPv4Network("198.18.0.0/15")
_BRIDGE = "bridge"
_FIRST_HOST = 11
_LAST_HOST = 250
GROUPS_AT_MOST = 512


@dataclass(frozen=True)
class Network:
    """The network of the group with this index, 0 to 511."""

    index: int

    @property
    def name(self) -> str:
        """Of the namespace, and of the interface on the machine."""
        return f"wcp360-{self.index}"

    @property
    def namespace(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def subnet(self) -> IPv4Network:
        return IPv4Network((int(_RANGE.network_address) + 256 * self.index, 24))

    @property
    def gateway(self) -> IPv4Interface:
        """The machine's own address in the group."""
        return self.host(1)

    def host(self, number: int) -> IPv4Interface:
        """The address with this last octet, with the length of the prefix."""
        return IPv4Interface((int(self.subnet.network_address) + number, 24))

    def mac(self, number: int) -> str:
        """A locally administered hardware address, different for each host of each group."""
        return f"02:36:00:{self.index >> 8:02x}:{self.index & 255:02x}:{number:02x}"

    def tap(self, number: int) -> str:
        return f"tap{number}"


def free_host_number(taken: Collection[int]) -> int:
    """The lowest free last octet for a host."""
    for number in range(_FIRST_HOST, _LAST_HOST + 1):
        if number not in taken:
            return number
    raise ToolError(
        f"A group holds {_LAST_HOST - _FIRST_HOST + 1} hosts at most. Put further hosts into another group."
    )


def free_group_index(taken: Collection[int], names_in_use: Collection[str]) -> int:
    """The lowest index that neither a group of this cache nor an interface or namespace of the machine has."""
    for index in range(GROUPS_AT_MOST):
        if index not in taken and Network(index).name not in names_in_use:
            return index
    raise ToolError(f"All {GROUPS_AT_MOST} subnets of {_RANGE} are taken. Run `testhosts down --all`.")


def _links(namespace: str | None = None) -> set[str]:
    inside = ["-n", namespace] if namespace else []
    return {link["ifname"] for link in json.loads(run(["ip", *inside, "-json", "link"]))}


def names_in_use() -> set[str]:
    """Names of the machine's interfaces and of the network namespaces it lists."""
    namespaces = {line.split()[0] for line in run(["ip", "netns", "list"]).splitlines() if line.strip()}
    return _links() | namespaces


def create(network: Network) -> None:
    """Makes the group's network. One that an interrupted command left half made is made anew."""
    name = network.name
    if network.namespace.exists() and name not in _links():
        remove(network)
    if not network.namespace.exists():
        _create_namespace(name)
    run(["ip", "address", "replace", str(network.gateway), "dev", name])
    run(["ip", "link", "set", name, "up"])


def _create_namespace(name: str) -> None:
    run(["ip", "netns", "add", name])
    run(["ip", "-n", name, "link", "set", "lo", "up"])
    run(["ip", "-n", name, "link", "add", _BRIDGE, "type", "bridge", "forward_delay", "0"])
    run(["ip", "-n", name, "link", "set", _BRIDGE, "up"])
    run(["ip", "-n", name, "link", "add", "machine", "type", "veth", "peer", "name", name])
    run(["ip", "-n", name, "link", "set", "machine", "master", _BRIDGE, "up"])
    run(["ip", "-n", name, "link", "set", name, "addrgenmode", "none"])
    # The machine's end moves out last: that it is there shows that all the rest is.
    run(["ip", "-n", name, "link", "set", name, "netns", str(os.getpid())])


def remove(network: Network) -> None:
    """Removes the group's network with every device in it, and any kernel that still runs there."""
    if not network.namespace.exists():
        return
    kill_kernels(int(pid) for pid in run(["ip", "netns", "pids", network.name]).split())
    if network.name in _links():
        run(["ip", "link", "delete", network.name])
    run(["ip", "netns", "delete", network.name])


def add_tap(network: Network, number: int) -> None:
    """Makes the device through which one host is connected to the bridge."""
    remove_tap(network, number)
    tap = network.tap(number)
    run(["ip", "-n", network.name, "tuntap", "add", "dev", tap, "mode", "tap"])
    run(["ip", "-n", network.name, "link", "set", tap, "master", _BRIDGE, "up"])


def remove_tap(network: Network, number: int) -> None:
    """Removes a host's device, if it is there."""
    if network.namespace.exists() and network.tap(number) in _links(network.name):
        run(["ip", "-n", network.name, "link", "delete", network.tap(number)])
