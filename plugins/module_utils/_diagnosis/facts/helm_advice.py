# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about a release that helm fails on, by the kind of failure (FM 6.7).

The objects that helm names are taken out of its words, so that the commands can be typed as they are; where helm names
none, a word in capitals stands for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..._helm import conflicts, failure
from .helm_failures import HelmFailure

_NAME = r"[A-Za-z0-9][\w.:-]*"
# The first that fits names the object.
_OBJECTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<kind>[A-Z]\w*) \"(?P<name>{_NAME})\" (?:in namespace \"(?P<where>[a-z0-9-]*)\" )?exists and cannot be",
        rf"cannot patch \"(?P<name>{_NAME})\" with kind (?P<kind>[A-Z]\w*)",
        rf"(?P<kind>{_NAME}) \"(?P<name>{_NAME})\" already exists",
        rf"(?P<kind>{_NAME}) \"(?P<name>{_NAME})\" is invalid",
        rf"applying object (?P<where>[a-z0-9-]*)/(?P<name>{_NAME}) \S*, ?Kind=(?P<kind>\w+)",
        r"[Jj]ob/?\s?(?:(?P<where>[a-z0-9-]+)/)?(?P<name>[a-z0-9][a-z0-9.-]+) (?:failed|not ready)",
        r"no matches for kind \"(?P<kind>\w+)\" in version \"(?P<group>[a-z0-9.-]+)/\w+\"",
        r"namespaces? \"?(?P<where>[a-z0-9][a-z0-9-]*)\"? (?:because it is being|is being|not found)",
        rf"webhook \"(?P<webhook>{_NAME})\"",
    )
)
_OF_THE_CLUSTER = (
    "customresourcedefinition",
    "clusterrole",
    "namespace",
    "priorityclass",
    "apiservice",
    "validating",
    "mutating",
)
_OWNER = re.compile(
    r"release-(?P<what>name|namespace)\" must equal \"[^\"]*\": current value is \"(?P<value>[a-z0-9.-]+)\""
)

_EDIT_VALUES = (
    "helm -n {namespace} get values {release} -o yaml",
    "kubectl -n cattle-system get configmap rancher-config -o yaml",
    "kubectl -n cattle-system edit configmap rancher-config   # key {chart}: a YAML document with values of the chart",
)
_LOOK_AT_PODS = (
    "kubectl -n {namespace} get pods,jobs -o wide",
    "kubectl -n {namespace} get events --sort-by=.lastTimestamp | tail -n 20",
)
_LOOK_AT_WEBHOOK = (
    "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml | grep -n -B12 -A12 '{webhook}'",
    "kubectl -n cattle-system get deployment,pods,endpoints -l app=rancher-webhook -o wide",
)
_SHOW = "kubectl {in_where}get {kind} {name} -o yaml > {name}.yaml   # look at it, and keep it"
_KEEP_FINALIZERS = (
    "A finalizer taken away by hand leaves behind what its controller would have cleaned up. Do it only where that"
    " controller is gone for good, object by object, never on the namespace itself."
)


@dataclass(frozen=True)
class _Advice:
    """``next``: what to do; ``elsewhere``: where ConfigMap rancher-config has no say. ``danger``: what can go wrong.
    ``commands``: templates over the names that are known."""

    next: str
    commands: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()
    elsewhere: str = ""


_VALUES = _Advice(
    "Correct the value that helm complains about, under key {chart} of ConfigMap cattle-system/rancher-config, which"
    " Rancher merges over its own values. Where the value is Rancher's own, only another version of Rancher helps.",
    _EDIT_VALUES,
    elsewhere="Correct the value that helm complains about where the release gets its values from; Rancher passes it"
    " nothing of ConfigMap rancher-config. Where it is the chart itself, only another version of it helps.",
)
_WAIT_AGAIN = _Advice("The cause passes by itself; then Rancher has to look at the release again.")
_ADVICE: dict[str, _Advice] = {
    "render": _VALUES,
    "values-schema": _VALUES,
    "invalid-object": _VALUES,
    "release-too-large": _VALUES,
    "hook-failed": _Advice(
        "Read why the pod of the hook's Job failed. Where it is the Job's image, name one that can be pulled under key"
        " {chart} of ConfigMap cattle-system/rancher-config.",
        (
            *_LOOK_AT_PODS,
            "kubectl -n {namespace} logs job/{name} --all-containers --tail=50",
            "kubectl -n cattle-system edit configmap rancher-config   # key {chart}{hook_image}",
        ),
        elsewhere="Read why the pod of the hook's Job failed.",
    ),
    "timed-out": _Advice(
        "Find the pods of the release that do not become ready, and remove what keeps them from it.",
        _LOOK_AT_PODS,
    ),
    "ownership": _Advice(
        "See which release the object named belongs to. When that one is not used any more, hand the object over to"
        " {namespace}/{release}; helm may then name the next one.",
        (
            "kubectl {in_where}get {kind} {name} -o jsonpath='{{.metadata.annotations}}{{.metadata.labels}}'",
            "helm -n {owner_namespace} status {owner}   # the release it belongs to by now, if any",
            _SHOW,
            "{of_the_group}",
            "kubectl {in_where}annotate {kind} {name} --overwrite meta.helm.sh/release-name={release}"
            " meta.helm.sh/release-namespace={namespace}",
            "kubectl {in_where}label {kind} {name} --overwrite app.kubernetes.io/managed-by=Helm",
        ),
        (
            "Do not hand over what another release still works with; both would change it in turn.",
            "Do not uninstall the other release afterwards: helm deletes what its manifest lists, whomever it belongs to"
            " by then; with a CustomResourceDefinition all of its objects are lost.",
        ),
    ),
    "already-exists": _Advice(
        "See what the object named belongs to. A leftover of a broken-off run can be saved and deleted.",
        (_SHOW, "kubectl {in_where}delete {kind} {name}"),
        (
            "Do not delete a CustomResourceDefinition, nor anything that another release works with.",
        ),
    ),
    "immutable": _Advice(
        "Save the object named and delete it; helm makes it again. Force does not help.",
        (
            _SHOW,
            "kubectl {in_where}delete {kind} {name}   # its field is immutable, force does not help",
        ),
        ("What the object stands for is down until helm has made it again.",),
    ),
    failure.CONFLICT: _Advice("{about_conflicts}", ("{show_conflicts}",)),
    "namespace-terminating": _Advice(
        "Find what keeps namespace {where} from being deleted, and let that end. Helm can install again once the"
        " namespace is gone or has been made again.",
        (
            "kubectl get namespace {where} -o jsonpath='{{.metadata.deletionTimestamp}} {{.status.conditions}}'",
            "kubectl api-resources --verbs=list --namespaced -o name | xargs -n 1 kubectl -n {where} get"
            " --ignore-not-found --show-kind",
            "kubectl -n {where} get KIND NAME -o yaml > saved.yaml   # what is left: its finalizers name who has to act",
            "# only where that one is gone for good: kubectl -n {where} patch KIND NAME --type merge"
            ' -p \'{{"metadata":{{"finalizers":null}}}}\'',
        ),
        (_KEEP_FINALIZERS,),
    ),
    "object-terminating": _Advice(
        "Find what keeps the object named from being deleted: its finalizers name who has to let it go.",
        ("kubectl {in_where}get {kind} {name} -o yaml   # metadata.finalizers",),
        (_KEEP_FINALIZERS,),
    ),
    "namespace-missing": _Advice(
        "Create namespace {where}, or correct the value that names it.",
        ("kubectl get namespaces", "kubectl create namespace {where}", _EDIT_VALUES[-1]),
    ),
    "kube-version": _Advice(
        "No repetition helps: a Rancher whose charts support this Kubernetes is needed, or another version of RKE2"
        " first. Compare both with the support matrix of the Harvester release.",
        (
            "kubectl version",
            "kubectl get nodes -o wide",
            "kubectl get settings.management.cattle.io server-version",
        ),
        ("Do not edit the chart's kubeVersion; what it does was not tried on this Kubernetes.",),
    ),
    "quota": _Advice(
        "Raise the quota of the namespace, or free what it counts.",
        (
            "kubectl -n {namespace} describe resourcequotas,limitranges",
            "kubectl -n {namespace} edit resourcequotas",
        ),
    ),
    "webhook-denied": _Advice(
        "Read the reason that the webhook gives, and remove it.",
        (_LOOK_AT_WEBHOOK[0],),
        ("Do not delete the configuration of a webhook; what it guards is not validated then.",),
    ),
    "webhook-untrusted": _Advice(
        "Renew the certificate of the webhook named, or the CA bundle in its configuration.",
        (
            *_LOOK_AT_WEBHOOK,
            "kubectl -n cattle-system get secret cattle-webhook-tls -o jsonpath='{{.data.tls\\.crt}}' | base64 -d"
            " | openssl x509 -noout -subject -dates   # of Rancher's own webhook",
        ),
    ),
    "webhook-unreachable": _Advice(
        "Repair the service behind the webhook named first.", _LOOK_AT_WEBHOOK
    ),
    "missing-crd": _Advice(
        "Find the release that brings the CustomResourceDefinition (fleet-crd for fleet), and repair that one first.",
        (
            "kubectl get customresourcedefinitions | grep -i '{group}'",
            "kubectl get apiservices | grep False",
        ),
    ),
    "api-removed": _Advice(
        "Convert the stored revision to APIs that are still served; helm's plugin mapkubeapis does it.",
        (
            "kubectl -n {namespace} get secret -l owner=helm,name={release} -o yaml > {release}-revisions.yaml",
            "helm mapkubeapis {release} --namespace {namespace} --dry-run",
        ),
    ),
    "chart-missing": _Advice(
        "See that the ClusterRepo has the chart in this version, and that its archive is whole.",
        ("kubectl get clusterrepos.catalog.cattle.io rancher-charts -o yaml",),
    ),
    "forbidden": _Advice(
        "Give back the permission that is missing to the account named.",
        ("kubectl get clusterrolebindings -o wide | grep -i rancher",),
    ),
    "api-untrusted": _Advice(
        "Renew the certificate that is named.",
        (
            "for f in /var/lib/rancher/rke2/server/tls/*.crt; do echo $f; openssl x509 -enddate -noout -in $f; done",
        ),
    ),
    "api-interrupted": _WAIT_AGAIN,
    "another-operation": _WAIT_AGAIN,
    "modified-meanwhile": _WAIT_AGAIN,
    "interrupted": _WAIT_AGAIN,
}
_ADVICE["hook-timed-out"] = _ADVICE["hook-failed"]
_DEFAULT = _Advice(
    "Find and remove the cause: helm's words, and the whole log of its pod, show it.", _LOOK_AT_PODS
)
# Rancher passes no values to these (FM 2.3).
_VALUELESS = ("fleet-crd",)
# The hooks of this chart run in an image of their own (harvester #10284).
_HOOK_IMAGES = {"rancher-turtles": ", for example shellImage.image.tag for the image of its hooks"}


@dataclass(frozen=True, kw_only=True)
class AdvisedFailure(HelmFailure):
    """A failure, with what can be done about its kind."""

    what_next: str
    danger: tuple[str, ...]
    commands: tuple[str, ...]


def with_advice(failed: HelmFailure) -> AdvisedFailure:
    """The failure with ``what_next``, ``danger`` and ``commands`` for its kind."""
    advice = _ADVICE.get(failed.cause, _DEFAULT)
    configured = failed.chart is not None and failed.chart not in _VALUELESS
    known = {
        **_names(failed),
        "namespace": failed.namespace,
        "release": failed.release,
        "chart": failed.chart or failed.release,
        "hook_image": _HOOK_IMAGES.get(failed.chart or "", ""),
        "about_conflicts": conflicts.advice(failed.release, failed.conflicts),
        "show_conflicts": "\n".join(
            dict.fromkeys(
                conflicts.show_command(each.object) for each in failed.conflicts if each.object
            )
        ),
    }
    next_step = advice.next if configured else advice.elsewhere or advice.next
    return AdvisedFailure(
        **vars(failed),
        what_next=next_step.format_map(known),
        danger=advice.danger,
        commands=tuple(
            told
            for command in advice.commands
            if (told := command.format_map(known)) and (configured or "rancher-config" not in told)
        ),
    )


def _names(failed: HelmFailure) -> dict[str, str]:
    """The object, namespace, webhook and owner that helm's words name."""
    words = failed.words
    found: dict[str, str] = {}
    for pattern in _OBJECTS:
        match = pattern.search(words)
        if match is not None:
            for key, value in match.groupdict().items():
                if value is not None:
                    found.setdefault(key, value)
    kind = found.get("kind", "KIND")
    owner = {match["what"]: match["value"] for match in _OWNER.finditer(words)}
    where = found.get("where", failed.namespace)
    in_cluster = not where or kind.lower().startswith(_OF_THE_CLUSTER)
    return {
        "kind": kind.lower() if kind != "KIND" else kind,
        "name": found.get("name", "NAME"),
        "where": where,
        "in_where": "" if in_cluster else f"-n {where} ",
        "group": found.get("group", "GROUP"),
        "of_the_group": _of_the_group(kind, found.get("name", "")),
        "webhook": found.get("webhook", "rancher.cattle.io"),
        "owner_namespace": owner.get("namespace", "NAMESPACE"),
        "owner": owner.get("name", "RELEASE"),
    }


def _of_the_group(kind: str, name: str) -> str:
    """How to list the definitions beside the one that helm names, which is only the first of several."""
    group = name.partition(".")[2]
    if kind.lower() != "customresourcedefinition" or not group:
        return ""
    return f"kubectl get customresourcedefinitions -o name | grep -F '.{group}'   # helm names only the first"
