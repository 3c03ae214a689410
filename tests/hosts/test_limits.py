# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages are limits that the kernel keeps: CPU, memory, disk and inodes, one tenant at a time."""

from __future__ import annotations

import pytest

from .hosting import NODE, Hosting

BURN = "<?php $end = microtime(true) + 4; while (microtime(true) < $end) { sha1('x'); } echo 'burnt';"
HOG = "<?php ini_set('memory_limit', '-1'); $a = []; while (true) { $a[] = random_bytes(1 << 20); }"
HELLO = "<?php echo 'hello';"


@pytest.fixture(scope="module")
def pair(hosting: Hosting) -> Hosting:
    """Two tenants of one package on one node."""
    for name in ("Noisy", "Quiet"):
        hosting.tenant(name, {"fqdn": f"{name.lower()}.example"})
    hosting.converge()
    hosting.publish("Noisy", "noisy.example", index_php=HELLO, burn_php=BURN, hog_php=HOG)
    hosting.publish("Quiet", "quiet.example", index_php=HELLO)
    for name in ("noisy", "quiet"):
        assert hosting.get(f"{name}.example").first_line == "hello"
    return hosting


def _cgroup(hosting: Hosting, tenant: str, file: str) -> dict[str, int]:
    path = f"/sys/fs/cgroup/user.slice/user-{hosting.uid(tenant)}.slice/{file}"
    return {key: int(value) for key, value in (line.split() for line in hosting.on_node(f"cat {path}").splitlines())}


def test_burning_cpu_gets_the_package_s_share_and_no_more(pair: Hosting) -> None:
    before = _cgroup(pair, "Noisy", "cpu.stat")
    assert pair.get("noisy.example", "/burn.php").first_line == "burnt"
    after = _cgroup(pair, "Noisy", "cpu.stat")
    used = (after["usage_usec"] - before["usage_usec"]) / 1e6
    # Four seconds of wall time at 20 %: 0.8 s, and a little before and after them.
    assert 0.5 < used < 1.2, f"used {used:.2f} s of CPU in 4 s at a quota of 20 %"
    assert after["nr_throttled"] > before["nr_throttled"]


def test_allocating_past_the_limit_is_killed_alone(pair: Hosting) -> None:
    before = _cgroup(pair, "Noisy", "memory.events")["oom_kill"]
    quiet = _cgroup(pair, "Quiet", "memory.events")["oom_kill"]
    assert pair.get("noisy.example", "/hog.php").status >= 500
    assert _cgroup(pair, "Noisy", "memory.events")["oom_kill"] > before
    assert _cgroup(pair, "Quiet", "memory.events")["oom_kill"] == quiet
    assert pair.get("quiet.example").first_line == "hello"
    assert pair.get("noisy.example").first_line == "hello", "the tenant's PHP is back"


def test_the_neighbour_keeps_answering_meanwhile(pair: Hosting) -> None:
    address = pair.lab.host(NODE).address
    pair.on_node(f"curl -s -o /dev/null -H 'Host: noisy.example' http://{address}/burn.php & echo started")
    assert [pair.get("quiet.example").first_line for _ in range(10)] == ["hello"] * 10


def test_the_disk_quota_is_hard_and_the_tenant_s_own(pair: Hosting) -> None:
    message = pair.as_tenant("Noisy", "dd if=/dev/zero of=big bs=1M count=80 2>&1; rm -f big", check=False)
    assert "No space left on device" in message or "Disk quota exceeded" in message
    assert pair.as_tenant("Quiet", "dd if=/dev/zero of=big bs=1M count=40 2>/dev/null && rm big && echo fits") == "fits"


def test_inodes_are_limited_when_the_package_says_so(pair: Hosting) -> None:
    pair.write(packages=[{"name": "small", "max_inodes": 200}])
    pair.converge()
    message = pair.as_tenant("Noisy", "for n in $(seq 300); do touch f$n || break; done 2>&1; rm -f f*", check=False)
    assert "No space left on device" in message or "Disk quota exceeded" in message
    pair.write(packages=[{"name": "small", "max_inodes": None}])
    assert pair.converge() > 0


def test_processes_are_limited(pair: Hosting) -> None:
    uid = pair.uid("Noisy")
    pair.write(packages=[{"name": "small", "max_tasks": 20}])
    pair.converge()
    output = pair.on_node(
        f"systemd-run --quiet --pipe --uid={uid} --slice=user-{uid}.slice"
        " bash -c 'for n in {1..40}; do sleep 5 & done; jobs -r | wc -l' 2>&1",
        check=False,
    )
    assert "Resource temporarily unavailable" in output
    pair.write(packages=[{"name": "small", "max_tasks": None}])
    pair.converge()


def test_an_idle_tenant_costs_no_process(pair: Hosting) -> None:
    uid = pair.uid("Quiet")
    assert pair.get("quiet.example").status == 200
    assert int(pair.on_node(f"pgrep -c -u {uid}")) > 0
    pair.on_node(
        f"for n in $(seq 60); do systemctl start wcp360-php-idle.service;"
        f" pgrep -u {uid} > /dev/null || exit 0; sleep 2; done; exit 1"
    )
    assert pair.get("quiet.example").first_line == "hello"
