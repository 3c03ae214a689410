# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of the role: systemd takes every line of them, and the tenants' PHP is shut in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import jinja2
import pytest
import yaml

ROLE = Path(__file__).parents[3] / "roles/web"
EXPOSURE = 20
"""The most that `systemd-analyze security` may find, in tenths of its scale from 0 to 10."""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a directory with the role's units, rendered with its defaults."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROLE / "templates/systemd"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    variables = {
        **yaml.safe_load((ROLE / "defaults/main.yml").read_text()),
        **yaml.safe_load((ROLE / "vars/main.yml").read_text()),
        "__web_data_dir": "/srv/wcp360",
    }
    for template in environment.list_templates():
        if template.startswith("wcp360-php"):
            text = environment.get_template(template).render(variables)
            (tmp_path / template.removesuffix(".j2")).write_text(text)
    return tmp_path


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_takes_every_line(units: Path) -> None:
    names = ["wcp360-php@.socket", "wcp360-php@.service", "wcp360-php-idle.service", "wcp360-php-idle.timer"]
    result = _analyze("verify", "--man=no", "--recursive-errors=no", *[str(units / name) for name in names])
    about_ours = [line for line in result.stderr.splitlines() if "wcp360-php" in line]
    # The program that stops idle PHP is installed by the role.
    assert [line for line in about_ours if "php-idle" not in line or "is not executable" not in line] == []


def test_the_tenants_php_is_shut_in(units: Path) -> None:
    result = _analyze("security", "--offline=yes", f"--threshold={EXPOSURE}", str(units / "wcp360-php@.service"))
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


@pytest.mark.parametrize("unit", ["wcp360-php@.socket", "wcp360-php@.service"])
def test_both_units_are_in_the_owners_slice(units: Path, unit: str) -> None:
    assert "Slice=user-%i.slice" in (units / unit).read_text().splitlines()
