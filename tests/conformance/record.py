"""Record what a release answers: fresh answers for a file of cases, or all files that the project keeps.

python -m tests.conformance.record cases.jsonl.gz --kubernetes 1.36 --output answered.jsonl.gz
python -m tests.conformance.record                       # `make vectors`: every file below
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dra.features import KUBERNETES_MINORS, LATEST, minor as minor_of
from tests.conformance.generate import cases
from tests.conformance.oracle import Oracle
from tests.conformance.vectors import DATA, read_cases

Case = dict[str, Any]

GENERATED, SAMPLE = 1500, 320
# So often is a case asked again: Go walks maps in random order, and some answers depend on it.
ALLOCATED_AGAIN, EVALUATED_AGAIN = 20, 200

SYNTAX_DEVICE: Case = {
    "driver": "d.example.com",
    "attributes": {
        "s": {"string": "abc"},
        "i": {"int": 3},
        "b": {"bool": True},
        "v": {"version": "1.2.3"},
        "o.example.com/x": {"string": "y"},
    },
    "capacity": {"memory": {"value": "80Gi"}, "n": {"value": "3"}},
}
MODES_DEVICE = {
    "driver": "d.example.com",
    "allowMultipleAllocations": True,
    "attributes": {
        **SYNTAX_DEVICE["attributes"],
        "li": {"ints": [1, 2, 3]},
        "ls": {"strings": ["a", "b", "cc"]},
        "lb": {"bools": [True, False]},
        "lv": {"versions": ["1.0.0", "2.1.0"]},
    },
    "capacity": SYNTAX_DEVICE["capacity"],
}


def record(asked: Iterable[Case], kubernetes: str) -> Iterator[Case]:
    """The cases with the answer of a release as `expect`.

    Left out are allocations that have no one answer: they differ from run to run, or the time runs out.
    """
    with Oracle(kubernetes) as oracle:
        for case in asked:
            plain = {key: value for key, value in case.items() if key not in ("expect", "repeat")}
            again = EVALUATED_AGAIN if "expression" in case else ALLOCATED_AGAIN
            answer = oracle.ask({**plain, "repeat": again})
            if "expression" in case:
                yield {**plain, "kubernetes": kubernetes, "expect": _settled(case, answer)}
            elif _has_one_answer(answer):
                yield {**plain, "kubernetes": kubernetes, "expect": _plain(answer)}


def _has_one_answer(answer: Case) -> bool:
    each_node = answer.get("nodes", [answer])
    return "nondeterministic" not in answer and not any(node.get("timeout") for node in each_node)


def _settled(case: Case, answer: Case) -> Case:
    """The answer with the error that names the attribute listed first, if Go names one or the other."""
    if "eval_error_varies" not in answer:
        return answer
    listed = [f"attribute {name}:" for name in case["device"]["attributes"]]
    texts = answer["eval_error_varies"]
    first = min(
        texts, key=lambda text: next((at for at, name in enumerate(listed) if name in text), len(listed))
    )
    return {**answer, "eval_error": first}


def _plain(answer: Case) -> Case:
    """The answer without how it was found."""
    return {key: value for key, value in answer.items() if key not in ("allocator", "invocations")}


def with_latest(recorded: Iterable[Case]) -> Iterator[Case]:
    """Recorded cases with the latest minor's answer as `latest` where it is another one."""
    with Oracle(LATEST) as oracle:
        for case in recorded:
            latest = _plain(oracle.ask({**case, "allocator": "experimental"}))
            yield case if latest == case["expect"] else {**case, "latest": latest}


def selectors(kubernetes: str) -> Iterator[Case]:
    """The CEL cases of the vectors as a minor can meet them: before 1.36 no attribute is a list."""
    for name in ("cel-probes.jsonl.gz", "dev-cel.jsonl.gz"):
        for case in read_cases(name):
            device = _known(case["device"], kubernetes)
            yield {**{key: value for key, value in case.items() if key != "kind"}, "device": device}


def syntax(kubernetes: str) -> Iterator[Case]:
    """The expressions of `cel-syntax.jsonl`, right and wrong, about one device."""
    yield from _asked("cel-syntax", SYNTAX_DEVICE, kubernetes)


def modes(kubernetes: str) -> Iterator[Case]:
    """The expressions of `cel-modes.jsonl`: what depends on minor, mode and gates, written and stored."""
    for mode in ("stored", "new"):
        for gates in (
            {},
            {"ConsumableCapacity": True},
            {"ConsumableCapacity": True, "ListTypeAttributes": True},
        ):
            if minor_of(kubernetes) >= "1.36" or "ListTypeAttributes" not in gates:
                device = _known(MODES_DEVICE, kubernetes)
                yield from _asked("cel-modes", device, kubernetes, mode=mode, gates=gates)


def edges(kubernetes: str) -> Iterator[Case]:
    """The expressions of `cel-edges.jsonl`: what functions refuse, once and in loops of many elements."""
    gates = {"ConsumableCapacity": True, "ListTypeAttributes": True}
    yield from _asked("cel-edges", _known(MODES_DEVICE, kubernetes), kubernetes, gates=gates)


def _asked(
    name: str, device: Case, kubernetes: str, *, mode: str = "stored", gates: Mapping[str, bool] | None = None
) -> Iterator[Case]:
    """A case for each line of a file."""
    lines = (DATA.parent / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        yield {
            "id": f"{name}-{number}",
            "expression": json.loads(line),
            "device": device,
            "envType": mode,
            "features": gates or {},
            "kubernetes": kubernetes,
        }


def _known(device: Case, kubernetes: str) -> Case:
    """The device as a minor can meet it."""
    if minor_of(kubernetes) >= "1.36":
        return device
    attributes = device.get("attributes", {}).items()
    return {**device, "attributes": {key: value for key, value in attributes if _is_scalar(value)}}


def _is_scalar(attribute: dict[str, Any]) -> bool:
    return not {"ints", "bools", "strings", "versions"} & attribute.keys()


def write(path: Path, answered: Iterable[Case]) -> int:
    """Write the cases, the same bytes for the same cases, and say how many."""
    lines = [json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in answered]
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return len(lines)


def record_all() -> None:
    """Every file of `data/` that is recorded with the program of `oracle/`."""
    for kubernetes in KUBERNETES_MINORS:
        if kubernetes == LATEST:
            allocations = {"alloc-generated.jsonl.gz": record(cases(1, GENERATED), LATEST)}
        else:
            sample = record(cases(1, SAMPLE, kubernetes), kubernetes)
            allocations = {f"alloc-{kubernetes}.jsonl.gz": with_latest(sample)}
        kept = {
            **allocations,
            f"cel-{kubernetes}.jsonl.gz": record(selectors(kubernetes), kubernetes),
        }
        for file, answered in kept.items():
            print(file, write(DATA / file, answered), "cases")
    for name, asked in (("cel-syntax", syntax), ("cel-modes", modes), ("cel-edges", edges)):
        answered = (case for minor in KUBERNETES_MINORS for case in record(asked(minor), minor))
        print(f"{name}.jsonl.gz", write(DATA / f"{name}.jsonl.gz", answered), "cases")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", nargs="?", type=Path, help="cases, JSON Lines, gzipped or not")
    options.add_argument("--kubernetes", choices=KUBERNETES_MINORS, default=LATEST)
    options.add_argument("--output", type=Path, help="default: the file itself")
    chosen = options.parse_args()
    if chosen.file is None:
        record_all()
        return
    opener = gzip.open if chosen.file.suffix == ".gz" else open
    with opener(chosen.file, "rt", encoding="utf-8") as lines:
        asked = [json.loads(line) for line in lines]
    print(write(chosen.output or chosen.file, record(asked, chosen.kubernetes)), "cases")


if __name__ == "__main__":
    main()
