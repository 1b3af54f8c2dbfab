"""Every row of `tests/conformance/validation.yaml`, asked of a running API server instead of its code."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from dra.models.kinds import decode
from tests.conformance.test_validation import (
    DEVIATIONS,
    found,
    in_newest_layout,
    is_known,
    stored,
    without_noise,
)
from tests.conformance.validation_table import Case, read_table
from tests.integration.api import CLUSTER_WIDE, Answer, Api, location
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

CONFLICT = 409


def rows(control_plane: ControlPlane) -> Iterator[Case]:
    """The rows of the table that this server answers as they stand, with its own gates."""
    for case in read_table():
        if case.kubernetes == control_plane.minor and case.name not in DEVIATIONS:
            running = attrs.evolve(case, gates=control_plane.features.gates())
            if {(e.type, e.field) for e in found(running)} == {(e.type, e.field) for e in found(case)}:
                yield running


def is_no_request(case: Case) -> bool:
    """Whether only a server's code can be asked: names are in URLs, and it deletes what it is told to."""
    if case.old is None:
        return False
    now, before = case.object["metadata"], case.old["metadata"]
    return now["name"] != before["name"] or "deletionTimestamp" in before


def as_first_request(case: Case) -> Case:
    """The row, or that its old object is to be stored, where no server would have done that."""
    if case.old is None:
        return case
    plain = {key: value for key, value in case.old.items() if key != "status"}
    first = attrs.evolve(case, object=plain, old=None, status=False)
    return first if found(first) else case


def ask(api: Api, case: Case) -> Answer:
    """The server's answer, with nothing left behind."""
    if case.old is None:
        return api.create(case.object, dry_run=True)
    old = copy.deepcopy(case.old)
    made = api.create({**old, "status": None} if "status" in old else old)
    if not made.ok:
        return made
    try:
        if old.get("status"):
            with_status = replaced(api, old, subresource="status")
            if not with_status.ok:
                return with_status
        subresource = "status" if case.status else ""
        return replaced(api, copy.deepcopy(case.object), subresource=subresource, dry_run=True)
    finally:
        api.delete(old)


def replaced(api: Api, obj: dict[str, Any], *, subresource: str, dry_run: bool = False) -> Answer:
    """An update of what is there now; a controller may have changed it a moment ago."""
    for _ in range(10):
        now = api.get(obj)
        if not now.ok:
            return now
        obj["metadata"]["resourceVersion"] = now.body["metadata"]["resourceVersion"]
        answer = api.update(obj, subresource=subresource, dry_run=dry_run)
        if answer.status != CONFLICT:
            break
    return answer


@pytest.fixture(autouse=True)
def free_names(api: Api, control_plane: ControlPlane) -> None:
    """What other tests left in the cluster goes where a row makes an object of that name."""
    cases = (case for case in rows(control_plane) if case.object["kind"] in CLUSTER_WIDE)
    for obj in {location(case.object): case.object for case in cases}.values():
        api.delete(obj)


def test_the_server_refuses_and_accepts_what_dra_does(api: Api, control_plane: ControlPlane) -> None:
    differences: dict[str, Any] = {}
    compared = 0
    for case in map(as_first_request, rows(control_plane)):
        if is_no_request(case):
            continue
        answer = ask(api, case)
        ours = {(error.type.reason, error.field) for error in found(case)}
        theirs = {(reason, in_newest_layout(field, case)) for reason, field in answer.errors}
        compared += 1
        if ours != theirs or bool(ours) == answer.ok:
            differences[case.name] = (sorted(ours), sorted(theirs), answer.body.get("message"))
    assert not differences, "\n".join(f"{name}: {what}" for name, what in differences.items())
    print(f"rows compared with kube-apiserver {control_plane.minor}: {compared}")
    assert compared > 300


def test_the_server_stores_what_dra_fills_in(api: Api, control_plane: ControlPlane) -> None:
    compared = 0
    for case in rows(control_plane):
        if case.old is None and case.object["kind"] != "Pod" and not found(case) and is_known(case):
            answer = api.must(api.create(case.object, dry_run=True))
            theirs = decode(answer).to_dict()
            assert without_noise(without_server_fields(stored(case))) == without_noise(
                without_server_fields(theirs)
            ), case.name
            compared += 1
    print(f"stored objects compared with kube-apiserver {control_plane.minor}: {compared}")
    assert compared > 100


def without_server_fields(obj: dict[str, Any]) -> dict[str, Any]:
    """An object without what every server writes into its metadata."""
    metadata = {
        key: value
        for key, value in obj.get("metadata", {}).items()
        if key not in ("uid", "creationTimestamp", "managedFields", "resourceVersion", "namespace")
    }
    return {**obj, "metadata": metadata}
