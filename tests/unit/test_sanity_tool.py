"""What tools/sanity.py tells the pip of ansible-test."""

from __future__ import annotations

from sanity import pip_configuration


def test_pip_is_quiet_and_settings_keep_their_sections_and_lines() -> None:
    configuration = pip_configuration(["global.find-links='/a\\n/b'", "install.timeout='9'"])
    assert configuration["global"]["quiet"] == "1"
    assert configuration["global"]["find-links"] == "/a\n/b"
    assert configuration["install"]["timeout"] == "9"


def test_the_environment_has_the_last_word() -> None:
    configuration = pip_configuration([":env:.timeout='1'", "global.timeout='2'"])
    assert configuration["global"]["timeout"] == "1"
