"""Runs every check of the sources, two at a time, and says at the end which of them failed.

`make lint` runs all of them, `make lint ONLY="mypy yamllint"` some.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = Path(sys.prefix, "bin")
COLLECTION = ".cache/collections/ansible_collections/wcp360/hosting"
AT_ONCE = 2

# The slowest first, so that they do not begin when everything else is done.
CHECKS: dict[str, Sequence[str | Path]] = {
    "ansible-test": [sys.executable, "tools/sanity.py"],
    "ansible-lint": [BIN / "ansible-lint"],
    "mypy": [BIN / "mypy", "src", "tools", "tests", "molecule", "hatch_build.py", f"{COLLECTION}/plugins"],
    "antsibull-docs": [
        *(BIN / "antsibull-docs", "--config-file", ".config/antsibull.cfg", "lint-collection-docs", "--plugin-docs"),
        *("--validate-collection-refs", "self", "--disallow-unknown-collection-refs", "."),
    ],
    "antsibull-changelog": [BIN / "antsibull-changelog", "lint"],
    "yamllint": [BIN / "yamllint", "--strict", "."],
    "shellcheck": ["shellcheck", "tools/bootstrap", ".ci/run"],
    "ruff": [BIN / "ruff", "check"],
    "ruff-format": [BIN / "ruff", "format", "--diff"],
}


@dataclass(frozen=True)
class Outcome:
    """How a check ended: `seconds` of wall time, and everything that it printed."""

    name: str
    passed: bool
    seconds: float
    output: str


def run_check(name: str) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Outcome(name, done.returncode == 0, time.monotonic() - started, done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="check", help=f"one of {', '.join(CHECKS)}; none means all")
    wanted: list[str] = parser.parse_args().checks
    unknown = sorted(set(wanted) - set(CHECKS))
    if unknown:
        parser.error(f"there is no check {', '.join(unknown)}; there are {', '.join(CHECKS)}")

    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in as_completed([pool.submit(run_check, name) for name in CHECKS if not wanted or name in wanted]):
            outcome = future.result()
            print(f"{outcome.name:<20} {'ok' if outcome.passed else 'FAILED':<7} {outcome.seconds:5.1f} s", flush=True)
            if not outcome.passed:
                failed.append(outcome.name)
                print(outcome.output, flush=True)
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
