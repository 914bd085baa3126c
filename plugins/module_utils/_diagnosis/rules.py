# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnosis rules: reading, checking and ordering the rule files.

A rule is data: one YAML file, conditions in JMESPath, texts in Jinja2 (DESIGN of the rule language: the reference in
docs/rules.md). Every problem of a file is reported as file, key and what is wrong, all of them at once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core import template
from .._core.errors import RemediationError
from . import expression, rule_schema

SHIPPED_RULES = Path(__file__).resolve().parents[3] / "roles" / "detect" / "files" / "rules"
"""The collection's own rules, one file per failure mode."""

_LARGEST_FILE = 262_144
_CONDITION_KEYS = ("only_when", "unknown_when", "when", "holds_job")
_TEMPLATE_KEYS = ("subject", "message", "what_next")


@dataclass(frozen=True)
class Step:
    """One step of a remedy, before it is known which object it is about."""

    action: str
    when: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    unattended: str | None = None
    risk: str | None = None


@dataclass(frozen=True)
class Way:
    """One of several ways out that exclude each other; the commands are Jinja2."""

    title: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Instructions:
    """What a person has to do by hand; all texts are Jinja2."""

    why: str
    danger: tuple[str, ...]
    commands: tuple[str, ...]
    ways: tuple[Way, ...] = ()
    when: str | None = None


@dataclass(frozen=True)
class Remedy:
    """What may be done about a finding, by whom and at which risk (FM 6.40)."""

    unattended: str
    risk: str
    steps: tuple[Step, ...] = ()
    instructions: Instructions | None = None


@dataclass(frozen=True)
class Rule:
    """One failure mode as data; the meaning of every field is in rule_schema.RULE_SCHEMA."""

    id: str
    failure_mode: str
    title: str
    applies_to: str
    severity: str
    priority: int
    when: str
    message: str
    what_next: str
    references: tuple[str, ...]
    subject: str | None = None
    needs: tuple[str, ...] = ()
    only_when: str | None = None
    unknown_when: str | None = None
    holds_job: str | None = None
    excludes: tuple[str, ...] = ()
    last_resort: bool = False
    proof: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    remedy: Remedy | None = None

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Rule:
        """The rule of a document that fits the schema."""
        known = {key: value for key, value in document.items() if key != "remedy"}
        lists = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
        return cls(**{**known, **lists}, remedy=_remedy(document.get("remedy")))


def load_rules(directories: Sequence[str | Path] = ()) -> list[Rule]:
    """The collection's rules and those of further directories (*.yml, *.yaml), in the order of priority and id.

    Raises RemediationError ``rule-invalid``: a directory that cannot be read, or the list of all problems found.
    """
    further = list(map(_read, _rule_files(map(Path, directories))))
    own, others = _documents(shipped()), _documents(further)
    found = [problem for _path, _document, problem in (*shipped(), *further) if problem]
    # The collection's own are checked by its tests: that takes longer than the diagnosis.
    found.extend(lint(others, own))
    if found:
        raise RemediationError(
            "rule-invalid",
            f"{len(found)} problem(s) in diagnosis rules: {'; '.join(found[:20])}.",
            "Correct the named keys, or leave the directory out; docs/rules.md describes every key.",
            details={"problems": found},
        )
    rules = [Rule.from_dict(document) for _path, document in (*own, *others)]
    return sorted(rules, key=lambda rule: (rule.priority, rule.id))


def _documents(read: Iterable[tuple[str, Any, str]]) -> list[tuple[str, Any]]:
    """Path and content of the files that could be read."""
    return [(path, document) for path, document, problem in read if not problem]


def lint(documents: Sequence[tuple[str, Any]], known: Sequence[tuple[str, Any]] = ()) -> list[str]:
    """All problems of rule documents (path, content), each as ``<path>: <key>: <what is wrong>``.

    `known` rules are among those that are referred to, and not checked themselves.
    """
    found: list[str] = []
    for path, document in documents:
        found.extend(f"{path}: {problem}" for problem in document_problems(document))
    found.extend(_problems_between([*known, *documents]))
    return found


def document_problems(document: Any) -> Iterator[str]:
    """What is wrong with one rule by itself, as ``<key>: <what is wrong>``."""
    malformed = list(rule_schema.problems(document))
    if malformed:
        yield from malformed
        return
    for key, text in _texts(document, ("applies_to",), "proof"):
        yield from _checked(key, text, expression.check, "is no JMESPath expression")
    for key, text in _texts(document, _CONDITION_KEYS, None):
        yield from _checked(key, text, expression.check_condition, "is no condition")
    for key, text in _texts(document, _TEMPLATE_KEYS, None):
        yield from _checked(key, text, template.check, "is no Jinja2 template")
    remedy = document.get("remedy", {})
    yield from _remedy_problems(remedy)
    if document["severity"] != "fail" and remedy.get("steps"):
        yield f"remedy.steps: only a rule of severity fail asks for steps, not {document['severity']}"


def _problems_between(documents: Sequence[tuple[str, Any]]) -> Iterator[str]:
    identified = [
        (path, document)
        for path, document in documents
        if isinstance(document, dict) and isinstance(document.get("id"), str)
    ]
    first: dict[str, str] = {}
    for path, document in identified:
        identifier = document["id"]
        if Path(path).stem != identifier:
            yield f"{path}: id: is {identifier!r}, so the file must be called {identifier}.yml"
        if identifier in first:
            yield f"{path}: id: {identifier!r} is the id of {first[identifier]} already"
        first.setdefault(identifier, path)
    for path, document in identified:
        excluded = document.get("excludes")
        for other in excluded if isinstance(excluded, list) else []:
            if other not in first:
                yield f"{path}: excludes: there is no rule {other!r}"


def _texts(
    document: dict[str, Any], keys: Sequence[str], list_key: str | None
) -> Iterator[tuple[str, str]]:
    for key in keys:
        if key in document:
            yield key, document[key]
    if list_key:
        for number, text in enumerate(document.get(list_key, [])):
            yield f"{list_key}[{number}]", text


def _remedy_problems(remedy: dict[str, Any]) -> Iterator[str]:
    for number, step in enumerate(remedy.get("steps", [])):
        at = f"remedy.steps[{number}]"
        if "when" in step:
            yield from _checked(
                f"{at}.when", step["when"], expression.check_condition, "is no condition"
            )
        for key, text in step.get("with", {}).items():
            yield from _checked(f"{at}.with.{key}", text, expression.check, "is no JMESPath")
    instructions = remedy.get("instructions", {})
    if "when" in instructions:
        yield from _checked(
            "remedy.instructions.when",
            instructions["when"],
            expression.check_condition,
            "is no condition",
        )
    for key, text in _texts(instructions, ("why",), "danger"):
        yield from _checked(f"remedy.instructions.{key}", text, template.check, "is no Jinja2")
    for key, text in _texts(instructions, (), "commands"):
        yield from _checked(f"remedy.instructions.{key}", text, template.check, "is no Jinja2")
    for number, way in enumerate(instructions.get("ways", [])):
        for key, text in _texts(way, (), "commands"):
            at = f"remedy.instructions.ways[{number}].{key}"
            yield from _checked(at, text, template.check, "is no Jinja2")


def _checked(key: str, text: str, check: Any, verdict: str) -> Iterator[str]:
    try:
        check(text)
    except (expression.ExpressionError, template.TemplateError) as problem:
        yield f"{key}: {verdict}: {problem}"


@functools.lru_cache(maxsize=1)
def shipped() -> tuple[tuple[str, Any, str], ...]:
    """The collection's own rule files, which do not change while it runs."""
    return tuple(map(_read, _rule_files([SHIPPED_RULES])))


def _rule_files(directories: Iterable[Path]) -> Iterator[Path]:
    for directory in directories:
        try:
            yield from sorted(
                path for path in directory.iterdir() if path.suffix in (".yml", ".yaml")
            )
        except OSError as problem:
            raise RemediationError(
                "rule-invalid",
                f"The rule directory {directory} cannot be read: {problem.strerror}.",
                "Name a directory that holds rule files (*.yml) and that you may read.",
            ) from problem


def _read(path: Path) -> tuple[str, Any, str]:
    """Path and content of a rule file, and what is wrong with it (empty: nothing)."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return str(path), None, f"{path}: the file: is larger than {_LARGEST_FILE} bytes"
        return str(path), yaml.load(path.read_bytes(), Loader=loader), ""
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as problem:
        why = " ".join(str(problem).split())
        return str(path), None, f"{path}: the file: cannot be read as YAML: {why}"


def _remedy(document: dict[str, Any] | None) -> Remedy | None:
    if document is None:
        return None
    instructions = document.get("instructions")
    return Remedy(
        unattended=document["unattended"],
        risk=document["risk"],
        steps=tuple(
            Step(
                action=step["action"],
                when=step.get("when"),
                parameters=dict(step.get("with", {})),
                unattended=step.get("unattended"),
                risk=step.get("risk"),
            )
            for step in document.get("steps", [])
        ),
        instructions=instructions
        and Instructions(
            when=instructions.get("when"),
            why=instructions["why"],
            danger=tuple(instructions["danger"]),
            commands=tuple(instructions["commands"]),
            ways=tuple(
                Way(way["title"], tuple(way["commands"])) for way in instructions.get("ways", [])
            ),
        ),
    )
