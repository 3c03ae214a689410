# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where anchors are kept: what every kind of target can do, and which one an operator's words mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.directory_target import DirectoryTarget
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.s3_target import S3Target

TARGET_OPTIONS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "directory": {"type": "path"},
        "bucket": {"type": "str"},
        "prefix": {"type": "str", "default": ""},
        "endpoint_url": {"type": "str"},
        "region": {"type": "str"},
        "retention_days": {"type": "int", "default": 3650},
    },
    "mutually_exclusive": [["directory", "bucket"]],
    "required_one_of": [["directory", "bucket"]],
}
"""The option ``targets`` of modules; doc_fragments/audit.py describes it."""


class Target(Protocol):
    """A place for anchors; one per audit log."""

    @property
    def name(self) -> str:
        """The place as text, as it stands in audit_anchors."""

    def write(self, sequence: int, content: bytes) -> FoundAnchor | None:
        """Keep an anchor of the entry ``sequence``. Raises AnchorError.

        Returns None when it is written for good, and the anchor of that entry that was there before if there was one:
        that one is never replaced.
        """

    def read(self) -> list[FoundAnchor]:
        """Return every anchor there, also those that somebody has tried to hide. Raises AnchorError."""


def make_target(options: Mapping[str, Any]) -> Target:
    """Return the target that one item of the option ``targets`` describes. Raises AnchorError."""
    if options.get("directory"):
        return DirectoryTarget(options["directory"])
    if options.get("retention_days", 1) < 1:
        raise AnchorError("targets: retention_days must be at least 1")
    return S3Target(
        bucket=options["bucket"],
        prefix=options.get("prefix") or "",
        endpoint_url=options.get("endpoint_url"),
        region=options.get("region"),
        retention_days=options.get("retention_days", 3650),
    )


def read_anchors(targets: Iterable[Target]) -> list[FoundAnchor]:
    """Return the anchors of several targets. Raises AnchorError."""
    return [anchor for target in targets for anchor in target.read()]
