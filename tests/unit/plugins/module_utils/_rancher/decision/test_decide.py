# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every cell of the decision table (FM 2.5, corrected by 2.7), for every Rancher line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.shape import (
    write,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Decision,
    Reason,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.situations import (
    BASE,
    CONFIG,
    GA,
    HIGHER,
    LOWER,
    MERGED,
    OTHER_CONFIG,
    RANCHERS,
    RC,
    TOLERATIONS,
    VALUES,
    WITHOUT_METADATA,
    deployed,
    exact,
    last,
    latest,
    minimum,
)

every_rancher = pytest.mark.parametrize("rancher", RANCHERS)
NOT_PENDING = ("failed", "superseded", "uninstalled", "uninstalling", "unknown", "")
PENDING = ("pending-install", "pending-upgrade", "pending-rollback")


def tolerated(rancher: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values as sent where the control plane is tainted."""
    adds = rancher not in ("v2.8.5", "v2.9.3")
    return {**values, "tolerations": TOLERATIONS} if adds else values


def summary(decision: Decision) -> tuple[str, str, int | None, str | None]:
    return (decision.action.value, decision.reason.value, decision.row, decision.version)


# Row 1


@every_rancher
@pytest.mark.parametrize("ask", [minimum, exact])
@pytest.mark.parametrize("status", NOT_PENDING)
def test_row_1_what_is_not_deployed_is_installed_with_ranchers_values_only(
    rancher: str, ask: Any, status: str
) -> None:
    decision = decide(ask(rancher, last_revision=last(status)))
    assert summary(decision) == ("upgrade", "not-installed", 1, GA)
    assert decision.values == tolerated(rancher, VALUES)
    assert decision.lookups == ("deployed", "pending")


@every_rancher
@pytest.mark.parametrize("ask", [minimum, exact])
def test_row_1_no_revision_at_all(rancher: str, ask: Any) -> None:
    decision = decide(ask(rancher))
    assert summary(decision) == ("upgrade", "not-installed", 1, GA)
    assert (decision.resolves_to, decision.take_ownership) == (GA, True)


@every_rancher
@pytest.mark.parametrize("ask", [minimum, exact])
@pytest.mark.parametrize("status", PENDING)
def test_step_6_a_pending_release_is_left_alone_silently(
    rancher: str, ask: Any, status: str
) -> None:
    decision = decide(ask(rancher, last_revision=last(status)))
    assert summary(decision) == ("blocked-by-pending", "pending", 1, None)
    assert (decision.error, decision.log, decision.values) == (None, (), None)
    assert "leaves the release alone" in decision.trace[-1]


@every_rancher
@pytest.mark.parametrize("status", PENDING)
def test_the_index_is_looked_up_before_the_lock_is_seen(rancher: str, status: str) -> None:
    decision = decide(minimum(rancher, index=(RC, LOWER), last_revision=last(status)))
    assert summary(decision) == ("error", "not-in-index", None, None)


# Row 2 to 5: an exact version is asked for


@every_rancher
@pytest.mark.parametrize("version", [LOWER, HIGHER])
@pytest.mark.parametrize(("config", "merged"), [(CONFIG, VALUES), (OTHER_CONFIG, MERGED)])
def test_row_2_another_version_is_upgraded_or_downgraded_to_the_exact_one(
    rancher: str, version: str, config: dict[str, Any], merged: dict[str, Any]
) -> None:
    decision = decide(exact(rancher, last_revision=deployed(version, config)))
    assert summary(decision) == ("upgrade", "version-differs", 2, GA)
    assert decision.values == (config if config is CONFIG else tolerated(rancher, merged))
    assert decision.settles_at_pass == 2


@every_rancher
def test_row_2_build_metadata_counts_since_the_correction(rancher: str) -> None:
    decision = decide(exact(rancher, last_revision=deployed(RC)))
    if rancher in WITHOUT_METADATA:
        assert summary(decision) == ("skip", "equal-precedence", 3, None)
    else:
        assert summary(decision) == ("upgrade", "metadata-differs", 2, GA)
        assert (decision.resolves_to, decision.settles_at_pass) == (GA, 2)


@every_rancher
def test_row_2_sends_the_normal_form_which_may_be_a_siblings_name(rancher: str) -> None:
    index = ("0106.0.0+up0.12.9", "0106.0.0+up0.12.0")
    decision = decide(exact(rancher, index[1], index=index, last_revision=deployed(LOWER)))
    assert (decision.row, decision.version, decision.resolves_to) == (2, GA, index[0])
    if rancher in WITHOUT_METADATA:
        assert decision.settles_at_pass == 2
    else:
        assert decision.settles_at_pass is None


@every_rancher
def test_row_3_the_exact_version_with_equal_values_rests(rancher: str) -> None:
    decision = decide(exact(rancher, last_revision=deployed(GA)))
    assert summary(decision) == ("skip", "up-to-date", 3, None)
    assert (decision.log, decision.lookups) == ((), ("deployed",))


@every_rancher
@pytest.mark.parametrize("version", [GA, RC])
def test_row_4_the_exact_version_with_other_values_is_installed_again(
    rancher: str, version: str
) -> None:
    decision = decide(exact(rancher, last_revision=deployed(version, OTHER_CONFIG)))
    row_2 = version == RC and rancher not in WITHOUT_METADATA
    reason, row = ("metadata-differs", 2) if row_2 else ("values-differ", 4)
    assert summary(decision) == ("upgrade", reason, row, GA)
    assert decision.values == tolerated(rancher, MERGED)
    assert decision.resolves_to == GA


@every_rancher
def test_row_5_an_exact_version_below_the_minimum_is_tried_for_ever(rancher: str) -> None:
    decision = decide(exact(rancher, min=HIGHER, last_revision=deployed(GA)))
    assert summary(decision) == ("error", "available-below-minimum", None, None)
    assert (decision.error, decision.retry_forever) == ("no chart name found", True)
    assert decision.log == (
        f"error: available chart version ({GA}) for rancher-webhook "
        f"is less than the min version ({HIGHER}) ",
    )


@every_rancher
@pytest.mark.parametrize("version", [LOWER, HIGHER])
def test_row_5_needs_a_release_that_already_equals_the_exact_version(
    rancher: str, version: str
) -> None:
    decision = decide(exact(rancher, min=HIGHER, last_revision=deployed(version)))
    assert summary(decision) == ("upgrade", "version-differs", 2, GA)
    # ... which this operation brings about.
    assert (decision.pass2, decision.settles_at_pass) == ("error", None)


@every_rancher
def test_row_7_exact_and_minimum_without_the_correction_send_the_installed_version(
    rancher: str,
) -> None:
    decision = decide(exact(rancher, min=LOWER, last_revision=deployed(RC, OTHER_CONFIG)))
    if rancher in WITHOUT_METADATA:
        assert summary(decision) == ("upgrade", "values-differ", 7, RC)
    else:
        assert summary(decision) == ("upgrade", "metadata-differs", 2, GA)


# Rows 6 to 8: a minimum version is asked for


@every_rancher
@pytest.mark.parametrize(
    ("version", "reason"),
    [(GA, "up-to-date"), (RC, "equal-precedence"), (HIGHER, "newer-installed")],
)
def test_row_6_min_charts_skip_a_release_candidate_of_the_wanted_version(
    rancher: str, version: str, reason: str
) -> None:
    decision = decide(minimum(rancher, last_revision=deployed(version)))
    assert summary(decision) == ("skip", reason, 6, None)
    assert decision.log == (
        f"debug: Skipping installing/upgrading desired version {GA} for release fleet, since "
        f"current version {version} is greater or equal to minimal required version {GA}",
    )


@every_rancher
@pytest.mark.parametrize("version", [GA, RC, HIGHER])
def test_row_7_changed_values_go_with_the_installed_version(rancher: str, version: str) -> None:
    decision = decide(minimum(rancher, last_revision=deployed(version, OTHER_CONFIG)))
    assert summary(decision) == ("upgrade", "values-differ", 7, version)
    assert decision.values == tolerated(rancher, MERGED)
    assert (decision.resolves_to, decision.settles_at_pass) == (version, 2)


@every_rancher
def test_row_7_an_installed_candidate_that_left_the_index_becomes_the_release(
    rancher: str,
) -> None:
    decision = decide(minimum(rancher, index=(GA,), last_revision=deployed(RC, OTHER_CONFIG)))
    assert (decision.version, decision.resolves_to) == (RC, GA)
    assert decision.settles_at_pass == 2


@every_rancher
def test_row_7_an_installed_version_without_any_sibling_in_the_index_fails_each_time(
    rancher: str,
) -> None:
    decision = decide(minimum(rancher, index=(GA,), last_revision=deployed(HIGHER, OTHER_CONFIG)))
    assert (decision.row, decision.version, decision.resolves_to) == (7, HIGHER, None)
    assert decision.resolve_error == f"no chart version found for fleet-{HIGHER}"
    assert decision.pass2 == "n/a: operation not creatable"


@every_rancher
@pytest.mark.parametrize("config", [CONFIG, OTHER_CONFIG])
def test_row_8_below_the_minimum_is_upgraded(rancher: str, config: dict[str, Any]) -> None:
    decision = decide(minimum(rancher, last_revision=deployed(LOWER, config)))
    assert summary(decision) == ("upgrade", "below-minimum", 8, GA)
    assert (decision.resolves_to, decision.settles_at_pass) == (GA, 2)


# Row 9: any version will do


@every_rancher
@pytest.mark.parametrize(
    ("version", "config", "expected"),
    [
        (GA, CONFIG, ("skip", "up-to-date", 9, None)),
        (RC, CONFIG, ("skip", "equal-precedence", 9, None)),
        (HIGHER, CONFIG, ("skip", "newer-installed", 9, None)),
        (LOWER, CONFIG, ("upgrade", "newer-available", 9, GA)),
        (GA, OTHER_CONFIG, ("upgrade", "values-differ", 9, GA)),
        # A downgrade: "latest" is the first entry of the index.
        (HIGHER, OTHER_CONFIG, ("upgrade", "values-differ", 9, GA)),
    ],
)
def test_row_9_the_first_entry_counts_as_the_latest(
    rancher: str,
    version: str,
    config: dict[str, Any],
    expected: tuple[str, str, int, str | None],
) -> None:
    index = ("junk", GA, HIGHER, LOWER)
    situation = latest(rancher, index=index, last_revision=deployed(version, config))
    assert summary(decide(situation)) == expected


# The index


@every_rancher
@pytest.mark.parametrize("ask", [minimum, exact])
@pytest.mark.parametrize(
    ("index", "wanted", "reason", "text"),
    [
        ((), GA, "chart-not-in-index", "no chart name found"),
        ((RC, LOWER), GA, "not-in-index", f"specified version {GA} doesn't exist in the index"),
        ((LOWER,), GA, "no-matching-version", f"no chart version found for {{chart}}-{GA}"),
    ],
)
def test_index_errors_are_not_retried(
    rancher: str, ask: Any, index: tuple[str, ...], wanted: str, reason: str, text: str
) -> None:
    situation = ask(rancher, wanted, index=index, last_revision=deployed(RC))
    decision = decide(situation)
    assert summary(decision) == ("error", reason, None, None)
    assert decision.error == text.format(chart=situation.chart)
    assert not decision.retry_forever


@every_rancher
@pytest.mark.parametrize(
    ("given", "text", "reason", "forever"),
    [
        ("", 'configmaps "rancher-charts-index" not found', "index-missing", True),
        ('configmaps "" not found', None, "index-missing", True),
        (
            'clusterrepos.catalog.cattle.io "rancher-charts" not found',
            None,
            "index-missing",
            True,
        ),
        ("Unauthorized", None, "index-unreadable", False),
    ],
)
def test_without_an_index(
    rancher: str, given: str, text: str | None, reason: str, forever: bool
) -> None:
    decision = decide(minimum(rancher, index=None, index_error=given))
    assert summary(decision) == ("error", reason, None, None)
    assert (decision.error, decision.retry_forever) == (text or given, forever)
    assert decision.lookups == ()


@every_rancher
def test_a_version_that_is_no_constraint(rancher: str) -> None:
    decision = decide(exact(rancher, "106.0.0_up0.12.0"))
    shown = '"106.0.0_up0.12.0"' if rancher == "v2.15.0" else "106.0.0_up0.12.0"
    assert decision.error == f"improper constraint: {shown}"
    assert decision.reason is Reason.IMPROPER_CONSTRAINT


@every_rancher
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exact": GA, "last_revision": deployed("latest")}, "installed-version-invalid"),
        (
            {"exact": ">=1.0.0", "index": (">=1.0.0",), "last_revision": deployed(GA)},
            "wanted-version-invalid",
        ),
        (
            {"exact": GA, "min": "none", "last_revision": deployed(GA)},
            "minimum-version-invalid",
        ),
    ],
)
def test_versions_that_are_none_fail_every_pass(
    rancher: str, changes: dict[str, Any], reason: str
) -> None:
    decision = decide(replace(BASE, rancher=rancher, **changes))
    assert summary(decision) == ("error", reason, None, None)
    old = RANCHERS.index(rancher) <= RANCHERS.index("v2.11.3")
    assert decision.error == ("Invalid Semantic Version" if old else "invalid semantic version")


# What is sent


@every_rancher
def test_release_name_is_sent_from_2_12_on(rancher: str) -> None:
    named = minimum(rancher, release="other")
    own = RANCHERS.index(rancher) >= RANCHERS.index("v2.12.0")
    assert decide(named).release == ("other" if own else "fleet")
    assert decide(replace(named, release="")).release == "fleet"


TOLERATION_CELLS = {
    # values, then what is sent: (2.8 and 2.9, 2.10, 2.11.0 to 2.11.2, from 2.11.3 on)
    "absent, tainted": (
        {"a": 1},
        True,
        ({"a": 1}, {"a": 1, "tolerations": TOLERATIONS}, None, None),
    ),
    "absent, not tainted": (
        {"a": 1},
        False,
        ({"a": 1}, {"a": 1, "tolerations": None}, None, {"a": 1}),
    ),
    "null, tainted": (
        {"tolerations": None},
        True,
        ({"tolerations": None}, None, {"tolerations": TOLERATIONS}, None),
    ),
    "null, not tainted": (
        {"tolerations": None},
        False,
        ({"tolerations": None}, None, None, None),
    ),
    "given, tainted": ({"tolerations": []}, True, ({"tolerations": []}, None, None, None)),
    "none at all, not tainted": (None, False, (None, {"tolerations": None}, None, {})),
}


@pytest.mark.parametrize("cell", TOLERATION_CELLS)
@pytest.mark.parametrize(
    ("rancher", "column"),
    [
        ("v2.9.3", 0),
        ("v2.10.1", 1),
        ("v2.10.11", 1),
        ("v2.11.0", 2),
        ("v2.11.2", 2),
        ("v2.11.3", 3),
        ("v2.12.0", 3),
        ("v2.15.0", 3),
    ],
)
def test_tolerations(cell: str, rancher: str, column: int) -> None:
    values, tainted, sent = TOLERATION_CELLS[cell]
    expected = next(sent[at] for at in range(column, -1, -1) if sent[at] is not None or at == 0)
    changes: dict[str, Any] = {} if tainted else {"control_plane_tolerations": ()}
    decision = decide(minimum(rancher, values=values, **changes))
    assert decision.values == (expected or None)


def test_values_are_merged_onto_the_releases_own() -> None:
    config = {"a": {"b": 1, "c": None}, "d": [1], "gone": True}
    values = {"a": {"b": 2}, "d": [{"x": None}], "gone": None}
    situation = minimum("v2.12.2", last_revision=deployed(LOWER, config), values=values)
    assert decide(situation).values == {
        "a": {"b": 2, "c": None},
        "d": [{}],
        "tolerations": TOLERATIONS,
    }


# The passes after


def test_nulls_in_the_values_cost_a_first_install_one_more_operation() -> None:
    decision = decide(exact("v2.12.2", values={"capi": None, "mcm": {"enabled": False}}))
    assert (decision.pass2, decision.settles_at_pass) == ("operation:values", 3)


@pytest.mark.parametrize(("rancher", "settles"), [("v2.11.2", None), ("v2.11.3", 2)])
def test_a_first_install_without_taints_never_rested_until_2_11_3(
    rancher: str, settles: int | None
) -> None:
    decision = decide(minimum(rancher, control_plane_tolerations=()))
    assert decision.settles_at_pass == 2
    assert decision.settles_at_pass_same_map == settles
    assert decision.values_mutated is (settles is None)


def test_only_a_map_that_rancher_keeps_is_changed() -> None:
    assert decide(minimum("v2.12.2")).values_mutated
    assert not decide(minimum("v2.12.2", values=None)).values_mutated
    assert not decide(minimum("v2.12.2", last_revision=deployed(LOWER, {}))).values_mutated


@pytest.mark.parametrize("rancher", ["v2.10.1", "v2.10.5", "v2.11.0", "v2.11.1", "v2.12.2"])
@pytest.mark.parametrize(("tainted", "written_from"), [(False, None), (True, (2, 11))])
def test_null_tolerations_are_changed_only_where_a_taint_takes_their_place(
    rancher: str, tainted: bool, written_from: tuple[int, int] | None
) -> None:
    """Null over null is no change, as measured at 2.10.1 to 2.11.1."""
    line = tuple(int(part) for part in rancher[1:].split(".")[:2])
    changes: dict[str, Any] = {} if tainted else {"control_plane_tolerations": ()}
    decision = decide(minimum(rancher, values={"tolerations": None}, **changes))
    assert decision.values_mutated is (written_from is not None and line >= written_from)


# What is not known


@pytest.mark.parametrize(
    ("rancher", "reason"),
    [
        ("", "rancher-version-unknown"),
        ("dev", "rancher-version-unknown"),
        ("v2.7.9", "rancher-version-unsupported"),
    ],
)
def test_ranchers_whose_code_was_not_read(rancher: str, reason: str) -> None:
    decision = decide(minimum(rancher, last_revision=deployed(RC)))
    assert summary(decision) == ("unknown", reason, None, None)


def test_a_newer_rancher_is_taken_for_the_newest_known() -> None:
    decision = decide(minimum("v2.17.1", last_revision=deployed(RC)))
    assert summary(decision) == ("skip", "equal-precedence", 6, None)
    assert "taken for 2.15" in decision.trace[0]


@pytest.mark.parametrize(
    ("unreadable", "changes", "action"),
    [
        ("index", {"last_revision": deployed(RC)}, "unknown"),
        ("min", {"last_revision": deployed(RC)}, "unknown"),
        ("last_revision", {}, "unknown"),
        ("last_revision", {"index": ()}, "error"),
        ("values", {"last_revision": deployed(RC)}, "unknown"),
        ("values", {"last_revision": deployed(LOWER)}, "upgrade"),
        ("values", {"last_revision": last("pending-upgrade")}, "blocked-by-pending"),
        ("values", {}, "upgrade"),
        ("namespace", {"last_revision": deployed(RC)}, "skip"),
    ],
)
def test_unread_is_unknown_only_where_it_matters(
    unreadable: str, changes: dict[str, Any], action: str
) -> None:
    decision = decide(minimum("v2.12.2", unreadable=(unreadable,), **changes))
    assert decision.action.value == action
    if unreadable == "values":
        assert (decision.values, decision.pass2) == (None, None)


@pytest.mark.parametrize("ask", [exact, latest])
def test_unread_values_leave_the_other_rows_unknown_too(ask: Any) -> None:
    situation = ask("v2.12.2", last_revision=deployed(GA), index=(GA,), unreadable=("values",))
    assert decide(situation).reason is Reason.INPUT_UNREADABLE


def test_an_input_that_is_no_input_is_an_answer_too() -> None:
    broken: Any = InstalledRelease("deployed", 5, {"a": object()})  # type: ignore[arg-type]
    decision = decide(
        Situation(rancher="v2.12.2", chart="fleet", min=GA, index=(GA,), last_revision=broken)
    )
    assert summary(decision) == ("unknown", "internal", None, None)
    assert decision.trace == ("unknown: the situation cannot be evaluated (TypeError)",)


def test_actions_and_reasons_are_texts_in_documents() -> None:
    document = write(decide(minimum("v2.11.0", last_revision=deployed(RC))))
    assert (document["action"], document["reason"]) == ("skip", "equal-precedence")
    assert document["action"].__class__ is document["reason"].__class__ is str
