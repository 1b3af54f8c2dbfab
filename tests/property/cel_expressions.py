"""Random CEL selectors: mostly well typed, over devices that lack some of what they ask for."""

from __future__ import annotations

from random import Random
from typing import Any, Final

DRIVER: Final = "gpu.example.com"

DEVICES: Final[list[dict[str, Any]]] = [
    {
        "driver": DRIVER,
        "allowMultipleAllocations": True,
        "attributes": {
            "i": {"int": 5},
            "j": {"int": -3},
            "big": {"int": 2**63 - 1},
            "s": {"string": "a100-SXM4"},
            "e": {"string": ""},
            "b": {"bool": True},
            "f": {"bool": False},
            "v": {"version": "1.2.3"},
            "w": {"version": "535.104.5-rc.1+b7"},
            "other.io/i": {"int": 7},
            "li": {"ints": [1, 2, 3]},
            "ls": {"strings": ["a", "b", "cc"]},
            "lb": {"bools": [True, False]},
            "lv": {"versions": ["1.0.0", "2.1.0"]},
        },
        "capacity": {"memory": {"value": "80Gi"}, "cores": {"value": "64"}, "frac": {"value": "1500m"}},
    },
    {
        "driver": DRIVER,
        "attributes": {
            "i": {"int": 0},
            "s": {"string": "H100 PCIe"},
            "b": {"bool": False},
            "li": {"ints": [7]},
        },
        "capacity": {"memory": {"value": "40960Mi"}},
    },
    # The same names with values of other types.
    {
        "driver": "other.io",
        "attributes": {
            "gpu.example.com/i": {"string": "5"},
            "gpu.example.com/s": {"int": 4},
            "gpu.example.com/b": {"version": "1.0.0"},
            "gpu.example.com/v": {"bool": True},
            "gpu.example.com/li": {"strings": ["x"]},
        },
        "capacity": {},
    },
    {"driver": DRIVER, "attributes": {}, "capacity": {"cores": {"value": "0"}}},
]

_SAMPLES: Final = {
    "int": ("0", "1", "5", "-3", "9223372036854775807", "-9223372036854775808", "0x10"),
    "uint": ("0u", "5u", "18446744073709551615u"),
    "double": ("0.0", "1.5", "5.0", "-2.25", "1e300"),
    "string": ('""', '"a"', '"abc"', '"a100-SXM4"', '"1.2.3"', '"10Gi"', '"x,y"', 'r"\\d+"', '"Übergröße"'),
    "bytes": ('b"abc"', 'b""'),
    "bool": ("true", "false"),
}
_NAMES: Final = {
    "int": ("i", "j", "big"),
    "string": ("s", "e"),
    "bool": ("b", "f"),
    "semver": ("v", "w"),
    "list(int)": ("li",),
    "list(string)": ("ls",),
}
_PATTERNS: Final = ("^a", "[0-9]+$", "(x|y)*")
_CAPACITIES: Final = ("memory", "cores", "frac", "none")
_INCLUDING: Final = ("list(int)", "int", "string")
_TYPES: Final = ("int", "string", "bool", "double", "semver", "quantity")


class Expressions:
    """Writes expressions of a wanted type.

    Args:
        random: Where chance comes from.
        calls: Whether to use Kubernetes' own functions; without, any CEL engine can read the expressions.
    """

    def __init__(self, random: Random, *, calls: bool = True) -> None:
        self.random = random
        self.calls = calls
        self.variables: dict[str, str] = {}

    def selector(self, depth: int = 4) -> str:
        """An expression that gives a bool, if all goes well."""
        return self.of("bool", depth)

    def of(self, kind: str, depth: int) -> str:
        if self.random.random() < 0.02:
            kind = self.random.choice(_TYPES)
        if depth <= 0 or self.random.random() < 0.12:
            return self.leaf(kind)
        makers = getattr(self, f"_{kind.split('(')[0]}")
        made: str = self.random.choice(makers(kind, depth - 1))()
        return made

    def leaf(self, kind: str) -> str:
        bound = [name for name, of in self.variables.items() if of == kind]
        if bound and self.random.random() < 0.5:
            return self.random.choice(bound)
        if self.calls and kind in _NAMES and self.random.random() < 0.6:
            return self.attribute(kind)
        if kind in _SAMPLES:
            return self.random.choice(_SAMPLES[kind])
        if kind == "semver":
            return f'semver("{self.random.choice(("1.2.3", "2.0.0-alpha.1", "535.0.0"))}")'
        if kind == "quantity":
            if self.random.random() < 0.6:
                return f'device.capacity["{DRIVER}"].{self.random.choice(_CAPACITIES)}'
            return f'quantity("{self.random.choice(("10Gi", "64", "1500m", "80Gi", "1e3"))}")'
        element = kind.removeprefix("list(").removesuffix(")")
        return f"[{', '.join(self.leaf_literal(element) for _ in range(self.random.randint(0, 3)))}]"

    def leaf_literal(self, kind: str) -> str:
        return self.random.choice(_SAMPLES.get(kind, _SAMPLES["int"]))

    def attribute(self, kind: str) -> str:
        name = self.random.choice(_NAMES[kind])
        domain = self.random.choice((DRIVER, DRIVER, DRIVER, "other.io", "none.io"))
        form = self.random.choice(("{0}.{1}", '{0}["{1}"]', "{0}.{1}", "{0}.?{1}.orValue({2})"))
        return form.format(f'device.attributes["{domain}"]', name, self.default(kind))

    def default(self, kind: str) -> str:
        if kind == "semver":
            return 'semver("0.0.1")'
        return "[]" if kind.startswith("list") else self.leaf_literal(kind)

    # Makers by type: each gives the ways to write an expression of the type

    def _bool(self, _kind: str, depth: int) -> list[Any]:
        ways = [
            lambda: f"({self.of('bool', depth)} && {self.of('bool', depth)})",
            lambda: f"({self.of('bool', depth)} || {self.of('bool', depth)})",
            lambda: f"!({self.of('bool', depth)})",
            lambda: self.comparison(depth),
            lambda: self.comparison(depth),
            lambda: self.ternary("bool", depth),
            lambda: self.quantified(depth),
            lambda: f"{self.of('int', depth)} in {self.of('list(int)', depth)}",
            lambda: f"{self.of('string', depth)} in {self.leaf('list(string)')}",
            lambda: f"{self.of('string', depth)}.contains({self.of('string', depth)})",
            lambda: f'{self.of("string", depth)}.matches("{self.random.choice(_PATTERNS)}")',
        ]
        if self.calls:
            ways += [
                lambda: self.presence(),
                lambda: f"{self.of('semver', depth)}.isGreaterThan({self.of('semver', depth)})",
                lambda: f"{self.of('quantity', depth)}.isLessThan({self.of('quantity', depth)})",
                lambda: f"{self.of('quantity', depth)}.isInteger()",
                lambda: f"sets.contains({self.of('list(int)', depth)}, {self.of('list(int)', depth)})",
                lambda: f"{self.of('list(int)', depth)}.isSorted()",
                lambda: self.bound("bool", depth),
                lambda: f"{self.leaf(self.random.choice(_INCLUDING))}.includes({self.leaf('int')})",
            ]
        return ways

    def comparison(self, depth: int) -> str:
        kind = self.random.choice(("int", "string", "double", "bool", "semver", "quantity", "list(int)"))
        if not self.calls and kind in ("semver", "quantity"):
            kind = "int"
        unordered = kind in ("semver", "quantity", "list(int)")
        signs = ("==", "!=") if unordered else ("==", "!=", "<", "<=", ">", ">=")
        other = kind if self.random.random() < 0.9 else self.random.choice(("int", "double", "string"))
        return f"{self.of(kind, depth)} {self.random.choice(signs)} {self.of(other, depth)}"

    def presence(self) -> str:
        name = self.random.choice(("i", "s", "nope", "li"))
        domain = self.random.choice((DRIVER, "other.io", "none.io"))
        return self.random.choice(
            (
                f'has(device.attributes["{domain}"].{name})',
                f'"{name}" in device.attributes["{domain}"]',
                f'device.attributes["{domain}"].?{name}.hasValue()',
                f'device.attributes[?"{domain}"].?{name}.hasValue()',
                f'"{domain}" in device.attributes',
                f'has(device.capacity["{domain}"].memory)',
                "device.allowMultipleAllocations",
            )
        )

    def quantified(self, depth: int) -> str:
        name = f"x{len(self.variables)}"
        kind = self.random.choice(("int", "string"))
        over = self.of(f"list({kind})", depth)
        self.variables[name] = kind
        body = self.of("bool", depth)
        del self.variables[name]
        return f"{over}.{self.random.choice(('all', 'exists', 'exists_one'))}({name}, {body})"

    def bound(self, kind: str, depth: int) -> str:
        name = f"y{len(self.variables)}"
        of = self.random.choice(("int", "string", "bool"))
        value = self.of(of, depth)
        self.variables[name] = of
        body = self.of(kind, depth)
        del self.variables[name]
        return f"cel.bind({name}, {value}, {body})"

    def ternary(self, kind: str, depth: int) -> str:
        return f"({self.of('bool', depth)} ? {self.of(kind, depth)} : {self.of(kind, depth)})"

    def _int(self, _kind: str, depth: int) -> list[Any]:
        sign = self.random.choice("+-*/%")
        return [
            lambda: f"({self.of('int', depth)} {sign} {self.of('int', depth)})",
            lambda: self.ternary("int", depth),
            lambda: f"-({self.of('int', depth)})",
            lambda: f"size({self.of('string', depth)})",
            lambda: f"{self.of('list(int)', depth)}.size()",
            lambda: f"{self.of('list(int)', depth)}[{self.leaf('int')}]",
            lambda: f"int({self.of(self.random.choice(('double', 'string')), depth)})",
        ]

    def _double(self, _kind: str, depth: int) -> list[Any]:
        sign = self.random.choice("+-*/")
        return [
            lambda: f"({self.of('double', depth)} {sign} {self.of('double', depth)})",
            lambda: f"double({self.of('int', depth)})",
        ]

    def _string(self, _kind: str, depth: int) -> list[Any]:
        ways = [
            lambda: f"({self.of('string', depth)} + {self.of('string', depth)})",
            lambda: f"string({self.of(self.random.choice(('int', 'bool')), depth)})",
            lambda: self.ternary("string", depth),
        ]
        if self.calls:
            ways += [
                lambda: f"{self.of('string', depth)}.lowerAscii()",
                lambda: f"{self.of('string', depth)}.substring({self.leaf('int')})",
                lambda: f'{self.of("string", depth)}.replace("a", {self.leaf("string")})',
                lambda: f'{self.of("string", depth)}.find("[a-z0-9]+")',
                lambda: f'{self.of("list(string)", depth)}.join("-")',
            ]
        return ways

    def _list(self, kind: str, depth: int) -> list[Any]:
        element = kind.removeprefix("list(").removesuffix(")")
        return [
            lambda: f"[{self.of(element, depth)}, {self.of(element, depth)}]",
            lambda: self.filtered(kind, element, depth),
            lambda: f"({self.of(kind, depth)} + {self.of(kind, depth)})",
            lambda: self.leaf(kind),
        ]

    def filtered(self, kind: str, element: str, depth: int) -> str:
        name = f"z{len(self.variables)}"
        over = self.of(kind, depth)
        self.variables[name] = element
        macro = self.random.choice(("filter", "map", "map"))
        body = self.of("bool" if macro == "filter" else element, depth)
        del self.variables[name]
        return f"{over}.{macro}({name}, {body})"

    def _semver(self, kind: str, _depth: int) -> list[Any]:
        return [lambda: self.leaf(kind), lambda: f"semver({self.leaf('string')})"]

    def _quantity(self, kind: str, depth: int) -> list[Any]:
        return [
            lambda: self.leaf(kind),
            lambda: f"{self.of(kind, depth)}.add({self.of(self.random.choice(('quantity', 'int')), depth)})",
        ]
