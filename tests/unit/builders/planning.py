# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence, facts and findings for tests of the planner, small but of the real shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.dependencies import (
    Dependency,
    Desired,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.document import (
    Facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.expected import (
    Expected,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.pins import (
    Pin,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.upgrade import (
    UpgradeFacts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    digest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
    Situation,
)

Document = dict[str, Any]

GA = "106.0.0+up0.12.0"
RC = "106.0.0+up0.12.0-rc.3"
OLD = "105.0.2+up0.11.2"
NAMESPACES = {"fleet": "cattle-fleet-system", "fleet-crd": "cattle-fleet-system"}
MINIMUM = frozenset({"fleet", "fleet-crd"})


def revision(number: int, status: str, version: str, release: str = "fleet") -> Document:
    return {
        "revision": number,
        "status": status,
        "chart_name": release,
        "chart_version": version,
        "decoded": True,
        "error": None,
        "config": None,  # those of the last revision are the release's own
        "secret_name": f"sh.helm.release.v1.{release}.v{number}",
        "secret_uid": f"uid-{release}-{number}",
        "secret_resource_version": str(1000 + number),
    }


class World:
    """A cluster that waits for the GA charts; every test makes it ill in its own way."""

    def __init__(self, rancher: str = "v2.11.0") -> None:
        self.rancher = rancher
        self.releases: list[Document] = []
        self.dependencies: list[Dependency] = []
        self.findings: list[Document] = []
        self.evidence: Document = {
            "cluster": {"uid": "cluster-1"},
            "collected_at": "2026-11-23T15:00:00Z",
            "cluster_repos": {"rancher-charts": {"uid": "repo-1", "deleted": False}},
            "chart_index": {"state": "ok", "config_maps": [], "charts": {}},
            "settings": {"shell-image": {"value": "rancher/shell:v0.1.26"}},
            "fleet": {
                "cluster": {
                    "uid": "cluster-local",
                    "redeploy_agent_generation": 3,
                    "agent_deployed_generation": 3,
                },
                "config": {"uid": "config-1", "resource_version": "77"},
            },
        }

    def release(
        self,
        name: str,
        *revisions: Document,
        expected: str = GA,
        index: tuple[str, ...] | None = (GA,),
        config: Document | None = None,
        pinned: tuple[str, ...] = (),
        pins_hold_back: bool = True,
    ) -> World:
        """Add a dependency; revisions newest first."""
        namespace = NAMESPACES.get(name, "cattle-system")
        situation = self._situation(name, expected, index, revisions, config or {})
        self.releases.append(
            {
                "release": name,
                "namespace": namespace,
                "revisions": list(revisions),
                "config": config or {},
            }
        )
        nothing_known = derive(None).dependencies[0]
        self.dependencies.append(
            replace(
                nothing_known,
                chart=name,
                release=name,
                namespace=namespace,
                awaited=name in NAMESPACES or name == "rancher-webhook",
                expected=Expected(expected, app_version="0.12.0", source="job-log"),
                desired=Desired(expected, setting="x", source=None),
                pinned_keys=pinned,
                pins=tuple(Pin(key, value="", holds_back=pins_hold_back) for key in pinned),
                situation=situation,
                decision=decide(situation),
            )
        )
        for version in index or ():
            entries = self.evidence["chart_index"]["charts"].setdefault(name, [])
            entries.append({"version": version, "digest": f"digest-of-{name}-{version}"})
        return self

    def _situation(
        self,
        name: str,
        expected: str,
        index: tuple[str, ...] | None,
        revisions: tuple[Document, ...],
        config: Document,
    ) -> Situation:
        last = revisions[0] if revisions else None
        return Situation(
            rancher=self.rancher,
            chart=name,
            min=expected if name in MINIMUM else "",
            exact="" if name in MINIMUM else expected,
            index=index,
            index_error="" if index is not None else 'configmaps "" not found',
            last_revision=last
            and InstalledRelease(last["status"], last["chart_version"], config, chart_name=name),
            values={},
        )

    def finding(
        self,
        identifier: str,
        *actions: str,
        release: str | None = None,
        unattended: str = "yes",
        risk: str = "low",
        outcome: str = "fail",
        arguments: Document | None = None,
        instructions: Document | None = None,
    ) -> World:
        """Add a finding with the steps its rule asks for."""
        given = dict(arguments or {})
        subject = "Cluster"
        if release is not None:
            namespace = NAMESPACES.get(release, "cattle-system")
            given |= {"namespace": namespace, "release": release}
            subject = f"Release/{namespace}/{release}"
        self.findings.append(
            {
                "id": identifier,
                "title": identifier.replace("-", " "),
                "outcome": outcome,
                "subject": subject,
                "message": f"{identifier} was found.",
                "must_not": ["Do not panic."],
                "remedy": {
                    "unattended": unattended,
                    "risk": risk,
                    "steps": [{"action": each, "with": given} for each in actions],
                    "instructions": instructions,
                },
            }
        )
        return self

    def documents(self) -> tuple[Document, Document, Facts]:
        """Evidence, findings document and facts."""
        evidence = {**self.evidence, "releases": self.releases}
        findings = {"findings": self.findings, "evidence_digest": digest(evidence)}
        facts = replace(
            derive(None),
            dependencies=tuple(self.dependencies),
            upgrade=UpgradeFacts(phase="rancher"),
        )
        return evidence, findings, facts
