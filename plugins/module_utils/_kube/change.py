# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of one object: re-check, write, re-read, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError
from . import paths
from .client import KubeClient, Object

ATTEMPTS = 5


@dataclass(frozen=True)
class Change:
    """What a step did, or would do: the fields it is about before and after, without secrets."""

    subject: str
    changed: bool
    before: Any
    after: Any
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_result(self, *, diff: bool) -> dict[str, Any]:
        """The result of the module, in one shape whether it changed something or not."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "object": self.subject,
            "before": self.before,
            "after": self.after,
            **self.extra,
        }
        if diff:
            headers = {"before_header": self.subject, "after_header": self.subject}
            result["diff"] = {"before": self.before, "after": self.after, **headers}
        return result


def read_or_none(client: KubeClient, path: str) -> Object | None:
    """The object at a path, None when it does not exist; any other failure is no answer and raises."""
    try:
        return client.get(path)
    except RemediationError as error:
        if error.code == "not-found":
            return None
        raise


def require(found: Object | None, path: str, remedy: str) -> Object:
    """The object, or a not-found error that says what to do without it."""
    if found is None:
        raise RemediationError("not-found", f"{paths.describe(path)} does not exist.", remedy)
    return found


def guarded_patch(
    client: KubeClient,
    path: str,
    plan: Callable[[Object], Mapping[str, Any] | None],
    *,
    remedy: str,
    dry_run: bool,
    subresource: str | None = None,
    expected_uid: str | None = None,
) -> tuple[Object, Object]:
    """Merge-patch an object as it was judged: the object before and after.

    plan gets the object as it is now and answers the patch, or None when there is nothing to do; it
    may raise precondition-failed, which is also what becomes of an object with another UID than
    expected, because it was made anew since the plan. The patch carries the resourceVersion plan has seen, so nothing
    can slip in between; on a conflict the object is read and judged again. The answer of the write
    is compared with a fresh read, because an admission webhook or a controller may undo it at once.
    """
    for _attempt in range(ATTEMPTS):
        before = require(read_or_none(client, path), path, remedy)
        patch = plan(before)
        if patch is None:
            return before, before
        if expected_uid is not None:
            precondition(paths.describe(path), "its UID", expected_uid, before["metadata"]["uid"])
        metadata = {**patch.get("metadata", {}), "resourceVersion": _version(before)}
        body = {**patch, "metadata": metadata}
        try:
            written = client.patch(path, body, dry_run=dry_run, subresource=subresource)
        except RemediationError as error:
            if error.code != "conflict":
                raise
            continue
        after = written if dry_run else client.get(path)
        if plan(after) is not None:
            raise RemediationError(
                "stalled",
                f"{paths.describe(path)} was changed, and the change is not there any more.",
                "Something in the cluster undoes it: look at the object's managedFields.",
                details={"resource_version": _version(written)},
            )
        return before, after
    raise RemediationError(
        "conflict",
        f"{paths.describe(path)} is changed by somebody else all the time.",
        "Find out by whom (metadata.managedFields), then run again.",
        retryable=True,
    )


def _version(found: Object) -> str:
    return str(found["metadata"]["resourceVersion"])


def precondition(subject: str, what: str, expected: Any, seen: Any) -> None:
    """Raise precondition-failed unless the value is the one the plan was made for."""
    if expected == seen:
        return
    raise RemediationError(
        "precondition-failed",
        f"{subject}: {what} is {seen!r}, the plan was made for {expected!r}.",
        "It changed since it was diagnosed. Diagnose again; nothing was changed.",
        details={"expected": expected, "seen": seen},
    )
