# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/rules.md and docs/rule.schema.json from the rule files and the rule schema."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.dependencies import (
    Dependency,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.document import (
    OPENED,
    Facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rule_schema import (
    RULE_SCHEMA,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    Rule,
    load_rules,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
CATALOGUE = DOCS / "failure-modes.md"
HEAD = """# Diagnosis rules

<!-- Made by tests/tools/generate_rule_reference.py; change the files in roles/detect/files/rules. -->

Every failure mode of the [catalogue](failure-modes.md) is one file in `roles/detect/files/rules`. A rule
is data: conditions in [JMESPath](https://jmespath.org), texts in Jinja2, judged on facts that are
computed from the evidence alone. The same evidence and rules give the same findings, with or without a
cluster. Texts in braces below are filled in with the names of your cluster.
"""
JUDGING = """
## How a rule is judged

1. `applies_to` gives one object or a list; the rule is judged once per element. The element's fields are
   names of their own in every expression and text; `root` is all facts.
2. `only_when`: an element it is false for cannot have the mode.
3. `needs`: a source that could not be read (forbidden, error) makes the outcome *unknown*. A source that is
   absent was read.
4. `unknown_when`: when it is not false, the outcome is *unknown*.
5. `when`: true is a finding, false is none. Anything else, a comparison with something unknown or a crash,
   is *unknown*, never a finding and never a pass.
6. A finding sets aside the rules it `excludes`. What is left is ranked: outcome, what holds the job,
   `priority`.

Conditions must come out as true or false. Use a fact that is true or false as it is (`lock.stale`): null then
means unknown. `x == 'a'` is false when x is unknown, so say in `unknown_when` what has to be known. The
operator `!` is refused; compare with `` `false` `` instead.

## Rules of your own

Put files with the same keys into a directory and name it in `remediation_rules_dirs` (or give it to the filter
`harvester_ops.remediation.diagnose(rules_dirs=[...])`). They are judged together with the collection's. All problems of all files
are reported at once, as file, key and what is wrong. [rule.schema.json](rule.schema.json) is for editors.

```yaml
---
id: webhook-image-from-elsewhere
failure_mode: local
title: The webhook's image does not come from our registry
applies_to: fleet.deployments
subject: Deployment/{{ namespace }}/{{ name }}
severity: warn
priority: 5000
needs: [fleet_workloads]
only_when: name == 'rancher-webhook'
when: contains(values(image_tags), 'latest')
message: Deployment {{ namespace }}/{{ name }} runs an image without a fixed version.
what_next: Pin the image.
references: [https://example.com/our-runbook]
```
"""


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    schema = json.dumps(RULE_SCHEMA, indent=2, ensure_ascii=False) + "\n"
    return {DOCS / "rules.md": _reference(), DOCS / "rule.schema.json": schema}


def _reference() -> str:
    rules = sorted(load_rules(), key=_mode_order)
    lines = [HEAD, *_overview(rules), JUDGING, *_keys(), *_facts(), "\n## The rules\n"]
    lines += [line for rule in rules for line in _rule(rule)]
    return "\n".join(lines).rstrip() + "\n"


def _mode_order(rule: Rule) -> tuple[int, int, str]:
    numbers = re.fullmatch(r"(\d+)\.(\d+)([a-z]?)", rule.failure_mode)
    if numbers is None:
        return (99, 0, rule.id)
    return (int(numbers[1]) or 98, int(numbers[2]), numbers[3])


def _overview(rules: list[Rule]) -> Iterator[str]:
    yield "| mode | rule | what it says | severity | repaired by a run | risk |"
    yield "|---|---|---|---|---|---|"
    for rule in rules:
        remedy = rule.remedy
        unattended = {"yes": "yes", "ask": "when accepted by name", "no": "by hand"}
        how = unattended[remedy.unattended] if remedy else "–"
        yield (
            f"| {rule.failure_mode} | [{rule.id}](#{rule.id}) | {rule.title} | {rule.severity} |"
            f" {how} | {remedy.risk if remedy else '–'} |"
        )


def _keys() -> Iterator[str]:
    yield "## Keys\n"
    yield "| key | required | meaning |"
    yield "|---|---|---|"
    required = RULE_SCHEMA["required"]
    for name, schema in _flattened(RULE_SCHEMA["properties"]):
        mark = "yes" if name in required else ""
        yield f"| `{name}` | {mark} | {_meaning(schema)} |"
    yield "\nA rule is refused when `with` names a parameter that its action does not read:\n"
    yield "| action | parameters |"
    yield "|---|---|"
    for name, action in ACTIONS.items():
        yield f"| `{name}` | {', '.join(f'`{each}`' for each in action.rule_params) or '–'} |"


def _flattened(properties: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, schema in properties.items():
        yield above + name, schema
        inner = schema.get("items", schema) if schema.get("type") == "array" else schema
        if isinstance(inner.get("properties"), dict):
            suffix = "[]." if schema.get("type") == "array" else "."
            yield from _flattened(inner["properties"], f"{above}{name}{suffix}")


def _meaning(schema: Mapping[str, Any]) -> str:
    words = [schema["description"]] if "description" in schema else []
    if "enum" in schema:
        words.append("one of " + ", ".join(f"`{value}`" for value in schema["enum"]))
    if schema.get("type") == "array" and not words:
        words.append("a list")
    return "; ".join(words).replace("|", "\\|")


def _facts() -> Iterator[str]:
    yield "\n## What rules can look at\n"
    yield "Everything in the evidence document, under its own name, and these facts:\n"
    yield from _table("fact", described(Facts, OPENED))
    yield "\nEach element of `dependencies`:\n"
    yield from _table("field", described(Dependency))


def described(document: type[Any], opened: Sequence[str] = ()) -> dict[str, str]:
    """What is said of the fields of a dataclass, in the texts below them; those of its bases and opened parts first."""
    hints = get_type_hints(document)
    bases: list[type[Any]] = [each for each in document.__bases__ if is_dataclass(each)]
    parts = [*bases, *(hints[name] for name in opened)]
    found = {name: text for part in parts for name, text in described(part).items()}
    (body,) = ast.parse(inspect.getsource(document)).body
    assert isinstance(body, ast.ClassDef)
    for field, text in pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            found[ast.unparse(field.target)] = _one_line(ast.literal_eval(text.value))
    return found


def _table(head: str, meanings: Mapping[str, str]) -> Iterator[str]:
    yield f"| {head} | meaning |"
    yield "|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in meanings.items())


def _rule(rule: Rule) -> Iterator[str]:
    yield f'### <a id="{rule.id}"></a>{rule.failure_mode} {rule.id}\n'
    yield f"**{rule.title}.**\n"
    yield f"> {_one_line(rule.message)}\n"
    yield f"*Next:* {_one_line(rule.what_next)}\n"
    if rule.must_not:
        yield "*Must not:*\n"
        yield from (f"- {text}" for text in rule.must_not)
        yield ""
    yield from _remedy(rule)
    yield from _conditions(rule)
    yield "*References:* " + ", ".join(f"<{url}>" for url in rule.references) + "\n"


def _remedy(rule: Rule) -> Iterator[str]:
    if rule.remedy is None:
        return
    remedy = rule.remedy
    yield f"*Repair:* unattended {remedy.unattended}, risk {remedy.risk}.\n"
    for step in remedy.steps:
        condition = f", when `{_one_line(step.when)}`" if step.when else ""
        yield f"- step `{step.action}`{condition}"
    if remedy.steps:
        yield ""
    if remedy.instructions is None:
        return
    yield f"By hand: {_one_line(remedy.instructions.why)}\n"
    yield from (f"- Danger: {_one_line(text)}" for text in remedy.instructions.danger)
    yield from ("", "```sh", *map(_one_line, remedy.instructions.commands), "```", "")
    for number, way in enumerate(remedy.instructions.ways):
        yield f"{chr(ord('A') + number)}: {way.title}"
        yield from ("", "```sh", *map(_one_line, way.commands), "```", "")


def _conditions(rule: Rule) -> Iterator[str]:
    yield f"<details><summary>Judged on <code>{rule.applies_to}</code></summary>\n"
    yield "```text"
    for key in ("only_when", "unknown_when", "when", "holds_job"):
        value = getattr(rule, key)
        if value:
            yield f"{key}: {_one_line(value)}"
    for key in ("needs", "proof", "excludes"):
        if getattr(rule, key):
            yield f"{key}: {', '.join(map(_one_line, getattr(rule, key)))}"
    yield "```\n"
    yield "</details>\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
