# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.dependencies import (
    Dependency,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.document import (
    OPENED,
    Facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.tests.tools.generate_rule_reference import (
    described,
    pages,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import base

PAGES = pages()


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: path.name)
def test_the_page_is_current(path: object) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], "run 'make docs'"


def test_every_fact_is_described() -> None:
    evidence = Evidence.from_dict(base())
    facts = derive(evidence).to_dict()
    assert set(facts) - set(evidence.to_dict()) | {"wait", "pod_troubles"} == set(
        described(Facts, OPENED)
    )
    assert {name for each in facts["dependencies"] for name in each} == set(described(Dependency))
