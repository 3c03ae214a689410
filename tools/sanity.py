"""Runs `ansible-test sanity` on the collection as `ansible-galaxy collection build` packs it.

What is tested is what is shipped: the artifact is unpacked below .cache/sanity under the path that ansible-test
insists on (.../ansible_collections/wcp360/hosting). Arguments are handed on, for example `--test pylint`.
The virtual environments of ansible-test are kept in ${WCP360_CACHE:-~/.cache/wcp360}/ansible-test.
"""

import configparser
import os
import shutil
import subprocess
import sys
import tarfile
from ast import literal_eval
from collections.abc import Iterable
from pathlib import Path

from ansible_test._internal.host_configs import VirtualPythonConfig
from ansible_test._internal.python_requirements import get_venv_packages

CHECKOUT = Path(__file__).resolve().parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BIN = Path(sys.prefix, "bin")

# ansible-test downloads get-pip.py from a host of its own. Python brings the same thing along.
GET_PIP = """\
import ensurepip

ensurepip.bootstrap()
"""


def unpack_collection(place: Path) -> Path:
    """Builds the artifact and unpacks it anew below `place`; returns the collection's directory."""
    shutil.rmtree(place, ignore_errors=True)
    collection = place / "ansible_collections/wcp360/hosting"
    collection.mkdir(parents=True)
    build = [f"{BIN}/ansible-galaxy", "collection", "build", "--output-path", str(place), str(CHECKOUT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (artifact,) = place.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        archive.extractall(collection, filter="data")
    # Without a repository of its own it would be seen as a part of the checkout's that git ignores.
    subprocess.run(["git", "init", "--quiet", collection], check=True)
    return collection


def pip_configuration(listing: Iterable[str]) -> configparser.RawConfigParser:
    """A quiet pip that otherwise does what the lines of `pip config list` say, environment included."""
    configuration = configparser.RawConfigParser()
    configuration["global"] = {"quiet": "1"}
    for line in sorted(listing, key=lambda line: line.startswith(":env:")):  # the environment has the last word
        name, value = line.split("=", 1)
        section, option = name.replace(":env:", "global").split(".", 1)
        if not configuration.has_section(section):
            configuration.add_section(section)
        configuration[section][option] = literal_eval(value)
    return configuration


def prepare_home(home: Path) -> None:
    """Makes a home directory in which ansible-test finds its pip and where this machine's packages come from.

    ansible-test keeps everything below $HOME and hands pip no environment, so pip's settings go into a file.
    """
    version = get_venv_packages(VirtualPythonConfig(version=PYTHON))["pip"]
    get_pip = home / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    get_pip.parent.mkdir(parents=True, exist_ok=True)
    get_pip.write_text(GET_PIP)
    pip_config_list = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(pip_config_list, check=True, stdout=subprocess.PIPE, text=True).stdout
    settings = home / ".config/pip/pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)
    with settings.open("w") as file:
        pip_configuration(listing.splitlines()).write(file)


def main() -> int:
    collection = unpack_collection(CHECKOUT / ".cache/sanity")
    cache = Path(os.environ.get("WCP360_CACHE") or Path.home() / ".cache/wcp360")
    home = cache / "ansible-test"
    prepare_home(home)
    environment = {**os.environ, "HOME": str(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [f"{BIN}/ansible-test", "sanity", "--python", PYTHON, "--color", "no", *sys.argv[1:]]
    return subprocess.run(command, cwd=collection, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
