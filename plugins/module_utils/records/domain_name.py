# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Internationalised domain names become A-labels before they are stored (RFC 5891, mapped by UTS 46)."""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import FieldError

try:
    import idna
except ImportError:
    idna = None  # type: ignore[assignment]


def to_a_label(name: str) -> str:
    """Return ``name`` in lower case with its labels in A-label form.

    Raises FieldError for a name that IDNA does not allow. Plain ASCII names are left to the grammar.
    """
    lowered = name.lower() if name.isascii() else name
    if lowered.isascii() and not any(label.startswith("xn--") for label in lowered.split(".")):
        return lowered
    if idna is None:
        raise FieldError("is an internationalised name, and the Python library idna is not installed here")
    try:
        return idna.encode(lowered, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise FieldError(f"must be an internationalised domain name: {error}") from error
