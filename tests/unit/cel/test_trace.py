"""What `explain` shows."""

from __future__ import annotations

import json

import pytest

from dra import cel

DEVICE = {
    "attributes": {"model": {"string": "H100"}, "index": {"int": 3}, "links": {"ints": [1, 2]}},
    "capacity": {"memory": {"value": "81559Mi"}},
}


def explain(expression: str) -> cel.Trace:
    return cel.compile(expression).explain(DEVICE, driver="g")


def test_values_stand_under_their_places() -> None:
    trace = explain(
        'device.attributes["g"].index > 2 && device.capacity["g"].memory.isLessThan(quantity("1Gi"))'
    )
    assert str(trace) == (
        'device.attributes["g"].index > 2 && device.capacity["g"].memory.isLessThan(quantity("1Gi"))\n'
        "                       |     |   |                       |                |        |\n"
        "                       3     |   false                   81559Mi          false    1Gi\n"
        "                             true\n"
        'false: device.capacity["g"].memory.isLessThan(quantity("1Gi"))'
    )


def test_an_error_is_told_where_it_arose() -> None:
    trace = explain('device.attributes["g"].nope == 1 || device.attributes["g"].index > 4')
    assert trace.error == "no such key: nope"
    assert trace.value is None
    assert trace.decisive is not None
    assert trace.decisive.text == 'device.attributes["g"].nope'
    assert str(trace).count("no such key") == 2


@pytest.mark.parametrize(
    ("expression", "decisive"),
    [
        ('device.driver == "g" && (device.driver == "x" && true)', 'device.driver == "x"'),
        ('cel.bind(a, device.attributes["g"], a.index == 3 && a.model == "x")', 'a.model == "x"'),
        ('device.driver == "x" || device.driver == "y"', 'device.driver == "x" || device.driver == "y"'),
        ('device.attributes["g"].links.all(x, x > 1)', 'device.attributes["g"].links.all(x, x > 1)'),
        ('!has(device.attributes["g"].model)', '!has(device.attributes["g"].model)'),
    ],
)
def test_the_first_false_term_is_found(expression: str, decisive: str) -> None:
    trace = explain(expression)
    assert trace.value is False
    assert trace.decisive is not None
    assert trace.decisive.text == decisive


def test_what_was_not_needed_has_no_value() -> None:
    trace = explain('device.driver == "x" && device.attributes["g"].nope')
    assert [step.evaluated for step in trace.root.children] == [True, False]


def test_macros_show_their_arguments() -> None:
    trace = explain('device.attributes["g"].links.exists(x, x == 2)')
    assert [child.text for child in trace.root.children] == ['device.attributes["g"].links', "x == 2"]


def test_a_trace_is_plain_data() -> None:
    found = json.loads(json.dumps(explain('device.attributes["g"].?index.orValue(4) == 3').to_dict()))
    assert found["value"] is True
    assert found["tree"]["children"][0] == {
        "text": 'device.attributes["g"].?index.orValue(4)',
        "line": 1,
        "column": 38,
        "value": 3,
        "children": [{"text": 'device.attributes["g"].?index', "line": 1, "column": 23, "value": 3}],
    }


def test_lines_are_explained_one_by_one() -> None:
    trace = explain('device.driver == "g"\n  && device.driver == "x"')
    assert str(trace).splitlines()[0] == 'device.driver == "g"'
    assert '  && device.driver == "x"' in str(trace).splitlines()
    assert str(trace).endswith('false: device.driver == "x"')


def test_brackets_belong_to_what_is_around_them() -> None:
    trace = explain('((device.driver == "g") || false) && !((device.driver == "g"))')
    assert trace.root.text == '((device.driver == "g") || false) && !((device.driver == "g"))'
    assert [child.text for child in trace.root.children] == [
        '(device.driver == "g") || false',
        '!((device.driver == "g"))',
    ]


def test_what_a_terminal_would_obey_is_shown_escaped() -> None:
    trace = cel.compile("device.driver.size() == 3").explain({}, driver="a\r\x1b")
    assert '"a\\r\\x1b"' in str(trace)
