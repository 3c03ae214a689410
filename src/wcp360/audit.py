# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log for an auditor: ``python -m wcp360.audit``.

``verify`` needs an exported log, the anchors and the public key: no database, no secret. Exit status:

0. The log is whole, and anchored up to the sequence that is printed.
1. The log or an anchor was tampered with.
2. Nothing can be said: a file, a key or the database cannot be read.
3. The log hangs together, but no anchor speaks for any of it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.directory_target import DirectoryTarget
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.export import export_log, verify_export
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.signing import from_pem
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.targets import read_anchors
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import AUDIT_READ
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading

WHOLE, TAMPERED, UNKNOWN, UNANCHORED = range(4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (RecordsError, OSError, UnicodeDecodeError) as error:
        print(f"wcp360.audit: {error}", file=sys.stderr)
        return UNKNOWN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wcp360.audit",
        description="Export the audit log, and verify an exported one without the database.",
        epilog="Exit status: 0 whole and anchored, 1 tampered with, 2 cannot say, 3 whole as far as it can be seen, but"
        " not anchored.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    export = commands.add_parser("export", help="write the audit log of the database to a file")
    export.add_argument("--dsn", help="libpq connection string of the record store (default: WCP360_DSN)")
    export.add_argument("file", type=Path, help="file to make; it must not exist")
    export.set_defaults(run=_export)

    verify = commands.add_parser("verify", help="verify an exported log")
    verify.add_argument("file", type=Path, help="the exported log")
    verify.add_argument("--anchors", action="append", default=[], metavar="DIRECTORY", help="anchors; can be repeated")
    verify.add_argument("--public-key", required=True, type=Path, help="PEM file with the public keys of the anchors")
    verify.set_defaults(run=_verify)

    public = commands.add_parser("public-key", help="print the public keys of the anchors as PEM")
    public.add_argument("--keys", help="file of the audit keys (default: WCP360_AUDIT_KEYS, /etc/wcp360/...)")
    public.set_defaults(run=_public_key)
    return parser


def _export(options: argparse.Namespace) -> int:
    with reading(options.dsn, permission=AUDIT_READ) as cursor, options.file.open("xb") as stream:
        stream.writelines(export_log(cursor))
    return WHOLE


def _verify(options: argparse.Namespace) -> int:
    keys = from_pem(options.public_key.read_text(encoding="ascii"))
    anchors = read_anchors(DirectoryTarget(path) for path in options.anchors)
    with options.file.open("rb") as stream:
        result = verify_export(stream, anchors, keys)
    print(f"{result.entries} entries are whole; anchored up to entry {result.anchored}")
    for name in result.anchored_by:
        print(f"anchored by {name}")
    if not result.ok:
        place = "" if result.first_bad is None else f"entry {result.first_bad} "
        print(f"TAMPERED: {place}{result.problem}")
        return TAMPERED
    return WHOLE if result.anchored else UNANCHORED


def _public_key(options: argparse.Namespace) -> int:
    print(load_keyring(options.keys).public_pem(), end="")
    return WHOLE


if __name__ == "__main__":
    sys.exit(main())
