# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices: what is written, what the kernel is expected to show, and what systemd itself says of the file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.document import Limits, Tenant
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.slices import (
    SliceSettings,
    cgroup_values,
    plan_slice,
    render_slice,
    slice_properties,
)


def _tenant(limits: Limits, name: str = "Company-A", uid: int = 200001) -> Tenant:
    return Tenant(str(uid), name, f"t{uid}", uid, 1, "present", "active", "UTC", "basic", limits, ())


def _limits(cpu: int = 20, memory: int = 64, tasks: int | None = None, weight: int = 100) -> Limits:
    return Limits(5, 100, cpu, memory, max_tasks=tasks, cpu_weight=weight, io_weight=weight)


def test_limits_become_properties_and_cgroup_values() -> None:
    properties = slice_properties(
        _tenant(_limits(cpu=150, memory=100, tasks=40, weight=50)), SliceSettings(memory_high_pct=90)
    )
    assert properties == {
        "CPUQuota": "150%",
        "CPUWeight": "50",
        "IOWeight": "50",
        "MemoryHigh": str(94371840),
        "MemoryMax": str(104857600),
        "MemorySwapMax": "0",
        "TasksMax": "40",
    }
    assert cgroup_values(properties)["cpu.max"] == "150000 100000"
    assert cgroup_values(properties)["memory.high"] == "94371840"


def test_a_package_without_a_task_limit_takes_the_role_s() -> None:
    assert slice_properties(_tenant(_limits()), SliceSettings(tasks_max=77))["TasksMax"] == "77"


@given(st.integers(16, 16777216), st.integers(1, 100))
def test_memory_high_is_whole_pages_below_the_maximum(memory: int, percent: int) -> None:
    properties = slice_properties(_tenant(_limits(memory=memory)), SliceSettings(memory_high_pct=percent))
    assert int(properties["MemoryHigh"]) % 4096 == 0
    assert int(properties["MemoryHigh"]) <= int(properties["MemoryMax"])


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 102400),
    st.integers(16, 16777216),
    st.integers(8, 4194304),
    st.integers(1, 10000),
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,40}[A-Za-z0-9]\Z"),
)
def test_systemd_takes_every_file_without_a_word(
    tmp_path_factory: pytest.TempPathFactory, cpu: int, memory: int, tasks: int, weight: int, name: str
) -> None:
    unit = tmp_path_factory.mktemp("unit") / "user-200001.slice"
    unit.write_bytes(render_slice(_tenant(_limits(cpu, memory, tasks, weight), name), SliceSettings()))
    verify = subprocess.run(
        ["systemd-analyze", "--man=no", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (verify.returncode, [line for line in verify.stderr.splitlines() if str(unit) in line]) == (0, [])
    assert Path(unit).read_text().count("[Slice]") == 1


@pytest.mark.parametrize(
    ("present", "active", "actions"),
    [
        (True, set(), ["start"]),
        (True, {"user-200001.slice"}, []),
        (False, {"user-200001.slice"}, ["stop"]),
        (False, set(), []),
    ],
)
def test_slices_are_started_once_and_stopped_for_deleted_tenants(
    present: bool, active: set[str], actions: list[str]
) -> None:
    changes = plan_slice("id", 200001, present, active)
    assert [change.action for change in changes] == actions
    assert {change.target for change in changes} <= {"user-200001.slice"}
