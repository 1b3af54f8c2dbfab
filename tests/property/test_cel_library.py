"""Functions on texts take any text: they give a value of the declared type, or fail as CEL fails."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from dra.cel.declarations import Overload
from dra.cel.dispatch import fits
from dra.cel.library import formats, network, regex, templates, times, url
from dra.cel.times import Duration, Timestamp
from dra.cel.types import BOOL, INT, STRING
from dra.cel.url import Url
from dra.cel.values import INT_MAX, INT_MIN, Failure, Value

LIBRARIES = [*times.LIBRARIES, *(module.LIBRARY for module in (regex, network, url, formats))]
ALPHABETS = [
    "0123456789.:/%abcf",
    "http:/@[]?#%&=;+é",
    "0123456789-:.TZ+hms",
    "ab-._/A\n",
    "[](){}*+?|\\.^$a",
]
TEXTS = st.one_of(st.text(max_size=40), *(st.text(alphabet, max_size=40) for alphabet in ALPHABETS))
ARGUMENTS = {STRING: TEXTS, INT: st.integers(INT_MIN, INT_MAX), BOOL: st.booleans()}

OVERLOADS = [
    overload
    for library in LIBRARIES
    for function in library.functions
    for overload in function.overloads
    if overload.parameters and all(type_ in ARGUMENTS for type_ in overload.parameters)
]


@pytest.mark.parametrize("overload", OVERLOADS, ids=lambda overload: overload.id)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_arguments_give_a_value_or_a_failure(overload: Overload, data: st.DataObject) -> None:
    values = [data.draw(ARGUMENTS[type_]) for type_ in overload.parameters]
    try:
        result = overload.implementation(*values)
    except Failure as failure:
        result = failure
    assert isinstance(result, Failure) or fits(overload.result, result)
    if overload.cost.charge:
        assert overload.cost.charge(values, result) >= 0


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(TEXTS, TEXTS.map("http://{}".format), TEXTS.map("/{}".format)))
def test_a_url_written_again_is_the_same(text: str) -> None:
    try:
        read = Url.parse(text)
        again = Url.parse(str(read))
    except Failure:
        return
    assert again == read
    assert (again.scheme, again.host, again.query) == (read.scheme, read.host, read.query)


@pytest.mark.parametrize(
    "name", ["dns1123Label", "dns1123Subdomain", "qualifiedName", "byte", "datetime", "uri"]
)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_any_text_has_a_format_or_faults(name: str, text: str) -> None:
    (named,) = (f for f in formats.LIBRARY.functions if f.name == "format.named")
    (validate,) = (f for f in formats.LIBRARY.functions if f.name == "validate")
    format_ = named.overloads[0].implementation(name).value
    faults = validate.overloads[0].implementation(format_, text)
    assert not faults.present or all(isinstance(fault, str) for fault in faults.value)


LITERALS = st.one_of(
    st.text(max_size=5), st.integers(INT_MIN, INT_MAX), st.floats(), st.booleans(), st.none()
)
VALUES = st.recursive(
    st.one_of(LITERALS, st.binary(max_size=4), st.just(Duration(1)), st.just(Timestamp(1))),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None)
@given(
    template=st.one_of(st.text("%.0159sdfebxXo a", max_size=12), st.text(max_size=12)),
    values=st.lists(VALUES, max_size=4).map(tuple),
)
def test_any_template_gives_a_text_or_a_failure(template: str, values: tuple[Value, ...]) -> None:
    (format_,) = templates.LIBRARY.functions[0].overloads
    try:
        text = format_.implementation(template, values)
    except Failure:
        return
    assert isinstance(text, str)
    if "%" not in template:
        assert text == template
