"""Random claims come back from the Python source that `to_python` writes for them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given, settings, strategies as st

from dra import Features
from dra.claims import ClaimBuilder, Option, claim, device_class, option, prefer, to_python, toleration
from dra.claims.declared import check_selectors
from dra.errors import BuildError
from dra.models.resource import DeviceClass, ResourceClaim, ResourceClaimTemplate
from tests.property.test_select import EXPRESSIONS

CLASSES: Final = st.sampled_from(("gpu.nvidia.com", "mig.nvidia.com", "gpu.amd.com", "own.example.com"))
NAMES: Final = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
TEXTS: Final = st.text(max_size=20)
WHERE: Final = st.lists(
    EXPRESSIONS.map(lambda drawn: drawn.expression)
    | st.sampled_from(("true", "device.driver == 'a' // b\n")),
    max_size=2,
)
TOLERATIONS: Final = st.builds(
    toleration,
    st.sampled_from(("a", "example.com/b")),
    value=st.sampled_from((None, "", "v")),
    effect=st.sampled_from((None, "NoSchedule")),
)


def may_hold(named: str, where: object) -> bool:
    """Whether devices of the class have anything that is asked for: builders refuse what is not so."""
    try:
        check_selectors(named, [str(where)])
    except BuildError:
        return False
    return True


def wants(draw: st.DrawFn, named: str) -> dict[str, Any]:
    where = [each for each in draw(WHERE) if may_hold(named, each)]
    said: dict[str, Any] = {"where": where, "tolerations": draw(st.lists(TOLERATIONS, max_size=2))}
    if draw(st.booleans()):
        said["count"] = draw(st.integers(1, 4))
    elif draw(st.booleans()):
        said["allocation_mode"] = draw(st.sampled_from(("All", "ExactCount")))
    if draw(st.booleans()):
        said["capacity"] = {
            draw(st.sampled_from(("memory", "a.b/c"))): draw(st.sampled_from(("10Gi", "0.5", 3 << 20)))
        }
    return said


@st.composite
def options(draw: st.DrawFn) -> Option:
    named = draw(CLASSES)
    return option(named, **wants(draw, named))


@st.composite
def builders(draw: st.DrawFn) -> ClaimBuilder:
    built = claim(
        draw(NAMES),
        namespace=draw(st.just("") | NAMES),
        annotations=draw(st.dictionaries(NAMES, TEXTS, max_size=2)),
    )
    requests = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    for name in requests:
        if draw(st.booleans()):
            named = draw(CLASSES)
            built = built.request(name, device_class=named, **wants(draw, named))
        else:
            built = built.request(name, prefer(*draw(st.lists(options(), min_size=1, max_size=3))))
    for _ in range(draw(st.integers(0, 2))):
        some = draw(st.lists(st.sampled_from(requests), unique=True))
        made = built.align if draw(st.booleans()) else built.distinct
        built = made(draw(st.sampled_from(("resource.kubernetes.io/pcieRoot", "a.b/c"))), requests=some)
    for _ in range(draw(st.integers(0, 2))):
        parameters = draw(st.dictionaries(TEXTS, TEXTS | st.integers(-9, 9) | st.none(), max_size=2))
        built = built.config({"driver": "own.example.com", "parameters": parameters})
    return built


def comes_back(obj: ResourceClaim | ResourceClaimTemplate | DeviceClass) -> None:
    text = to_python(obj, "built")
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["built"] == obj


@settings(max_examples=30, deadline=None)
@given(builders(), st.booleans())
def test_a_claim_comes_back_by_the_builder(built: ClaimBuilder, is_template: bool) -> None:
    comes_back((built.template if is_template else built.build)(features=Features.all()))


@settings(max_examples=20, deadline=None)
@given(NAMES, WHERE, st.dictionaries(NAMES, TEXTS, max_size=2))
def test_a_class_comes_back_by_the_builder(name: str, where: list[Any], annotations: dict[str, str]) -> None:
    comes_back(device_class(name, where=where, annotations=annotations, features=Features.all()))
