"""The collection's artifact and the Python wheel, each built once and installed away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.prefix, "bin")

# Run a program of the virtual environment away from the checkout: its name and arguments, and what to add to the
# environment. Returns standard output; fails the test with everything the program said.
Run = Callable[..., str]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run_elsewhere(program: str, *arguments: str | Path, **variables: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        environment |= {"ANSIBLE_HOME": str(elsewhere / "ansible"), "LC_ALL": "C.UTF-8", **variables}
        done = subprocess.run(
            [BIN / program, *arguments],
            cwd=elsewhere,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run_elsewhere


@pytest.fixture(scope="session")
def artifact(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tar archive that `ansible-galaxy collection build` makes."""
    place = tmp_path_factory.mktemp("artifact")
    run("ansible-galaxy", "collection", "build", "--output-path", place, CHECKOUT)
    (archive,) = place.glob("wcp360-hosting-*.tar.gz")
    return archive


@pytest.fixture(scope="session")
def collections(run: Run, artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for ANSIBLE_COLLECTIONS_PATH into which the artifact is installed without any network."""
    place = tmp_path_factory.mktemp("collections")
    run("ansible-galaxy", "collection", "install", "--offline", "--collections-path", place, artifact)
    return place


@pytest.fixture(scope="session")
def site(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for PYTHONPATH into which pip installs the project; the dependencies stay where they are."""
    place = tmp_path_factory.mktemp("site")
    run("python", "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "--target", place, CHECKOUT)
    return place
