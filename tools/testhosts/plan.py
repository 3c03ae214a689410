"""Reading what the user asks for, and deciding where new hosts go. Nothing here touches the machine."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from testhosts.errors import ToolError

_HOST_NAME = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?")
_INVENTORY_GROUP = re.compile(r"[a-z][a-z0-9_]*")
_SIZE = re.compile(r"([0-9]+)([MG])")


@dataclass(frozen=True)
class Request:
    """A host that the user wants."""

    name: str
    roles: tuple[str, ...]


def parse_request(text: str) -> Request:
    """Reads `NAME` or `NAME:ROLE[,ROLE]`. A role is a group in the inventory."""
    name, _, roles = text.partition(":")
    if not _HOST_NAME.fullmatch(name):
        raise ToolError(f"`{name}` is no host name: at most 30 lower-case letters, digits and hyphens, a letter first.")
    words = tuple(role for role in roles.split(",") if role)
    for role in words:
        if not _INVENTORY_GROUP.fullmatch(role):
            raise ToolError(f"{name}: `{role}` is no inventory group: lower-case letters, digits and underscores.")
    return Request(name, tuple("workers" if role == "worker" else role for role in words))


def check_group_name(name: str) -> str:
    """A group's name is a directory name too."""
    if not _HOST_NAME.fullmatch(name):
        raise ToolError(
            f"`{name}` is no group name: at most 30 lower-case letters, digits and hyphens, a letter first."
        )
    return name


def parse_size(text: str, at_least: int) -> int:
    """Reads a size such as `3072M` or `8G` into bytes."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ToolError(f"`{text}` is no size: a whole number followed by M or G, such as 8G.")
    size = int(match[1]) << {"M": 20, "G": 30}[match[2]]
    if size < at_least:
        raise ToolError(f"{text} is too small: at least {at_least >> 20}M.")
    return size


def least_loaded(cpus: Sequence[int], taken: Iterable[int]) -> int:
    """The processor with the fewest hosts, the first such in order."""
    load = Counter(taken)
    return min(cpus, key=lambda cpu: load[cpu])
