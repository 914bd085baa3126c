# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan document: ordered steps, what is left to a person, and one fingerprint over it.

A plan is a pure function of evidence and findings. It says which objects will be changed, what must
still be true of each of them right before the change (its precondition), how risky the change is and
how to undo it. Approving a plan is approving its fingerprint, so the fingerprint covers the cluster
and everything a step does, but neither texts (they may be reworded) nor times (they always move).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError
from .shape import Problems, read, write
from .vocabulary import Risk

PLAN_SCHEMA = "harvester_ops.remediation/plan/v1"
RISKS = tuple(risk.value for risk in Risk)
STEP_TEXTS = ("title", "reason", "undo", "changes")
# Another source can bring another archive under the same version, where no index knows its digest.
CHART_OPTIONS = ("chart_source", "chart_path", "chart_repository")
FINGERPRINT_LENGTH = 16


@dataclass(frozen=True)
class ObjectRef:
    """The object a step works on. uid and resource_version are null where they say nothing."""

    api_version: str
    kind: str
    namespace: str | None
    name: str
    uid: str | None = None
    resource_version: str | None = None

    @property
    def label(self) -> str:
        """``Kind/namespace/name``, the way every message names an object."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


@dataclass(frozen=True)
class Step:
    """One change of one object, done by one module.

    action is the closed vocabulary of actions.ACTIONS, params are the module's own parameters,
    precondition is what the module checks again right before it writes, depends_on the steps whose
    effect it builds on: without that effect (check mode) there is nothing to judge it by.
    """

    action: str
    module: str
    title: str
    finding: str
    object: ObjectRef
    params: Mapping[str, Any]
    precondition: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    risk: str = "low"
    undo: str = ""
    changes: tuple[str, ...] = ()
    unattended: bool = True
    id: str = ""
    depends_on: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The step as plain JSON types."""
        return dict(write(self))

    @classmethod
    def from_dict(cls, document: Any) -> Step:
        """Read one step of a plan file; raises plan-invalid when it is not one."""
        step = _mapping(document, "a step")
        known = {name for name in cls.__dataclass_fields__ if name != "object"}
        unknown = set(step) - known - {"object"}
        if unknown:
            raise _invalid(f"a step has unknown keys: {', '.join(sorted(unknown))}")
        for name in ("id", "action", "module", "title", "finding", "risk"):
            if not isinstance(step.get(name), str):
                raise _invalid(f"a step has no text in {name!r}")
        if step["risk"] not in RISKS:
            raise _invalid(f"step {step['id']} has the unknown risk {step['risk']!r}")
        values = {name: step[name] for name in known if name in step}
        values["params"] = _mapping(step.get("params"), f"params of step {step['id']}")
        values["precondition"] = _mapping(step.get("precondition"), "a precondition")
        for name in ("changes", "depends_on"):
            values[name] = tuple(str(text) for text in step.get(name) or ())
        return cls(object=_object_ref(step.get("object"), step["id"]), **values)

    def essence(self) -> dict[str, Any]:
        """What approval is about: the step without its texts."""
        return {key: value for key, value in self.to_dict().items() if key not in STEP_TEXTS}


@dataclass(frozen=True)
class Instruction:
    """What is left to a person: why, the dangers, and commands to copy.

    ``blocks``: the job cannot go on before it is done, so nothing is gained by waiting for the job. Without a finding it
    is advice for whoever approves.
    """

    finding: str = ""
    title: str = ""
    why: str = ""
    danger: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    blocks: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The instruction as plain JSON types."""
        return dict(write(self))

    @classmethod
    def from_dict(cls, document: Any) -> Instruction:
        """Read one instruction of a plan file; raises plan-invalid when it is not one."""
        return read(cls, _mapping(document, "an instruction"), Problems()) or cls()


@dataclass(frozen=True)
class Plan:
    """Steps in the order they run, and what is left to a person."""

    cluster_uid: str
    evidence_digest: str
    options: Mapping[str, Any]
    steps: tuple[Step, ...]
    instructions: tuple[Instruction, ...] = ()

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the cluster, where charts come from, and every step without its texts.

        A plan without steps has none: there is nothing in it to approve.
        """
        if not self.steps:
            return ""
        content = {
            "schema": PLAN_SCHEMA,
            "cluster_uid": self.cluster_uid,
            "charts": {name: self.options.get(name) for name in CHART_OPTIONS},
            "steps": [step.essence() for step in self.steps],
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return fingerprint_of(hashlib.sha256(text.encode("utf-8")).hexdigest())

    @property
    def risks(self) -> tuple[str, ...]:
        """The risks its steps carry, lowest first."""
        present = {step.risk for step in self.steps}
        return tuple(risk for risk in RISKS if risk in present)

    def to_dict(self) -> dict[str, Any]:
        """The plan as the document that goes into plan.json."""
        return {
            "schema": PLAN_SCHEMA,
            "cluster_uid": self.cluster_uid,
            "evidence_digest": self.evidence_digest,
            "fingerprint": self.fingerprint,
            "options": dict(self.options),
            "risks": list(self.risks),
            "steps": [step.to_dict() for step in self.steps],
            "instructions": [instruction.to_dict() for instruction in self.instructions],
            "empty": not self.steps,
        }

    @classmethod
    def from_dict(cls, document: Any) -> Plan:
        """Read a plan document; one whose fingerprint does not match its steps was edited."""
        values = _mapping(document, "the plan")
        if values.get("schema") != PLAN_SCHEMA:
            raise _invalid(f"its schema is {values.get('schema')!r}, wanted {PLAN_SCHEMA!r}")
        steps = values.get("steps")
        instructions = values.get("instructions", [])
        if not isinstance(steps, list) or not isinstance(instructions, list):
            raise _invalid("steps and instructions must be lists")
        plan = cls(
            cluster_uid=str(values.get("cluster_uid") or ""),
            evidence_digest=str(values.get("evidence_digest") or ""),
            options=_mapping(values.get("options", {}), "the options"),
            steps=tuple(Step.from_dict(step) for step in steps),
            instructions=tuple(Instruction.from_dict(each) for each in instructions),
        )
        if values.get("fingerprint") != plan.fingerprint:
            raise _invalid(
                f"its fingerprint is {values.get('fingerprint')!r}, but its steps give"
                f" {plan.fingerprint!r}: the file was changed after it was written"
            )
        return plan


def fingerprint_of(digest: str) -> str:
    """The first digits of a digest that no reader of YAML takes for a number, which it would round or read as octal.

    ansible-core 2.19 reads what AWX hands over as YAML without quotes.
    """
    ends = range(FINGERPRINT_LENGTH, len(digest) + 1)
    parts = (digest[end - FINGERPRINT_LENGTH : end] for end in ends)
    return next((part for part in parts if set(part) & set("abcdf")), digest[:FINGERPRINT_LENGTH])


def _object_ref(document: Any, step_id: str) -> ObjectRef:
    values = _mapping(document, f"the object of step {step_id}")
    names = ObjectRef.__dataclass_fields__
    if set(values) - set(names):
        raise _invalid(f"the object of step {step_id} has unknown keys")
    if not all(isinstance(values.get(name), str) for name in ("api_version", "kind", "name")):
        raise _invalid(f"the object of step {step_id} needs api_version, kind and name")
    return ObjectRef(**{name: values.get(name) for name in names})  # type: ignore[arg-type]


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{what} is not a mapping")
    return value


def _invalid(reason: str) -> RemediationError:
    return RemediationError(
        code="plan-invalid",
        message=f"This is not a plan that can be carried out: {reason}.",
        remedy="Make a new plan by running the diagnosis again; never edit plan.json.",
    )
