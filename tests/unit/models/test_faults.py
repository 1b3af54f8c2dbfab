"""Values of another type than their field's: what was found, and how it would be right."""

from __future__ import annotations

import pytest

import dra

HUGE = "7" * 5000
QUOTED = "put it in quotes: without, YAML takes y, n, yes, no, on and off for booleans, too"
BOOLEAN = "write true or false, without quotes"


@pytest.mark.parametrize(
    ("field", "value", "message", "remedy"),
    [
        ("count", HUGE, "integer, found a number of 5,000 characters, which is too large for YAML", ""),
        ("count", "1e400", "integer, found the number 1e400, which is too large for YAML", ""),
        ("count", "1e308", "integer, found the number 1e+308", ""),
        ("count", str(2**64 - 1), f"integer of 64 bits, found the number {2**64 - 1}", ""),
        ("count", str(2**100), "integer of 64 bits, found a number of 101 bits", ""),
        ("count", "1.5", "integer, found the number 1.5", ""),
        ("count", "'8'", "integer, found the string '8'", "leave out the quotes"),
        ("count", "eight", "integer, found the string 'eight'", ""),
        ("count", "yes", "integer, found the boolean true", ""),
        ("count", "2026-01-31", "integer, found the string '2026-01-31'", ""),
        ("count", "'{{ .Values.gpus }}'", "integer, found the string", "it looks like a Helm template"),
        ("deviceClassName", "no", "string, found the boolean false", QUOTED),
        ("deviceClassName", "8", "string, found the number 8", "put it in quotes"),
        ("deviceClassName", "1e3", "string, found the number 1000", "put it in quotes"),
        ("adminAccess", "'yes'", "boolean, found the string 'yes'", BOOLEAN),
        ("adminAccess", "1", "boolean, found the number 1", BOOLEAN),
        ("selectors", "{cel: {expression: 'true'}}", "list, found an object", "begin each of its items with"),
    ],
)
def test_a_value_of_another_type(field: str, value: str, message: str, remedy: str) -> None:
    request = "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: a}\nspec:\n  devices:\n"
    request += f"    requests:\n    - name: gpu\n      exactly:\n        {field}: {value}\n"
    with pytest.raises(dra.DecodeError, match=r"^line 9:9: ResourceClaim a: spec\.devices") as refused:
        dra.load(request)
    article = "an" if message.startswith("integer") else "a"
    assert refused.value.message.startswith(f"expected {article} {message}")
    assert refused.value.remedy.startswith(remedy)
    assert bool(refused.value.remedy) is bool(remedy)


@pytest.mark.parametrize("value", ["y", "off", "2026-01-31", "1e400", HUGE])
def test_what_yaml_takes_for_a_text_is_one(value: str) -> None:
    """A date is a text to Kubernetes, and so is a number that no float can hold; `y` is a boolean."""
    text = f"apiVersion: v1\nkind: Node\nmetadata: {{name: a, labels: {{b: {value}}}}}\n"
    if value in ("y", "off"):
        with pytest.raises(dra.DecodeError, match="expected a string, found the boolean"):
            dra.load(text)
    else:
        assert dra.load(text)[0].metadata.labels == {"b": value}
