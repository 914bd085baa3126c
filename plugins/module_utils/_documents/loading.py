# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents that come back from a file: evidence of a ticket, a plan or a report of an earlier run."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import RemediationError

NAMESPACE = "harvester_ops.remediation"
VERSION = "v1"
#: Kind of document -> code of the error that refuses it.
KINDS = {"evidence": "evidence-invalid", "plan": "plan-invalid", "report": "evidence-invalid"}


def load_document(text: str, kind: str) -> dict[str, Any]:
    """Read the text of an evidence, plan or report file.

    Only the outer form is checked here: JSON, a mapping, the right schema. Raises RemediationError
    (evidence-invalid, plan-invalid) that says what was found instead and what to do.
    """
    code = KINDS[kind]
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RemediationError(
            code,
            f"The {kind} file is not JSON: {error}.",
            f"Give the {kind}.json that a run has written, whole and unchanged.",
        ) from error
    wanted = f"{NAMESPACE}/{kind}/{VERSION}"
    found = document.get("schema") if isinstance(document, dict) else type(document).__name__
    if found != wanted:
        raise RemediationError(
            code,
            f"The {kind} file has the schema {found!r} where {wanted!r} is needed.",
            f"Give the {kind}.json of a run of this version of the collection.",
        )
    return dict(document)
