# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading back what nginx has in force, through its probe server on a Unix socket.

For any requested Host the probe answers two lines: the name of the configuration in force and the row of that domain
(empty when it has none). Requests are pipelined over one connection, which one worker process serves, so all
answers come from one configuration.
"""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Mapping, Sequence
from typing import BinaryIO

_BATCH = 200
_NOBODY = "probe.invalid"


@dataclasses.dataclass(frozen=True)
class InForce:
    """The configuration's name, and row by domain name."""

    config_id: str
    rows: Mapping[str, str]


def read_in_force(path: str, names: Sequence[str] = (), timeout: float = 10.0) -> InForce:
    """Ask for the rows of ``names``. Raises OSError when nginx does not answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        with connection.makefile("rb") as stream:
            config_id, _row = _ask(connection, stream, [_NOBODY])[0]
            rows = {}
            for start in range(0, len(names), _BATCH):
                batch = names[start : start + _BATCH]
                answers = _ask(connection, stream, batch)
                rows.update({name: row for name, (_id, row) in zip(batch, answers, strict=True)})
            return InForce(config_id, rows)


def wait_in_force(path: str, config_id: str, timeout: float) -> bool:
    """Wait until new connections are answered by the configuration of that name; False after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            if read_in_force(path).config_id == config_id:
                return True
        except OSError:
            pass
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def _ask(connection: socket.socket, stream: BinaryIO, names: Sequence[str]) -> list[tuple[str, str]]:
    connection.sendall(b"".join(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % name.encode("ascii") for name in names))
    return [_read_answer(stream) for _name in names]


def _read_answer(stream: BinaryIO) -> tuple[str, str]:
    length = 0
    status = stream.readline()
    for line in iter(stream.readline, b"\r\n"):
        if not line:
            break
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length).decode("utf-8", "replace").split("\n")
    if b" 200 " not in status or len(body) != 3:
        raise OSError(f"nginx's probe gave no answer: {status!r}")
    return body[0], body[1]
