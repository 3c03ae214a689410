"""The command line of one user-mode Linux, and starting it."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from testhosts.command import require, search_path
from testhosts.errors import ToolError
from testhosts.network import Network


@dataclass(frozen=True)
class Machine:
    """Everything that one kernel is started with."""

    name: str
    memory: int
    """MiB."""
    cpu: int
    base: Path
    """The image's disk, shared and never written."""
    directory: Path
    """Holds the host's own disks and its console log."""
    network: Network
    number: int
    machine_id: str

    @property
    def root_disk(self) -> Path:
        return self.directory / "root.cow"

    @property
    def data_disk(self) -> Path:
        return self.directory / "data.img"

    @property
    def seed_disk(self) -> Path:
        return self.directory / "seed.tar"

    @property
    def kernel(self) -> Path:
        """The script that becomes the kernel."""
        return self.directory / "linux.uml"

    @property
    def console(self) -> Path:
        return console_log(self.directory)


def console_log(directory: Path) -> Path:
    return directory / "console.log"


def kernel_arguments(machine: Machine) -> list[str]:
    """Arguments of linux.uml. The `d` and `r` in disk names mean plain data and read-only."""
    tap, mac = machine.network.tap(machine.number), machine.network.mac(machine.number)
    return [
        f"umid={machine.name}",
        f"uml_dir={machine.directory}/uml",
        f"mem={machine.memory}M",
        f"ubda={machine.root_disk},{machine.base}",
        f"ubdbd={machine.data_disk}",
        f"ubdcrd={machine.seed_disk}",
        "root=/dev/ubda",
        "rw",
        "con0=null,fd:1",
        "con=null",
        "ssl=null",
        # Without this the guest's root could mount any directory of this machine.
        f"hostfs={machine.directory}/hostfs",
        f"vec0:transport=tap,ifname={tap},mac={mac},depth=128,gro=1",
        f"systemd.hostname={machine.name}",
        f"systemd.machine_id={machine.machine_id}",
        "systemd.getty_auto=no",
    ]


def command_line(machine: Machine) -> list[str]:
    """Enters the group's network, binds to one processor, and becomes the kernel: all in one process.

    On one processor, because a kernel and its guest's processes wait for each other all the time.
    """
    enter = ["nsenter", f"--net={machine.network.namespace}"]
    return [*enter, "taskset", "--cpu-list", str(machine.cpu), str(machine.kernel), *kernel_arguments(machine)]


def kernel_script(python: str, program: str) -> str:
    """A script that becomes the kernel, at the first start and at every reboot.

    To reboot, user-mode Linux runs its own argv[0] again, with its files still open. The open tap device
    would be busy for the new kernel, which then had no network.
    """
    return (
        f"#!{python} -IS\n"
        "import os, sys\n"
        "os.closerange(3, os.sysconf('SC_OPEN_MAX'))\n"
        f"os.execv({program!r}, sys.argv)\n"
    )


def memory_directory(memory: int, mounts: str, candidates: Mapping[str, os.statvfs_result]) -> str:
    """The directory for the guest's memory: on tmpfs, since it is a file, and one from which code can run.

    `mounts` is the text of /proc/mounts; `candidates` are directories in order of preference.
    """
    tmpfs = {line.split()[1] for line in mounts.splitlines() if line.split()[2] == "tmpfs"}
    for path, figures in candidates.items():
        free = figures.f_bavail * figures.f_frsize
        if path in tmpfs and not figures.f_flag & os.ST_NOEXEC and free >= memory << 20:
            return path
    raise ToolError(
        f"No tmpfs with {memory} MiB free that allows execution among {', '.join(candidates)}. "
        "Enlarge /dev/shm (`mount -o remount,size=8G,exec /dev/shm`) or give --memory a smaller value."
    )


def start(machine: Machine) -> int:
    """Starts the kernel in the background and returns its process id."""
    if platform.machine() != "x86_64":
        raise ToolError(f"User-mode Linux runs on x86_64 only; this machine is {platform.machine()}.")
    argv = command_line(machine)
    machine.kernel.write_text(kernel_script(sys.executable, require("linux.uml")))
    machine.kernel.chmod(0o755)
    candidates = {path: os.statvfs(path) for path in ("/dev/shm", "/run", "/tmp") if Path(path).is_dir()}
    tmpfs = memory_directory(machine.memory, Path("/proc/mounts").read_text(), candidates)
    log = str(machine.console)
    return os.posix_spawn(
        require(argv[0]),
        argv,
        {"PATH": search_path(), "TMPDIR": tmpfs, "HOME": str(machine.directory)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
