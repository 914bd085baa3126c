# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception type of the collection, and the table of its codes.

Every expected failure, in every layer, is a ``RemediationError``: what was seen and where, what to do
next, and a code a program can act on. Anything else that escapes is a bug and is reported as `internal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: code -> one-line meaning. The table in the documentation is generated from it.
ERROR_CODES: dict[str, str] = {
    "kubeconfig-unreadable": "The kubeconfig file is missing or cannot be read.",
    "kubeconfig-invalid": "The kubeconfig is not valid YAML, or lacks what a connection needs.",
    "context-unknown": "The kubeconfig has no context with that name.",
    "server-unreachable": "No connection to the API server, or its certificate is not trusted.",
    "unauthorized": "The API server did not accept the credentials.",
    "forbidden": "The account lacks a permission.",
    "not-found": "The object does not exist.",
    "conflict": "The object already exists, or another client changed it at the same time.",
    "precondition-failed": "The object is not in the state that the change was planned for; nothing was changed.",
    "api-error": "The API server refused the request or sent an unexpected response.",
    "library-missing": "A Python library the collection needs is not installed.",
    "helm-missing": "The helm program was not found.",
    "helm-failed": "helm failed.",
    "helm-timeout": "helm did not finish in time and was stopped.",
    "field-conflict": "Another manager has set fields that a chart sets, too, and taking them over was not allowed.",
    "helm-unsupported": "The version of the helm program is not supported.",
    "release-undecodable": "The stored revision of a release cannot be decoded.",
    "release-locked": "The last revision of the release is pending: helm refuses to upgrade it. A rollback is not refused.",
    "release-busy": "An operation on the release is in progress.",
    "chart-not-found": "The source does not have the chart in the requested version.",
    "chart-mismatch": "The chart found is not the requested chart, or not the requested version.",
    "chart-digest-mismatch": "The digest of the chart archive differs from the one in the index.",
    "chart-archive-invalid": "The file is not a valid chart archive.",
    "chart-archive-unsafe": "The chart archive holds entries that must not be unpacked.",
    "values-invalid": "The values of a release or of rancher-config are not a valid YAML mapping.",
    "evidence-invalid": "The evidence file cannot be read, or is not an evidence document of a supported version.",
    "evidence-incomplete": "A part of the evidence is missing from the support bundle or archive given, or is damaged there.",
    "archive-unsafe": "An archive holds entries that must not be unpacked, or unpacks to far more than it may.",
    "setting-invalid": "A setting, or an answer in a survey of AWX, has a value that it cannot have.",
    "rule-invalid": "A diagnosis rule is malformed.",
    "release-file-invalid": "A file that describes Harvester releases is missing or malformed.",
    "versions-missing": "The current or the target Harvester version of the upgrade is unknown.",
    "plan-invalid": "The plan file cannot be read, or is not a plan document of a supported version.",
    "plan-drifted": "The cluster is no longer in the state the approved plan was made for.",
    "not-approved": "The plan has not been approved.",
    "backup-invalid": "The backup set is incomplete or damaged.",
    "backup-failed": "The backup could not be written and read back.",
    "artifacts-unwritable": "The artifacts folder is not writable.",
    "lock-held": "Another run holds the lock of this cluster.",
    "lock-lost": "The run lost the lock of this cluster and stopped.",
    "upgrade-absent": "There is no latest Upgrade object.",
    "upgrade-ambiguous": "More than one Upgrade is marked as the latest.",
    "timeout": "Timed out waiting for a condition.",
    "interrupted": "The run was interrupted.",
    "stalled": "An action was carried out and had no effect.",
    "refused": "The action would be unsafe in the current state.",
    "internal": "A defect in the collection itself.",
}


class RemediationError(Exception):
    """An expected failure.

    `message` says what was seen and where (``Kind/namespace/name``), `remedy` what to do next, both as
    whole sentences. `retryable` is true when the same call may succeed later without any change.
    `details` holds JSON values for programs and must not hold secrets.
    """

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        retryable: bool = False,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        if code not in ERROR_CODES:
            raise ValueError(f"unknown error code {code!r}: add it to ERROR_CODES with its meaning")
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.retryable = retryable
        self.details: dict[str, Any] = dict(details or {})

    def to_dict(self) -> dict[str, Any]:
        """The error as it appears under ``error`` in a module's result."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "retryable": self.retryable,
            "details": self.details,
        }

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()
