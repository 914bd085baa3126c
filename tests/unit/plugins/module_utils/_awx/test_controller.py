# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the API of a controller is asked, and what is said when it does not answer as it should."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx import controller
from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.controller import (
    Controller,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from awx.fake_controller import TOKEN, fake_controller


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> list[dict[str, Any]]:
    """Let the next requests be answered so; what was asked, as it is asked."""
    asked: list[dict[str, Any]] = []
    left = list(answers)

    def open_url(url: str, **options: Any) -> io.BytesIO:
        asked.append({"url": url, **options})
        return io.BytesIO(left.pop(0))

    monkeypatch.setattr(controller, "open_url", open_url)
    return asked


def test_a_list_is_read_to_its_last_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = (
        {"current_version": "/api/v2/"},
        {"results": [{"id": 1}], "next": "/api/v2/hosts/?page=2"},
        {"results": [{"id": 2}], "next": None},
    )
    asked = answering(monkeypatch, *(json.dumps(page).encode() for page in pages))
    awx = Controller("https://awx.example.com/", TOKEN)
    assert awx.list(awx.url_of("hosts"), name="a b") == [{"id": 1}, {"id": 2}]
    assert [each["url"] for each in asked] == [
        "https://awx.example.com/api/",
        "https://awx.example.com/api/v2/hosts/?name=a+b&page_size=200",
        "https://awx.example.com/api/v2/hosts/?page=2",
    ]
    assert asked[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert asked[0]["url_username"] is None


def test_a_password_is_used_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, b"")
    awx = Controller("https://awx", username="u", password="p", api_path="api/controller/v2")
    assert awx.post(awx.url_of("hosts"), {"name": "x"}) == {}
    assert (asked[0]["url_username"], asked[0]["url_password"]) == ("u", "p")
    assert "Authorization" not in asked[0]["headers"]
    assert asked[0]["url"] == "https://awx/api/controller/v2/hosts/"


@pytest.mark.parametrize("answer", [b"<html>", b"[]"])
def test_what_is_no_api_is_said(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(RemediationError, match="is no API of AWX") as caught:
        Controller("https://awx").get("/api/v2/x/1/")
    assert caught.value.code == "api-error"


@pytest.mark.parametrize(
    ("token", "path", "code"),
    [("wrong", "hosts/", "unauthorized"), (TOKEN, "hosts/77/", "not-found")],
)
def test_refusals_keep_what_the_controller_said(token: str, path: str, code: str) -> None:
    with fake_controller() as awx, pytest.raises(RemediationError) as caught:
        Controller(awx.url, token).get(f"/api/v2/{path}")
    assert caught.value.code == code
    assert "detail" in str(caught.value)
    assert token not in str(caught.value)


def test_nobody_answers() -> None:
    with fake_controller() as awx:
        url = awx.url
    with pytest.raises(RemediationError, match="does not answer") as caught:
        Controller(url).get("/api/v2/")
    assert caught.value.code == "server-unreachable"


@pytest.mark.parametrize(
    ("gateway", "version"), [(False, "/api/v2/"), (True, "/api/controller/v2/")]
)
def test_the_controller_is_asked_where_its_api_is(gateway: bool, version: str) -> None:
    """AWX names its version itself; a gateway names the controller, which names its version."""
    with fake_controller() as awx:
        awx.gateway = gateway
        client = Controller(awx.url, TOKEN)
        assert client.url_of("organizations") == f"{version}organizations/"
        (found,) = client.list(client.url_of("organizations"))
        assert found["url"] == f"{version}organizations/{found['id']}/"
        assert client.get(found["url"])["name"] == "Default"


@pytest.mark.parametrize(
    "roots",
    [
        [{"description": "something else"}],
        [{"apis": {"eda": "/api/eda/"}}],
        [{"apis": {"controller": "/api/controller/"}}, {}],
    ],
)
def test_an_api_without_a_controller_is_said(
    monkeypatch: pytest.MonkeyPatch, roots: list[dict[str, Any]]
) -> None:
    answering(monkeypatch, *(json.dumps(root).encode() for root in roots))
    with pytest.raises(RemediationError, match="is no API of AWX") as caught:
        Controller("https://awx").url_of("hosts")
    assert "controller_api_path" in caught.value.remedy


def test_addresses_with_a_host_lead_to_the_host_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A service behind a gateway names its version by the host that it knows itself by."""
    roots = (
        {"apis": {"controller": "/api/controller/"}},
        {"current_version": "http://localhost/api/controller/v2/"},
    )
    answering(monkeypatch, *(json.dumps(root).encode() for root in roots))
    assert Controller("https://aap").url_of("hosts") == "/api/controller/v2/hosts/"
