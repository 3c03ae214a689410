"""Where the tool keeps its files: everything is below one cache directory."""

import os
from dataclasses import dataclass
from pathlib import Path

from testhosts.errors import ToolError


def default_cache() -> Path:
    """`$WCP360_CACHE`, or `~/.cache/wcp360`."""
    return Path(os.environ.get("WCP360_CACHE") or "~/.cache/wcp360").expanduser().absolute()


@dataclass(frozen=True)
class Layout:
    """The directories below one cache: images that are kept, and the run state of the groups."""

    cache: Path

    def __post_init__(self) -> None:
        # User-mode Linux separates the parts of its disk arguments with these.
        if any(letter in str(self.cache) for letter in ",: \t\n"):
            raise ToolError(f"The cache directory {self.cache} may hold no comma, colon or space: set WCP360_CACHE.")

    @property
    def root(self) -> Path:
        return self.cache / "testhosts"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def ssh_key(self) -> Path:
        return self.root / "ssh" / "id_ed25519"

    def group(self, name: str) -> Path:
        return self.run / name

    def host(self, group: str, name: str) -> Path:
        return self.group(group) / "hosts" / name
