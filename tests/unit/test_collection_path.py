"""Where the collection is, as the Python package sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import wcp360


def test_it_is_the_directory_that_python_imports() -> None:
    assert (wcp360.collection_path() / "galaxy.yml").is_file()
    assert wcp360.collection_path().parts[-3:] == ("ansible_collections", "wcp360", "hosting")


@pytest.mark.parametrize("folder", ["", "ansible_collections", "ansible_collections/wcp360"])
def test_a_missing_collection_is_an_error_that_says_what_to_do(tmp_path: Path, folder: str) -> None:
    Path(tmp_path, folder).mkdir(parents=True, exist_ok=True)
    program = f"""
import sys
from wcp360 import CollectionNotFoundError, collection_path
sys.path[:] = [{str(tmp_path)!r}]
try:
    collection_path()
except CollectionNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert "pip install wcp360" in done.stdout
