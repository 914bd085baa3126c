# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that AWX asks of a user who creates objects, and those that an approver gets."""

from __future__ import annotations

from typing import Any

from .._core.errors import RemediationError

_SYSTEM = "the type System Administrator"
#: Type of an object to what its creator must have.
_NEEDED = {
    "credential_type": _SYSTEM,
    "execution_environment": "the role Execution Environment Admin on the organization, or for one of all organizations "
    f"{_SYSTEM}",
    "notification_template": "the role Notification Admin on the organization",
    "project": "the role Project Admin on the organization",
    "inventory": "the role Inventory Admin on the organization",
    "host": "the role Admin on the inventory",
    "credential": "the role Credential Admin on the organization",
    "job_template": "the role Job Template Admin on the organization, and Use on the project, the inventory and the credential",
    "schedule": "the role Execute on the job template",
    "workflow_job_template": "the role Workflow Admin on the organization",
    "workflow_job_template_node": "the role Admin on the workflow job template, and Execute on the job templates of its nodes",
}


def lacking(label: str, kind: str, what: str, said: str = "") -> RemediationError:
    """The error for an object, ``job_template/NAME``, that the user may not `what` (create, change)."""
    return RemediationError(
        "forbidden",
        f"The user of the token is not allowed to {what} {label} on the controller{f': {said}' if said else ''}.",
        f"Give the user {_NEEDED.get(kind, 'a role that allows it')}, and the token the scope write. Then run again.",
    )


def named_roles(item: dict[str, Any]) -> dict[str, int]:
    """Name, ``read_role``, to number of the roles on an object."""
    roles = item.get("summary_fields", {}).get("object_roles", {})
    return {name: role["id"] for name, role in roles.items()}
