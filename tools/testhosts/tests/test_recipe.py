"""The key of an image changes with its content and with nothing else."""

from dataclasses import replace

from testhosts.recipe import Recipe


def test_equal_recipes_have_equal_keys() -> None:
    assert Recipe(kernel="6.1").key() == Recipe(kernel="6.1").key()


def test_key_follows_every_part_of_the_content() -> None:
    recipe = Recipe(kernel="6.1")
    changed = [
        replace(recipe, kernel="6.2"),
        replace(recipe, suite="trixie"),
        replace(recipe, packages=(*recipe.packages, "nano")),
        replace(recipe, overlay={**recipe.overlay, "etc/motd": "hello\n"}),
        replace(recipe, disabled_units=()),
        replace(recipe, format=recipe.format + 1),
    ]
    assert len({recipe.key(), *(other.key() for other in changed)}) == len(changed) + 1


def test_services_are_off_at_boot_and_sources_are_plain_debian() -> None:
    recipe = Recipe(kernel="6.1")
    assert "nginx.service" in recipe.disabled_units
    hosts = {line.split()[1] for line in recipe.overlay["etc/apt/sources.list"].splitlines()}
    assert hosts == {"http://deb.debian.org/debian", "http://deb.debian.org/debian-security"}
