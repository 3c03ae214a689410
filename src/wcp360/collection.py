# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the Ansible collection wcp360.hosting is on this machine."""

import sys
from importlib.util import find_spec
from pathlib import Path


class CollectionNotFoundError(LookupError):
    """The collection cannot be imported by this Python."""


def collection_path() -> Path:
    """The directory of the collection that this Python imports: the one that holds `plugins` and `roles`.

    `pip install wcp360` puts it beside this package; in a checkout PYTHONPATH leads to it. Three levels up is
    the entry that ANSIBLE_COLLECTIONS_PATH needs.

    Raises CollectionNotFoundError when no entry of `sys.path` has it.
    """
    try:
        spec = find_spec("ansible_collections.wcp360.hosting")
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise CollectionNotFoundError(
            f"The collection wcp360.hosting is not installed for {sys.executable}. Install it with "
            "`pip install wcp360`, or add the directory that holds ansible_collections to PYTHONPATH."
        )
    return Path(spec.submodule_search_locations[0])
