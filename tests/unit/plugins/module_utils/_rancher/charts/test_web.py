# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import web
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.web_site import (
    Page,
    Site,
)

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def visit(site: Site, **access: Any) -> web.Web:
    return web.Web(site.url, web.HttpAccess(**access), sleep=lambda _seconds: None)


def test_a_document_arrives_byte_for_byte(site: Site) -> None:
    site.pages["/x"] = CONTENT
    assert visit(site).read(f"{site.url}/x", 4096) == CONTENT
    content = io.BytesIO()
    visit(site).stream(f"{site.url}/x", ChartSink(content))
    assert content.getvalue() == CONTENT


@pytest.mark.parametrize(
    "mishap", [500, 503, 429, Page(CONTENT[:100], claims=len(CONTENT)), Page(b"", claims=9)]
)
def test_what_may_pass_is_tried_again_from_the_start(site: Site, mishap: Any) -> None:
    site.pages["/x"] = [mishap, mishap, CONTENT]
    content = io.BytesIO()
    visit(site).stream(f"{site.url}/x", ChartSink(content))
    assert content.getvalue() == CONTENT
    site.pages["/x"] = mishap
    with pytest.raises(RemediationError) as caught:
        visit(site).stream(f"{site.url}/x", ChartSink(io.BytesIO()))
    assert caught.value.retryable
    assert len(site.requests) == 3 + web.ATTEMPTS


@pytest.mark.parametrize("status", [400, 403])
def test_what_will_not_pass_is_not_tried_again(site: Site, status: int) -> None:
    site.pages["/x"] = status
    with pytest.raises(RemediationError, match=f"HTTP status {status}"):
        visit(site).read(f"{site.url}/x", 9)
    assert len(site.requests) == 1


def test_an_absent_document_and_a_challenge_are_told_apart(site: Site) -> None:
    with pytest.raises(web.MissingError):
        visit(site).read(f"{site.url}/x", 9)
    site.pages["/x"] = Page(status=401, headers={"WWW-Authenticate": "Basic"})
    with pytest.raises(web.ChallengeError) as caught:
        visit(site).read(f"{site.url}/x", 9)
    assert (caught.value.challenge, caught.value.code) == ("Basic", "chart-not-found")


def test_a_download_is_bounded(site: Site) -> None:
    site.pages["/x"] = CONTENT
    with pytest.raises(RemediationError, match="larger than 10 bytes"):
        visit(site).read(f"{site.url}/x", 10)
    with pytest.raises(RemediationError) as caught:
        visit(site).stream(f"{site.url}/x", ChartSink(io.BytesIO(), limit=10))
    assert caught.value.code == "chart-archive-unsafe"
    assert len(site.requests) == 2


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_web_addresses_are_fetched(site: Site, url: str) -> None:
    with pytest.raises(RemediationError, match="only http and https"):
        visit(site).read(url, 9)


def test_an_unreachable_server_is_told_without_its_password() -> None:
    url = "http://me:hunter2@127.0.0.1:9"
    with pytest.raises(RemediationError) as caught:
        web.Web(url, web.HttpAccess(), sleep=lambda _seconds: None).read(url, 9)
    assert caught.value.retryable
    assert "127.0.0.1:9" in caught.value.message
    assert "hunter2" not in str(caught.value.to_dict())


def test_credentials_go_to_the_home_and_to_no_other_host(site: Site) -> None:
    site.pages["/x"] = CONTENT
    visitor = visit(site, username="me", password="hunter2")
    visitor.read(f"{site.url}/x", 4096)
    visitor.read(f"{site.url}/x".replace("127.0.0.1", "localhost"), 4096)
    visitor.with_token("t0ken").read(f"{site.url}/x", 4096)
    sent = [headers.get("Authorization") for _path, headers in site.requests]
    assert sent == ["Basic " + base64.b64encode(b"me:hunter2").decode(), None, "Bearer t0ken"]
    assert "hunter2" not in repr(web.HttpAccess(password="hunter2"))


def test_credentials_do_not_follow_a_redirect(site: Site) -> None:
    other = site.url.replace("127.0.0.1", "localhost")
    site.pages["/x"] = Page(status=302, headers={"Location": f"{other}/y"})
    site.pages["/y"] = CONTENT
    assert visit(site, token="t0ken").read(f"{site.url}/x", 4096) == CONTENT
    assert [headers.get("Authorization") for _path, headers in site.requests] == [
        *("Bearer t0ken", None)
    ]


def test_a_proxy_is_used_for_the_download_and_for_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    # As a proxy the site is asked for the whole address; the host it names does not exist.
    site.pages["http://charts.invalid/x"] = CONTENT
    access = web.HttpAccess(proxy=site.url)
    assert web.Web("http://charts.invalid", access).read("http://charts.invalid/x", 4096) == CONTENT
    assert os.environ["http_proxy"] == "http://127.0.0.1:9"
    assert "HTTPS_PROXY" not in os.environ
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    site.pages["/x"] = CONTENT
    assert visit(site, proxy="http://127.0.0.1:9").read(f"{site.url}/x", 4096) == CONTENT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, key and all in one file."""
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    openssl = shutil.which("openssl")
    assert openssl, "the README asks for openssl"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *(
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=test",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ),
            *("-keyout", str(path), "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def test_a_certificate_must_be_trusted_by_the_ca_given(certificate: Path) -> None:
    with Site(certificate) as site:
        site.pages["/x"] = CONTENT
        address = f"{site.url}/x"
        assert visit(site, ca_path=f"{certificate}.crt").read(address, 4096) == CONTENT
        assert visit(site, validate_certs=False).read(address, 4096) == CONTENT
        with pytest.raises(RemediationError, match=r"(?i)certificate"):
            visit(site).read(address, 4096)
