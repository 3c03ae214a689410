# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchors as objects of an S3 bucket with Object Lock, where nobody can remove them before their time.

COMPLIANCE mode: neither the account that wrote an object nor its administrator can delete that version, overwrite it or
shorten its term. What they can do is put another version on top, or a delete marker; so all versions are read.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
import traceback
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor, read_anchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.directory_target import anchor_name
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError

BOTO3_IMPORT_ERROR: str | None = None
try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    BOTO3_IMPORT_ERROR = traceback.format_exc()

TIMEOUT_SECONDS = 30
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict"}
_NO_LOCK = {"ObjectLockConfigurationNotFoundError", "InvalidRequest"}


@dataclasses.dataclass(frozen=True)
class S3Target:
    """A bucket, and a prefix in it that is this audit log's alone. See targets.Target.

    The credentials are boto3's to find: environment, shared files, the machine's role. They need s3:PutObject,
    s3:PutObjectRetention, s3:GetBucketObjectLockConfiguration, s3:ListBucketVersions, s3:GetObject, s3:GetObjectVersion
    and s3:GetObjectRetention.
    """

    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None
    retention_days: int = 3650

    @property
    def name(self) -> str:
        """The place as a URI."""
        return f"s3://{self.bucket}/{self._key('')}"

    def write(self, sequence: int, content: bytes) -> FoundAnchor | None:
        """Put a locked object that replaces none, and read back that it is locked."""
        key = self._key(anchor_name(sequence))
        until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=self.retention_days)
        try:
            client = self._client()
            self._require_lock(client)
            try:
                put = client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=content,
                    ContentType="application/json",
                    ChecksumAlgorithm="SHA256",
                    IfNoneMatch="*",
                    ObjectLockMode="COMPLIANCE",
                    ObjectLockRetainUntilDate=until,
                )
            except ClientError as error:
                if _code(error) in _EXISTS:
                    return self._read_object(client, key)
                raise
            retention = client.get_object_retention(Bucket=self.bucket, Key=key, VersionId=put["VersionId"])[
                "Retention"
            ]
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(f"cannot write an anchor to {self.name}: {error}") from None
        wanted = until - datetime.timedelta(seconds=1)
        if retention["Mode"] != "COMPLIANCE" or retention["RetainUntilDate"] < wanted:
            raise AnchorError(f"{self.name} took an anchor without locking it for {self.retention_days} days")
        return None

    def read(self) -> list[FoundAnchor]:
        """Read every version of every object below the prefix."""
        try:
            client = self._client()
            pages = client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self._key(""))
            versions = [version for page in pages for version in page.get("Versions", [])]
            return [self._read_object(client, version["Key"], VersionId=version["VersionId"]) for version in versions]
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(f"cannot read the anchors in {self.name}: {error}") from None

    def _key(self, name: str) -> str:
        prefix = self.prefix.strip("/")
        return f"{prefix}/{name}" if prefix else name

    def _read_object(self, client: Any, key: str, **version: str) -> FoundAnchor:
        content = client.get_object(Bucket=self.bucket, Key=key, **version)["Body"].read()
        place = f"s3://{self.bucket}/{key}"
        return read_anchor(f"{place}?versionId={version['VersionId']}" if version else place, content)

    def _require_lock(self, client: Any) -> None:
        try:
            answer = client.get_object_lock_configuration(Bucket=self.bucket)
            enabled = answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
        except ClientError as error:
            if _code(error) not in _NO_LOCK:
                raise
            enabled = False
        if not enabled:
            raise AnchorError(
                f"the bucket {self.bucket} has no Object Lock, so anchors in it could be removed; nothing was written"
                " there. Make a bucket with Object Lock"
            )

    def _client(self) -> Any:
        if BOTO3_IMPORT_ERROR:
            raise AnchorError(f"the Python library boto3 is not installed for {sys.executable}")
        config = Config(
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"max_attempts": 3, "mode": "standard"},
            # Servers other than Amazon's are reached by address, where a bucket cannot be part of the host's name.
            s3={"addressing_style": "path" if self.endpoint_url else "auto"},
        )
        return boto3.Session().client("s3", endpoint_url=self.endpoint_url, region_name=self.region, config=config)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
