"""An Ansible inventory for a group's hosts."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path


def render(hosts: Iterable[tuple[str, str, tuple[str, ...]]], key: Path, ssh_options: Iterable[str]) -> str:
    """A static YAML inventory. `hosts` gives name, address and inventory groups of each host."""
    hosts = sorted(hosts)
    lines = [
        "all:",
        "  vars:",
        "    ansible_user: root",
        "    ansible_python_interpreter: /usr/bin/python3",
        f"    ansible_ssh_private_key_file: {_quote(str(key))}",
        f"    ansible_ssh_common_args: {_quote(shlex.join(ssh_options))}",
        "  hosts:",
    ]
    for name, address, _ in hosts:
        lines += [f"    {name}:", f"      ansible_host: {address}"]
    groups = sorted({group for _, _, groups in hosts for group in groups})
    if groups:
        lines.append("  children:")
    for group in groups:
        lines += [f"    {group}:", "      hosts:"]
        lines += [f"        {name}: {{}}" for name, _, groups in hosts if group in groups]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    # A JSON string is a YAML double-quoted string.
    return json.dumps(text)
