# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error that ends a bulk module: the node as a whole cannot go on."""

from __future__ import annotations


class ConvergeError(Exception):
    """Something on the node stops a whole kind, for all tenants.

    The message says what is wrong, what was left untouched and what to do. Whatever concerns one tenant
    only is recorded as that tenant's failure instead.
    """
