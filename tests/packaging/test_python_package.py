"""One `pip install` brings the Python package and the collection, and both say the same version."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import yaml

from .conftest import CHECKOUT, Run

GALAXY = yaml.safe_load(Path(CHECKOUT, "galaxy.yml").read_text())
PROJECT = tomllib.loads(Path(CHECKOUT, "pyproject.toml").read_text())["project"]
PROBE = "import json, wcp360; print(json.dumps([wcp360.__file__, wcp360.__version__, str(wcp360.collection_path())]))"


def test_the_package_knows_its_version_and_where_the_collection_is(run: Run, site: Path) -> None:
    package, version, collection = json.loads(run("python", "-c", PROBE, PYTHONPATH=str(site)))
    assert package == str(site / "wcp360/__init__.py")
    assert version == GALAXY["version"]
    assert collection == str(site / "ansible_collections/wcp360/hosting")


def test_ansible_finds_the_installed_collection(run: Run, site: Path) -> None:
    documented = json.loads(run("ansible-doc", "--json", "wcp360.hosting.tenant", PYTHONPATH=str(site)))
    assert documented["wcp360.hosting.tenant"]["doc"]["filename"].startswith(str(site))
    listed = json.loads(run("ansible-galaxy", "collection", "list", "--format", "json", PYTHONPATH=str(site)))
    assert listed[str(site / "ansible_collections")]["wcp360.hosting"]["version"] == GALAXY["version"]


def test_the_wheel_and_the_artifact_carry_the_same_collection(site: Path, collections: Path) -> None:
    def files(place: Path) -> set[str]:
        root = place / "ansible_collections/wcp360/hosting"
        folders = ("meta", "playbooks", "plugins", "roles")
        paths = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(root)) for path in paths if path.suffix != ".pyc"}

    assert files(site) == files(collections)


def test_execution_environments_get_versions_that_the_package_asks_for() -> None:
    wanted = Path(CHECKOUT, "meta/ee-requirements.txt").read_text().split()
    assert wanted
    assert set(wanted) <= set(PROJECT["dependencies"])


def test_every_dependency_has_its_reason() -> None:
    reasons = Path(CHECKOUT, "docs/dependencies.md").read_text()
    debian = Path(CHECKOUT, "tools/debian-packages.txt").read_text().splitlines()
    names = {line for line in debian if not line.startswith("#")}
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]:
        names.add(requirement.split(">=")[0])
    assert not {name for name in names if f"| `{name}` |" not in reasons}
