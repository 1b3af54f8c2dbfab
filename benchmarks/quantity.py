"""How fast quantities are read, printed and added: `python -m benchmarks.quantity`.

The rival is the parser of the official Kubernetes client, which gives a `decimal.Decimal`.
"""

from __future__ import annotations

from functools import partial

from kubernetes.utils import quantity as client

from benchmarks.timing import Measurement, machine, measure, table
from dra.quantity import Quantity, _read

TEXTS = ("10Gi", "1.5Gi", "81559Mi", "250m", "12e6")
READERS = {
    "Quantity.parse, known text": Quantity.parse,
    "Quantity.parse, new text": _read,
    "kubernetes client": client.parse_quantity,
}


def operations() -> list[tuple[str, Measurement]]:
    one, other = Quantity("1.5Gi"), Quantity("81559Mi")
    return [
        ("a + b", measure(lambda: one + other)),
        ("str(a + b)", measure(lambda: str(one + other))),
        ("a < b", measure(lambda: one < other)),
        ("hash(a)", measure(lambda: hash(one))),
    ]


def main() -> None:
    print(machine())
    reading = ((text, *(measure(partial(read, text)) for read in READERS.values())) for text in TEXTS)
    print(table(("text", *READERS), reading))
    print()
    print(table(("operation", "median"), operations()))


if __name__ == "__main__":
    main()
