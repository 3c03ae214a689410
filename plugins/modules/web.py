#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: web
short_description: Make the web sites of a node's tenants match the desired document
version_added: 0.1.0
description:
  - For each tenant of the desired document, keeps the rows of its domains in nginx's map of virtual hosts, the server
    blocks of domains that have their own directives, self-signed certificates until real ones exist, document roots,
    and the PHP-FPM configuration with its socket in the tenant's slice.
  - nginx is asked to accept the whole new configuration before any file of it is swapped in, is reloaded once, and then
    asked which rows it has in force. A tenant whose server block nginx refuses keeps what it had.
  - Sites of suspended and locked tenants are answered with status 503 and their PHP is stopped.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.bulk
options:
  php_children_max:
    description: PHP workers of one tenant, at most. A tenant gets one for each 64 MiB of its memory, at least 2.
    type: int
    default: 64
  php_memory_limit_mb:
    description: Memory of one PHP request in MiB, at most. A tenant gets half of its memory, at least 16.
    type: int
    default: 256
  php_idle_seconds:
    description: Seconds that a PHP worker waits for a next request.
    type: int
    default: 30
  php_request_seconds:
    description: Seconds after which a PHP request is ended.
    type: int
    default: 300
  php_open_basedir:
    description: Have PHP itself refuse files outside the tenant's home, besides the kernel.
    type: bool
    default: false
  body_max_mb:
    description: Size of a request's body, and so of an upload, in MiB.
    type: int
    default: 64
  self_signed_days:
    description: Days that a self-signed certificate is valid. It is replaced 30 days before it ends.
    type: int
    default: 825
  web_group:
    description: Group of nginx's workers, which reads the keys of certificates.
    type: str
    default: www-data
  reload_seconds:
    description: Seconds that nginx may take to have a new configuration in force.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Make the web sites match
  wcp360.hosting.web:
    document: "{{ desired.document }}"
"""

RETURN = r"""
actions:
  description: Number of changes by action.
  type: dict
  returned: success
  sample: {"create": 3, "reload": 1, "start": 1}
tenants_changed:
  description: Number of tenants with a change.
  type: int
  returned: success
failed_tenants:
  description: Errors by tenant name.
  type: dict
  returned: success
changes:
  description: Every change, in the order of doing.
  type: list
  elements: dict
  returned: when O(details=true)
  contains:
    tenant:
      description: Name of the tenant, empty for changes of the node itself.
      type: str
    action:
      description: What is done, for example V(create), V(update), V(remove), V(start), V(stop) or V(reload).
      type: str
    target:
      description: The path or object.
      type: str
"""

import dataclasses

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.module import run_module
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.kind import Web
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.settings import WebSettings
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.tls import CRYPTOGRAPHY_ERROR


def main() -> None:
    """Run the kind web."""
    names = [field.name for field in dataclasses.fields(WebSettings)]
    run_module(
        lambda params: Web(WebSettings(**{name: params[name] for name in names})),
        php_children_max={"type": "int", "default": 64},
        php_memory_limit_mb={"type": "int", "default": 256},
        php_idle_seconds={"type": "int", "default": 30},
        php_request_seconds={"type": "int", "default": 300},
        php_open_basedir={"type": "bool", "default": False},
        body_max_mb={"type": "int", "default": 64},
        self_signed_days={"type": "int", "default": 825},
        web_group={"type": "str", "default": "www-data"},
        reload_seconds={"type": "int", "default": 60},
        libraries={"cryptography": CRYPTOGRAPHY_ERROR},
    )


if __name__ == "__main__":
    main()
