"""Finding and ending the processes of one user-mode Linux, and never anybody else's."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_KERNEL = "linux.uml"
_ENDED = ("Z", "X")


@dataclass(frozen=True)
class Stat:
    """The fields of /proc/PID/stat that identify a process (proc(5))."""

    pid: int
    state: str
    session: int
    started: int
    """Clock ticks since the machine booted. A recycled process id has another one."""


def parse_stat(text: str) -> Stat:
    """Reads one /proc/PID/stat. The command's name may hold spaces and parentheses: fields follow the last one."""
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    return Stat(pid=int(head.split()[0]), state=fields[0], session=int(fields[3]), started=int(fields[19]))


def read_stat(pid: int) -> Stat | None:
    """The process's stat, or None when there is no such process."""
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid: int, started: int) -> bool:
    """Whether the very process that was recorded still runs."""
    stat = read_stat(pid)
    if stat is None or stat.started != started:
        return False
    if stat.state in _ENDED:
        # A caller that lives on, as pytest does, is the parent of the kernels it started.
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return False
    return True


def wait_until_dead(pid: int, started: int, seconds: float) -> bool:
    """Waits for a process to end. False when it has not in time."""
    deadline = time.monotonic() + seconds
    while is_alive(pid, started):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_kernel(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith(_KERNEL)
    except OSError:
        return False


def _session_members(session: int, started: int) -> list[Stat]:
    # The kernel is started as the leader of a session of its own. Guest processes keep the session when
    # the kernel is gone, and while they do, no new process can get the leader's number.
    members = (read_stat(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit())
    alive = [stat for stat in members if stat and stat.state not in _ENDED]
    return [stat for stat in alive if stat.session == session and stat.started >= started]


def kill_kernels(pids: Iterable[int]) -> None:
    """Kills those of the processes that are user-mode Linux."""
    for pid in pids:
        if _is_kernel(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def kill_session(session: int, started: int) -> None:
    """Kills a user-mode Linux and what it left behind, by the session that its kernel leads."""
    for _ in range(100):
        members = [stat.pid for stat in _session_members(session, started) if _is_kernel(stat.pid)]
        if not members:
            return
        kill_kernels(members)
        time.sleep(0.05)
