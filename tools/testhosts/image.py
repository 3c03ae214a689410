"""Baking the root disk that all test hosts share, once per recipe."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from testhosts.apt import read_debian_sources, read_transport_options
from testhosts.command import run, say, step
from testhosts.errors import ToolError
from testhosts.locks import locked
from testhosts.paths import Layout
from testhosts.prepare import prepare, require_root
from testhosts.recipe import Recipe

_MODULES = Path("/usr/lib/uml/modules")
_UNFINISHED = "unfinished-"

_LEFTOVERS = (
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    "var/log/bootstrap.log",
)
"""Written by the bake and telling of the machine that ran it."""

_LEFTOVER_PATTERNS = (
    "etc/apt/sources.list.d/*",
    "etc/ssh/ssh_host_*_key*",
    "var/cache/apt/*.bin",
    "var/lib/apt/lists/*",
    "var/log/*.log",
    "var/log/apt/*",
    "var/log/journal/*",
)
"""Package sources of the building machine, keys that must differ from host to host, and logs."""


def kernel_release() -> str:
    """The release of the installed user-mode Linux kernel."""
    releases = sorted(path.name for path in _MODULES.glob("*"))
    if not releases:
        raise ToolError(f"{_MODULES} holds no kernel modules. Reinstall the package user-mode-linux.")
    return releases[-1]


def disk_of(layout: Layout, key: str) -> Path:
    """The disk of a finished image."""
    return layout.images / key / "base.img"


def ensure_image(layout: Layout, keys_in_use: Collection[str]) -> Path:
    """Returns the disk of the current recipe's image, baking it first when it is not in the cache."""
    require_root()
    prepare()
    disk = disk_of(layout, Recipe(kernel=kernel_release()).key())
    return disk if disk.exists() else bake(layout, keys_in_use)


def bake(layout: Layout, keys_in_use: Collection[str]) -> Path:
    """Makes the image of the current recipe unless the cache has it, and removes those of older recipes.

    `keys_in_use` are images that running hosts have open: they stay until a later bake.
    """
    require_root()
    prepare()
    recipe = Recipe(kernel=kernel_release())
    disk = disk_of(layout, recipe.key())
    with locked(layout.images / "lock", "the image cache"):
        _remove_unfinished(layout)
        if not disk.exists():
            with step(f"Baking image {recipe.key()} (once; takes a few minutes)"):
                _bake(layout, recipe)
        _prune(layout, {recipe.key(), *keys_in_use})
    return disk


def _bake(layout: Layout, recipe: Recipe) -> None:
    unfinished = layout.images / f"{_UNFINISHED}{recipe.key()}"
    work = unfinished / "work"
    tree = work / "tree"
    try:
        work.mkdir(parents=True)
        with step("Installing Debian packages"):
            _install(recipe, work, tree)
        _customize(recipe, tree)
        with step("Writing the disk"):
            _write_disk(recipe, tree, unfinished / "base.img")
        shutil.rmtree(work)
        description = {"key": recipe.key(), "suite": recipe.suite, "kernel": recipe.kernel}
        (unfinished / "image.json").write_text(json.dumps(description, indent=2) + "\n")
        unfinished.rename(layout.images / recipe.key())
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _install(recipe: Recipe, work: Path, tree: Path) -> None:
    run(["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=600", "update"])
    sources = work / "sources.list"
    sources.write_text(read_debian_sources(recipe.suite))
    (work / "debconf").write_text(recipe.debconf)
    # Packages ask for the host's name when they write their configuration: they get the image's, not
    # that of the building machine.
    for name in ("hostname", "hosts"):
        (work / name).write_text(recipe.overlay[f"etc/{name}"])
    options = ['APT::Install-Recommends "false"', *read_transport_options()]
    excludes = [f"path-exclude={pattern}" for pattern in recipe.left_out]
    # Killed with the tool, however that ends, and with all its processes and mounts.
    ends_with_this_tool = ["setpriv", "--pdeathsig", "KILL"]
    in_namespaces = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    under_its_name = ["sh", "-c", 'hostname testhost; "$@"', "sh"]
    run(
        [
            *ends_with_this_tool,
            *in_namespaces,
            *under_its_name,
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            "--format=directory",
            "--variant=apt",
            f"--architectures={recipe.architecture}",
            f"--include={','.join(recipe.packages)}",
            *(f"--aptopt={option}" for option in options),
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt={exclude}" for exclude in excludes),
            f'--essential-hook=cp "{work}/hostname" "{work}/hosts" "$1/etc/"',
            f'--essential-hook=chroot "$1" debconf-set-selections < "{work}/debconf"',
            recipe.suite,
            str(tree),
            str(sources),
        ],
        {"DEBIAN_FRONTEND": "noninteractive", "TMPDIR": str(work)},
    )


def _customize(recipe: Recipe, tree: Path) -> None:
    for name in _LEFTOVERS:
        (tree / name).unlink(missing_ok=True)
    for pattern in _LEFTOVER_PATTERNS:
        for path in tree.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in recipe.overlay.items():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(content)
    systemctl = ["chroot", str(tree), "systemctl", "--quiet"]
    run([*systemctl, "disable", *recipe.disabled_units])
    run([*systemctl, "mask", *recipe.masked_units])
    run([*systemctl, "enable", *recipe.enabled_units])
    run([*systemctl, "set-default", "multi-user.target"])
    modules = tree / "lib" / "modules" / recipe.kernel
    shutil.copytree(_MODULES / recipe.kernel, modules, dirs_exist_ok=True)
    run(["chroot", str(tree), "depmod", recipe.kernel])


def _write_disk(recipe: Recipe, tree: Path, disk: Path) -> None:
    # Fully initialised inode tables cost nothing in a sparse file, and spare every guest the
    # background work of initialising them in its copy-on-write disk.
    features = "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0"
    run(["mke2fs", "-q", "-t", "ext4", "-L", "testhost", "-E", features, "-d", str(tree), str(disk), recipe.root_size])
    disk.chmod(0o444)


def _remove_unfinished(layout: Layout) -> None:
    for path in layout.images.glob(f"{_UNFINISHED}*"):
        say(f"Removing {path.name}, left by an interrupted bake")
        shutil.rmtree(path)


def _prune(layout: Layout, keep: Collection[str]) -> None:
    for path in layout.images.iterdir():
        if path.is_dir() and path.name not in keep:
            say(f"Removing image {path.name} of an older recipe")
            shutil.rmtree(path)
