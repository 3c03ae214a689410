# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: records become served pages, and what becomes of them when the records change."""

from __future__ import annotations

import pytest
from lab.lab import changed_counts

from .hosting import NODE, Hosting

MANAGED = ("/etc/wcp360", "/etc/systemd/system", "/etc/nginx", "/var/lib/extrausers")

WHO = "<?php echo posix_getuid(), ' ', trim(file_get_contents('/proc/self/cgroup'));"


@pytest.fixture(scope="module")
def shop(hosting: Hosting) -> Hosting:
    """A tenant with one domain of each sort, converged and published."""
    hosting.tenant(
        "Shop",
        {"fqdn": "shop.example"},
        {"fqdn": "static.shop.example", "kind": "static"},
        {"fqdn": "old.shop.example", "kind": "redirect", "redirect_to": "https://shop.example"},
        {"fqdn": "safe.shop.example", "tls": "required"},
        {"fqdn": "bücher.example"},
    )
    hosting.converge()
    for fqdn in ("shop.example", "safe.shop.example", "xn--bcher-kva.example"):
        hosting.publish("Shop", fqdn, index_php=WHO)
    hosting.publish("Shop", "static.shop.example", index_html="just a file", page_php="<?php secret")
    return hosting


def test_php_runs_as_the_tenant_in_its_slice(shop: Hosting) -> None:
    uid = shop.uid("Shop")
    page = shop.get("shop.example")
    assert (page.status, page.first_line) == (
        200,
        f"{uid} 0::/user.slice/user-{uid}.slice/wcp360-php@{uid}.service",
    )


def test_the_kernel_has_the_package_s_limits(shop: Hosting) -> None:
    folder = f"/sys/fs/cgroup/user.slice/user-{shop.uid('Shop')}.slice"
    assert shop.on_node(f"cat {folder}/cpu.max {folder}/memory.max").split() == [
        "20000",
        "100000",
        str(96 * 1024 * 1024),
    ]


def test_static_sites_serve_files_and_never_source(shop: Hosting) -> None:
    assert shop.get("static.shop.example").first_line == "just a file"
    assert shop.get("static.shop.example", "/page.php").status in (403, 404)


def test_redirects_keep_the_path(shop: Hosting) -> None:
    page = shop.get("old.shop.example", "/a/b?c=d")
    assert (page.status, page.location) == (301, "https://shop.example/a/b?c=d")


def test_tls_has_a_certificate_of_the_name_and_is_required(shop: Hosting) -> None:
    assert shop.get("safe.shop.example", tls=True).status == 200
    page = shop.get("safe.shop.example", "/x")
    assert (page.status, page.location) == (301, "https://safe.shop.example/x")


def test_an_internationalised_name_is_served_by_its_a_label(shop: Hosting) -> None:
    assert shop.get("xn--bcher-kva.example").status == 200


def test_an_unknown_name_shows_nobody_s_site(shop: Hosting) -> None:
    assert shop.get("nobody.example").status == 404


def test_a_second_converge_changes_nothing(shop: Hosting) -> None:
    with shop.snapshot(*MANAGED):
        assert shop.converge() == 0
        assert shop.converge(wcp360_full=True) == 0


def test_check_mode_tells_and_changes_nothing(shop: Hosting) -> None:
    shop.tenant("Shop", {"fqdn": "static.shop.example", "status": "disabled"}, {"fqdn": "new.shop.example"})
    with shop.snapshot(*MANAGED):
        checked = shop.converge("--check", "--diff")
    generation, observed, _error = shop.state("Shop")
    assert checked > 0
    assert observed < generation, "check mode leaves the tenant out of date"
    assert shop.converge() > 0
    assert shop.converge("--check", wcp360_full=True) == 0
    assert shop.get("new.shop.example").status == 200
    assert shop.get("static.shop.example").status == 404
    assert shop.state("Shop")[0] == shop.state("Shop")[1]


def test_a_suspended_tenant_answers_503_and_comes_back_as_it_was(shop: Hosting) -> None:
    uid = shop.uid("Shop")
    shop.tenant("Shop", status="suspended")
    shop.converge()
    assert {shop.get(name).status for name in ("shop.example", "xn--bcher-kva.example")} == {503}
    assert shop.get("safe.shop.example", tls=True).status == 503
    assert shop.on_node(f"pgrep -u {uid} -c", check=False) == "0"
    assert shop.on_node(f"systemctl is-active wcp360-php@{uid}.socket", check=False) == "inactive"
    shop.tenant("Shop", status="active")
    shop.converge()
    assert shop.get("shop.example").first_line.startswith(f"{uid} ")


def test_a_changed_package_is_in_force_at_once(shop: Hosting) -> None:
    folder = f"/sys/fs/cgroup/user.slice/user-{shop.uid('Shop')}.slice"
    shop.tenant("Shop", package="large")
    shop.converge()
    assert shop.on_node(f"cat {folder}/cpu.max {folder}/memory.max").split() == [
        "50000",
        "100000",
        str(256 * 1024 * 1024),
    ]
    assert f"#{shop.uid('Shop')},ok,ok" in shop.on_node("repquota -P -n -O csv /srv/wcp360")
    assert ",524288," in shop.on_node(f"repquota -P -n -O csv /srv/wcp360 | grep '#{shop.uid('Shop')},'")
    assert shop.converge(wcp360_full=True) == 0


def test_the_limits_hold_for_a_session_too(shop: Hosting) -> None:
    uid = shop.uid("Shop")
    cgroup = shop.on_node(f"systemd-run --quiet --pipe --uid={uid} --slice=user-{uid}.slice cat /proc/self/cgroup")
    assert f"/user-{uid}.slice/" in cgroup


def test_drift_is_found_and_mended(shop: Hosting) -> None:
    uid = shop.uid("Shop")
    shop.on_node(f"echo '# mine' >> /etc/wcp360/php/{uid}.conf; rm /etc/wcp360/nginx/vhosts.d/{uid}.map")
    plan = shop.lab.playbook("wcp360.hosting.plan")
    assert (
        "Shop (drifted): web create 1" in plan.replace("update 1", "").replace(", web", "") or "Shop (drifted)" in plan
    )
    assert shop.converge() == 0, "what is not out of date is not looked at"
    assert shop.converge(wcp360_full=True) > 0
    assert shop.get("shop.example").status == 200
    kept = shop.on_node("find /var/lib/wcp360/replaced -name '*.conf' | xargs -r tail -n 1")
    assert "# mine" in kept, "an edit by hand is kept aside"


def test_a_deleted_tenant_is_served_no_more_and_its_data_stays(shop: Hosting) -> None:
    shop.tenant("Gone", {"fqdn": "gone.example"})
    shop.converge()
    shop.publish("Gone", "gone.example", index_php="<?php echo 'here';")
    assert shop.get("gone.example").first_line == "here"
    shop.write(tenants=[{"name": "Gone", "state": "absent"}])
    shop.converge()
    uid = shop.uid("Gone")
    assert shop.get("gone.example").status == 404
    assert shop.on_node(f"ls /srv/wcp360/tenants/{uid}/home/sites/gone.example/public") == "index.html\nindex.php"
    assert shop.on_node(f"ls /sys/fs/cgroup/user.slice/user-{uid}.slice 2>&1", check=False).startswith(
        "ls: cannot access"
    )
    assert shop.on_node(f"getent passwd {uid}").endswith("/usr/sbin/nologin")
    assert shop.converge(wcp360_full=True) == 0


def test_a_purged_tenant_leaves_nothing_behind(shop: Hosting) -> None:
    shop.tenant("Purged", {"fqdn": "purged.example"})
    shop.converge()
    shop.publish("Purged", "purged.example", index_php="<?php echo 'here';")
    shop.as_tenant("Purged", "ln -s /etc/passwd link && mkdir -p deep/er && ln -s / deep/er/root")
    shop.write(tenants=[{"name": "Purged", "state": "absent"}])
    uid = shop.uid("Purged")
    shop.sql("UPDATE tenants SET deleted_at = now() - interval '31 days' WHERE name = 'Purged'")
    output = shop.lab.playbook("wcp360.hosting.purge")
    assert "Purged" in output
    assert shop.sql("SELECT FROM tenants WHERE name = 'Purged'") == []
    assert shop.on_node(f"ls /srv/wcp360/tenants/{uid} 2>&1", check=False).startswith("ls: cannot access")
    assert shop.on_node(f"getent passwd {uid}", check=False) == ""
    assert shop.on_node("test -s /etc/passwd && echo there") == "there", "no link was followed"
    assert shop.converge(wcp360_full=True) == 0
    assert changed_counts(shop.lab.playbook("wcp360.hosting.purge")) == {NODE: 0, "localhost": 0}


def test_site_again_changes_nothing(shop: Hosting) -> None:
    output = shop.lab.site()
    recaps = [line for line in output.splitlines() if " changed=" in line]
    assert all(" changed=0 " in line for line in recaps), "\n".join(recaps)
    assert any(line.startswith(NODE) for line in recaps)
