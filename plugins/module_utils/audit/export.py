# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log as a file, and what can be said of such a file without the database and without the chain's keys."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import (
    GENESIS,
    Link,
    digest,
    read_json,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import ExportError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.stored import link_problem
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verification import (
    BrokenChain,
    Verification,
    judge_chain,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import PAGE, require_full_view

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


def export_log(cursor: Cursor) -> Iterator[bytes]:
    """Give the log line by line, in order: ``{"checksum": hexadecimal, "payload": text}``.

    Lines are ASCII. The text, as UTF-8, is the exact bytes of the payload; where somebody made them something else than
    UTF-8, the line has ``payload_base64`` instead. Raises psycopg2.Error, and AuditError when the role does not see
    every entry.
    """
    require_full_view(cursor)
    with cursor.connection.cursor(name="wcp360_audit_export") as reader:
        reader.itersize = PAGE
        reader.execute("SELECT payload, checksum FROM audit_logs ORDER BY sequence")
        for payload, checksum in reader:
            yield _line(bytes(payload), bytes(checksum))


def verify_export(
    lines: Iterable[bytes], anchors: Sequence[FoundAnchor], public_keys: Mapping[str, bytes]
) -> Verification:
    """Follow an exported log by its digests, and hold it against the anchors.

    This proves that the entries up to ``anchored`` are those that were there when the anchor was signed. Later entries
    hang together, but whoever made the file may have made them too: only the keys of the chain can tell. Raises
    ExportError for a file that is no exported log, and KeyringError without the library cryptography.
    """
    return judge_chain(_follow(lines), anchors, public_keys)


def _line(payload: bytes, checksum: bytes) -> bytes:
    try:
        content = {"payload": payload.decode()}
    except UnicodeDecodeError:
        content = {"payload_base64": base64.b64encode(payload).decode()}
    return json.dumps({"checksum": checksum.hex(), **content}).encode() + b"\n"


def _follow(lines: Iterable[bytes]) -> Iterator[Link]:
    previous = GENESIS
    for number, line in enumerate(lines, start=1):
        payload, checksum = _read_line(line, number)
        document = read_json(payload)
        if not isinstance(document, dict):
            raise BrokenChain(previous.sequence + 1, "has a payload that is not JSON: it was edited")
        problem = link_problem(document, previous)
        if problem:
            raise BrokenChain(previous.sequence + 1, problem)
        previous = Link(previous.sequence + 1, checksum, digest(payload))
        yield previous


def _read_line(line: bytes, number: int) -> tuple[bytes, bytes]:
    try:
        document = read_json(line)
        checksum = bytes.fromhex(document["checksum"])
        if "payload_base64" in document:
            return base64.b64decode(document["payload_base64"], validate=True), checksum
        return document["payload"].encode(), checksum
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise ExportError(f"line {number} is not one of an exported audit log, or the file was cut off") from None
