"""How to reach a group's hosts by SSH: own key, own list of host keys, nothing of the user's settings."""

from collections.abc import Iterable
from pathlib import Path

from testhosts.paths import Layout
from testhosts.state import HostState


def known_hosts(layout: Layout, group: str) -> Path:
    return layout.group(group) / "known_hosts"


def known_hosts_text(hosts: Iterable[HostState]) -> str:
    """The host keys, which are made on this side, so that the first connection already checks them."""
    return "".join(f"{host.address} {host.public_key}\n" for host in hosts)


def options(layout: Layout, group: str) -> list[str]:
    """Options for ssh, scp, sftp and Ansible, without the key and the user."""
    settings = {
        "UserKnownHostsFile": known_hosts(layout, group),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        "ConnectTimeout": "15",
        # A shared connection to a host that was killed must not hang its successor at the same address.
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "3",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def command(layout: Layout, host: HostState) -> list[str]:
    """The ssh command line up to the host."""
    own = ["ssh", "-F", "none", "-i", str(layout.ssh_key), *options(layout, host.group)]
    return [*own, f"root@{host.address}"]
