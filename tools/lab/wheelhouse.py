"""The runtime and all that it needs as one tar archive of wheels, for managers that reach no package index."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SOURCES = ("pyproject.toml", "hatch_build.py", "galaxy.yml", "README.md", "LICENSE", "CHANGELOG.md")
_FOLDERS = ("src", "plugins", "roles", "playbooks", "meta")


def build_wheelhouse(checkout: Path, cache: Path) -> Path:
    """Build the archive unless it is there for the checkout's present content; return its path.

    Wheels of dependencies are kept from one build to the next.
    """
    archive = cache / f"wheels-{_fingerprint(checkout)}.tar"
    if archive.exists():
        return archive
    cache.mkdir(parents=True, exist_ok=True)
    dependencies = cache / f"dependencies-{_digest([checkout / 'pyproject.toml'])}"
    if not dependencies.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _pip("wheel", "--wheel-dir", f"{scratch}/wheels", str(checkout))
            for own in Path(scratch, "wheels").glob("wcp360-*.whl"):
                own.unlink()
            with contextlib.suppress(OSError):  # another build was quicker
                Path(scratch, "wheels").rename(dependencies)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        _pip("wheel", "--no-deps", "--wheel-dir", scratch, str(checkout))
        partial = Path(scratch, "wheels.part")
        with tarfile.open(partial, "w") as tar:
            for wheel in sorted([*dependencies.glob("*.whl"), *Path(scratch).glob("*.whl")]):
                tar.add(wheel, arcname=f"wheels/{wheel.name}")
        partial.rename(archive)
    return archive


def _pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check", *arguments], check=True
    )


def _fingerprint(checkout: Path) -> str:
    return _digest([*(checkout / name for name in _SOURCES), *_files(checkout)])


def _files(checkout: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((checkout / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
