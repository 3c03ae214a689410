"""One lab: its hosts, its secrets, and the playbooks run against it."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.wheelhouse import build_wheelhouse
from testhosts.fleet import Fleet, Host

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"

OPERATOR = "operator@wcp360.internal"
"""The user that the schema comes with, for whoever runs playbooks."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


class PlaybookFailedError(Exception):
    """A playbook ended with an error; the message is its output."""


class Lab:
    """A manager and nodes.

    ``hosts`` are the fleet's requests; the group ``wcp360_managers`` gets the record store, the group ``wcp360_nodes``
    the tenants.
    """

    def __init__(self, group: str, hosts: Sequence[str] = ("manager:wcp360_managers", "node1:wcp360_nodes")) -> None:
        self._hosts = hosts
        self._fleet = Fleet(group)
        self._folder = CACHE / "lab" / group
        self.inventory = self._folder / "hosts.yml"

    def up(self) -> None:
        """Boot the hosts that do not run, and write the inventory."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fleet.up(list(self._hosts))
        self.inventory.write_text(self._fleet.inventory())
        if not self._secrets.exists():
            self._secrets.touch(0o600)
            self._secrets.write_text(json.dumps({"manager_db_password": secrets.token_urlsafe(24)}))

    def down(self) -> None:
        """Stop the hosts and forget everything about them."""
        self._fleet.down()
        for path in (self.inventory, self._secrets, self._folder / "audit-keys.json"):
            path.unlink(missing_ok=True)

    def host(self, name: str) -> Host:
        """Return one host."""
        return self._fleet.host(name)

    @property
    def dsn(self) -> str:
        """The record store's connection string, for this machine."""
        password = json.loads(self._secrets.read_text())["manager_db_password"]
        address = self.host("manager").address
        return f"host={address} dbname=wcp360_prod user=wcp_app password={password} sslmode=require"

    @property
    def environment(self) -> dict[str, str]:
        """What Ansible and the collection's plugins need in the environment."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(CACHE / "collections"),
            "ANSIBLE_HOME": str(CACHE / "ansible"),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_FORCE_COLOR": "false",
            "WCP360_DSN": self.dsn,
            "WCP360_ACTOR": OPERATOR,
            "WCP360_AUDIT_KEYS": str(self._folder / "audit-keys.json"),
        }

    def site(self) -> str:
        """Make manager and nodes from nothing; return the output."""
        archive = build_wheelhouse(CHECKOUT, CACHE / "wheels")
        network = self.host("manager").address.rsplit(".", 1)[0] + ".0/24"
        return self.playbook(
            "wcp360.hosting.site",
            "--extra-vars",
            f"@{self._secrets}",
            variables={
                "manager_listen_addresses": [self.host("manager").address],
                "manager_allowed_networks": [network],
                "manager_wheelhouse": str(archive),
                "node_data_device": "/dev/disk/by-label/wcp360-data",
            },
        )

    def load(self, records: Path) -> dict[str, Any]:
        """Write a document of records; return the module's result."""
        return self.module("wcp360.hosting.records", src=str(records))

    def converge(self, *arguments: str, **variables: Any) -> str:
        """Converge all nodes; return the output."""
        return self.playbook("wcp360.hosting.converge", *arguments, variables=variables)

    def playbook(
        self, name: str, *arguments: str, variables: Mapping[str, Any] | None = None, check: bool = True
    ) -> str:
        """Run a playbook by name or path; return its output. Raises PlaybookFailedError unless ``check`` is false."""
        command = ["ansible-playbook", "--inventory", str(self.inventory), *arguments, name]
        if variables:
            command[1:1] = ["--extra-vars", json.dumps(variables)]
        done = subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise PlaybookFailedError(f"ansible-playbook {name} ended with status {done.returncode}:\n{done.stdout}")
        return done.stdout

    def module(self, name: str, **options: Any) -> dict[str, Any]:
        """Run one module on this machine; return its result. Raises PlaybookFailedError."""
        play = [
            {
                "hosts": "localhost",
                "connection": "local",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": sys.executable},
                "tasks": [
                    {"name": "Run", name: options, "register": "result"},
                    {
                        "name": "Keep",
                        "ansible.builtin.copy": {
                            "content": "{{ result | to_json }}",
                            "dest": str(self._folder / "result.json"),
                            "mode": "0600",
                        },
                        "diff": False,
                    },
                ],
            }
        ]
        path = self._folder / "module.yml"
        path.write_text(yaml.safe_dump(play))
        self.playbook(str(path))
        result: dict[str, Any] = json.loads((self._folder / "result.json").read_text())
        return result

    @property
    def _secrets(self) -> Path:
        return self._folder / "secrets.json"


def changed_counts(output: str) -> dict[str, int]:
    """Return the number of changed tasks by host, from the recap of a playbook's output."""
    return {match[1]: int(match[3]) for match in _RECAP.finditer(_COLOUR.sub("", output))}
