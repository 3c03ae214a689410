# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the audit log and its surroundings, in words for the person who can act on it.

A log that was tampered with is no error but a result, see verification.py.
"""

from __future__ import annotations

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordsError


class AuditError(RecordsError):
    """The audit log cannot be written, anchored or judged."""


class KeyringError(AuditError):
    """The keys cannot be read, made or used."""


class AnchorError(AuditError):
    """An anchor cannot be made, written or read."""


class ExportError(AuditError):
    """A file is not an exported audit log."""
