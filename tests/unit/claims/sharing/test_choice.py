"""`choose`: by isolation, size and what the cluster has switched on."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.claims import claim
from dra.claims.sharing import MIG, MPS, ConsumableShares, Exclusive, Sharing, TimeSlicing, choose, weigh
from dra.drivers.nvidia import GPU_MODELS

H100 = "H100-80GB"
QUARTER = {"gpu": H100, "fraction": 0.25}
DYNAMIC = {"DynamicMIG"}


@pytest.mark.parametrize(
    ("need", "strategy"),
    [
        (QUARTER, TimeSlicing()),
        ({**QUARTER, "isolation": "memory"}, MPS(active_thread_percentage=25, pinned_memory_limit="20389Mi")),
        ({**QUARTER, "isolation": "fault"}, MIG(profile="1g.20gb", board=H100)),
        (
            {**QUARTER, "isolation": "memory", "gates": DYNAMIC},
            MIG(profile="1g.20gb", board=H100, dynamic=True),
        ),
        ({"gpu": H100, "fraction": 0.5, "isolation": "all"}, MIG(profile="3g.40gb", board=H100)),
        ({"gpu": H100, "fraction": 1 / 3, "isolation": "all"}, MIG(profile="2g.20gb", board=H100)),
        ({"gpu": H100, "fraction": 1 / 7, "isolation": "all"}, MIG(profile="1g.10gb", board=H100)),
        ({"gpu": H100, "fraction": 0.1, "isolation": "all"}, Exclusive()),
        ({"gpu": H100, "fraction": 1}, Exclusive()),
        ({"gpu": "L4", "fraction": 0.5, "isolation": "fault"}, Exclusive()),
        ({**QUARTER, "between_claims": True}, ConsumableShares(memory="20389Mi")),
        ({**QUARTER, "between_claims": True, "kubernetes": "1.34"}, MIG(profile="1g.20gb", board=H100)),
        ({**QUARTER, "between_claims": True, "gates": set()}, MIG(profile="1g.20gb", board=H100)),
        ({"memory": "10Gi", "isolation": "memory"}, MPS(pinned_memory_limit="10Gi")),
        ({"memory": "10Gi", "isolation": "fault"}, MIG(min_memory="10Gi")),
        (
            {"gpu": "A100-40GB", "memory": "10Gi", "isolation": "fault"},
            MIG(min_memory="10Gi", board="A100-40GB"),
        ),
    ],
)  # fmt: skip
def test_chooses(need: dict[str, Any], strategy: Sharing) -> None:
    assert choose(**need) == strategy


def test_says_why_not_the_others() -> None:
    reasons = {type(each.strategy).__name__: each.reason for each in weigh("fault", gpu="L4", fraction=0.5)}
    assert reasons == {
        "TimeSlicing": "does not isolate fault",
        "ConsumableShares": "does not isolate fault",
        "MPS": "does not isolate fault",
        "MIG": "no MIG profiles of L4 are known",
        "Exclusive": "",
    }
    between = {type(each.strategy): each for each in weigh(gpu="L4", fraction=0.5, between_claims=True)}
    assert between[TimeSlicing].reason == "shares between the users of one claim only"
    assert str(between[Exclusive]) == "Exclusive(): serves"


@pytest.mark.parametrize("model", GPU_MODELS)
@pytest.mark.parametrize("fraction", [0.001, 1 / 7, 0.5, 0.6])
@pytest.mark.parametrize("isolation", ["memory", "all"])
def test_whatever_is_chosen_can_be_claimed(model: str, fraction: float, isolation: str) -> None:
    chosen = choose(isolation, gpu=model, fraction=fraction)
    assert claim("a").request("r", share=chosen).build()


@pytest.mark.parametrize(
    ("need", "message"),
    [
        ({"gpu": "H100"}, "no NVIDIA GPU model"),
        ({"gpu": "L4"}, "how much of a GPU"),
        ({"fraction": 0.5}, "a fraction of which GPU"),
        ({"gpu": "L4", "fraction": 0}, "more than 0 and at most 1"),
        ({"gpu": "L4", "fraction": 2}, "more than 0 and at most 1"),
        ({"gpu": "L4", "fraction": float("nan")}, "more than 0 and at most 1"),
        ({"gpu": "L4", "fraction": 0.5, "memory": "1Gi"}, "either a fraction or"),
        ({"gpu": "L4", "memory": "40Gi"}, "L4 has 23034Mi memory, not 40Gi"),
        ({"memory": "-1Gi"}, "not -1Gi"),
        ({**QUARTER, "isolation": "crash"}, "no isolation is named"),
        ({**QUARTER, "kubernetes": "1.2"}, "unknown Kubernetes version"),
    ],
)
def test_what_makes_no_sense(need: dict[str, Any], message: str) -> None:
    with pytest.raises(dra.DraError, match=message):
        choose(**need)
