"""How long CEL's functions take within the cost limit: `python -m benchmarks.cel_functions [PART]`.

Every function that is declared is called in a loop as long as a cost of 1,000,000 allows, for the elements
`x` of `lists.range(n)`; a line says how long that takes in processor time, and how many elements it gets to.
The slowest come first. Only questions with the PART in them are asked, if it is given. Other kinds of loops
cost less for an element, so a hostile expression may take about twice as long as a line here says.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import attrs

from benchmarks.timing import machine, readable, table
from dra import Features, cel
from dra.cel.env import environment
from dra.cel.interpreter import COST_LIMIT
from dra.cel.library import authorization
from dra.cel.selector import Selector

ENVIRONMENT = environment(features=Features.all())
DEVICE = cel.BoundDevice({"attributes": {"s": {"string": "a"}}, "capacity": {}}, driver="gpu.example.com")
SHORT, LONG = 1_000, 2_000  # loops that show what an element costs
RUNS = 2

# What is asked of each element, by the functions that it is there for: true of every element, or a failure
# of every one, which `all` absorbs.
QUESTIONS = {
    "operators": (
        "x + 1 > x && x - 1 < x && x * 1 == x && x / 1 == x && x % 7 < 7 && -x <= 0 && !(x < 0)",
        'string(x) + "a" != "a"',
        "double(x) + 0.5 > double(x)",
        "x in [x]",
        "{x: 1}[x] == 1",
        "[x][0] == x",
        "[x] + [x] != []",
        "x / 0 == 1",
        "x + 9223372036854775807 == 1 || true",
        "(x > 5 ? x : 5) >= 5",
        "dyn(x) < 1e9",
    ),
    "size": ("string(x).size() > 0", "size([x]) == 1"),
    "contains startsWith endsWith": (
        'string(x).contains("a") || string(x).startsWith("1") || string(x).endsWith("1") || true',
    ),
    "matches": ('string(x).matches("^[0-9]+$")', 'string(x).matches("^" + string(x) + "$")'),
    "find findAll": (
        'string(x).find("[0-9]$") != ""',
        'string(x).findAll("[0-9]") != []',
        'string(x).findAll("[0-9]", 2) != []',
        'string(x).findAll("a*") != []',
    ),
    "int uint double string bytes bool dyn type": (
        "int(string(x)) == x",
        'int(string(x) + "a") == x',
        "int(double(x)) == x",
        "uint(x) == 1u || true",
        "uint(string(x)) == 1u || true",
        "double(string(x)) >= 0.0",
        "double(x) >= 0.0",
        'string(double(x) + 0.5) != ""',
        'string(double(x) * 1e9) != ""',
        'string(x) != ""',
        'string(uint(x)) != ""',
        'string(x > 5) != ""',
        'bytes(string(x)) != b""',
        'string(bytes(string(x))) != ""',
        "bool(string(x > 5)) || true",
        "bool(string(x)) || true",
        "dyn(x) == x",
        "type(x) == int",
    ),
    "timestamp": (
        "timestamp(x) != timestamp(0) || true",
        "timestamp(x * 100000) != timestamp(0) || true",
        'string(timestamp(x)) != ""',
        'string(timestamp(x * 100000)) != ""',
        'timestamp("2024-02-29T12:00:00." + string(x) + "Z") > timestamp(0)',
        "timestamp(string(x)) > timestamp(0)",
        "int(timestamp(x)) == x",
        "timestamp(x) < timestamp(x) + duration('1s')",
        "timestamp(x) - timestamp(0) >= duration('0s')",
        "timestamp(x) - duration('1s') < timestamp(x)",
    ),
    "getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds "
    "getMilliseconds": (
        "timestamp(x).getFullYear() == 1970",
        "timestamp(x * 100000).getMonth() >= 0",
        "timestamp(x * 100000).getDayOfYear() >= 0",
        "timestamp(x * 100000).getDayOfMonth() >= 0",
        "timestamp(x * 100000).getDate() >= 0",
        "timestamp(x * 100000).getDayOfWeek() >= 0",
        "timestamp(x).getHours() >= 0",
        "timestamp(x).getMinutes() >= 0",
        "timestamp(x).getSeconds() >= 0",
        "timestamp(x).getMilliseconds() >= 0",
        'timestamp(x).getHours("Europe/Berlin") >= 0',
        'timestamp(x).getHours("-08:30") >= 0',
        "timestamp(x).getHours(string(x)) >= 0",
        "(timestamp(x) - timestamp(0)).getHours() >= 0",
        "(timestamp(x) - timestamp(0)).getMinutes() >= 0",
        "(timestamp(x) - timestamp(0)).getSeconds() >= 0",
        "(timestamp(x) - timestamp(0)).getMilliseconds() >= 0",
    ),
    "duration": (
        'duration(string(x) + "s") >= duration("0s")',
        'duration(string(x) + ".5h1m") >= duration("0s")',
        'duration(string(x)) >= duration("0s")',
        'string(duration(string(x) + "s")) != ""',
        'string(duration(string(x) + "ns")) != ""',
        'int(duration(string(x) + "s")) >= 0',
    ),
    "ip isIP ip.isCanonical family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast "
    "isGlobalUnicast": (
        'ip("10.0.0." + string(x % 200)).family() == 4',
        'ip("10.0." + string(x) + ".1").family() == 4',
        'ip("2001:db8::" + string(x % 10000)).family() == 6',
        "ip(string(x)).family() == 4",
        'isIP("10.0.0." + string(x % 200))',
        "isIP(string(x)) || true",
        'ip.isCanonical("10.0.0." + string(x % 200))',
        'ip.isCanonical("2001:db8::" + string(x % 10000)) || true',
        'ip("10.0.0." + string(x % 200)).isUnspecified() || true',
        'ip("10.0.0." + string(x % 200)).isLoopback() || true',
        'ip("10.0.0." + string(x % 200)).isLinkLocalMulticast() || true',
        'ip("10.0.0." + string(x % 200)).isLinkLocalUnicast() || true',
        'ip("10.0.0." + string(x % 200)).isGlobalUnicast()',
        'string(ip("10.0.0." + string(x % 200))) != ""',
    ),
    "cidr isCIDR containsIP containsCIDR prefixLength masked": (
        'cidr("10.0.0.0/" + string(x % 32)).prefixLength() < 32',
        "cidr(string(x)).prefixLength() < 32",
        'isCIDR("10.0.0.0/" + string(x % 32))',
        'cidr("10.0.0.0/8").containsIP("10.0.0." + string(x % 200))',
        'cidr("10.0.0.0/8").containsIP(string(x))',
        'cidr("10.0.0.0/8").containsCIDR("10.0.0.0/" + string(8 + x % 20))',
        'cidr("10.0.0.0/" + string(x % 32)).masked().prefixLength() < 32',
        'cidr("10.0.0.0/" + string(x % 32)).ip().family() == 4',
        'string(cidr("10.0.0.0/" + string(x % 32))) != ""',
    ),
    "url isURL getScheme getHost getHostname getPort getEscapedPath getQuery": (
        'url("https://a.example/" + string(x)).getScheme() == "https"',
        'url("/" + string(x)).getScheme() == ""',
        'url("/%20" + string(x)).getScheme() == ""',
        "url(string(x)).getScheme() == ''",
        'isURL("https://a.example/" + string(x))',
        "isURL(string(x)) || true",
        'url("/" + string(x)).getHost() == ""',
        'url("https://a:" + string(x)).getHostname() == "a"',
        'url("https://a:" + string(x)).getPort() != ""',
        'url("/" + string(x)).getEscapedPath() != ""',
        'url("/?a=" + string(x)).getQuery() != {}',
    ),
    "quantity isQuantity sign isGreaterThan isLessThan compareTo asApproximateFloat asInteger isInteger add "
    "sub": (
        "quantity(string(x)).asInteger() == x",
        'sign(quantity(string(x) + "Gi")) >= 0',
        'sign(quantity(string(x) + ".5m")) >= 0',
        'sign(quantity(string(x) + "a")) >= 0',
        'sign(quantity(string(x) + "kk")) >= 0',
        'isQuantity(string(x) + "Gi")',
        'isQuantity(string(x) + "kk") || true',
        'quantity(string(x)).isGreaterThan(quantity("-1"))',
        'quantity(string(x)).isLessThan(quantity("1Ti"))',
        'quantity(string(x)).compareTo(quantity("1Ti")) == -1',
        "quantity(string(x)).asApproximateFloat() >= 0.0",
        "quantity(string(x)).isInteger()",
        "quantity(string(x)).add(1).isInteger()",
        "quantity(string(x)).sub(1).isInteger()",
    ),
    "semver isSemver major minor patch": (
        'semver("1.2." + string(x)).major() == 1',
        'semver("1.2.3-a." + string(x)).minor() == 2',
        "semver(string(x)).major() == 1",
        'semver(string(x) + ".1.a").major() == 1',
        'semver("v" + string(x), true).patch() == 0',
        'isSemver("1.2." + string(x))',
        "isSemver(string(x)) || true",
        'semver("1.2." + string(x)).isLessThan(semver("2.0.0"))',
    ),
    "format.named validate": (
        'format.named("uuid").hasValue() && x >= 0',
        "!format.dns1123Label().validate(string(x)).hasValue()",
        'format.dns1123Label().validate("-" + string(x)).hasValue()',
        "!format.dns1123Subdomain().validate(string(x)).hasValue()",
        "format.dns1035Label().validate(string(x)).hasValue()",
        "!format.qualifiedName().validate(string(x)).hasValue()",
        "!format.dns1123LabelPrefix().validate(string(x)).hasValue()",
        "!format.dns1123SubdomainPrefix().validate(string(x)).hasValue()",
        "format.dns1035LabelPrefix().validate(string(x)).hasValue()",
        "!format.labelValue().validate(string(x)).hasValue()",
        '!format.uri().validate("/" + string(x)).hasValue()',
        "format.uuid().validate(string(x)).hasValue()",
        "format.byte().validate(string(x)).hasValue() || true",
        "format.date().validate(string(x)).hasValue()",
        "format.datetime().validate(string(x)).hasValue()",
    ),
    "charAt indexOf lastIndexOf lowerAscii upperAscii replace split substring trim strings.quote join": (
        'string(x).charAt(0) != ""',
        'string(x).charAt(9) != ""',
        'string(x).indexOf("0") < 9',
        'string(x).lastIndexOf("0") < 9',
        'string(x).lowerAscii() != ""',
        'string(x).upperAscii() != ""',
        'string(x).replace("0", "1") != ""',
        'string(x).split("0") != []',
        'string(x).split("") != []',
        'string(x).substring(1) != "a"',
        'string(x).substring(9) != "a"',
        'string(x).substring(0, 1) != ""',
        'string(x).trim() != ""',
        'strings.quote(string(x)) != ""',
        '[string(x)].join() != ""',
        'string(x).split("").join(",") != ""',
    ),
    "format": (
        '"%d".format([x]) != ""',
        '"%s".format([string(x)]) != ""',
        '"%s".format([[x]]) != ""',
        '"%.3f".format([double(x)]) != ""',
        '"%e".format([double(x)]) != ""',
        '"%b%o%x".format([x, x, x]) != ""',
        '"%s %d".format([string(x), x]) != ""',
        'string(x).format([1]) != ""',
    ),
    "isSorted sum max min includes": (
        "[x, x].isSorted()",
        "[x, x].sum() >= 0",
        "[x, x].max() >= 0",
        "[x, x].min() >= 0",
        "[x].indexOf(x) == 0",
        "[x].lastIndexOf(x) == 0",
        "[x].includes(x)",
    ),
    "slice flatten sort @sortByAssociatedKeys lists.range reverse distinct": (
        "[x].slice(0, 1) != []",
        "[x].slice(1, 5) != []",
        "[[x]].flatten() != []",
        "[x, 1].sort() != []",
        "[string(x), 'a'].sort() != []",
        "[x, 1].sortBy(y, -y) != []",
        "lists.range(x % 5) != [7]",
        "lists.range(-x) == []",
        "[x].reverse() != []",
        "[x, 1].distinct() != []",
        "[double(x), 1.0].distinct() != []",
    ),
    "sets.contains sets.equivalent sets.intersects": (
        "sets.contains([x], [x])",
        "sets.equivalent([x], [x])",
        "sets.intersects([x], [x])",
    ),
    "optional.of optional.ofNonZeroValue optional.none value hasValue or orValue optional.unwrap unwrapOpt "
    "first last": (
        "optional.of(x).value() == x",
        "optional.ofNonZeroValue(x).hasValue() || true",
        "optional.none().or(optional.of(x)).orValue(1) == x",
        "optional.unwrap([optional.of(x)]) != []",
        "[optional.of(x)].unwrapOpt() != []",
        "[x].first().hasValue() && [x].last().hasValue()",
        "[x][?0].orValue(1) == x",
        "{'a': x}.?a.orValue(1) == x",
    ),
    "comprehensions": (
        "[x].all(y, y == x)",
        "[x].exists_one(y, y == x)",
        "[x].map(y, y) != []",
        "[x].filter(y, y > -1) != []",
        "[x].transformList(i, y, i) != []",
        "[x].transformMap(i, y, y) != {}",
        "[x].transformMapEntry(i, y, {y: i}) != {}",
        "cel.bind(y, x, y == x)",
        f'device.attributes["{DEVICE.driver}"].s != string(x)',
        f'has(device.attributes["{DEVICE.driver}"].s) && x >= 0',
        f'device.attributes["{DEVICE.driver}"].nope == x',
    ),
}


@attrs.frozen
class Line:
    """How long a question takes, asked as often as the cost limit allows."""

    question: str
    elements: int
    seconds: float

    @property
    def cells(self) -> tuple[str, ...]:
        each = readable(self.seconds / self.elements)
        return self.question, f"{self.elements:,}", each, readable(self.seconds)


def left_out() -> set[str]:
    """The functions that are declared and asked nothing, but for those that no value has."""
    asked = {name for names in QUESTIONS for name in names.split()}
    asked |= {function.name for function in authorization.LIBRARY.functions}
    asked |= {name for name in ENVIRONMENT.functions if name.startswith("format.")}
    return {name for name in ENVIRONMENT.functions if name[0].isalpha() and "@" not in name} - asked


def spent(selector: Selector) -> int:
    """What an evaluation costs, whatever it gives."""
    try:
        return selector.evaluate(DEVICE).cost
    except cel.EvaluationError as error:
        return error.cost


def loop(count: int, question: str) -> Selector:
    return Selector(f"lists.range({count}).all(x, {question})", ENVIRONMENT)


def measured(question: str) -> Line:
    each = (spent(loop(LONG, question)) - spent(loop(SHORT, question))) / (LONG - SHORT)
    elements = int(COST_LIMIT / each)
    selector, best = loop(elements, question), float("inf")
    for _ in range(RUNS):
        start = time.thread_time()
        spent(selector)
        best = min(best, time.thread_time() - start)
    return Line(question, elements, best)


def lines(part: str) -> Iterator[Line]:
    for questions in QUESTIONS.values():
        for question in questions:
            if part in question:
                yield measured(question)


def main(part: str = "") -> None:
    print(machine())
    print(f"\nUntil the cost limit, dra exact: processor time, best of {RUNS}")
    found = sorted(lines(part), key=lambda line: -line.seconds)
    print(table(("question", "elements", "an element", "in all"), [line.cells for line in found]))
    slow = sum(line.seconds > 0.050 for line in found)
    print(f"\n{slow} of {len(found)} above 50 ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
