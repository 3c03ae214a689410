"""What the image of a test host contains, and the key that names an image with exactly that content.

The mirror the packages come from is not part of the recipe: two machines with different mirrors make
the same image.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

FORMAT = 2
"""Raise it when image.py changes what it does with a recipe, so that older images are not taken for new ones."""

_BASE_PACKAGES = """
    systemd systemd-sysv libpam-systemd dbus udev kmod e2fsprogs openssh-server
    sudo ca-certificates iproute2 iputils-ping procps curl openssl less vim-tiny git rsync logrotate
    python3 python3-apt python3-jinja2 python3-psycopg2 python3-pymysql python3-cryptography
    python3-yaml python3-idna python3-venv python3-pip
    xfsprogs quota libnss-extrausers acl attr zstd age
"""

_SERVICE_PACKAGES = """
    nginx
    php8.2-fpm php8.2-cli php8.2-mysql php8.2-pgsql php8.2-sqlite3 php8.2-mbstring php8.2-xml php8.2-curl
    php8.2-gd php8.2-intl php8.2-zip php8.2-opcache
    mariadb-server mariadb-client mariadb-backup
    postgresql-15 postgresql-client postgresql-contrib
    postfix postfix-pcre dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-sieve
    dovecot-managesieved opendkim swaks
"""

_DISABLED_UNITS = (
    "nginx.service",
    "php8.2-fpm.service",
    "mariadb.service",
    "postgresql.service",
    "postfix.service",
    "dovecot.service",
    "dovecot.socket",
    "opendkim.service",
)

_NOISE = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "phpsessionclean.timer",
)
"""Work in the background that would come in between a test's measurements."""

_HARDWARE = (
    "dev-hugepages.mount",
    "getty@tty1.service",
    "modprobe@configfs.service",
    "modprobe@dm_mod.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
    "modprobe@fuse.service",
    "modprobe@loop.service",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-network-generator.service",
    "systemd-pstore.service",
    "user@0.service",
)
"""For devices these hosts do not have. And root's own user manager, which would start with every SSH login."""

_SOURCES_LIST = """\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
"""

_SEED_UNIT = """\
[Unit]
Description=Take the identity of this host from its seed disk
DefaultDependencies=no
After=systemd-remount-fs.service
Before=sysinit.target network-pre.target systemd-networkd.service
Wants=network-pre.target
ConditionPathExists=/dev/ubdc

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/tar --extract --file=/dev/ubdc --directory=/ --no-overwrite-dir

[Install]
WantedBy=sysinit.target
"""

_UDEV_TRIGGER = """\
# Thirty consoles and serial lines, none connected, would cost five seconds of each boot.
[Service]
ExecStart=
ExecStart=udevadm trigger --action=add --subsystem-match=net --subsystem-match=block
"""

_MARIADB = """\
# By default the server reserves 8 TiB of addresses, more than a user-mode kernel has.
[mariadbd]
loose_innodb_buffer_pool_size_max = 512M
"""

_OVERLAY = {
    "etc/apt/sources.list": _SOURCES_LIST,
    "etc/default/locale": "LANG=C.UTF-8\n",
    "etc/fstab": "/dev/ubda / ext4 rw,noatime,errors=remount-ro 0 0\n",
    "etc/hostname": "testhost\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 testhost\n::1 localhost ip6-localhost ip6-loopback\n",
    "etc/machine-id": "",
    "etc/resolv.conf": "# This host has no route to a name server.\n",
    "etc/systemd/journald.conf.d/10-testhost.conf": "[Journal]\nStorage=volatile\n",
    "etc/mysql/mariadb.conf.d/99-testhost.cnf": _MARIADB,
    "etc/systemd/system/testhost-seed.service": _SEED_UNIT,
    "etc/systemd/system/systemd-udev-trigger.service.d/10-testhost.conf": _UDEV_TRIGGER,
}

_DEBCONF = """\
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string testhost.invalid
"""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is in an image."""

    kernel: str
    """Release of the user-mode Linux kernel, whose modules are copied into the image."""
    suite: str = "bookworm"
    architecture: str = "amd64"
    packages: tuple[str, ...] = tuple(sorted((_BASE_PACKAGES + _SERVICE_PACKAGES).split()))
    debconf: str = _DEBCONF
    left_out: tuple[str, ...] = (
        "/usr/share/doc/*",
        "/usr/share/man/*",
        "/usr/share/info/*",
        "/usr/share/locale/*",
        "/usr/share/lintian/*",
    )
    """Path patterns that dpkg does not unpack."""
    overlay: Mapping[str, str] = field(default_factory=lambda: dict(_OVERLAY))
    """Files written over the installed system: path without leading slash, content."""
    enabled_units: tuple[str, ...] = ("systemd-networkd.service", "testhost-seed.service")
    disabled_units: tuple[str, ...] = _DISABLED_UNITS
    """Installed but off at boot, so that a role which forgets to enable its service is caught."""
    masked_units: tuple[str, ...] = _NOISE + _HARDWARE
    root_size: str = "12G"
    format: int = FORMAT

    def key(self) -> str:
        """The name of the image: equal recipes give equal keys, on every machine."""
        canonical = json.dumps(asdict(self), sort_keys=True).encode()
        return hashlib.sha256(canonical).hexdigest()[:16]
