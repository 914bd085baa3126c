# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding asserts nothing that it has not checked.

``claims`` in tests/unit/data/evidence/<rule>.yml takes the rule's title and message apart. Each has ``says``, an
expression for the words, and one of

* ``when``: JMESPath over the element, true whenever these words are said;
* ``known``: why it holds everywhere (how Rancher, Helm or Harvester work), nothing to be checked on the cluster;
* ``guess``: a possibility, which the words themselves have to call one.

Together they cover every word. They are held against every evidence there is for any rule, and against pairs of them,
where a second fault may make a cause false that is true of the first one alone.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis import (
    expression,
    findings,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.judging import (
    Judgement,
    judge,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    load_rules,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

TESTS = Path(__file__).parents[4]
DATA = TESTS / "unit" / "data" / "evidence"
RULES = {rule.id: rule for rule in load_rules()}
HEDGES = re.compile(
    r"\b(may|might|can be|perhaps|possibl[ey]|probably|likely|often|for example|one cause)\b"
)
_LINKS = re.compile(r"\b(and|but|so|which|that|of|it)\b|[^\w\s]")
_PAIRS = 400


@functools.cache
def claims() -> dict[str, list[dict[str, Any]]]:
    """By rule."""
    return {
        path.stem: yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader).get("claims", [])
        for path in DATA.glob("*.yml")
    }


@functools.cache
def overlays() -> list[dict[str, Any]]:
    """Every evidence that any rule or case is tested on."""
    found = []
    for path in sorted(DATA.glob("*.yml")):
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        for part in ("match", "neighbour", "unknown"):
            found += [case["overlay"] for case in content.get(part, ())]
    for path in sorted((TESTS / "cases").glob("*.yml")):
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        found += [content["overlay"]] if "overlay" in content else []
    return found


def pairs() -> list[dict[str, Any]]:
    """Two faults at once: the parts of the second are laid over those of the first."""
    combinations = list(itertools.permutations(overlays(), 2))
    chosen = random.Random(7).sample(combinations, _PAIRS)
    merged = [{**first, **second} for first, second in chosen]
    # What is set field by field comes last, as in the overlays themselves.
    return [
        dict(sorted(each.items(), key=lambda part: part[0] in ("set", "sources")))
        for each in merged
    ]


@functools.cache
def said() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """By rule: every different text it has said, each with the element it said it of."""
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {name: [] for name in RULES}
    for overlay in [*overlays(), *pairs()]:
        facts = derive(build(overlay)).to_dict()
        for rule in RULES.values():
            for judgement in judge(rule, facts):
                if judgement.matched:
                    told[rule.id].append((text_of(judgement), judgement.element))
    return told


def text_of(judgement: Judgement) -> str:
    (finding,) = findings.rank([judgement])
    return f"{finding['title']}. {finding['message']}"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_word_is_a_claim(rule: str) -> None:
    """Nothing is said beside the claims, and no claim is about words that are never said."""
    assert said()[rule], "the rule has never matched"
    unused = {claim["says"] for claim in claims()[rule]}
    for text, _element in said()[rule]:
        rest = text
        for claim in claims()[rule]:
            rest, count = re.subn(claim["says"], " ", rest)
            unused -= {claim["says"]} if count else set()
        unclaimed = " ".join(_LINKS.sub(" ", rest).split())
        assert not unclaimed, text
    assert not unused


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_claim_has_been_checked(rule: str) -> None:
    for text, element in said()[rule]:
        for claim in claims()[rule]:
            assert len(claim.keys() & {"when", "known", "guess"}) == 1
            words = re.search(claim["says"], text)
            if words and "when" in claim:
                truth = expression.truth(claim["when"], element)
                assert (
                    truth.value is True
                ), f"{words.group()!r} is said although not: {claim['when']}"
            if words and "guess" in claim:
                assert HEDGES.search(words.group()), f"{words.group()!r} sounds certain"
