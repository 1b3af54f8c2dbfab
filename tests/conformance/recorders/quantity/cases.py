"""Prints the questions of the quantity recording, the same ones on every run."""

from __future__ import annotations

import itertools
import json
import random

SUFFIXES = ["", *"numkMGTPE", *(f"{letter}i" for letter in "KMGTPE")]
EXPONENTS = [
    "e0",
    "E0",
    "e3",
    "E3",
    "e+3",
    "e-3",
    "E-9",
    "e-10",
    "e03",
    "e1",
    "e2",
    "e18",
    "e21",
    "e99",
    "e-99",
]
# fmt: off
NUMBERS = [
    "0", "00", "1", "5", "7", "8", "005", "10", "12", "100", "999", "1000", "1023", "1024", "1025",
    "1536", "2000", "1500", "12000", "1048576", "0.5", ".5", "1.", "1.0", "1.00", "1.000", "1.5",
    "1.50", "1.500", "1.0000", "0.1", "0.001", "0.000000001", "0.0000000001", ".0000000019",
    "1.0000000001", "999.999999999", "1.024", "9223372036854775807", "9223372036854775808",
    "999999999999999999", "1000000000000000000", "100000000000", "99999999999", "123456789012345678",
    "12345678901234567.8", "1234567890123456789", "100000000000000000000", ".", "0.", ".0",
]
NOT_QUANTITIES = [
    "K", "ki", "KI", "1K", "1ki", "1KI", "1Mb", "20GB", "1gi", "1e", "1ee3", "1e3e3", "1e+", "1e-",
    "1e++3", "1e3m", "1m5", "1mm", "1kk", "1i", "1.2.3", "1..2", "--1", "+-1", "1-", "1+", "0x10",
    "1_000", "1,5", "½", "٣", "1٣", "inf", "nan", "NaN", "Infinity", "1/2", "1%", "", " ", " 1", "1 ",
    "1 Gi", "1\n", "\t1", "1\u00a0", "1\x00",
]
# fmt: on
LAX = [
    sign + point + suffix for sign in ("", "+", "-") for point in ("", ".") for suffix in SUFFIXES + EXPONENTS
]
JSON_VALUES = [
    *("null", "0", "1", "-1", "1000", "1.5", "1.0", "1e3", "1E3", "1e-3", "1e22", "12345678901234567890"),
    *(
        "true",
        "false",
        "[]",
        "{}",
        '""',
        '" "',
        '"1Gi"',
        '" 1Gi "',
        '"\u00a01Gi\u3000"',
        '"1 Gi"',
        '"m"',
        '"1\u200b"',
    ),
]


def random_number(rng: random.Random) -> str:
    whole = str(rng.randrange(10 ** rng.choice([1, 2, 3, 4, 6, 9, 12, 15, 18, 19, 25])))
    fraction = str(rng.randrange(10 ** rng.choice([1, 2, 3, 6, 9, 12]))) if rng.random() < 0.4 else ""
    zeros = "0" * rng.choice([0, 0, 0, 1, 2, 3, 6])
    return rng.choice(["", "", "", "-", "+"]) + whole + (f".{fraction}" if fraction else "") + zeros


def random_text(rng: random.Random) -> str:
    suffix = rng.choice(SUFFIXES) if rng.random() < 0.8 else f"{rng.choice('eE')}{rng.randint(-12, 30)}"
    return random_number(rng) + suffix


def noise(rng: random.Random) -> str:
    return "".join(rng.choice("0019.+-eEinumkKMGTPx ") for _ in range(rng.randint(1, 7)))


# No text with an exponent of millions is among them: upstream computes with it for minutes.
def main() -> None:
    rng = random.Random(37)
    systematic = [
        sign + number + suffix
        for sign, number, suffix in itertools.product(("", "-"), NUMBERS, SUFFIXES + EXPONENTS)
    ]
    texts = systematic + NOT_QUANTITIES + LAX + [f"+{number}" for number in NUMBERS]
    texts += [f"{2 ** rng.randint(0, 70)}{rng.choice(SUFFIXES)}" for _ in range(150)]
    texts += [random_text(rng) for _ in range(1200)] + [noise(rng) for _ in range(800)]
    texts += ["1e101", "1e-101", "1e99999999999999999999", "1" * 128, "1" * 129]
    for text in dict.fromkeys(texts):
        print(json.dumps({"in": text}))
    for value in JSON_VALUES:
        print(json.dumps({"json": value}))
    operands = [random_text(rng) for _ in range(400)]
    operands += [
        sign + n + s for sign in ("", "-") for n in ("0", "1", "1.5", "1000", "1024") for s in SUFFIXES
    ]
    for _ in range(1500):
        print(json.dumps({"a": rng.choice(operands), "b": rng.choice(operands)}))


if __name__ == "__main__":
    main()
