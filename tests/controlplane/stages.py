# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How nodes and pods live: the Stages that kwok plays, as its configuration file.

kwok picks at random among the Stages that match an object, so here at most one ever matches: each
says in jq in which state a pod is and what its annotations ask for. Pods that have ended
(Succeeded, Failed) match none. Annotations may be set and removed at any time.
"""

from __future__ import annotations

import json
from typing import Any

PREFIX = "controlplane.test"


def configuration(version: str) -> str:
    """The text of kwok's configuration file; nodes without a kubelet version get ``version``."""
    stages = [
        _stage("node-ready", "Node", [_NODE_WANTED_READY, _IS_NOT_READY], _node("True", version)),
        _stage("node-not-ready", "Node", [_wants("not-ready"), _IS_READY], _node("False", version)),
        _stage("pod-delete", "Pod", [".metadata.deletionTimestamp != null"], None),
        _stage("pod-start", "Pod", [*_LIVES, _IS_PENDING, _not(_WAITS)], _START),
        _stage("pod-wait", "Pod", [*_LIVES, _WAITS, _WAITS_DIFFERENTLY], _WAIT),
        _stage("pod-end", "Pod", [*_LIVES, _IS_RUNNING, _not(_WAITS), _ENDS], _END),
        _stage(
            "pod-ready-again",
            "Pod",
            [*_STAYS_RUNNING, _not(_wants("not-ready")), _IS_NOT_READY],
            _running(),
        ),
        _stage(
            "pod-not-ready", "Pod", [*_STAYS_RUNNING, _wants("not-ready"), _IS_READY], _running()
        ),
    ]
    return "".join(f"---\n{json.dumps(stage, indent=2)}\n" for stage in stages)


def _stage(name: str, kind: str, conditions: list[str], status: str | None) -> dict[str, Any]:
    """One Stage; without a status template the object is deleted."""
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {
                "matchExpressions": [
                    {"key": condition, "operator": "In", "values": ["true"]}
                    for condition in conditions
                ]
            },
            "next": {"delete": True} if status is None else {"statusTemplate": status},
        },
    }


# --- conditions, in jq; each yields true or false ---


def _annotation(name: str) -> str:
    return f'(.metadata.annotations["{PREFIX}/{name}"] // "")'


def _wants(name: str) -> str:
    return f'{_annotation(name)} == "true"'


def _not(condition: str) -> str:
    return f"({condition}) | not"


_LIVES = [".metadata.deletionTimestamp == null"]
_IS_PENDING = '.status.phase == "Pending"'
_IS_RUNNING = '.status.phase == "Running"'
_IS_READY = 'any(.status.conditions[]?; .type == "Ready" and .status == "True")'
_IS_NOT_READY = _not(_IS_READY)
_NODE_WANTED_READY = _not(_wants("not-ready"))
_WAITS = f'{_annotation("waiting-reason")} != ""'
_WAITS_DIFFERENTLY = (
    '(.status.phase == "Pending" or .status.phase == "Running") and '
    f'({_annotation("waiting-reason")} as $reason | '
    "any(.status.containerStatuses[]?; .state.waiting.reason == $reason) | not)"
)
_IS_OF_A_JOB = 'any(.metadata.ownerReferences[]?; .kind == "Job")'
# An exit code ends any pod that is not restarted for ever; a Job's pod ends by itself.
_ENDS = (
    f'({_annotation("exit-code")} != "" and .spec.restartPolicy != "Always") or '
    f'({_IS_OF_A_JOB} and {_annotation("keep-running")} != "true")'
)
_STAYS_RUNNING = [*_LIVES, _IS_RUNNING, _not(_WAITS), _not(_ENDS)]

# --- status templates, in Go's template language with sprig ---

_VARIABLES = f"""\
{{{{ $root := . }}}}
{{{{ $now := Now }}}}
{{{{ $annotations := .metadata.annotations | default dict }}}}
{{{{ $notReady := eq "true" (get $annotations "{PREFIX}/not-ready") }}}}
{{{{ $reason := get $annotations "{PREFIX}/waiting-reason" }}}}
{{{{ $imageID := get $annotations "{PREFIX}/image-id" }}}}
{{{{ $exit := get $annotations "{PREFIX}/exit-code" | default "0" }}}}
{{{{ $code := 255 }}}}
{{{{ if regexMatch "^[0-9]+$" $exit }}}}{{{{ $code = atoi $exit }}}}{{{{ end }}}}
"""

_NEW_CONDITION = """\
- lastTransitionTime: {{ $now | Quote }}
  type: %s
  status: %s
  reason: %s
"""


def _conditions(ready: str, reason: str) -> str:
    """Initialized, Ready and ContainersReady, the readiness gates with them."""
    return (
        "conditions:\n"
        + _NEW_CONDITION % ("Initialized", '"True"', '""')
        + _NEW_CONDITION % ("Ready", ready, reason)
        + _NEW_CONDITION % ("ContainersReady", ready, reason)
        + "{{ range .spec.readinessGates }}\n"
        + _NEW_CONDITION % ("{{ .conditionType | Quote }}", '"True"', '""')
        + "{{ end }}\n"
    )


def _containers(kind: str, ready: str, state: str, restarts: str = "0") -> str:
    """One status per container with its image, an image ID that fits it, and ``state``."""
    return f"""\
{kind}Statuses:
{{{{ range .spec.{kind}s }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: {{{{ if $imageID }}}}{{{{ $imageID | Quote }}}}{{{{ else if contains "@" .image }}}}\
{{{{ .image | Quote }}}}{{{{ else }}}}\
{{{{ printf "%s@sha256:%s" (regexReplaceAll ":[^:/]+$" .image "") (sha256sum .image) | Quote }}}}\
{{{{ end }}}}
  containerID: {{{{ printf "containerd://%s" \
(sha256sum (printf "%s/%s" $root.metadata.uid .name)) | Quote }}}}
  ready: {ready}
  started: {ready}
  restartCount: {restarts}
  state:
{state}
{{{{ end }}}}
"""


_STATE_RUNNING = """\
    running:
      startedAt: {{ $now | Quote }}
"""
_STATE_COMPLETED = """\
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
"""
_STATE_ENDED = """\
    terminated:
      exitCode: {{ $code }}
      reason: {{ if eq $code 0 }}Completed{{ else }}Error{{ end }}
      startedAt: {{ or $root.status.startTime $now | Quote }}
      finishedAt: {{ $now | Quote }}
"""
_STATE_WAITING = """\
    waiting:
      reason: {{ $reason | Quote }}
      message: {{ printf "%s: %s" $reason .image | Quote }}
"""
# A sidecar is an init container that is restarted for ever, so it runs on.
_STATE_INIT = (
    '{{ if eq (.restartPolicy | default "") "Always" }}\n'
    + _STATE_RUNNING
    + "{{ else }}\n"
    + _STATE_COMPLETED
    + "{{ end }}\n"
)

_ADDRESSES = """\
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) \
( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
"""


def _running() -> str:
    return (
        _VARIABLES
        + "phase: Running\n"
        + _conditions(
            '{{ if $notReady }}"False"{{ else }}"True"{{ end }}',
            '{{ if $notReady }}ContainersNotReady{{ else }}""{{ end }}',
        )
        + _containers("container", "{{ not $notReady }}", _STATE_RUNNING)
    )


_START = (
    _running()
    + "startTime: {{ $now | Quote }}\n"
    + _containers("initContainer", "true", _STATE_INIT)
    + _ADDRESSES
)
_WAIT = (
    _VARIABLES
    # A container that crashes had been started: its pod counts as running.
    + 'phase: {{ if eq $reason "CrashLoopBackOff" }}Running{{ else }}{{ .status.phase }}{{ end }}\n'
    + "startTime: {{ or .status.startTime $now | Quote }}\n"
    + _conditions('"False"', "ContainersNotReady")
    + _containers(
        "container",
        "false",
        _STATE_WAITING,
        restarts='{{ if eq $reason "CrashLoopBackOff" }}1{{ else }}0{{ end }}',
    )
)
_END = (
    _VARIABLES
    + "phase: {{ if eq $code 0 }}Succeeded{{ else }}Failed{{ end }}\n"
    + _conditions('"False"', "{{ if eq $code 0 }}PodCompleted{{ else }}PodFailed{{ end }}")
    + _containers("container", "false", _STATE_ENDED)
)


def _node(ready: str, version: str) -> str:
    return f"""\
{{{{ $now := Now }}}}
{{{{ $info := .status.nodeInfo | default dict }}}}
conditions:
- lastHeartbeatTime: {{{{ $now | Quote }}}}
  lastTransitionTime: {{{{ $now | Quote }}}}
  type: Ready
  status: "{ready}"
  reason: {"KubeletReady" if ready == "True" else "KubeletNotReady"}
  message: set by kwok
addresses:
- type: InternalIP
  address: {{{{ NodeIP | Quote }}}}
- type: Hostname
  address: {{{{ NodeName | Quote }}}}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{{{ NodePort }}}}
allocatable: &resources
  cpu: "64"
  memory: 256Gi
  ephemeral-storage: 1Ti
  pods: "1000"
capacity: *resources
nodeInfo:
  architecture: {{{{ or $info.architecture "amd64" }}}}
  operatingSystem: {{{{ or $info.operatingSystem "linux" }}}}
  kubeletVersion: {{{{ or $info.kubeletVersion "{version}" }}}}
  kubeProxyVersion: ""
  containerRuntimeVersion: {{{{ or $info.containerRuntimeVersion "containerd://2.0.0" }}}}
  kernelVersion: {{{{ or $info.kernelVersion "0" | Quote }}}}
  osImage: {{{{ or $info.osImage "kwok" }}}}
  bootID: ""
  machineID: ""
  systemUUID: ""
phase: Running
"""
