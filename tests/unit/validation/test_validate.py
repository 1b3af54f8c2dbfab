"""`dra.validate` as a function: what it takes, gives and leaves alone. Its rules have tests/conformance."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import attrs
import pytest

import dra
from dra import DecodeError, Features, FieldError, UnknownVersionError
from dra.models.kinds import KINDS, decode
from dra.validation import formats
from dra.validation.field_error import ErrorType, Path
from dra.validation.gates import GATED_FIELDS
from dra.validation.scope import Scope
from tests.unit.validation.objects import DRIVER, claim, device, request, resource_slice

UUID = "8f7e6d5c-0000-4000-8000-000000000001"
V1BETA1 = {
    "apiVersion": "resource.k8s.io/v1beta1",
    "kind": "ResourceClaim",
    "metadata": {"name": "old"},
    "spec": {"devices": {"requests": [{"name": "gpu", "deviceClassName": DRIVER, "count": -1}]}},
}


def texts(obj: Any, *arguments: Any, **options: Any) -> list[str]:
    return [str(error) for error in dra.validate(obj, *arguments, **options)]


def test_models_and_wire_data_are_the_same() -> None:
    wire = claim(request(count=-1))
    assert dra.validate(decode(wire)) == dra.validate(wire) != []


def test_a_misspelt_kind_of_the_group_is_refused() -> None:
    assert texts(claim(request()) | {"kind": "ResourceClam"})[0].startswith(
        'kind: Unsupported value: "ResourceClam"'
    )
    assert texts({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimList", "items": []}) == []
    assert texts({"apiVersion": "example.com/v1", "kind": "ResourceClam"}) == []


@pytest.mark.parametrize("version", ["v1", "apps/v1", "resource.k8s.io", "resources.k8s.io/v1"])
def test_a_known_kind_in_another_group_of_kubernetes_is_refused(version: str) -> None:
    assert texts(claim(request()) | {"apiVersion": version}) == [
        f'apiVersion: Unsupported value: "{version}": supported values: '
        '"resource.k8s.io/v1", "resource.k8s.io/v1beta1", "resource.k8s.io/v1beta2"'
    ]


@pytest.mark.parametrize(
    "version",
    ["scheduling.x-k8s.io/v1alpha1", "scheduling.sigs.k8s.io/v1alpha1", "scheduling.volcano.sh/v1beta1"],
)
def test_a_kind_of_that_name_may_be_anothers(version: str) -> None:
    assert texts({"apiVersion": version, "kind": "PodGroup", "metadata": {"name": "gang"}}) == []


def test_older_versions_report_fields_of_the_newest() -> None:
    (error,) = dra.validate(V1BETA1)
    assert error == FieldError(
        ErrorType.INVALID, "spec.devices.requests[0].exactly.count", -1, "must be greater than zero"
    )


def test_the_object_is_not_changed() -> None:
    obj = decode(claim(request()))
    before = obj.to_dict()
    dra.validate(obj, "1.34", Features.for_kubernetes("1.34"))
    assert obj.to_dict() == before


def test_versions_that_the_server_does_not_have() -> None:
    rule = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceTaintRule",
        "metadata": {"name": "drain"},
        "spec": {"taint": {"key": "example.com/drain", "effect": "NoSchedule"}},
    }
    assert dra.validate(rule, "1.37") == []
    assert texts(rule, "1.36") == [
        'apiVersion: Unsupported value: "resource.k8s.io/v1": supported values: '
        '"resource.k8s.io/v1alpha3", "resource.k8s.io/v1beta2"'
    ]


def test_wrong_types_are_errors_of_their_fields() -> None:
    (error,) = dra.validate(claim(request(count="many")))
    assert (error.type, error.field, error.value) == (
        ErrorType.TYPE_INVALID,
        "spec.devices.requests[0].exactly.count",
        "many",
    )
    assert error.type.reason == "FieldValueTypeInvalid"


@pytest.mark.parametrize(
    "wire", [{}, {"kind": "ResourceClaim"}, {"apiVersion": "v1"}, {"kind": 1, "apiVersion": "v1"}]
)
def test_what_is_no_object(wire: Any) -> None:
    with pytest.raises(DecodeError):
        dra.validate(wire)


def test_other_kinds_are_valid() -> None:
    assert dra.validate({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not Valid"}}) == []


def test_unknown_minors() -> None:
    with pytest.raises(UnknownVersionError):
        dra.validate(claim(request()), "1.33")


def test_updates() -> None:
    before = claim(request("Bad_Name"))
    assert texts(before) != []
    assert texts(before, old=before) == [], "what was accepted before is not checked again"
    (error,) = dra.validate(claim(request("other")), old=before)
    assert (error.field, error.detail) == ("spec", "field is immutable")
    with pytest.raises(DecodeError, match="the stored object is a ResourceSlice, not a ResourceClaim"):
        dra.validate(claim(request()), old=resource_slice())


def test_fields_behind_gates_are_dropped_unless_stored_already() -> None:
    taints = [{"key": "", "effect": "NoSchedule"}]
    wire = resource_slice({**device(), "taints": taints})
    off = Features.for_kubernetes("1.36", device_taints=False)
    assert texts(wire, "1.36", off) == []
    assert texts(wire, "1.36") != []
    stored = resource_slice({**device(), "taints": [{"key": "a", "effect": "NoSchedule"}]})
    assert texts(wire, "1.36", off, stored) != []


GATED = [
    pytest.param(kind, path, id=".".join((kind, *path)))
    for kind, entries in GATED_FIELDS.items()
    for gated in entries
    for path in gated.fields
]


@pytest.mark.parametrize(("kind", "path"), GATED)
def test_a_gated_field_is_one_of_its_model(kind: str, path: tuple[str, ...]) -> None:
    """A path of the table that leads nowhere would silently keep a field."""
    at: Any = next(model for (_, name), model in KINDS.items() if name == kind)
    for step in path:
        if step == "*":
            at = get_args(at)[-1]
        else:
            assert step in at.model_fields
            at = without_none(at.model_fields[step].annotation)


def without_none(annotation: Any) -> Any:
    """The type of a field that may be absent, and what shared values are shared in."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(each for each in get_args(annotation) if each is not NoneType)
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def test_gated_fields_are_of_features_that_there_are() -> None:
    named = {name for entries in GATED_FIELDS.values() for gated in entries for name in gated.features}
    assert named <= {field.name for field in attrs.fields(Features)}


# The answers are those of Kubernetes 1.37.2's registry strategy for pods, asked with the recorder of
# tests/conformance/recorders/validation.
NEGATIVE = "must be greater than or equal to 0"


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"requests": {"cpu": "-4"}}, [f'requests[cpu]: Invalid value: "-4": {NEGATIVE}']),
        (
            {"limits": {"memory": "-1Gi"}},
            [
                f'limits[memory]: Invalid value: "-1Gi": {NEGATIVE}',
                f'requests[memory]: Invalid value: "-1Gi": {NEGATIVE}',
            ],
        ),
        (
            {"requests": {"cpu": "3"}, "limits": {"cpu": "2"}},
            ['requests: Invalid value: "3": must be less than or equal to cpu limit of 2'],
        ),
        (
            {"limits": {"example.com/gpu": "1500m"}},
            [
                'limits[example.com/gpu]: Invalid value: "1500m": must be an integer',
                'requests[example.com/gpu]: Invalid value: "1500m": must be an integer',
            ],
        ),
        (
            {"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}},
            ['requests: Invalid value: "1": must be equal to example.com/gpu limit of 2'],
        ),
        (
            {"requests": {"example.com/gpu": "1"}},
            ["limits: Required value: Limit must be set for non overcommitable resources"],
        ),
        ({"requests": {"cpu": "1", "memory": "100m"}, "limits": {"cpu": "1", "example.com/gpu": "1"}}, []),
    ],
)
def test_amounts_of_containers(resources: dict[str, Any], said: list[str]) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    for field in ("containers", "initContainers"):
        found = dra.validate({**pod, "spec": {field: [{"name": "main", "resources": resources}]}})
        assert [str(each) for each in found] == [f"spec.{field}[0].resources.{each}" for each in said]


def test_amounts_of_whole_pods() -> None:
    spec = {"resources": {"requests": {"cpu": "-1"}}, "overhead": {"memory": "-1"}}
    found = dra.validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})

    assert [str(each) for each in found] == [
        f'spec.resources.requests[cpu]: Invalid value: "-1": {NEGATIVE}',
        f'spec.overhead.limits[memory]: Invalid value: "-1": {NEGATIVE}',
    ]


def test_summaries_of_a_pool_have_one_entry_for_each_type() -> None:
    """As k8s.io/api/resource/v1alpha3 of 1.37 says of `PoolStatus`."""
    entry = {"attribute": "a.example.com/type", "type": "1g", "total": 1, "allocatable": 1}
    pool = {"driver": "a.example.com", "poolName": "p", "generation": 1}
    capacity = [{"name": f"c{index}", "total": "1"} for index in range(33)]

    def errors(kubernetes: str, **summaries: Any) -> list[str]:
        status = {"poolCount": 1, "pools": [pool | summaries]}
        spec = {"driver": "a.example.com"}
        kind = {"apiVersion": "resource.k8s.io/v1alpha3", "kind": "ResourcePoolStatusRequest"}
        return texts({**kind, "metadata": {"name": "r"}, "spec": spec, "status": status}, kubernetes)

    twice = {"partitionSummary": [entry, entry]}
    [double] = errors("1.37", **twice)
    assert double.startswith("status.pools[0].partitionSummary[1]: Duplicate value: {")
    assert errors("1.36", **twice) == []
    [many] = errors("1.37", shareableSummary={"capacity": capacity})
    assert many == "status.pools[0].shareableSummary.capacity: Too many: 33: must have at most 32 items"


def test_admin_access_is_checked_if_the_namespace_is_known() -> None:
    wire = claim(request(adminAccess=True))
    assert texts(wire) == []
    assert "admin access" in texts(wire, namespace_labels={})[0]
    assert texts(wire, namespace_labels={"resource.kubernetes.io/admin-access": "true"}) == []


def test_an_error_as_data() -> None:
    (error,) = dra.validate(claim(request(count=-1)))
    assert error.to_dict() == {
        "type": "Invalid",
        "field": "spec.devices.requests[0].exactly.count",
        "value": -1,
        "detail": "must be greater than zero",
        "message": "Invalid value: -1: must be greater than zero",
    }


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Path().required(), "Required value"),
        ((Path() / "a").required("why"), "a: Required value: why"),
        ((Path() / "a")[1].invalid("x", "no"), 'a[1]: Invalid value: "x": no'),
        ((Path() / "a" @ "b/c").invalid(True, "no"), "a[b/c]: Invalid value: true: no"),
        ((Path() / "a").invalid(None, "no"), "a: Invalid value: null: no"),
        ((Path() / "a").invalid({"b": [1]}, "no"), 'a: Invalid value: {"b":[1]}: no'),
        ((Path() / "a").invalid(dra.Quantity("1Gi"), "no"), 'a: Invalid value: "1Gi": no'),
        ((Path() / "a").forbidden("no"), "a: Forbidden: no"),
        (Path().not_supported("x", ["c", "b"]), 'Unsupported value: "x": supported values: "b", "c"'),
        ((Path() / "a").too_long(3), "a: Too long: may not be more than 3 bytes"),
        ((Path() / "a").too_many(3, 1), "a: Too many: 3: must have at most 1 item"),
        ((Path() / "a").duplicate("x"), 'a: Duplicate value: "x"'),
        ((Path() / "a").not_found("x"), 'a: Not found: "x"'),
    ],
)  # fmt: skip
def test_texts_of_errors(error: FieldError, text: str) -> None:
    assert str(error) == text


def test_types_are_named_as_the_server_names_them() -> None:
    assert [error_type.reason for error_type in ErrorType] == [
        "FieldValueRequired",
        "FieldValueInvalid",
        "FieldValueTypeInvalid",
        "FieldValueNotSupported",
        "FieldValueForbidden",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueDuplicate",
        "FieldValueNotFound",
        "InternalError",
    ]


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (formats.dns_label, ["a", "0-a", "a" * 63], ["", "-a", "a-", "A", "a.b", "a" * 64, "é", "a\n"]),
        (formats.dns_subdomain, ["a", "a.b-c", "a." * 126 + "a"], ["", "a..b", ".a", "A", "a" * 254]),
        (formats.long_name_caseless, ["A.b"], ["a_b", "a" * 254, "é.b"]),
        (formats.c_identifier, ["a", "_A1"], ["", "1a", "a-b", "é"]),
        (formats.label_key, ["a", "a.b/C_d.e-f", "A"], ["", "/a", "a/", "a/b/c", "A/b", "a" * 64, "a/-"]),
        (formats.label_value, ["", "a", "A_b.c-1"], ["-a", "a b", "a" * 64]),
        (formats.semantic_version, ["1.2.3", "0.0.0-a.1+b.01"],
         ["1.2", "v1.2.3", "01.2.3", "1.2.3-01", "٣.0.0"]),
        (formats.uuid, [UUID], ["", UUID.upper(), UUID[:-1]]),
        (formats.extended_resource_name, ["example.com/gpu"],
         ["gpu", "kubernetes.io/gpu", "requests.a/b", "a/b c"]),
        (formats.path_segment, ["a:b"], [".", "..", "a/b", "a%b"]),
        (formats.interface_address, ["10.9.8.7/24", "2001:db8::1/64"],
         ["10.9.8.7", "10.9.8.7/33", "010.9.8.7/24", "2001:DB8::1/64", "::ffff:10.9.8.7/120", "10.0.0.0/+1"]),
    ],
)  # fmt: skip
def test_formats(form: formats.Format, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if form(text)] == []
    assert [text for text in bad if not form(text)] == []


def test_limits_of_minors() -> None:
    assert Scope.of("v1.34.3").limits.counter_sets is None
    assert Scope.of("1.35").limits.counter_sets == 8
    assert Scope.of("1.36").since("1.36")
    assert not Scope.of("1.36").declares


def test_the_largest_slice_is_valid() -> None:
    devices = [
        device(f"gpu-{number}", "80Gi", **{f"attribute{index}": "x" * 64 for index in range(31)})
        for number in range(128)
    ]
    assert dra.validate(resource_slice(*devices)) == []


def test_lists_without_end_are_not_walked() -> None:
    wire = resource_slice(*[device(f"gpu-{number}") for number in range(5000)])
    (error,) = dra.validate(wire)
    assert error.type is ErrorType.TOO_MANY
