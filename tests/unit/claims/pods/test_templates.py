"""A workload of any form is opened, changed and closed as what it was."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import yaml

import dra
from dra import DraError, LoadError
from dra.claims.pods import open_workload, templates
from dra.models.core import PodSpec, PodTemplateSpec

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "main"}], "hostIPC": True},
}
TEXT = yaml.safe_dump(POD)


def with_hostname(workload: Any) -> Any:
    opened = open_workload(workload)
    for template in templates(opened):
        template.spec["hostname"] = "b"
    return opened.close()


CHANGED = {**POD, "spec": {**POD["spec"], "hostname": "b"}}


def test_a_dict() -> None:
    assert with_hostname(POD) == CHANGED
    assert "hostname" not in POD["spec"]


def test_yaml_and_json_text() -> None:
    assert yaml.safe_load(with_hostname(TEXT)) == CHANGED
    assert json.loads(with_hostname(json.dumps(POD))) == CHANGED
    assert yaml.safe_load(with_hostname(TEXT.encode())) == CHANGED
    assert isinstance(with_hostname(TEXT.encode()), bytes)


def test_comments_stay() -> None:
    text = "# mine\nkind: Pod\napiVersion: v1\nspec:\n  containers: [{name: a}]  # one\n"
    assert with_hostname(text) == f"{text}  hostname: b\n"


def test_what_an_alias_repeats_is_changed_where_it_was_meant() -> None:
    text = "pods:\n- spec: &a {containers: [{name: a}]}\n- spec: *a\n"
    opened = open_workload(text)
    first, _ = templates(opened)
    first.spec["hostname"] = "b"
    containers = [{"name": "a"}]
    assert yaml.safe_load(opened.close()) == {
        "pods": [{"spec": {"containers": containers, "hostname": "b"}}, {"spec": {"containers": containers}}]
    }


def test_documents_without_pods_stay_where_they_are() -> None:
    service = "apiVersion: v1\nkind: Service\nspec: {ports: []}\n"
    changed = list(yaml.safe_load_all(with_hostname(f"{service}---\n{TEXT}---\n")))
    assert changed == [yaml.safe_load(service), CHANGED, None]


def test_lists() -> None:
    assert with_hostname([POD, POD]) == [CHANGED, CHANGED]
    assert with_hostname((POD,)) == (CHANGED,)
    assert with_hostname({"kind": "List", "items": [POD]}) == {"kind": "List", "items": [CHANGED]}


def test_models_keep_their_class() -> None:
    pod = dra.Pod.from_dict(POD)
    changed = with_hostname(pod)
    assert type(changed) is dra.Pod
    assert changed.to_dict() == CHANGED
    assert pod.to_dict() == POD
    assert isinstance(with_hostname(PodSpec.from_dict(POD["spec"])), PodSpec)
    assert isinstance(with_hostname(PodTemplateSpec.from_dict({"spec": POD["spec"]})), PodTemplateSpec)
    (job,) = dra.load({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": POD["spec"]}}})
    assert type(with_hostname(job)) is type(job)


def test_other_mappings_keep_their_class() -> None:
    assert with_hostname(OrderedDict(POD)) == OrderedDict(CHANGED)
    assert type(with_hostname(OrderedDict(POD))) is OrderedDict


def test_templates_of_what_is_not_opened_are_copies() -> None:
    (template,) = templates(POD)
    template.spec.clear()
    assert POD["spec"]["containers"]


@pytest.mark.parametrize("source", [3, None, object(), {1, 2}])
def test_what_is_no_workload_is_refused(source: object) -> None:
    with pytest.raises(DraError, match="cannot read a workload from a"):
        open_workload(source)


@pytest.mark.parametrize("source", ["pod.yaml", "", "3", "- 1\n- 2: [", b"\xff"])
def test_text_that_is_no_object_is_refused(source: str | bytes) -> None:
    with pytest.raises(LoadError):
        open_workload(source)


def test_a_path_is_refused_with_the_remedy() -> None:
    with pytest.raises(DraError, match="read_text"):
        open_workload(Path("pod.yaml"))


def test_an_object_that_contains_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop.update(a=loop, b=loop)
    with pytest.raises(DraError, match="nested too deeply"):
        open_workload(loop)
    items: list[Any] = []
    items.append(items)
    with pytest.raises(DraError, match="lists nested too deeply"):
        open_workload(items)
