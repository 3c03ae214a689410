# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private S3 server for the tests: SeaweedFS on loopback, own directory, gone with the process that started it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCESS_KEY = "tests"
SECRET_KEY = "canary-s3-secret"
REGION = "us-east-1"
START_TIMEOUT = 60.0
# Each service has a port, and another one for gRPC.
SERVICES = ("master", "volume", "filer", "s3")


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server; its only identity may do everything."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What boto3 finds the credentials by."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": REGION}

    def client(self) -> Any:
        """Return a client that does not try again."""
        config = Config(
            retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=30, s3={"addressing_style": "path"}
        )
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=config,
        )


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, wait until it makes a bucket, and remove everything at the end."""
    directory = Path(tempfile.mkdtemp(prefix="wcp360-s3-"))
    identity = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    (directory / "s3.json").write_text(
        json.dumps({"identities": [{"name": "tests", "credentials": [identity], "actions": ["Admin"]}]})
    )
    ports = _free_ports(2 * len(SERVICES))
    options = [f"-{service}.port={ports.pop()}" for service in SERVICES]
    url = f"http://127.0.0.1:{options[-1].rpartition('=')[2]}"
    options += [f"-{service}.port.grpc={ports.pop()}" for service in SERVICES]
    options += ["-filer", "-s3", f"-s3.config={directory / 's3.json'}", "-s3.iam=false", "-s3.port.iceberg=0"]
    options += [
        f"-dir={directory}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-volume.max=200",
        "-master.telemetry=false",
    ]
    options += ["-master.volumeSizeLimitMB=64", "-master.volumePreallocate=false"]
    weed = Path(sys.executable).parent / "weed"
    # It takes long to end by itself, and nothing that it holds is of any worth.
    command = ["setpriv", "--pdeathsig", "KILL", "--", str(weed), "-logtostderr=true", "server", *options]
    with (
        (directory / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory) as process,
    ):
        try:
            server = Server(url)
            _wait(server, process, directory / "log")
            yield server
        finally:
            process.kill()
            process.wait()
    shutil.rmtree(directory)


def _free_ports(number: int) -> list[int]:
    """Return ports that nobody listened on a moment ago, all of them different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    client = server.client()
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
            return
        except (BotoCoreError, ClientError) as error:
            known = isinstance(error, ClientError) and "BucketAlready" in str(error)
            if known:
                with contextlib.suppress(BotoCoreError, ClientError):
                    client.put_object(Bucket="ready", Key="ready", Body=b"ready")
                    return
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the S3 server does not start: {log.read_text()[-2000:]}") from error
            time.sleep(0.1)
