"""The command line of a kernel, and where its memory may be."""

import os
from pathlib import Path

import pytest

from testhosts.errors import ToolError
from testhosts.network import Network
from testhosts.uml import Machine, command_line, memory_directory

MOUNTS = "tmpfs /dev/shm tmpfs rw 0 0\ntmpfs /run tmpfs rw,noexec 0 0\n/dev/vda / ext4 rw 0 0\n"


def machine() -> Machine:
    return Machine(
        name="node1",
        memory=1024,
        cpu=1,
        base=Path("/images/k/base.img"),
        directory=Path("/run/g/node1"),
        network=Network(2),
        number=11,
        machine_id="0" * 32,
    )


def filesystem(free: int, flags: int = 0) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, 0, 0, free // 4096, 0, 0, 0, flags, 255))


def test_command_line() -> None:
    words = command_line(machine())
    assert words[:6] == ["nsenter", "--net=/run/netns/wcp360-2", "taskset", "--cpu-list", "1", "/run/g/node1/linux.uml"]
    assert "ubda=/run/g/node1/root.cow,/images/k/base.img" in words
    assert "mem=1024M" in words
    assert "vec0:transport=tap,ifname=tap11,mac=02:36:00:00:02:0b,depth=128,gro=1" in words


def test_memory_goes_to_the_first_tmpfs_that_fits() -> None:
    found = memory_directory(1024, MOUNTS, {"/tmp": filesystem(8 << 30), "/dev/shm": filesystem(2 << 30)})
    assert found == "/dev/shm"


@pytest.mark.parametrize(
    "candidates",
    [
        {"/tmp": filesystem(8 << 30)},
        {"/dev/shm": filesystem(64 << 20)},
        {"/run": filesystem(8 << 30, os.ST_NOEXEC)},
    ],
)
def test_no_suitable_tmpfs_is_an_error_that_helps(candidates: dict[str, os.statvfs_result]) -> None:
    with pytest.raises(ToolError, match="/dev/shm"):
        memory_directory(1024, MOUNTS, candidates)
