"""The inventory is YAML that Ansible reads."""

from pathlib import Path

from testhosts.inventory import render

EXPECTED = """\
all:
  vars:
    ansible_user: root
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_private_key_file: "/cache/id_ed25519"
    ansible_ssh_common_args: "-o 'UserKnownHostsFile=/a b'"
  hosts:
    boss:
      ansible_host: 198.18.0.11
    node1:
      ansible_host: 198.18.0.12
    spare:
      ansible_host: 198.18.0.13
  children:
    manager:
      hosts:
        boss: {}
    workers:
      hosts:
        boss: {}
        node1: {}
"""


def test_inventory() -> None:
    hosts = [
        ("node1", "198.18.0.12", ("workers",)),
        ("boss", "198.18.0.11", ("manager", "workers")),
        ("spare", "198.18.0.13", ()),
    ]
    assert render(hosts, Path("/cache/id_ed25519"), ["-o", "UserKnownHostsFile=/a b"]) == EXPECTED
