# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assets in the export format of AWX, made what they say on a controller: as `awx import` does, but only
where something differs, and told beforehand in check mode.

An asset has fields, a natural key (what it is found by) and related things. A reference to another object is
that object's natural key. Nothing is ever deleted or taken away from an object.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .._core.errors import RemediationError
from .roles import lacking, named_roles

Asset = Mapping[str, Any]

#: What is made, in an order in which everything comes after what it refers to.
RESOURCES = {
    "credential_types": "credential_type",
    "execution_environments": "execution_environment",
    "notification_templates": "notification_template",
    "projects": "project",
    "inventory": "inventory",
    "credentials": "credential",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
}
#: Type of a natural key to the list where such objects are.
_LISTS = {
    **{kind: name for name, kind in RESOURCES.items()},
    "inventory": "inventories",
    "organization": "organizations",
    "team": "teams",
    "instance_group": "instance_groups",
    "host": "hosts",
    "schedule": "schedules",
    "workflow_job_template_node": "workflow_job_template_nodes",
}
#: Related lists whose members are objects of their own; members of every other list are only attached.
_OWNED = ("hosts", "schedules", "workflow_nodes")
#: What the API answers in place of a secret.
_MASKED = "$encrypted$"
#: Seconds that a project gets to fetch its playbooks, without which no job template can name one, and between looks.
_PROJECT_TIMEOUT, _PROJECT_INTERVAL = 300, 3
#: Fields of a project that start an update when they change (FIELDS_TRIGGER_UPDATE in awx/main/models/projects.py).
_UPDATING = frozenset({"scm_type", "scm_url", "scm_branch", "scm_refspec"})


class Api(Protocol):
    """What is used of a controller."""

    def url_of(self, collection: str) -> str: ...

    def get(self, path: str) -> dict[str, Any]: ...

    def list(self, path: str, **query: str) -> list[dict[str, Any]]: ...

    def may_post(self, path: str) -> bool: ...

    def post(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]: ...

    def patch(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]: ...


class AssetImport:
    """One import. `outcomes` tells of every object what was done, or in a dry run what would be."""

    def __init__(
        self, api: Api, *, dry_run: bool = False, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._dry_run = dry_run
        self._sleep = sleep
        self._found: dict[str, dict[str, Any]] = {}
        self._to_relate: list[tuple[dict[str, Any], Asset]] = []
        self.outcomes: list[dict[str, Any]] = []

    @property
    def changed(self) -> bool:
        """Whether anything differed."""
        return any(each["action"] != "unchanged" for each in self.outcomes)

    def run(self, assets: Mapping[str, list[Asset]]) -> None:
        """Make the controller what the assets say."""
        unknown = sorted(set(assets) - set(RESOURCES))
        if unknown:
            raise RemediationError(
                "refused",
                f"Assets of the kind {', '.join(unknown)} cannot be imported here.",
                f"Known kinds are {', '.join(RESOURCES)}; for others use awx import.",
            )
        for resource, kind in RESOURCES.items():
            for asset in assets.get(resource, []):
                self._place(self._api.url_of(_LISTS[kind]), asset)
        # What is related may come later in the list, like the next node of a workflow.
        while self._to_relate:
            placed, asset = self._to_relate.pop(0)
            for name, related in asset.get("related", {}).items():
                self._relate(placed, name, related)

    def _place(self, path: str, asset: Asset) -> None:
        key = asset["natural_key"]
        wanted = {
            field: self._reference(value) if _is_key(value) else value
            for field, value in asset.items()
            if field not in ("natural_key", "related")
        }
        have = self._find(key)
        outcome = {"object": _label(key), "action": "unchanged", "fields": []}
        if have is None:
            outcome["action"] = "created"
            have = self._create(path, key, wanted)
        else:
            outcome["fields"] = sorted(
                field for field, value in wanted.items() if not _same(have.get(field), value)
            )
            if outcome["fields"]:
                outcome["action"] = "changed"
                have = self._change(have, key, {name: wanted[name] for name in outcome["fields"]})
        self._found[_text(key)] = have
        self.outcomes.append(outcome)
        self._to_relate.append((have, asset))

    def _create(self, path: str, key: Asset, wanted: Asset) -> dict[str, Any]:
        if self._dry_run:
            # What is inside an object that does not exist yet has no list to ask.
            if path and not self._api.may_post(path):
                raise lacking(_label(key), key["type"], "create")
            return {"dry_run": True, **wanted}
        try:
            made = self._api.post(path, wanted)
        except RemediationError as error:
            raise _named(error, key, "create") from error
        if key["type"] != "project":
            return made
        return self._updated(made, f"The controller has made {_label(key)}, but its first update")

    def _change(self, have: dict[str, Any], key: Asset, differing: Asset) -> dict[str, Any]:
        if key["type"] == "credential_type" and "inputs" in differing:
            self._keep_fields_in_use(have, key)
        if self._dry_run:
            able = have.get("summary_fields", {}).get("user_capabilities", {})
            if able.get("edit") is False:
                raise lacking(_label(key), key["type"], "change")
            return have
        try:
            changed = self._api.patch(have["url"], differing)
        except RemediationError as error:
            raise _named(error, key, "change") from error
        if key["type"] == "project" and _UPDATING & set(differing):
            return self._updated(changed, f"{_label(key)} is changed, but its update")
        return changed

    def _keep_fields_in_use(self, credential_type: Asset, key: Asset) -> None:
        """AWX answers such a change with 403, as if a role were missing (CredentialTypeSerializer.validate)."""
        path = self._api.url_of("credentials")
        users = self._api.list(path, credential_type=str(credential_type["id"]))
        if users:
            names = ", ".join(sorted(each["name"] for each in users))
            raise RemediationError(
                "refused",
                f"The fields (inputs) of {_label(key)} differ from the assets, and the controller does not change them while "
                f"credentials use the type: {names}.",
                "Rename the credential type in the controller to keep those credentials, and run again: it creates the new "
                "type. Then create the credentials of the new type, and delete the old ones.",
            )

    def _updated(self, project: dict[str, Any], told: str) -> dict[str, Any]:
        """Wait for the update that a new or changed project starts: its playbooks are not there before."""
        for _attempt in range(_PROJECT_TIMEOUT // _PROJECT_INTERVAL):
            project = self._api.get(project["url"])
            if project["status"] in ("successful", "failed", "error", "canceled"):
                break
            self._sleep(_PROJECT_INTERVAL)
        if project["status"] != "successful":
            raise RemediationError(
                "api-error",
                f"{told} is {project['status']}.",
                "Look at the update in the controller; correct scm_url, scm_branch or the project's credential, update "
                "it there and run again.",
            )
        return project

    def grant(self, team: str, organization: str, wanted: Mapping[str, str], assets: Any) -> None:
        """Give a team a role on every asset of some kinds: kind of asset to name of the role."""
        key = {"type": "team", "name": team}
        owner = {"type": "organization", "name": organization}
        found = self._find({**key, "organization": owner})
        if found is None:
            raise RemediationError(
                "not-found",
                f"The controller has no team {team} in organization {organization}.",
                "Create the team first, or leave it out of awx_approver_teams.",
            )
        outcome: dict[str, Any] = {"object": _label(key), "action": "unchanged", "fields": []}
        self.outcomes.append(outcome)
        has = {role["id"] for role in self._api.list(found["related"]["roles"])}
        for resource, role in wanted.items():
            for asset in assets.get(resource, []):
                number = named_roles(self._found[_text(asset["natural_key"])]).get(role)
                if number is None or number not in has:
                    outcome["action"] = "changed"
                    outcome["fields"].append(f"{role}: {_label(asset['natural_key'])}")
                    if not self._dry_run:
                        self._api.post(found["related"]["roles"], {"id": number})

    def _relate(self, placed: dict[str, Any], name: str, related: Any) -> None:
        path = placed.get("related", {}).get(name, "")
        if name in _OWNED:
            for asset in related:
                self._place(path, asset)
        elif name == "create_approval_template":
            self._approval(placed, path, related)
        elif isinstance(related, list):
            self._attach(placed, name, path, related)
        else:
            self._document(placed, name, path, related)

    def _attach(self, placed: dict[str, Any], name: str, path: str, keys: list[Asset]) -> None:
        there = set() if "dry_run" in placed else {item["id"] for item in self._api.list(path)}
        for key in keys:
            number = self._reference(key)
            if number is None or number not in there:
                self._note(placed, f"{name}: {_label(key)}")
                if not self._dry_run:
                    self._api.post(path, {"id": number})

    def _document(self, placed: dict[str, Any], name: str, path: str, document: Asset) -> None:
        have = {} if "dry_run" in placed else self._api.get(path)
        if not _same(have, document):
            self._note(placed, name)
            if not self._dry_run:
                self._api.post(path, document)

    def _approval(self, placed: dict[str, Any], path: str, wanted: Asset) -> None:
        """An approval has an address of its own, and no natural key."""
        # The node may have been read before its approval was made.
        node = placed if "dry_run" in placed else self._api.get(placed["url"])
        template = node.get("summary_fields", {}).get("unified_job_template", {})
        if template.get("unified_job_type") != "workflow_approval":
            self._note(placed, "approval")
            if not self._dry_run:
                self._api.post(path, wanted)
            return
        address = f"{self._api.url_of('workflow_approval_templates')}{template['id']}/"
        if not _same(self._api.get(address), wanted):
            self._note(placed, "approval")
            if not self._dry_run:
                self._api.patch(address, wanted)

    def _note(self, placed: dict[str, Any], what: str) -> None:
        """Count it with the object it belongs to."""
        (key,) = (key for key, item in self._found.items() if item is placed)
        outcome = next(each for each in self.outcomes if each["object"] == _label(json.loads(key)))
        outcome["fields"].append(what)
        if outcome["action"] == "unchanged":
            outcome["action"] = "changed"

    def _reference(self, key: Asset) -> int | None:
        """Number of the object with that key; null for one that a dry run only would have made."""
        item = self._find(key)
        if item is None:
            raise RemediationError(
                "not-found",
                f"The controller has no {_label(key)}, which the assets refer to.",
                "Create it first, or import the assets that hold it.",
            )
        return item.get("id")

    def _find(self, key: Asset) -> dict[str, Any] | None:
        text = _text(key)
        if text not in self._found:
            query = {}
            for part, value in key.items():
                if _is_key(value):
                    number = self._reference(value)
                    if number is None:
                        return None
                    query[part] = str(number)
                elif part != "type":
                    query[part] = str(value)
            if key["type"] not in _LISTS:
                raise RemediationError("refused", f"Objects of type {key['type']} are not known.")
            items = self._api.list(self._api.url_of(_LISTS[key["type"]]), **query)
            if not items:
                return None
            self._found[text] = items[0]
        return self._found[text]


def _named(error: RemediationError, key: Asset, what: str) -> RemediationError:
    """The error, of a refusal for want of a role with the object and that role."""
    return (
        lacking(_label(key), key["type"], what, error.message)
        if error.code == "forbidden"
        else error
    )


def replaced(assets: Any, organization: str, overrides: Mapping[str, Mapping[str, Any]]) -> Any:
    """The assets with another organization than Default, and other values of some fields, by kind of asset."""
    moved = _moved(assets, organization)
    return {
        resource: [{**asset, **overrides.get(resource, {})} for asset in listed]
        for resource, listed in moved.items()
    }


def without(assets: Any, kind: str) -> Any:
    """The assets without those of a type, and without every reference to one."""
    if isinstance(assets, list):
        kept = [item for item in assets if not (_is_key(item) and item["type"] == kind)]
        return [without(item, kind) for item in kept if _kind_of(item) != kind]
    if isinstance(assets, Mapping):
        return {name: without(value, kind) for name, value in assets.items()}
    return assets


def _kind_of(item: Any) -> Any:
    return item.get("natural_key", {}).get("type") if isinstance(item, Mapping) else None


def _moved(value: Any, organization: str) -> Any:
    if isinstance(value, list):
        return [_moved(item, organization) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value == {"name": "Default", "type": "organization"}:
        return {"name": organization, "type": "organization"}
    return {name: _moved(item, organization) for name, item in value.items()}


def _same(have: Any, want: Any) -> bool:
    """Whether the controller has what is wanted; what the assets do not mention is not looked at."""
    if isinstance(want, Mapping):
        return isinstance(have, Mapping) and all(
            _same(have.get(name), value) for name, value in want.items()
        )
    if isinstance(want, list):
        return (
            isinstance(have, list)
            and len(have) == len(want)
            and all(_same(one, other) for one, other in zip(have, want, strict=True))
        )
    if have == _MASKED:
        return True
    # The API keeps no line feed at the end of a text, and tells an unset one as "" or null.
    return bool(_stripped(have) == _stripped(want))


def _stripped(value: Any) -> Any:
    return (value or "").strip() if isinstance(value, (str, type(None))) else value


def _is_key(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and "type" in value and bool({"name", "identifier"} & set(value))
    )


def _text(key: Asset) -> str:
    return json.dumps(key, sort_keys=True)


def _label(key: Asset) -> str:
    """``job_template/Harvester upgrade: plan``."""
    return f"{key['type']}/{key.get('name') or key.get('identifier')}"
