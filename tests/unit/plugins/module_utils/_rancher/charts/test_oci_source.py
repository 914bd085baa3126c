# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import json

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import (
    oci_source as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.request import (
    ChartRequest,
    FetchedChart,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.web import (
    HttpAccess,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.web_site import (
    Page,
    Registry,
)

GA = "106.0.0+up0.12.0"
TAG = "106.0.0_up0.12.0"
CHART = chart_archive("fleet", GA)
DIGEST = hashlib.sha256(CHART).hexdigest()
MANIFEST = f"/v2/charts/fleet/manifests/{TAG}"


def pull(
    registry: Registry, username: str | None = None, password: str | None = None
) -> tuple[FetchedChart, bytes]:
    content = io.BytesIO()
    access = source.Registry(HttpAccess(username=username, password=password), plain_http=True)
    url = f"oci://{registry.host}/charts"
    fetched = source.fetch_from_registry(url, ChartRequest("fleet", GA), access, ChartSink(content))
    return fetched, content.getvalue()


def refusal(registry: Registry, **login: str) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        pull(registry, **login)
    assert caught.value.code == "chart-not-found"
    return caught.value


@pytest.mark.parametrize("auth", ["none", "basic", "bearer"])
def test_a_chart_is_pulled_by_its_tag_and_verified_by_its_manifest(auth: str) -> None:
    with Registry(auth) as registry:
        registry.push("charts/fleet", TAG, CHART)
        fetched, content = pull(registry, "me", "hunter2")
    assert content == CHART
    assert fetched.digest == DIGEST
    assert fetched.origin == f"oci://{registry.host}/charts/fleet:{TAG}"
    assert fetched.digest_from == f"manifest of {fetched.origin}"


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_a_wrong_or_missing_login_is_told_and_kept_secret(auth: str) -> None:
    with Registry(auth) as registry:
        registry.push("charts/fleet", TAG, CHART)
        error = refusal(registry, username="me", password="wr0ng")
        assert "HTTP status 401" in error.message
        assert "wr0ng" not in str(error.to_dict())
        assert "HTTP status 401" in refusal(registry).message


def test_a_password_does_not_go_in_the_clear_to_a_token_server_of_a_registry_with_tls() -> None:
    repository = source._Repository("https://r.example", "charts", HttpAccess("me", "hunter2"))
    challenge = source.ChallengeError("https://r.example/v2/", 'Bearer realm="http://r.example/t"')
    with pytest.raises(source.ChallengeError):
        repository._answer(challenge)


def test_a_registry_without_the_version_names_the_nearest() -> None:
    with Registry() as registry:
        registry.push("charts/fleet", "106.0.0_up0.12.0-rc.3", CHART)
        registry.push("charts/fleet", "105.0.2_up0.11.2", CHART)
        message = refusal(registry).message
    assert "Nearest there: 106.0.0+up0.12.0-rc.3, 105.0.2+up0.11.2." in message


def test_a_registry_that_does_not_list_is_no_other_error() -> None:
    with Registry() as registry:
        assert "Nearest" not in refusal(registry).message
        registry.pages["/v2/charts/fleet/tags/list?n=1000"] = b"[]"
        assert "Nearest" not in refusal(registry).message


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        [],
        {"layers": 3},
        {"layers": [3, {"mediaType": "text/plain"}]},
        {"layers": [{"mediaType": source.CHART_LAYER_TYPE, "digest": "sha256:../x", "size": 1}]},
        {"layers": [{"mediaType": source.CHART_LAYER_TYPE, "digest": "sha512:00", "size": 1}]},
        {"layers": [{"mediaType": source.CHART_LAYER_TYPE, "digest": f"sha256:{DIGEST}"}]},
    ],
)
def test_a_manifest_without_a_chart_is_told(manifest: object) -> None:
    with Registry() as registry:
        registry.pages[MANIFEST] = json.dumps(manifest).encode()
        assert "no Helm chart" in refusal(registry).message
        registry.pages[MANIFEST] = b"<html>"
        assert "no JSON" in refusal(registry).message


def test_sizes_are_compared_with_the_manifest() -> None:
    with Registry() as registry:
        registry.push("charts/fleet", TAG, CHART)
        blob = f"/v2/charts/fleet/blobs/sha256:{DIGEST}"
        registry.pages[blob] = Page(CHART[:-1])
        assert f"{len(CHART) - 1} of {len(CHART)} bytes arrived" in refusal(registry).message
        layer = {"mediaType": source.CHART_LAYER_TYPE, "digest": f"sha256:{DIGEST}", "size": 10**9}
        registry.pages[MANIFEST] = json.dumps({"layers": [layer]}).encode()
        assert "1000000000 bytes" in refusal(registry).message


def test_a_registry_address_may_end_in_the_chart() -> None:
    assert source.chart_address("oci://r/charts/", "fleet") == "oci://r/charts/fleet"
    assert source.chart_address("oci://r/charts/fleet", "fleet") == "oci://r/charts/fleet"
    assert source.tag_of(GA) == TAG
