"""The bake uses this machine's way to the Debian archive."""

from testhosts.apt import debian_sources, default_sources, transport_options

DUMP = """\
APT::Architecture "amd64";
Acquire "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Verify-Peer "true";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "none";
Acquire::IndexTargets::deb::Packages::Optional "0";
"""


def test_proxies_are_taken_and_other_settings_are_not() -> None:
    assert transport_options(DUMP) == [
        'Acquire::http::Proxy "http://proxy.example:3128"',
        'Acquire::https::Verify-Peer "true"',
        'Acquire::Check-Valid-Until "false"',
    ]


def test_only_debian_main_of_the_suite_is_a_source() -> None:
    targets = [
        "deb|Debian|bookworm|http://mirror.example/debian|bookworm|main",
        "deb|Debian|bookworm-security|http://mirror.example/security|bookworm-security|main",
        "deb|Debian|bookworm|http://mirror.example/debian|bookworm|non-free",
        "deb|Debian|trixie|http://mirror.example/debian|trixie|main",
        "deb|Vendor|bookworm|http://vendor.example/php|bookworm|main",
        "deb-src|Debian|bookworm|http://mirror.example/debian|bookworm|main",
    ]
    lines = debian_sources(targets, "bookworm").splitlines()
    assert [line.split("] ")[1] for line in lines] == [
        "http://mirror.example/debian bookworm main",
        "http://mirror.example/security bookworm-security main",
    ]


def test_a_machine_without_the_suite_uses_debians_own_archive() -> None:
    targets = ["deb|Ubuntu|noble|http://mirror.example/ubuntu|noble|main"]
    assert debian_sources(targets, "bookworm") == default_sources("bookworm")
    assert "bookworm-updates" in default_sources("bookworm")
