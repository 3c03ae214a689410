# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web hosting from records: the Python side of the Ansible collection wcp360.hosting."""

from importlib.metadata import version

from wcp360.collection import CollectionNotFoundError, collection_path

__all__ = ["CollectionNotFoundError", "__version__", "collection_path"]

__version__ = version("wcp360")
