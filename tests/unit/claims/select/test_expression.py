"""Expressions: what they say in CEL, how they combine, what they are as values."""

from __future__ import annotations

import copy
import itertools
import pickle

import pytest

from dra.claims.select import Expression, Term, all_of, any_of, cel, device, quantity, semver
from dra.errors import CompileError, ExpressionError

GPU = device.of("gpu.example.com")
DOMAIN = 'device.attributes["gpu.example.com"]'
MEMORY = 'device.capacity["gpu.example.com"].memory'


def plain(name: str) -> Term:
    """An attribute without a guard, so that a test shows one thing."""
    return GPU.attr(name).or_error()


class TestCel:
    @pytest.mark.parametrize(
        ("expression", "text"),
        [
            (plain("x") == 1, f"{DOMAIN}.x == 1"),
            (plain("x") != -3, f"{DOMAIN}.x != -3"),
            (plain("x") >= -(2**63), f"{DOMAIN}.x >= -9223372036854775808"),
            (plain("x") > 1, f"{DOMAIN}.x > 1"),
            (plain("x") == "Hopper", f'{DOMAIN}.x == "Hopper"'),
            (plain("x") == semver("1.2.3"), f'{DOMAIN}.x == semver("1.2.3")'),
            (plain("x") > semver("1.2.3"), f'{DOMAIN}.x.isGreaterThan(semver("1.2.3"))'),
            (plain("x") <= semver("1.2.3"), f'{DOMAIN}.x.compareTo(semver("1.2.3")) <= 0'),
            (plain("x").in_(["a", "b"]), f'{DOMAIN}.x in ["a", "b"]'),
            (plain("x").in_([semver("1.0.0")]), f'{DOMAIN}.x in [semver("1.0.0")]'),
            (plain("x").startswith("a"), f'{DOMAIN}.x.startsWith("a")'),
            (plain("x").endswith("a"), f'{DOMAIN}.x.endsWith("a")'),
            (plain("x").contains("a"), f'{DOMAIN}.x.contains("a")'),
            (plain("x").matches(r"^a\d"), rf'{DOMAIN}.x.matches("^a\\d")'),
            (plain("x").lower() == "a", f'{DOMAIN}.x.lowerAscii() == "a"'),
            (plain("x").includes("a"), f'{DOMAIN}.x.includes("a")'),
            (plain("x") == True, f"{DOMAIN}.x"),  # noqa: E712 - builds an expression
            (plain("x") == False, f"!{DOMAIN}.x"),  # noqa: E712 - builds an expression
            (GPU.attr("x").exists(), f"has({DOMAIN}.x)"),
            (GPU.capacity("memory").or_error() >= "20Gi", f'{MEMORY}.compareTo(quantity("20Gi")) >= 0'),
            (GPU.capacity("memory").or_error() < quantity("1Gi"), f'{MEMORY}.isLessThan(quantity("1Gi"))'),
            (GPU.capacity("memory").or_error() == "1024Mi", f'{MEMORY} == quantity("1Gi")'),
            (GPU.capacity("memory").or_error() != "1Gi", f'{MEMORY}.compareTo(quantity("1Gi")) != 0'),
            (device.driver == "gpu.example.com", 'device.driver == "gpu.example.com"'),
            (any_of(device.allow_multiple_allocations), "device.allowMultipleAllocations"),
        ],
    )
    def test_each_comparison(self, expression: Expression, text: str) -> None:
        assert str(expression) == text

    def test_a_name_without_a_domain_is_in_that_of_the_devices_own_driver(self) -> None:
        assert str(device.attr("x").or_error() == 1) == "device.attributes[device.driver].x == 1"

    def test_a_full_name_has_its_own_domain_even_under_another(self) -> None:
        term = GPU.attr("resource.kubernetes.io/pcieRoot")
        assert str(term.exists()) == 'has(device.attributes["resource.kubernetes.io"].pcieRoot)'

    def test_a_name_that_cel_reserves_is_an_index(self) -> None:
        assert str(plain("namespace") == 1) == f'{DOMAIN}["namespace"] == 1'

    def test_parentheses_stand_only_where_they_are_needed(self) -> None:
        a, b, c = (plain(name) == 1 for name in "abc")
        assert str(a & b | c) == f"{DOMAIN}.a == 1 && {DOMAIN}.b == 1 || {DOMAIN}.c == 1"
        assert str((a | b) & c) == f"({DOMAIN}.a == 1 || {DOMAIN}.b == 1) && {DOMAIN}.c == 1"
        assert str(~a) == f"!({DOMAIN}.a == 1)"
        assert str(~plain("a")) == f"!{DOMAIN}.a"
        assert str(~(a & b) & c) == f"!({DOMAIN}.a == 1 && {DOMAIN}.b == 1) && {DOMAIN}.c == 1"


class TestGuards:
    """What a comparison is worth on a device that lacks what it asks for."""

    @pytest.mark.parametrize(
        ("expression", "text"),
        [
            (GPU.attr("x") == 1, f"has({DOMAIN}.x) && {DOMAIN}.x == 1"),
            (GPU.attr("x") == "a", f'{DOMAIN}.?x.orValue("") == "a"'),
            (GPU.attr("x") != "a", f'has({DOMAIN}.x) && {DOMAIN}.x != "a"'),
            (GPU.attr("x").in_(["a", ""]), f'has({DOMAIN}.x) && {DOMAIN}.x in ["a", ""]'),
            (GPU.attr("x").contains("a"), f'has({DOMAIN}.x) && {DOMAIN}.x.contains("a")'),
            (any_of(GPU.attr("x")), f"{DOMAIN}.?x.orValue(false)"),
            (GPU.attr("x") == False, f"!{DOMAIN}.?x.orValue(true)"),  # noqa: E712 - builds an expression
            (~GPU.attr("x"), f"!{DOMAIN}.?x.orValue(false)"),
            (GPU.attr("x").or_else(3) == 4, f"{DOMAIN}.?x.orValue(3) == 4"),
            (
                GPU.attr("x").or_else(semver("1.0.0")) < semver("2.0.0"),
                f'!has({DOMAIN}.x) || {DOMAIN}.x.isLessThan(semver("2.0.0"))',
            ),
            (GPU.attr("x").or_else("ab").contains("c"), f'has({DOMAIN}.x) && {DOMAIN}.x.contains("c")'),
            (GPU.attr("x").or_else("ab").contains("b"), f'!has({DOMAIN}.x) || {DOMAIN}.x.contains("b")'),
        ],
    )
    def test_each_guard(self, expression: Expression, text: str) -> None:
        assert str(expression) == text

    def test_a_guard_is_said_once_in_a_conjunction(self) -> None:
        x = GPU.attr("x")
        assert str((x >= 1) & (x < 5)) == f"has({DOMAIN}.x) && {DOMAIN}.x >= 1 && {DOMAIN}.x < 5"

    def test_a_device_that_lacks_it_fails_every_comparison_and_passes_every_opposite(self) -> None:
        x = GPU.attr("x")
        comparisons = [x == 1, x != 1, x < 1, x == "a", x != "a", x.startswith(""), x == False]  # noqa: E712 - builds one
        assert not any(each.matches({}, driver="gpu.example.com") for each in comparisons)
        assert all((~each).matches({}, driver="gpu.example.com") for each in comparisons)

    def test_a_whole_expression_takes_another_guard(self) -> None:
        expression = (GPU.attr("x") == 1) & (GPU.attr("y") == "a")
        assert str(expression.or_error()) == f'{DOMAIN}.x == 1 && {DOMAIN}.y == "a"'
        assert str(expression.or_error().or_false()) == str(expression)

    def test_what_every_device_has_needs_none(self) -> None:
        with pytest.raises(ExpressionError, match=r"device\.driver is there on every device"):
            device.driver.or_else("x")

    @pytest.mark.parametrize(
        "term", [GPU.attr("x"), plain("x"), GPU.attr("x").or_else("a"), device.attr("x")]
    )
    def test_the_server_can_bound_the_cost_of_every_test_of_a_text(self, term: Term) -> None:
        for text in (term, term.lower()):
            tests = [text == "a", text != "a", text.in_(["a", "b"]), text.startswith("a"), text.endswith("a")]
            for each in (*tests, text.contains("a"), text.matches("^a.*b$")):
                each.check("1.34")

    @pytest.mark.parametrize("value", [1, semver("1.0.0"), "1Gi"])
    def test_the_server_can_bound_the_cost_of_every_comparison(self, value: object) -> None:
        term = GPU.capacity("x") if isinstance(value, str) else GPU.attr("x")
        for each in (term, term.or_error(), term.or_else(value)):  # type: ignore[arg-type] # of its type
            for expression in (each == value, each != value, each < value, each >= value, each.in_([value])):  # type: ignore[operator,list-item] # of its type
                expression.check("1.34")


class TestValues:
    X = GPU.attr("x")

    def test_equal_structure_is_equal(self) -> None:
        assert (self.X == 1) == (GPU.attr("x") == 1)
        assert hash(self.X == 1) == hash(GPU.attr("x") == 1)
        assert (self.X == 1) != (self.X == 2)
        assert any_of(self.X) != (self.X == 1)
        assert (self.X == 1) != "something else".encode  # any other object

    def test_python_source_gives_an_equal_expression(self) -> None:
        expression = ~((self.X == 'it\'s "x"') | (semver("1.0.0") <= self.X)) & self.X.or_else(True)
        assert eval(repr(expression)) == expression

    def test_a_flag_alone_is_an_expression_in_python_source_too(self) -> None:
        assert repr(any_of(device.allow_multiple_allocations)) == "device.allow_multiple_allocations == True"

    def test_copies_are_equal(self) -> None:
        expression = (self.X == 1) & cel("device.allowMultipleAllocations")
        assert copy.deepcopy(expression) == expression
        assert pickle.loads(pickle.dumps(expression)) == expression

    def test_twice_the_opposite_is_the_thing(self) -> None:
        assert ~~(self.X == 1) == (self.X == 1)

    def test_chains_are_flat_however_they_are_grouped(self) -> None:
        a, b, c = (plain(name) == 1 for name in "abc")
        assert (a & b) & c == a & (b & c) == all_of(a, b, c)

    def test_names_without_a_domain_take_one_when_the_driver_is_known(self) -> None:
        bare = (device.attr("x").or_else(1) == 2) & (device.attr("other.io/y") == 1) & (device.driver == "a")
        bound = bare.of("gpu.example.com")
        assert bound == (GPU.attr("x").or_else(1) == 2) & (GPU.attr("other.io/y") == 1) & (
            device.driver == "a"
        )
        assert eval(repr(bound)) == bound
        assert bound.of("another.example.com") == bound

    def test_the_text_of_a_flag_is_that_of_the_expression(self) -> None:
        assert str(device.allow_multiple_allocations) == "device.allowMultipleAllocations"
        assert str(GPU.attr("b")) == str(any_of(GPU.attr("b")))
        assert str(GPU.capacity("memory")) == MEMORY

    def test_selector_is_an_entry_of_a_request(self) -> None:
        assert (plain("x") == 1).selector().to_dict() == {"cel": {"expression": f"{DOMAIN}.x == 1"}}

    def test_reads_are_known(self) -> None:
        reads = ((self.X == 1) & (device.driver == "a")).reads
        assert reads.attributes == {"gpu.example.com/x"}
        assert reads.driver


class TestPythonsOwnOperators:
    """Python cannot overload `and`, `or`, `not`, and binds `&` tighter than `==`: each slip says so."""

    X = GPU.attr("x")

    @pytest.mark.parametrize(
        "slip",
        [
            lambda x: x == 1 and x == 2,
            lambda x: (x == 1) or (x == 2),
            lambda x: not x.in_([1]),
            lambda x: not x,
            lambda x: 1 <= x < 5,
            lambda x: [] if x == 1 else None,
        ],
    )
    def test_truth(self, slip: object) -> None:
        with pytest.raises(ExpressionError, match=r"write & for and, \| for or, ~ for not"):
            slip(self.X)  # type: ignore[operator] # a function

    @pytest.mark.parametrize(
        "slip",
        [
            lambda x: x == 1 & x == 2,
            lambda x: x >= 1 | x,
            lambda x: (x == 1) & x == 2,
            lambda x: (x == 1) & x >= 2,
            lambda x: (x == 1) & 2,
            lambda x: (x == 1) | x == "a",
        ],
    )
    def test_precedence(self, slip: object) -> None:
        with pytest.raises(ExpressionError, match="bind tighter"):
            slip(self.X)  # type: ignore[operator] # a function

    def test_in_is_asked_of_python(self) -> None:
        with pytest.raises(ExpressionError, match=r"\.in_\("):
            assert "a" in self.X

    def test_xor_has_no_counterpart(self) -> None:
        with pytest.raises(ExpressionError, match="no \\^"):
            (self.X == 1) ^ (self.X == 2)

    def test_a_term_is_no_key(self) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            {self.X: 1}  # noqa: B018 - making it is the test

    def test_a_term_that_is_no_boolean_is_no_condition(self) -> None:
        with pytest.raises(ExpressionError, match="is a capacity, no condition"):
            (self.X == 1) & GPU.capacity("memory")


class TestByHand:
    def test_parentheses_are_added_where_the_text_needs_them(self) -> None:
        either = cel('device.driver == "a" || device.driver == "b"')
        assert str(either & (plain("x") == 1)) == f"({either}) && {DOMAIN}.x == 1"
        assert str(~either) == f"!({either})"
        assert str(either | (plain("x") == 1)) == f"{either} || {DOMAIN}.x == 1"

    def test_operators_in_brackets_and_optional_links_need_none(self) -> None:
        text = f"{DOMAIN}.?a.orValue(true || false)"
        assert str(~cel(text)) == f"!{text}"

    def test_a_conditional_is_the_loosest(self) -> None:
        text = "device.allowMultipleAllocations ? true : false"
        assert str(cel(text) | cel("true")) == f"({text}) || true"

    def test_a_comment_at_the_end_swallows_nothing(self) -> None:
        assert str(cel("true // for now") & cel("false")) == "true && false"

    def test_it_is_compiled_at_once(self) -> None:
        with pytest.raises(CompileError, match="undeclared reference to 'devices'"):
            cel("devices.x")

    def test_what_could_cost_too_much_is_refused(self) -> None:
        with pytest.raises(CompileError, match="more than the limit"):
            cel(f'{DOMAIN}.?x.orValue("").matches("a")')

    def test_its_guards_are_its_own(self) -> None:
        with pytest.raises(ExpressionError, match="write its guards in CEL"):
            cel("true").or_false()


class TestLimits:
    def test_an_expression_longer_than_10_kib_is_refused(self) -> None:
        with pytest.raises(ExpressionError, match="Kubernetes takes 10240"):
            plain("x").in_([f"name-{number:060}" for number in range(200)])

    def test_bytes_are_counted_as_the_server_does(self) -> None:
        plain("x").in_(["é" * 64] * 70)
        with pytest.raises(ExpressionError, match="bytes in CEL"):
            plain("x").in_(["é" * 64] * 80)

    def test_values_without_an_end_are_refused(self) -> None:
        with pytest.raises(ExpressionError, match="Kubernetes takes 10240"):
            plain("x").in_(itertools.count())

    @pytest.mark.parametrize("text", ["", "// nothing"])
    def test_cel_that_says_nothing_is_no_expression(self, text: str) -> None:
        with pytest.raises(CompileError):
            cel(text)

    def test_a_tower_of_expressions_is_refused_before_anything_overflows(self) -> None:
        def tower(height: int) -> Expression:
            expression = plain("x") == 1
            for _ in range(height):
                expression = ~(expression & (plain("y") == 1))
            return expression

        assert tower(20).matches({"attributes": {"x": {"int": 1}, "y": {"int": 1}}}, driver="gpu.example.com")
        with pytest.raises(ExpressionError, match="nested"):
            tower(1000)

    def test_no_condition_is_none(self) -> None:
        with pytest.raises(ExpressionError, match="no condition"):
            all_of()


class TestCheck:
    def test_an_older_minor_says_what_it_does_not_know(self) -> None:
        expression = GPU.attr("x").includes(1)
        with pytest.raises(CompileError, match="undeclared reference to 'includes'"):
            expression.check("1.34")
        expression.check("1.37", mode="stored")

    def test_plain_comparisons_are_for_every_minor(self) -> None:
        for minor in ("1.34", "1.35", "1.36", "1.37"):
            ((GPU.attr("x") == "a") & (GPU.capacity("memory") >= "1Gi")).check(minor)
