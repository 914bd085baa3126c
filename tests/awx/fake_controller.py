# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller on loopback that speaks as much of AWX's API as an import of assets needs.

It keeps objects in memory and counts what changed them. Like AWX it answers OPTIONS with the fields that a POST takes,
and leaves POST out for who lacks a role; it finds by filters in the query, gives related addresses, and refuses
references to what there is not. It updates a project whose source has changed, which has no playbooks until then, cancels
a waiting approval whose template is replaced, refuses variables where a launch does not ask for them, and keeps the
fields of a credential type with credentials.
Unlike AWX it refuses fields it does not know: a misspelt one would be dropped in silence.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

TOKEN = "token-of-the-test"
ROOT = "/api/v2/"
#: Where a gateway has the controller, which then gives every address below it (awx/api/versioning.py).
BEHIND_GATEWAY = "/api/controller/"
Item = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Of one type of object: the list it is in, its fields, its references, its related lists and documents."""

    path: str
    fields: str
    references: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    attached: dict[str, str] = field(default_factory=dict)
    owned: dict[str, tuple[str, str]] = field(default_factory=dict)
    documents: tuple[str, ...] = ()


_NOTIFICATIONS = {
    f"notification_templates_{event}": "notification_template"
    for event in ("started", "success", "error")
}
_ORGANIZATION = {"organization": "organization"}
_EDGES = {
    f"{outcome}_nodes": "workflow_job_template_node" for outcome in ("success", "failure", "always")
}
KINDS = {
    "organization": Kind("organizations", "name description"),
    "credential_type": Kind("credential_types", "name description kind inputs injectors"),
    "execution_environment": Kind(
        "execution_environments",
        "name description image pull",
        {**_ORGANIZATION, "credential": "credential"},
    ),
    "credential": Kind(
        "credentials",
        "name description inputs",
        {**_ORGANIZATION, "credential_type": "credential_type"},
    ),
    "notification_template": Kind(
        "notification_templates",
        "name description notification_type notification_configuration messages",
        _ORGANIZATION,
    ),
    "project": Kind(
        "projects",
        "name description scm_type scm_url scm_branch scm_update_on_launch",
        {**_ORGANIZATION, "default_environment": "execution_environment"},
    ),
    "inventory": Kind(
        "inventories",
        "name description kind variables",
        _ORGANIZATION,
        owned={"hosts": ("host", "inventory")},
    ),
    "host": Kind("hosts", "name description enabled variables", {"inventory": "inventory"}),
    "job_template": Kind(
        "job_templates",
        "name description job_type playbook extra_vars ask_credential_on_launch"
        " ask_variables_on_launch ask_job_type_on_launch survey_enabled timeout diff_mode"
        " job_slice_count ask_job_slice_count_on_launch",
        {
            "project": "project",
            "inventory": "inventory",
            "execution_environment": "execution_environment",
        },
        {"credentials": "credential", "instance_groups": "instance_group", **_NOTIFICATIONS},
        {"schedules": ("schedule", "unified_job_template")},
        ("survey_spec",),
    ),
    "schedule": Kind(
        "schedules",
        "name description rrule enabled extra_data",
        {"unified_job_template": "job_template"},
        {"credentials": "credential"},
    ),
    "workflow_job_template": Kind(
        "workflow_job_templates",
        "name description allow_simultaneous extra_vars ask_variables_on_launch",
        _ORGANIZATION,
        {**_NOTIFICATIONS, "notification_templates_approvals": "notification_template"},
        {"workflow_nodes": ("workflow_job_template_node", "workflow_job_template")},
    ),
    "workflow_job_template_node": Kind(
        "workflow_job_template_nodes",
        "identifier all_parents_must_converge extra_data",
        {
            "workflow_job_template": "workflow_job_template",
            "unified_job_template": ("job_template", "workflow_job_template"),
        },
        {**_EDGES, "credentials": "credential"},
        documents=("create_approval_template",),
    ),
    "instance_group": Kind("instance_groups", "name"),
    "team": Kind("teams", "name description", _ORGANIZATION),
    "workflow_approval_template": Kind("workflow_approval_templates", "name description timeout"),
}
# Lists that the command line tool asks for although no asset here is in them.
_EMPTY_LISTS = (
    *("users", "applications", "labels", "inventory_sources", "groups", "jobs", "roles"),
    *("system_job_templates", "unified_job_templates", "unified_jobs"),
)
# Roles on an object that can be given to a team, by its type.
_ROLES = {
    "job_template": ("admin_role", "execute_role", "read_role"),
    "workflow_job_template": ("admin_role", "execute_role", "read_role", "approval_role"),
}
# Changes that start an update of a project.
_SOURCE = ("scm_type", "scm_url", "scm_branch")
# Fields that are no plain values: the command line tool takes them from a file.
_DOCUMENTS = ("inputs", "injectors", "notification_configuration", "messages", "extra_data")
_BY_PATH = {kind.path: name for name, kind in KINDS.items()}


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass
class FakeController:
    """The objects, by type and number, and every request that changed something."""

    url: str = ""
    #: Whether it stands behind the gateway of Automation Platform 2.5.
    gateway: bool = False
    objects: dict[str, dict[int, Item]] = field(
        default_factory=lambda: {name: {} for name in KINDS}
    )
    changes: list[str] = field(default_factory=list)
    project_status: str = "successful"
    #: How often a project is looked at until an update of it has ended.
    update_takes: int = 1
    #: Types of objects that the user may neither create nor change.
    forbidden: set[str] = field(default_factory=set)
    #: Approval templates of which a job waits for a person.
    waiting: set[int] = field(default_factory=set)
    roles: dict[int, tuple[int, str]] = field(default_factory=dict)
    granted: dict[int, list[int]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def __post_init__(self) -> None:
        self.create("organization", {"name": "Default", "description": "As AWX is installed"})
        self.changes.clear()

    def named(self, kind: str, name: str) -> Item:
        """The one object of that name."""
        (found,) = (each for each in self.objects[kind].values() if each.get("name") == name)
        return found

    def state(self) -> str:
        """Everything as text, to compare. Approvals count by content: awx import makes them anew."""
        approvals = self.objects["workflow_approval_template"]
        kinds = {kind: items for kind, items in self.objects.items() if items is not approvals}
        nodes = self.objects["workflow_job_template_node"].values()
        used = [approvals[node["approval"]] for node in nodes if node.get("approval")]
        told = [{key: each[key] for key in ("name", "description", "timeout")} for each in used]
        text = json.dumps([kinds, told], sort_keys=True)
        return re.sub(r'"approval": \d+', "", text)

    def create(self, name: str, content: Item) -> Item:
        """A new object, checked."""
        kind = KINDS[name]
        if name in self.forbidden:
            raise Refused(403, "You do not have permission to perform this action.")
        if name == "job_template" and self._is_updating(content["project"]):
            raise Refused(400, "Playbook not found for project.")
        item = {"id": next(self._numbers), "type": name, **self._checked(kind, content)}
        if name == "project":
            item["_looks"] = self.update_takes
        for role in _ROLES.get(name, ()):
            self.roles[next(self._numbers)] = (item["id"], role)
        for attached in kind.attached:
            item[attached] = []
        self.objects[name][item["id"]] = item
        self.changes.append(f"created {name}/{item.get('name') or item.get('identifier')}")
        return item

    def _is_updating(self, project: Any) -> bool:
        return bool(self.objects["project"].get(project, {}).get("_looks"))

    def update(self, item: Item, content: Item) -> Item:
        """Set fields; only what differs counts as a change."""
        if item["type"] in self.forbidden:
            raise Refused(403, "You do not have permission to perform this action.")
        if any(item.get(name) != content.get(name, item.get(name)) for name in _SOURCE):
            item["_looks"] = self.update_takes
        if (
            item["type"] == "credential_type"
            and content.get("inputs", item["inputs"]) != item["inputs"]
        ):
            self._refuse_if_in_use(item)
        kept = {key: _kept(item.get(key), value) for key, value in content.items()}
        wanted = self._checked(KINDS[item["type"]], kept)
        if any(item.get(key) != value for key, value in wanted.items()):
            self.changes.append(f"changed {item['type']}/{item.get('name')}")
        item.update(wanted)
        return item

    def _refuse_if_in_use(self, credential_type: Item) -> None:
        """As CredentialTypeSerializer.validate in awx/api/serializers.py, with the status of a missing role."""
        made = self.objects["credential"].values()
        if any(each["credential_type"] == credential_type["id"] for each in made):
            raise Refused(
                403, "Modifications to inputs are not allowed for credential types that are in use"
            )

    def _checked(self, kind: Kind, content: Item) -> Item:
        known = {*kind.fields.split(), *kind.references}
        unknown = sorted(set(content) - known)
        if unknown:
            raise Refused(400, f"unknown fields: {unknown}")
        for name in kind.references:
            number = content.get(name)
            if number is not None and self._referred(kind, name, number) is None:
                raise Refused(400, f"{name}: there is no {kind.references[name]} {number!r}")
        return content

    def _referred(self, kind: Kind, name: str, number: int) -> Item | None:
        """What a reference leads to; some lead to one of several types."""
        types = kind.references[name]
        for each in (types,) if isinstance(types, str) else types:
            if number in self.objects[each]:
                return self.objects[each][number]
        return None

    def shown(self, item: Item) -> Item:
        """As the API shows it: with addresses, without secrets."""
        kind = KINDS[item["type"]]
        url = f"{ROOT}{kind.path}/{item['id']}/"
        names = (*kind.attached, *kind.owned, *kind.documents)
        related, summary = self._links(item, url)
        summary["user_capabilities"] = {"edit": item["type"] not in self.forbidden}
        if item["type"] in _ROLES:
            summary["object_roles"] = {
                name: {"id": number}
                for number, (of, name) in self.roles.items()
                if of == item["id"]
            }
        if item["type"] == "team":
            related["roles"] = f"{url}roles/"
        hidden = (*names, "_looks")
        shown = {key: value for key, value in item.items() if key not in hidden}
        if item["type"] == "credential":
            shown["inputs"] = dict.fromkeys(item["inputs"], "$encrypted$")
        if item["type"] == "project":
            looks = item.get("_looks", 0)
            shown["status"] = "running" if looks else self.project_status
            item["_looks"] = max(0, looks - 1)
        return {**shown, "url": url, "related": related, "summary_fields": summary}

    def _links(self, item: Item, url: str) -> tuple[Item, Item]:
        """The addresses of what is related, and what is told of it in short."""
        kind = KINDS[item["type"]]
        names = (*kind.attached, *kind.owned, *kind.documents)
        related = {name: f"{url}{name}/" for name in names}
        summary: Item = {}
        for name in kind.references:
            target = item.get(name) and self._referred(kind, name, item[name])
            if target:
                related[name] = f"{ROOT}{KINDS[target['type']].path}/{target['id']}/"
        if item["type"] == "job_template":  # read-only, and comes from the project
            project = self.objects["project"][item["project"]]
            related["organization"] = f"{ROOT}organizations/{project['organization']}/"
        if item.get("approval"):
            related["unified_job_template"] = (
                f"{ROOT}workflow_approval_templates/{item['approval']}/"
            )
            summary["unified_job_template"] = {
                "id": item["approval"],
                "unified_job_type": "workflow_approval",
            }
        elif item.get("unified_job_template"):
            of_workflow = item["unified_job_template"] in self.objects["workflow_job_template"]
            kind_of_job = "workflow_job" if of_workflow else "job"
            summary["unified_job_template"] = {"unified_job_type": kind_of_job}
        return related, summary

    def answer(self, method: str, path: str, query: dict[str, str], content: Item) -> Any:
        """The answer to one request; null for "done, nothing to say"."""
        parts = path.removeprefix(ROOT).strip("/").split("/") if path != "/api/" else []
        if path == "gateway":
            services = {"gateway": "/api/gateway/", "controller": BEHIND_GATEWAY}
            return {"description": "AAP gateway REST API", "apis": services}
        if not path.startswith("/api/"):
            raise Refused(404, "Not found.")
        if path == "/api/":
            return {"available_versions": {"v2": ROOT}, "current_version": ROOT}
        if parts == [""]:
            paths = [*_BY_PATH, *_EMPTY_LISTS]
            listed = {name: f"{ROOT}{name}/" for name in paths}
            listed["inventory"] = listed.pop("inventories")
            return listed
        if parts[0] in _EMPTY_LISTS:
            return _page([])
        name = _BY_PATH[parts[0]]
        if len(parts) == 1:
            return self._list(method, name, query, content)
        item = self.objects[name].get(int(parts[1]))
        if item is None:
            raise Refused(404, "Not found.")
        if len(parts) == 2:
            return self.shown(self.update(item, content) if method in ("PUT", "PATCH") else item)
        return self._related(method, item, parts[2], content)

    def _list(self, method: str, name: str, query: dict[str, str], content: Item) -> Any:
        if method == "POST":
            return self.shown(self.create(name, content))
        items = list(self.objects[name].values())
        for key, value in query.items():
            if key not in ("page_size", "page", "type"):
                items = [each for each in items if str(self._filtered(each, key)) == value]
        return _page([self.shown(each) for each in items])

    def _filtered(self, item: Item, key: str) -> Any:
        if item["type"] == "job_template" and key == "organization":
            return self.objects["project"][item["project"]]["organization"]
        return item.get(key)

    def _related(self, method: str, item: Item, name: str, content: Item) -> Any:
        kind = KINDS[item["type"]]
        if (item["type"], name) == ("team", "roles"):
            return self._team_roles(method, item, content)
        if (item["type"], name, method) == ("workflow_job_template", "launch", "POST"):
            return {"workflow_job": self.launch(item, content.get("extra_vars") or {})}
        if name in kind.owned:
            member, reference = kind.owned[name]
            if method == "POST":
                return self.shown(self.create(member, {**content, reference: item["id"]}))
            members = self.objects[member].values()
            return _page([self.shown(each) for each in members if each[reference] == item["id"]])
        if name in kind.attached:
            return self._attached(method, item, name, content)
        if name not in kind.documents:
            raise Refused(404, "Not found.")
        if method == "GET":
            return item.get(name, {})
        if name == "create_approval_template":
            return self._approve(item, content)
        if item.get(name) != content:
            self.changes.append(f"changed {item['type']}/{item['name']} {name}")
        item[name] = content
        return {}

    def _team_roles(self, method: str, team: Item, content: Item) -> Any:
        has = self.granted.setdefault(team["id"], [])
        if method == "GET":
            return _page([{"id": number} for number in has])
        if content["id"] not in self.roles:
            raise Refused(400, f"there is no role {content['id']!r}")
        has.append(content["id"])
        self.changes.append(f"granted {self.roles[content['id']]} to {team['name']}")
        return None

    def rights_of(self, team: str) -> set[tuple[str, str]]:
        """The roles of a team: name of the object and of the role."""
        found = [self.roles[number] for number in self.granted[self.named("team", team)["id"]]]
        items = {**self.objects["job_template"], **self.objects["workflow_job_template"]}
        return {(items[of]["name"], role) for of, role in found}

    def launch(self, workflow: Item, variables: Item) -> dict[str, Item]:
        """The variables that each node gets besides its own and what nodes before have handed over, by identifier.

        As in get_job_kwargs of awx/main/models/workflow.py: a job template takes those of the workflow job whether it
        asks for variables or not, a workflow in a workflow only when it asks for them.
        """
        if variables and not workflow.get("ask_variables_on_launch"):
            raise Refused(
                400,
                f"Variables {', '.join(variables)} are not allowed on launch. Check the Prompt on Launch setting on the"
                " Workflow Job Template to include Extra Variables.",
            )
        given: dict[str, Item] = {}
        for node in self.objects["workflow_job_template_node"].values():
            if node["workflow_job_template"] != workflow["id"]:
                continue
            inner = self.objects["workflow_job_template"].get(node.get("unified_job_template") or 0)
            if inner is None:
                given[node["identifier"]] = variables
            else:
                taken = variables if inner.get("ask_variables_on_launch") else {}
                given.update(self.launch(inner, taken))
        return given

    def _attached(self, method: str, item: Item, name: str, content: Item) -> Any:
        target = KINDS[item["type"]].attached[name]
        if method != "GET" and item["type"] in self.forbidden:
            raise Refused(403, "You do not have permission to perform this action.")
        if method == "GET":
            return _page([self.shown(self.objects[target][each]) for each in item[name]])
        if content["id"] not in self.objects[target]:
            raise Refused(400, f"{name}: there is no {target} {content['id']!r}")
        if content["id"] not in item[name]:
            item[name].append(content["id"])
            self.changes.append(f"attached {name} to {item['type']}/{item.get('name')}")
        return None

    def _approve(self, node: Item, content: Item) -> Item:
        """A new template takes the place of an old one, which AWX then deletes, and cancels what waits for it."""
        self.waiting.discard(node.get("approval", 0))
        old = self.objects["workflow_approval_template"].pop(node.get("approval", 0), {})
        made = self.create("workflow_approval_template", content)
        if all(old.get(key) == value for key, value in content.items()):
            self.changes.pop()
        node["approval"] = made["id"]
        return self.shown(made)

    def may_post(self, path: str) -> bool:
        """Whether the user may create objects in a list."""
        parts = path.removeprefix(ROOT).strip("/").split("/")
        name = _BY_PATH.get(parts[0], "")
        if len(parts) == 3 and name:
            name = KINDS[name].owned.get(parts[2], (name,))[0]
        return name not in self.forbidden

    def post_fields(self, path: str) -> Item:
        """What OPTIONS says of the fields that a POST takes."""
        parts = path.removeprefix(ROOT).strip("/").split("/")
        name = _BY_PATH.get(parts[0])
        if name is None:
            return {}
        if len(parts) == 3:
            kind = KINDS[name]
            if parts[2] in kind.attached:
                return {"id": {"type": "id", "required": True}}
            owned = {member: each for member, (each, _reference) in kind.owned.items()}
            owned["create_approval_template"] = "workflow_approval_template"
            name = owned.get(parts[2], name)
        kind = KINDS[name]
        types = {name: "json" if name in _DOCUMENTS else "string" for name in kind.fields.split()}
        plain = {name: {"type": each, "required": False} for name, each in types.items()}
        return {**plain, **{each: {"type": "id", "required": False} for each in kind.references}}


def _kept(before: Any, after: Any) -> Any:
    """AWX keeps a secret for which it is sent its own mask."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {key: _kept(before.get(key), value) for key, value in after.items()}
    return before if after == "$encrypted$" else after


def _page(results: list[Item]) -> Item:
    return {"count": len(results), "next": None, "previous": None, "results": results}


class _Handler(BaseHTTPRequestHandler):
    """HTTP around FakeController.answer."""

    controller: FakeController
    # Head and body of an answer in one packet: the client would wait for the second.
    wbufsize = -1

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def _behind_gateway(self, target: SplitResult) -> SplitResult:
        """What is asked of the controller; the gateway answers at its own root, and knows no address of old."""
        if not self.controller.gateway:
            return target
        if target.path.startswith(BEHIND_GATEWAY):
            return target._replace(path=target.path.replace(BEHIND_GATEWAY, "/api/", 1))
        return target._replace(path="gateway" if target.path == "/api/" else "nothing")

    def serve(self) -> None:
        """Answer one request of any method."""
        target = self._behind_gateway(urlsplit(self.path))
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length) or b"{}") if length else {}
        try:
            public = target.path in ("/api/", "gateway", ROOT)
            if not public and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refused(401, "Authentication credentials were not provided.")
            if self.command == "OPTIONS":
                fields = self.controller.post_fields(target.path)
                actions = {"POST": fields} if self.controller.may_post(target.path) else {}
                answer: Any = {"actions": actions, "search_fields": ["name"]}
            else:
                query = dict(parse_qsl(target.query))
                answer = self.controller.answer(self.command, target.path, query, content)
            status = 204 if answer is None else 201 if self.command == "POST" else 200
        except Refused as refused:
            status, answer = refused.status, {"detail": str(refused)}
        text = "" if answer is None else json.dumps(answer)
        if self.controller.gateway:
            text = text.replace(f'"{ROOT}', f'"{BEHIND_GATEWAY}v2/')
        body = text.encode()
        self.send_response(status)
        self.send_header("Allow", "GET, POST, PUT, PATCH, HEAD, OPTIONS")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True)
class InProcess:
    """The client's side without HTTP, for tests of what is asked and not of how."""

    controller: FakeController

    def url_of(self, collection: str) -> str:
        """Path of a list."""
        return f"{ROOT}{collection}/"

    def get(self, path: str) -> Item:
        """Read one object."""
        return self._answer("GET", path)

    def list(self, path: str, **query: str) -> Any:
        """Read a list."""
        return self._answer("GET", path, query)["results"]

    def may_post(self, path: str) -> bool:
        """Whether the user may create objects in a list."""
        return self.controller.may_post(path)

    def post(self, path: str, content: Mapping[str, Any]) -> Item:
        """Create, or associate."""
        return self._answer("POST", path, content=content)

    def patch(self, path: str, content: Mapping[str, Any]) -> Item:
        """Change the fields named."""
        return self._answer("PATCH", path, content=content)

    def _answer(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> Item:
        sent = json.loads(json.dumps(content or {}))
        answer: Item = self.controller.answer(method, path, query or {}, sent) or {}
        return answer


@contextlib.contextmanager
def fake_controller() -> Iterator[FakeController]:
    """One on a free port, gone at the end."""
    controller = FakeController()
    methods = ("GET", "POST", "PUT", "PATCH", "OPTIONS")
    served = {f"do_{method}": _Handler.serve for method in methods}
    handler = type("Handler", (_Handler,), {"controller": controller, **served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    controller.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield controller
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
