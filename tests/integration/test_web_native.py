# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web kind with a real nginx and real PHP-FPM: what clients see, and what a converge does. Needs root."""

from __future__ import annotations

import datetime
import os
import random
import shutil
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.wcp360.hosting.plugins.module_utils.converge.errors import ConvergeError
from ansible_collections.wcp360.hosting.plugins.module_utils.converge.web.probe import read_in_force

from .web_node import WebNode, domain, running_node, tenant

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="nginx's workers and the tenants' PHP run as users of their own"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs the Debian packages nginx and php8.2-fpm"),
]

SHOW = """<?php
$s = $_SERVER;
echo posix_getuid(), " {$s['REQUEST_URI']} ", $s['PATH_INFO'] ?: '-', ' ', $s['HTTPS'] ?? '';
"""


def location(path: str, *directives: dict[str, Any]) -> dict[str, Any]:
    """Return a block for one exact path."""
    return {"directive": "location", "args": ["=", path], "block": list(directives)}


OWN: list[dict[str, Any]] = [
    {"directive": "add_header", "args": ["X-Own", 'a "quoted"; } value \\']},
    location("/hello", {"directive": "return", "args": ["200", "hello"]}),
    {"directive": "location", "args": ["/old/"], "block": [{"directive": "return", "args": ["301", "/new/x"]}]},
]


@pytest.fixture
def node() -> Iterator[WebNode]:
    """A node of its own for a test."""
    with running_node() as node:
        yield node


@pytest.fixture(scope="module")
def served() -> Iterator[WebNode]:
    """A node that serves two tenants' domains of every kind, which its tests only look at."""
    with running_node() as node:
        node.make_home(200001)
        node.make_home(200002)
        result = node.converge(
            tenant(
                1,
                domain("php.example"),
                domain("static.example", kind="static"),
                domain("off.example", status="disabled"),
                domain("tls.example", tls="on"),
                domain("forced.example", tls="required"),
                domain("to.example", kind="redirect", redirect_to="https://target.example", redirect_code=302),
                domain("exact.example", kind="redirect", redirect_to="https://target.example/x?y=1", redirect_code=308),
                domain("secure.example", kind="redirect", redirect_to="http://target.example", tls="on"),
                domain("own.example", server_block=OWN),
            ),
            tenant(2, domain("other.example")),
            tenant(3, domain("suspended.example"), status="suspended"),
            tenant(4, domain("locked.example", tls="on"), status="locked"),
        )
        assert result["failed_tenants"] == {}
        for name in ("php", "tls", "forced", "own", "static"):
            node.write(200001, f"sites/{name}.example/public/index.php", SHOW)
        node.write(200001, "sites/php.example/public/page.html", "a page")
        node.write(200002, "sites/other.example/public/index.php", SHOW)
        node.write(200002, "sites/other.example/public/config.txt", "the other tenant's")
        yield node


def test_php_answers_as_the_tenant(served: WebNode) -> None:
    page = served.get("php.example", "/?x=1")
    assert (page.status, page.body) == (200, "200001 /?x=1 - ")
    assert served.get("other.example").body.startswith("200002 ")
    assert "x-powered-by" not in page.headers
    assert page.headers["server"] == "nginx"


def test_paths_without_a_file_go_to_the_front_controller(served: WebNode) -> None:
    assert served.get("php.example", "/some/path?y=2").body == "200001 /some/path?y=2 - "
    assert served.get("php.example", "/index.php/more/info").body == "200001 /index.php/more/info /more/info "
    assert served.get("php.example", "/page.html").body == "a page"


@pytest.mark.parametrize("path", ["/missing.php", "/page.html/x.php", "/missing.php/index.php"])
def test_only_an_existing_script_is_run(served: WebNode, path: str) -> None:
    assert served.get("php.example", path).status == 404


@pytest.mark.parametrize("name", ["x.PHP", "x.php~", "x.php.bak", "x.phtml", "x.phar", ".env", ".git/config", "x.php5"])
def test_source_and_hidden_files_are_no_download(served: WebNode, name: str) -> None:
    for site in ("php", "static"):
        served.write(200001, f"sites/{site}.example/public/{name}", "secret")
        page = served.get(f"{site}.example", f"/{name}")
        assert page.status == 404
        assert "secret" not in page.body


def test_a_static_site_serves_files_and_never_php(served: WebNode) -> None:
    served.write(200001, "sites/static.example/public/about.html", "about")
    served.write(200001, "sites/static.example/public/.well-known/security.txt", "Contact: x")
    assert served.get("static.example", "/about.html").body == "about"
    assert served.get("static.example", "/.well-known/security.txt").body == "Contact: x"
    for path in ("/index.php", "/index.php/x", "/missing"):
        page = served.get("static.example", path)
        assert page.status == 404
        assert "posix_getuid" not in page.body


def test_a_new_document_root_has_a_neutral_page(served: WebNode) -> None:
    page = served.get("static.example", "/")
    assert page.status == 200
    assert "no pages yet" in page.body


@pytest.mark.parametrize("host", ["nobody.example", "off.example", "127.0.0.1", "php.example.evil.example"])
def test_a_name_that_is_not_served_gets_the_neutral_404(served: WebNode, host: str) -> None:
    page = served.get(host)
    assert page.status == 404
    assert "There is no page at this address" in page.body


def test_names_are_matched_without_case_port_or_final_dot(served: WebNode) -> None:
    for host in ("PHP.example", "php.example:8080", "php.example."):
        assert served.get(host).status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("host", ["suspended.example", "locked.example"])
def test_a_suspended_tenant_is_answered_503(served: WebNode, host: str, method: str) -> None:
    page = served.get(host, "/any/path.php", method=method)
    assert page.status == 503
    assert page.headers["retry-after"] == "3600"


def test_redirects(served: WebNode) -> None:
    def of(host: str, path: str = "/", **how: Any) -> tuple[int, str]:
        page = served.get(host, path, **how)
        return page.status, page.headers["location"]

    assert of("to.example", "/a/b?c=d") == (302, "https://target.example/a/b?c=d")
    assert of("exact.example", "/a/b?c=d") == (308, "https://target.example/x?y=1")
    assert of("secure.example", "/x", tls=True) == (301, "http://target.example/x")
    assert of("forced.example", "/x?y") == (301, f"https://forced.example:{served.https_port}/x?y")


def test_challenges_of_certificate_authorities_are_not_redirected(served: WebNode) -> None:
    challenge = "/.well-known/acme-challenge/token"
    served.write(200001, f"sites/forced.example/public{challenge}", "token.key")
    assert served.get("forced.example", challenge).body == "token.key"
    assert served.get("to.example", challenge).status == 404
    assert served.get("suspended.example", challenge).status == 503


def test_tls_is_served_to_names_that_have_it(served: WebNode) -> None:
    assert served.get("tls.example", tls=True).body == "200001 / - on"
    assert served.get("forced.example", tls=True).body == "200001 / - on"
    assert served.get("php.example", tls=True).status == 404
    assert served.get("nobody.example", tls=True).status == 404
    assert served.get("locked.example", tls=True).status == 503


def test_a_connection_for_one_name_is_no_door_to_another(served: WebNode) -> None:
    assert served.get("forced.example", tls=True, sni="tls.example").status == 421
    assert served.get("TLS.example", tls=True, sni="tls.EXAMPLE").status == 200


def test_each_name_has_its_own_certificate(served: WebNode) -> None:
    def names(sni: str) -> list[str]:
        certificate = x509.load_der_x509_certificate(served.certificate(sni))
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return extension.value.get_values_for_type(x509.DNSName)

    assert names("tls.example") == ["tls.example"]
    assert names("FORCED.example") == ["forced.example"]
    for name in ("php.example", "nobody.example", "own.example"):
        assert names(name) == ["default.invalid"]
    key = Path(served.web.certificate_of("tls.example")).stat()
    assert (key.st_mode & 0o777, key.st_uid, key.st_gid) == (0o640, 0, 33)


def test_a_domains_own_directives_are_in_force_beside_the_common_ones(served: WebNode) -> None:
    page = served.get("own.example")
    assert page.body == "200001 / - "
    assert page.headers["x-own"] == 'a "quoted"; } value \\'
    assert served.get("own.example", "/hello").body == "hello"
    assert served.get("own.example", "/old/x").headers["location"].endswith("/new/x")
    assert served.get("own.example", "/.env").status == 404


def test_every_quoted_text_is_what_nginx_answers(node: WebNode) -> None:
    """Hostile arguments in one server block, read back through nginx itself."""
    rng = random.Random(360)
    alphabet = string.printable.strip() + " {};\"'\\#~äß€" * 6
    texts = ["".join(rng.choices(alphabet.replace("$", ""), k=rng.randint(1, 40))) for _number in range(180)]
    block = [
        {
            "directive": "location",
            "args": ["=", f"/{number}"],
            "block": [{"directive": "return", "args": ["200", text]}],
        }
        for number, text in enumerate(texts)
    ]
    node.make_home(200001)
    assert node.converge(tenant(1, domain("a.example", server_block=block)))["failed_tenants"] == {}
    assert [node.get("a.example", f"/{number}").body for number in range(len(texts))] == texts


def test_links_to_other_peoples_files_show_nothing(served: WebNode) -> None:
    public = Path(served.web.home_of(200001), "sites/static.example/public")
    other = Path(served.web.home_of(200002), "sites/other.example/public")
    links = {"file": other / "config.txt", "folder": other, "system": Path("/etc/passwd"), "root": Path("/")}
    for name, target in links.items():
        (public / name).symlink_to(target)
        os.lchown(public / name, 200001, 200001)
    (public / "mine").symlink_to(served.write(200001, "private/mine.txt", "my own"))
    os.lchown(public / "mine", 200001, 200001)
    for path in ("/file", "/folder/config.txt", "/system", "/root/etc/passwd"):
        assert served.get("static.example", path).status in (403, 404)
    assert served.get("static.example", "/mine").body == "my own"


def test_a_document_root_that_is_a_link_to_another_home_shows_nothing(node: WebNode) -> None:
    node.make_home(200001)
    node.make_home(200002)
    both = (tenant(1, domain("a.example")), tenant(2, domain("b.example")))
    node.converge(*both)
    node.write(200002, "sites/b.example/public/config.txt", "the other tenant's")
    node.write(200002, "sites/b.example/public/index.php", SHOW)
    public = Path(node.web.home_of(200001), "sites/a.example/public")
    shutil.rmtree(public)
    public.symlink_to(Path(node.web.home_of(200002), "sites/b.example/public"))
    os.lchown(public, 200001, 200001)
    assert node.converge(*both)["failed_tenants"] == {}
    for path in ("/config.txt", "/", "/index.php"):
        assert node.get("a.example", path).status in (403, 404)


def test_swapping_a_link_during_requests_shows_nothing(node: WebNode) -> None:
    home = node.make_home(200001)
    node.make_home(200002)
    node.converge(tenant(1, domain("a.example", kind="static")), tenant(2, domain("b.example", kind="static")))
    node.write(200002, "sites/b.example/public/file.txt", "the other tenant's")
    node.write(200001, "sites/a.example/public/swap/file.txt", "my own")
    swap, spare = home / "sites/a.example/public/swap", home / "spare"
    spare.symlink_to(Path(node.web.home_of(200002), "sites/b.example/public"))
    os.lchown(spare, 200001, 200001)
    done = threading.Event()

    def keep_swapping() -> None:
        while not done.is_set():
            os.rename(swap, home / "aside")
            os.rename(spare, swap)
            os.rename(swap, spare)
            os.rename(home / "aside", swap)

    attacker = threading.Thread(target=keep_swapping)
    attacker.start()
    try:
        bodies = {node.get("a.example", "/swap/file.txt").body for _request in range(500)}
    finally:
        done.set()
        attacker.join()
    assert "my own" in bodies
    assert not [body for body in bodies if "other" in body]


def test_php_that_does_not_answer_gets_a_friendly_page(node: WebNode) -> None:
    node.make_home(200001)
    node.converge(tenant(1, domain("a.example")))
    node.write(200001, "sites/a.example/public/index.php", "<?php posix_kill(posix_getpid(), 9);")
    page = node.get("a.example")
    assert page.status == 503
    assert "does not answer at the moment" in page.body


def test_a_second_converge_changes_nothing_and_does_not_reload(node: WebNode) -> None:
    node.make_home(200001)
    records = tenant(1, domain("a.example", tls="on"), domain("b.example", server_block=OWN))
    assert node.converge(records, check=True)["changed"]
    assert not list(Path(node.web.rows).iterdir())
    assert node.converge(records)["changed"]
    reloads = node.services.reloads
    assert not node.converge(records)["changed"]
    assert not node.converge(records, full=True)["changed"]
    assert not node.converge(records, check=True)["changed"]
    assert node.services.reloads == reloads == 1


def test_a_refused_server_block_stays_out_and_the_others_converge(node: WebNode) -> None:
    for uid in (200001, 200002, 200003):
        node.make_home(uid)
    node.converge(tenant(1, domain("a.example", kind="static")))
    bad = [{"directive": "return", "args": ["200", "$no_such_variable"]}]
    result = node.converge(
        tenant(1, domain("a.example", kind="static", server_block=bad), domain("new.example", kind="static")),
        tenant(2, domain("b.example", kind="static")),
        tenant(3, domain("c.example", server_block=[{"directive": "expires", "args": ["1d", "1d", "1d"]}])),
    )
    assert set(result["failed_tenants"]) == {"Tenant-1", "Tenant-3"}
    assert result["failed_tenants"]["Tenant-1"] == (
        'a.example: nginx refuses its server block: unknown "no_such_variable" variable'
    )
    assert "invalid number of arguments" in result["failed_tenants"]["Tenant-3"]
    assert node.get("a.example").status == 200
    assert node.get("new.example").status == 404
    assert node.get("b.example").status == 200
    assert not (Path(node.paths.etc) / ".wcp360-staging").exists()


def test_a_domain_moves_to_another_tenant_in_one_run(node: WebNode) -> None:
    node.make_home(200001)
    node.make_home(200002)
    node.converge(tenant(1, domain("a.example", tls="on")), tenant(2))
    node.write(200002, "sites/a.example/public/index.php", SHOW)
    result = node.converge(tenant(1), tenant(2, domain("a.example", tls="on")))
    assert result["failed_tenants"] == {}
    assert node.get("a.example", tls=True).body.startswith("200002 ")


def test_a_domain_that_its_old_tenant_still_has_is_the_new_tenants_error(node: WebNode) -> None:
    for uid in (200001, 200002, 200003):
        node.make_home(uid)
    node.converge(tenant(1, domain("a.example", kind="static")), tenant(2))
    bad = [{"directive": "return", "args": ["200", "$no_such_variable"]}]
    result = node.converge(
        tenant(1, domain("x.example", server_block=bad)),
        tenant(2, domain("a.example", kind="static")),
        tenant(3, domain("c.example", kind="static")),
    )
    assert result["failed_tenants"]["Tenant-2"] == "a.example is still served for another tenant of this node"
    assert read_in_force(node.web.probe, ["a.example"]).rows["a.example"].startswith("200001 ")
    assert node.get("c.example").status == 200


def test_suspending_and_deleting_remove_what_served(node: WebNode) -> None:
    node.make_home(200001)
    site = domain("a.example", tls="on", server_block=OWN)
    node.converge(tenant(1, site))
    link = Path(node.web.enabled_sockets, "wcp360-php@200001.socket")
    assert link.is_symlink()
    certificate = Path(node.web.certificate_of("a.example"))
    content = certificate.read_bytes()

    node.converge(tenant(1, site, status="suspended"))
    assert node.get("a.example").status == 503
    assert not link.is_symlink()
    assert node.services.read_units() == {}
    assert not Path(node.web.custom, "200001").exists()
    node.converge(tenant(1, site))
    assert node.get("a.example", "/hello").body == "hello"
    assert certificate.read_bytes() == content

    node.converge(tenant(1, site, state="absent"))
    assert node.get("a.example").status == 404
    assert not certificate.exists()
    assert not list(Path(node.web.rows).iterdir())
    assert Path(node.web.home_of(200001), "sites/a.example/public").is_dir()


def test_full_mode_mends_drift_and_removes_what_no_record_has(node: WebNode) -> None:
    node.make_home(200001)
    node.make_home(200002)
    one = tenant(1, domain("a.example", kind="static"))
    node.converge(one, tenant(2, domain("b.example", tls="on")))
    rows = Path(node.web.rows_of(200001))
    rows.write_text(rows.read_text().replace("active", "disabled"))
    result = node.converge(one, full=True)
    assert node.get("a.example").status == 200
    assert node.get("b.example").status == 404
    assert not Path(node.web.certificate_of("b.example")).exists()
    assert {change["target"] for change in result["changes"]} >= {str(rows), node.web.rows_of(200002)}
    kept = list((Path(node.paths.lib) / "replaced").rglob("200001.map"))
    assert [b"disabled" in path.read_bytes() for path in kept] == [True]


def test_a_real_certificate_is_not_replaced(node: WebNode) -> None:
    node.make_home(200001)
    node.converge(tenant(1, domain("a.example", tls="on")))
    path = Path(node.web.certificate_of("a.example"))
    real = _sign_with_a_ca("a.example")
    path.write_bytes(real)
    result = node.converge(tenant(1, domain("a.example", tls="on")), full=True)
    assert not result["changed"]
    node.converge(tenant(1))
    assert path.read_bytes() == real


def test_a_run_that_ended_before_the_reload_is_made_up_for(node: WebNode) -> None:
    node.make_home(200001)
    node.converge(tenant(1, domain("a.example", kind="static")))
    changed = tenant(1, domain("a.example", kind="static", status="disabled"))
    reload_nginx = node.services.reload_nginx

    def killed() -> None:
        raise KeyboardInterrupt

    setattr(node.services, "reload_nginx", killed)  # noqa: B010  # the kill that is to be survived
    with pytest.raises(KeyboardInterrupt):
        node.converge(changed)
    setattr(node.services, "reload_nginx", reload_nginx)  # noqa: B010
    assert node.get("a.example").status == 200
    result = node.converge(changed)
    assert result["actions"] == {"reload": 1}
    assert node.get("a.example").status == 404


def test_a_broken_base_configuration_is_the_nodes_error(node: WebNode) -> None:
    node.make_home(200001)
    node.converge(tenant(1, domain("a.example", kind="static")))
    Path(node.web.nginx_main, "conf.d/admin.conf").write_text("no_such_directive on;\n")
    with pytest.raises(ConvergeError, match=r"nginx refuses its base configuration: unknown directive.*conf\.d/admin"):
        node.converge(tenant(1, domain("b.example", kind="static", server_block=OWN)))
    assert node.get("a.example").status == 200
    assert node.get("b.example").status == 404


def test_what_stands_in_a_document_roots_way_fails_that_tenant_alone(node: WebNode) -> None:
    home = node.make_home(200001)
    node.make_home(200002)
    (home / "sites/a.example").symlink_to("/etc")
    result = node.converge(tenant(1, domain("a.example")), tenant(2, domain("b.example", kind="static")))
    assert "a.example is a link or a file" in result["failed_tenants"]["Tenant-1"]
    assert node.get("a.example").status == 404
    assert node.get("b.example").status == 200
    assert not Path("/etc/public").exists()


def _sign_with_a_ca(name: str) -> bytes:
    """Return a certificate for ``name`` that an authority issued, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Some CA")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=5))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
