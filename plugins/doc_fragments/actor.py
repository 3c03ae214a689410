# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options that say who acts."""

    DOCUMENTATION = r"""
options:
  actor:
    description:
      - The user who acts, by e-mail address. Permissions come from the user's roles, and only the records in the user's
        reach are there.
      - When neither O(actor) nor O(api_key) is given, the environment variables E(WCP360_ACTOR) and E(WCP360_API_KEY)
        count. Without any of them nothing is read or written.
    type: str
  api_key:
    description:
      - An API key to act with, instead of O(actor). It may do what both its scopes and its user's roles permit.
    type: str
"""
