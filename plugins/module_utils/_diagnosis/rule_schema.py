# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a rule file: one JSON Schema, and the check of a document against it.

The schema is the contract with people who write their own rules; ``docs/rule.schema.json`` is its generated copy for
editors. Nothing but ansible-core, kubernetes, pyhelm3 and jmespath may be needed at run time, so the few keywords the
schema uses are checked here; the unit tests compare the answers with the ``jsonschema`` library's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .._documents.actions import ACTIONS

_TEXT = {"type": "string", "minLength": 1}
_EXPRESSION = {"type": "string", "minLength": 1, "description": "a JMESPath expression"}
_TEMPLATE = {"type": "string", "minLength": 1, "description": "a Jinja2 template"}
_ID = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}

_WAY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "commands"],
    "properties": {
        "title": {**_TEXT, "description": "what this way does, the same for every element"},
        "commands": {
            "type": "array",
            "minItems": 1,
            "items": _TEMPLATE,
            "description": "as remedy.instructions.commands (Jinja2)",
        },
    },
}

_INSTRUCTIONS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["why", "danger", "commands"],
    "properties": {
        "when": {
            **_EXPRESSION,
            "description": "there is something to be done by hand only when this is true (JMESPath)",
        },
        "why": {**_TEMPLATE, "description": "why a person has to do this (Jinja2)"},
        "danger": {
            "type": "array",
            "items": _TEMPLATE,
            "description": "what can go wrong (Jinja2)",
        },
        "commands": {
            "type": "array",
            "minItems": 1,
            "items": _TEMPLATE,
            "description": "exact commands, in order; lines that begin with # explain; a template gives one"
            " command a line, and none where it comes out empty (Jinja2)",
        },
        "ways": {
            "type": "array",
            "items": _WAY,
            "description": "ways out that exclude each other, after the commands they have in common; findings on"
            " several releases become one list per way",
        },
    },
}


def _parameters_of(action: str) -> dict[str, Any]:
    """The condition that a step of this action has no parameter but those that are read."""
    parameters = {
        "title": f"a parameter of {action}",
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(ACTIONS[action].rule_params, _EXPRESSION),
    }
    return {
        "if": {"required": ["action"], "properties": {"action": {"const": action}}},
        "then": {"properties": {"with": parameters}},
    }


_STEP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "enum": sorted(ACTIONS)},
        "when": {
            **_EXPRESSION,
            "description": "the step is needed only when this is true (JMESPath)",
        },
        "unattended": {"type": "string", "enum": ["yes", "ask", "no"]},
        "risk": {"type": "string", "enum": ["low", "medium", "high"]},
        "with": {
            "description": "the step's parameters, each a JMESPath over the element; which there are depends on"
            " the action",
        },
    },
    "allOf": [_parameters_of(action) for action in sorted(ACTIONS)],
}

_REMEDY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["unattended", "risk"],
    "properties": {
        "unattended": {
            "type": "string",
            "enum": ["yes", "ask", "no"],
            "description": "may an approved run do it without a person, must it ask, or is it a person's work",
        },
        "risk": {"type": "string", "enum": ["low", "medium", "high"]},
        "steps": {"type": "array", "items": _STEP},
        "instructions": _INSTRUCTIONS,
    },
}

RULE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Diagnosis rule of harvester_ops.remediation",
    "description": "One failure mode: when it is there, what proves it, what to do and what not to do.",
    "type": "object",
    "additionalProperties": False,
    "required": [
        "id",
        "failure_mode",
        "title",
        "applies_to",
        "severity",
        "priority",
        "when",
        "message",
        "what_next",
        "references",
    ],
    "properties": {
        "id": {**_ID, "description": "unique name; the file is called <id>.yml"},
        "failure_mode": {
            "type": "string",
            "pattern": "^([0-9]+\\.[0-9]+[a-z]?|[a-z][a-z0-9-]*)$",
            "description": "section of docs/failure-modes.md, or a word of your own",
        },
        "title": {**_TEXT, "maxLength": 120},
        "applies_to": {
            **_EXPRESSION,
            "description": "object or list below the facts; the rule is judged once per element (JMESPath)",
        },
        "subject": {
            **_TEMPLATE,
            "description": "Kind/namespace/name the finding is about (Jinja2)",
        },
        "severity": {
            "type": "string",
            "enum": ["fail", "warn", "info"],
            "description": "outcome when it matches; info says that all is well, and any failure sets it aside",
        },
        "priority": {
            "type": "integer",
            "minimum": 0,
            "maximum": 9999,
            "description": "order of findings, lower first",
        },
        "needs": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
            "description": "evidence sources; one that could not be read makes the outcome unknown",
        },
        "only_when": {
            **_EXPRESSION,
            "description": "elements it is not true for cannot have this mode: pass, whatever is unknown (JMESPath)",
        },
        "unknown_when": {
            **_EXPRESSION,
            "description": "the element cannot be judged; asked before when (JMESPath)",
        },
        "when": {
            **_EXPRESSION,
            "description": "the mode is there; must come out true or false (JMESPath)",
        },
        "holds_job": {
            **_EXPRESSION,
            "description": "this finding is what holds the waiting job now (JMESPath)",
        },
        "excludes": {
            "type": "array",
            "items": _ID,
            "description": "rules that cannot be judged while this one matches: same element when both rules have"
            " the same applies_to, else everywhere",
        },
        "last_resort": {
            "type": "boolean",
            "description": "set aside by any finding that fails, since that one may be the cause",
        },
        "proof": {
            "type": "array",
            "items": _EXPRESSION,
            "description": "what of the evidence is shown as proof (JMESPath)",
        },
        "message": {
            **_TEMPLATE,
            "description": "what was seen and where, one or two sentences (Jinja2)",
        },
        "what_next": {**_TEMPLATE, "description": "what to do next (Jinja2)"},
        "must_not": {"type": "array", "items": _TEXT, "description": "what must not be done now"},
        "references": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": "^https://\\S+$"},
        },
        "remedy": _REMEDY,
    },
}

_TYPES: dict[str, Callable[[object], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def problems(document: object, schema: dict[str, Any] | None = None, at: str = "") -> Iterator[str]:
    """Every way in which the document differs from the schema, as ``<key>: <what is wrong>``; nothing when it fits."""
    schema = RULE_SCHEMA if schema is None else schema
    wanted = schema.get("type")
    if wanted is None:
        return
    if not _TYPES[wanted](document):
        yield f"{at or 'the file'}: must be {_article(wanted)}, not {_kind(document)}"
        return
    if isinstance(document, dict):
        yield from _object_problems(document, schema, at)
    elif isinstance(document, list):
        if len(document) < schema.get("minItems", 0):
            yield f"{at}: needs at least {schema['minItems']} item(s)"
        for number, item in enumerate(document):
            yield from problems(item, schema["items"], f"{at}[{number}]")
    else:
        yield from _scalar_problems(document, schema, at)


def _object_problems(document: dict[Any, Any], schema: dict[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key in schema.get("required", []):
        if key not in document:
            yield f"{_below(at, key)}: is missing"
    for key, value in document.items():
        if key in known:
            yield from problems(value, known[key], _below(at, key))
        elif others is False:
            what = schema.get("title") if at else None
            yield (
                f"{_below(at, key)}: is not {what or 'a key of a rule'}; known here:"
                f" {', '.join(known) or 'none'}"
            )
    for case in schema.get("allOf", []):
        condition = case["if"]["properties"]
        if all(document.get(key) == wanted["const"] for key, wanted in condition.items()):
            yield from _object_problems(document, case["then"], at)


def _scalar_problems(value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {', '.join(schema['enum'])}"
    if len(str(value)) < schema.get("minLength", 0):
        yield f"{at}: is empty"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{at}: is longer than {schema['maxLength']} characters"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not fit the pattern {schema['pattern']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get(
        "maximum", value
    ):
        yield f"{at}: {value} is not between {schema['minimum']} and {schema['maximum']}"


def _below(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()} (put a YAML word like yes or no in quotes)"
    names = {
        dict: "a mapping",
        list: "a list",
        str: "a text",
        int: "a number",
        type(None): "nothing",
    }
    return names.get(type(value), type(value).__name__)
