"""Builders with anything said to them: an error of ours, or an object that validates and reads back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings, strategies as st

import dra
from dra import claims
from dra.claims import ClaimBuilder, claim, gpu, mig, option, prefer, select, sharing, to_python
from dra.claims.sharing import MIG, MPS, ConsumableShares, Exclusive, TimeSlicing

NAMES = {
    **{name: getattr(claims, name) for name in claims.__all__},
    **{name: getattr(sharing, name) for name in sharing.__all__},
    **{name: getattr(select, name) for name in select.__all__},
}
CLASSES = ("gpu.nvidia.com", "mig.nvidia.com", "dranet", "mine.example.com", "")
LABELS = st.sampled_from(("gpu", "nic", "a", "b", "Bad", "")) | st.text(max_size=5)
STRATEGIES = st.sampled_from(
    (
        Exclusive(),
        TimeSlicing(),
        TimeSlicing(interval="Long"),
        MPS(active_thread_percentage=50),
        MIG(profile="1g.10gb"),
        MIG(min_memory="10Gi", dynamic=True),
        ConsumableShares(memory="10Gi"),
    )
)
WANTS = st.fixed_dictionaries(
    {},
    optional={
        "device_class": st.sampled_from(CLASSES),
        "count": st.integers(-1, 40),
        "allocation_mode": st.sampled_from(("All", "ExactCount", "Some")),
        "where": st.sampled_from(("true", 'device.driver == "x"', "device.", ("true", "false"))),
        "capacity": st.dictionaries(
            st.sampled_from(("memory", "Bad Name")), st.sampled_from(("1Gi", 3, "x")), max_size=2
        ),
        "tolerations": st.sampled_from(("key", "", ["a", "b"])),
        "admin_access": st.booleans(),
        "share": STRATEGIES | st.lists(STRATEGIES, max_size=2),
    },
)
LADDERS = st.lists(
    st.sampled_from((gpu("L4"), gpu("H100-80GB", count=2), mig("3g.40gb"), option("gpu.intel.com"))),
    min_size=1,
    max_size=4,
).map(lambda options: prefer(*options))
ATTRIBUTES = st.sampled_from(
    ("resource.kubernetes.io/pcieRoot", "gpu.nvidia.com/parentUUID", "pcieRoot", "a/b/c")
)
CALLS = st.lists(
    st.tuples(st.just("request"), LABELS, WANTS)
    | st.tuples(st.just("ladder"), LABELS, LADDERS)
    | st.tuples(st.sampled_from(("align", "distinct")), ATTRIBUTES, st.lists(LABELS, max_size=2))
    | st.tuples(st.just("share"), STRATEGIES),
    max_size=5,
)


def said(builder: ClaimBuilder, call: tuple[Any, ...]) -> ClaimBuilder:
    """The builder after a call, or as it was if the call is refused with an error of ours."""
    kind, *arguments = call
    try:
        if kind == "request":
            return builder.request(arguments[0], **arguments[1])
        if kind == "ladder":
            return builder.request(*arguments)
        return getattr(builder, kind)(*arguments)
    except dra.DraError:
        return builder


@settings(max_examples=80, deadline=None)
@given(CALLS)
def test_a_build_validates_and_reads_back_or_says_why_not(calls: list[tuple[Any, ...]]) -> None:
    builder = claim("any")
    for call in calls:
        builder = said(builder, call)
    assert repr(eval(repr(builder), dict(NAMES))) == repr(builder)
    try:
        made = builder.build()
    except dra.DraError:
        return
    assert dra.validate(made) == []
    assert eval(to_python(made), dict(NAMES)) == made
    assert builder.build() == made
