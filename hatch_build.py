"""Puts the collection's single files into the wheel, as its directories are by pyproject.toml.

Hatchling's own `force-include` would put them into an editable install too, and there the collection has to be
the checkout alone: Ansible would take the one with these four files and no plugins for the installed collection.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("CHANGELOG.md", "LICENSE", "README.md", "galaxy.yml")


class CollectionFiles(BuildHookInterface[BuilderConfig]):
    """Called by hatchling once for each wheel that it builds; `version` is `standard` or `editable`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"] = {name: f"ansible_collections/wcp360/hosting/{name}" for name in FILES}
