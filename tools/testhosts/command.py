"""Running other programs, and telling the user how long the slow ones take."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from shutil import which

from testhosts.errors import ToolError

_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_TAIL_LINES = 15


def search_path() -> str:
    """PATH with the system directories in it: mkfs.xfs and ip live there, and not every shell has them."""
    present = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*present, *(path for path in _SBIN if path not in present)])


def find(program: str) -> str | None:
    """The absolute path of a program, or None."""
    return which(program, path=search_path())


def require(program: str) -> str:
    """The absolute path of a program that the tool cannot do without."""
    path = find(program)
    if path is None:
        raise ToolError(f"{program} is not installed. Run `python3 tools/testhosts prepare` as root.")
    return path


def tail(text: str) -> str:
    """The last lines of a program's output, which is where it says why it failed."""
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])


def run(argv: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Runs a program to its end and returns what it printed.

    Raises ToolError with the end of its output when it fails.
    """
    environment = {**os.environ, "PATH": search_path(), "LC_ALL": "C.UTF-8", **(env or {})}
    done = subprocess.run(
        [require(argv[0]), *argv[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(f"`{' '.join(argv[:4])} ...` failed ({done.returncode}):\n{tail(done.stderr or done.stdout)}")
    return done.stdout


def say(message: str) -> None:
    """Progress goes to standard error: standard output belongs to inventories and JSON."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def step(message: str) -> Iterator[None]:
    """Announces a slow step and says how long it took."""
    say(f"{message} ...")
    started = time.monotonic()
    yield
    say(f"{message}: done in {time.monotonic() - started:.1f} s")
