# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must always hold of Rancher's decision, on more than 10,000 generated situations."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.chart_version import (
    ChartVersion,
    VersionError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Action,
    Decision,
    Reason,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.merge_patch import (
    merge,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    CONTROL_PLANE_TOLERATION,
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.situations import (
    RANCHERS,
)

often = settings(max_examples=850, deadline=None)

STATUSES = ["deployed"] * 12 + [
    "",
    "failed",
    "superseded",
    "uninstalled",
    "unknown",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
]
METADATA = ["", "+up0.12.0", "+up0.12.0-rc.3", "+up0.12.0-rc.10"]
PRECEDENCES = ["105.0.2", "106.0.0-rc.1", "106.0.0", "106.0.1", "107.0.0"]
CANONICAL = [text + metadata for text in PRECEDENCES for metadata in METADATA]
# Mostly versions as Rancher's charts have them, some that test the limits.
ODD = ["v106.0.0+up0.12.0", "0106.0.0", "106", "106.0", "latest", "106.0.0-01", "", "106.0.0%d"]

rancher_versions = st.sampled_from(RANCHERS)
canonical_texts = st.sampled_from(CANONICAL)
texts = st.sampled_from(CANONICAL * 3 + ODD) | canonical_texts | st.text(max_size=8)
scalars = st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"])
keys = st.sampled_from(["a", "b", "tolerations"])


def maps(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.recursive(
        leaves,
        lambda child: st.lists(child, max_size=2) | st.dictionaries(keys, child, max_size=2),
        max_leaves=5,
    )
    return st.dictionaries(keys, inner, max_size=3)


plain_maps = maps(scalars)
null_maps = maps(scalars | st.none())
any_ask = st.sampled_from(["min", "exact", "both", "neither"])


def situations(
    versions: st.SearchStrategy[str] = texts,
    values: st.SearchStrategy[dict[str, Any]] = null_maps,
    ask: st.SearchStrategy[str] = any_ask,
) -> st.SearchStrategy[Situation]:
    """Situations; ``ask`` draws how the version is asked for: min, exact, both, neither.

    Drawn so that most get past the index and on to a deployed release, often one that holds just
    what Rancher passes: left to chance, nearly all would end at "not in the index".
    """
    return st.builds(
        _situation,
        ask=ask,
        rancher=rancher_versions,
        release=st.sampled_from(["", "fleet", "custom"]),
        wanted=versions,
        other=versions,
        index=st.lists(versions, max_size=3),
        place=st.sampled_from([0, 1, 2, 3] * 3 + ["absent", "no index"]),
        status=st.sampled_from(STATUSES),
        installed=versions,
        config=st.sampled_from(["of Rancher"] * 3 + ["none"]) | values,
        values=st.none() | values,
        tainted=st.booleans(),
    )


def _situation(
    *,
    ask: str,
    wanted: str,
    other: str,
    index: list[str],
    place: int | str,
    status: str,
    installed: str,
    config: str | dict[str, Any],
    values: dict[str, Any] | None,
    tainted: bool,
    **rest: Any,
) -> Situation:
    if isinstance(place, int):
        index = [*index[:place], wanted, *index[place:]]
    if isinstance(config, str):
        config = dict(merge({}, values or {})) if config == "of Rancher" else {}
    return Situation(
        chart="fleet",
        index=None if place == "no index" else tuple(index),
        last_revision=InstalledRelease(status, installed, config) if status else None,
        min={"min": wanted, "both": other}.get(ask, ""),
        exact=wanted if ask in ("exact", "both") else "",
        values=values,
        control_plane_tolerations=(CONTROL_PLANE_TOLERATION,) if tainted else (),
        **rest,
    )


def parsed(text: str) -> ChartVersion | None:
    try:
        return ChartVersion.parse(text)
    except VersionError:
        return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = [each.name for each in fields(Situation)]
READABLE = [name for name in FIELDS if name not in ("rancher", "unreadable")]


@given(situations(), st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=2))
@often
def test_wrong_types_in_a_good_situation_get_an_answer(
    situation: Situation, wrong: dict[str, Any]
) -> None:
    assert isinstance(decide(replace(situation, **wrong)), Decision)


@given(
    st.builds(
        Situation,
        *[JSON] * 8,
        st.builds(InstalledRelease, st.just("deployed") | JSON, JSON, JSON) | JSON,
        JSON,
        JSON,
        JSON,
        JSON,
    )
)
@often
def test_total_even_on_situations_that_no_type_checker_would_pass(situation: Situation) -> None:
    assert isinstance(decide(situation), Decision)


@given(situations())
@often
def test_the_answer_is_complete_and_repeatable(situation: Situation) -> None:
    decision = decide(situation)
    assert decide(situation) == decision
    operation = decision.action is Action.UPGRADE
    assert operation == (decision.version is not None) == (decision.release is not None)
    assert operation == (decision.pass2 is not None)
    assert (decision.action is Action.ERROR) == (decision.error is not None)
    assert not operation or (decision.resolves_to is None) == (decision.resolve_error is not None)
    assert decision.resolves_to is None or decision.resolves_to in (situation.index or ())
    assert decision.trace


@given(situations())
@often
def test_only_deployed_releases_are_skipped_and_pending_ones_never_touched(
    situation: Situation,
) -> None:
    decision = decide(situation)
    installed = situation.last_revision
    if decision.action is Action.SKIP:
        assert installed is not None
        assert installed.is_deployed
        # Nothing changed, so the next look gives the same answer.
        assert decide(situation) == decision
    if installed is not None and installed.is_pending:
        assert decision.action in (Action.BLOCKED, Action.ERROR)
    if decision.action is Action.BLOCKED:
        assert installed is not None
        assert installed.is_pending


@given(situations(ask=st.just("min")))
@often
def test_a_minimum_never_downgrades(situation: Situation) -> None:
    decision = decide(situation)
    installed = situation.last_revision
    if decision.action is not Action.UPGRADE or installed is None or not installed.is_deployed:
        return
    current = parsed(installed.chart_version)
    assert current is not None
    for text in (decision.version, decision.resolves_to):
        version = parsed(text) if text is not None else None
        assert version is None or version.compare(current) >= 0


@given(situations(canonical_texts, ask=st.just("min")), st.sampled_from(METADATA))
@often
def test_build_metadata_of_the_installed_version_changes_nothing_for_a_minimum(
    situation: Situation, metadata: str
) -> None:
    installed = situation.last_revision
    if installed is None:
        return
    text = installed.chart_version.partition("+")[0] + metadata
    other = replace(situation, last_revision=replace(installed, chart_version=text))
    before, after = decide(situation), decide(other)
    assert (before.action, before.row) == (after.action, after.row)
    skips = {Reason.UP_TO_DATE, Reason.EQUAL_PRECEDENCE}
    assert before.reason is after.reason or {before.reason, after.reason} == skips


@given(situations(canonical_texts, ask=st.just("exact")))
@often
def test_an_exact_chart_is_never_left_at_another_precedence(situation: Situation) -> None:
    decision = decide(situation)
    installed = situation.last_revision
    if decision.action is not Action.SKIP or installed is None:
        return
    current, wanted = parsed(installed.chart_version), parsed(situation.exact)
    assert current is not None
    assert wanted is not None
    assert current.compare(wanted) == 0
    if decision.reason is Reason.EQUAL_PRECEDENCE:
        assert situation.rancher in ("v2.8.5", "v2.9.3", "v2.10.1", "v2.10.4", "v2.11.0")


@given(situations(canonical_texts, plain_maps, ask=st.sampled_from(["exact", "min", "neither"])))
@often
def test_operations_on_canonical_versions_without_nulls_come_to_rest(situation: Situation) -> None:
    decision = decide(situation)
    if decision.action is not Action.UPGRADE or decision.resolves_to is None:
        return
    assert (decision.pass2, decision.settles_at_pass) == ("skip", 2)
    if situation.exact:
        assert decision.resolves_to == situation.exact


@given(situations())
@often
def test_resting_is_what_deciding_again_says(situation: Situation) -> None:
    decision = decide(situation)
    if decision.action is not Action.UPGRADE or decision.resolves_to is None:
        return
    done = InstalledRelease("deployed", decision.resolves_to, decision.values)
    after = decide(replace(situation, last_revision=done))
    assert (after.action is Action.SKIP) == (decision.settles_at_pass == 2)


@given(situations(), st.sampled_from(["v2.12.2", "v2.13.0", "v2.13.3", "v2.14.2"]))
@often
def test_2_12_to_2_14_decide_alike(situation: Situation, rancher: str) -> None:
    first = decide(replace(situation, rancher="v2.12.0"))
    assert decide(replace(situation, rancher=rancher)) == first


@given(situations(), st.lists(st.sampled_from(READABLE), min_size=1, max_size=3).map(tuple))
@often
def test_what_was_not_read_never_changes_an_answer_that_is_given(
    situation: Situation, unreadable: tuple[str, ...]
) -> None:
    whole, part = decide(situation), decide(replace(situation, unreadable=unreadable))
    if part.action is Action.UNKNOWN:
        assert part.reason is Reason.INPUT_UNREADABLE
    else:
        assert (part.action, part.reason, part.row, part.version, part.error) == (
            whole.action,
            whole.reason,
            whole.row,
            whole.version,
            whole.error,
        )


@given(canonical_texts, canonical_texts, canonical_texts)
@often
def test_versions_are_totally_ordered_without_metadata(a: str, b: str, c: str) -> None:
    left, middle, right = (ChartVersion.parse(text) for text in (a, b, c))
    assert left.compare(middle) == -middle.compare(left)
    if left.compare(middle) <= 0 and middle.compare(right) <= 0:
        assert left.compare(right) <= 0
    bare = ChartVersion.parse(a.partition("+")[0])
    assert bare.compare(left) == 0
    assert bare.compare(middle) == left.compare(middle)
