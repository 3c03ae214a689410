# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Internationalised domain names become A-labels before they are stored (RFC 5891, mapped by UTS 46), also those in
e-mail addresses."""

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


def to_email(address: str) -> str:
    """Return an e-mail address in lower case with its domain in A-label form; the grammar checks the rest."""
    local, at, domain = address.rpartition("@")
    return f"{local.lower()}{at}{to_a_label(domain)}"


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address."""
    return address.rpartition("@")[2]
