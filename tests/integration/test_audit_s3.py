# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Anchors in a real S3 server with Object Lock: whoever holds the credentials cannot take them back."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchoring import anchor_log
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AnchorError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.s3_target import S3Target

from . import s3
from .audit_log import KEYRING, attack, check, entry, rewrite, write

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[s3.Server]:
    """A running S3 server."""
    with s3.running_server() as running:
        yield running


@pytest.fixture
def client(server: s3.Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of the server; targets find the same credentials in the environment."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server.client()


@pytest.fixture
def target(server: s3.Server, client: Any) -> S3Target:
    """A new bucket with Object Lock, and a prefix in it."""
    bucket = f"anchors-{next(_numbers)}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    return S3Target(bucket, "manager1", endpoint_url=server.url, retention_days=1)


@pytest.fixture
def log(dsn: str) -> str:
    """The DSN of a database whose log has ten entries."""
    write(dsn, *[entry(number) for number in range(1, 11)])
    return dsn


def test_anchors_find_a_rewritten_log_and_a_cut_tail(log: str, target: S3Target) -> None:
    assert anchor_log(log, KEYRING, [target]).written == (target.name,)
    assert anchor_log(log, KEYRING, [target]).written == ()
    result = check(log, KEYRING, *target.read())
    assert (result.ok, result.anchored) == (True, 10)
    assert any(
        name.startswith(f"s3://{target.bucket}/manager1/00000000000000000010.json") for name in result.anchored_by
    )

    attack(log, rewrite(3), "TRUNCATE audit_anchors")
    assert check(log, KEYRING, *target.read()).first_bad == 10
    attack(log, rewrite(9, last=8))
    assert check(log, KEYRING, *target.read()).first_bad == 9


def test_an_anchor_is_locked_for_its_term(log: str, target: S3Target, client: Any) -> None:
    before = datetime.datetime.now(datetime.UTC)
    anchor_log(log, KEYRING, [target])
    (version,) = client.list_object_versions(Bucket=target.bucket)["Versions"]
    place = {"Bucket": target.bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
    retention = client.get_object_retention(**place)["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    assert retention["RetainUntilDate"] >= before + datetime.timedelta(days=1, seconds=-1)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**place)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(**place, BypassGovernanceRetention=True)


def test_an_anchor_that_is_hidden_or_covered_is_found(log: str, target: S3Target, client: Any) -> None:
    anchor_log(log, KEYRING, [target])
    (found,) = target.read()
    (version,) = client.list_object_versions(Bucket=target.bucket)["Versions"]
    client.delete_object(Bucket=target.bucket, Key=version["Key"])
    assert target.read() == [found], "a delete marker hides nothing"

    client.put_object(Bucket=target.bucket, Key=version["Key"], Body=b"{}")
    result = check(log, KEYRING, *target.read())
    assert (result.ok, result.first_bad, result.anchored) == (False, None, 10)
    assert "it is not an anchor" in str(result.problem)


def test_an_anchor_is_not_replaced(log: str, target: S3Target) -> None:
    anchor_log(log, KEYRING, [target])
    before = target.read()
    attack(log, "TRUNCATE audit_anchors")
    anchor_log(log, KEYRING, [target])
    assert target.read() == before, "the run that was interrupted is picked up"
    attack(log, "TRUNCATE audit_anchors", rewrite(2))
    with pytest.raises(AnchorError, match="says something else about entry 10"):
        anchor_log(log, KEYRING, [target])
    assert target.read() == before


def test_a_bucket_without_object_lock_is_refused(log: str, server: s3.Server, client: Any) -> None:
    bucket = f"plain-{next(_numbers)}"
    client.create_bucket(Bucket=bucket)
    plain = S3Target(bucket, endpoint_url=server.url)
    with pytest.raises(AnchorError, match=f"bucket {bucket} has no Object Lock"):
        anchor_log(log, KEYRING, [plain])
    assert plain.read() == []
    assert check(log).anchored == 0


def test_what_keeps_a_bucket_from_use_is_said_without_secrets(
    log: str, server: s3.Server, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AnchorError, match="NoSuchBucket"):
        anchor_log(log, KEYRING, [S3Target("nonesuch", endpoint_url=server.url)])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-canary")
    client.create_bucket(Bucket="locked-away", ObjectLockEnabledForBucket=True)
    with pytest.raises(AnchorError) as caught:
        S3Target("locked-away", endpoint_url=server.url).read()
    assert "SignatureDoesNotMatch" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_two_places_at_once(log: str, target: S3Target, server: s3.Server, client: Any) -> None:
    client.create_bucket(Bucket="second", ObjectLockEnabledForBucket=True)
    second = S3Target("second", endpoint_url=server.url, retention_days=1)
    write(log, entry(11), keyring=KEYRING)
    assert anchor_log(log, KEYRING, [target, second]).written == (target.name, second.name)
    stranger = Keyring.generate()
    assert check(log, stranger, *second.read()).ok is False
