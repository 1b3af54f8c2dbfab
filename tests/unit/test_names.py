"""Names are checked in bytes, and told in Kubernetes' words."""

from __future__ import annotations

import pytest

from dra.names import (
    byte_length,
    is_extended_resource,
    label_faults,
    label_key_faults,
    label_value_faults,
    subdomain_faults,
)


def test_characters_count_with_their_bytes() -> None:
    assert byte_length("é") == 2


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_label_may_hold_lower_case_digits_and_inner_dashes(name: str) -> None:
    assert label_faults(name, "bytes") == ()


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a\n", "a.b", "a" * 64])
def test_label_holds_nothing_else(name: str) -> None:
    assert len(label_faults(name, "bytes")) == 1


def test_unit_is_the_callers_word() -> None:
    assert label_faults("a" * 64, "characters") == ("must be no more than 63 characters",)
    assert subdomain_faults("a" * 254, "bytes") == ("must be no more than 253 bytes",)


def test_label_key_names_the_part_at_fault() -> None:
    assert label_key_faults("example.com/X_1", "a key", "bytes") == ()
    assert label_key_faults("/x", "a key", "bytes") == ("prefix part must be non-empty",)
    assert label_key_faults("example.com/", "a key", "bytes")[0] == "name part must be non-empty"
    assert label_key_faults("a/b/c", "a key", "bytes")[0].startswith("a key must consist of")


def test_label_value_may_be_empty() -> None:
    assert label_value_faults("", "bytes") == ()
    assert len(label_value_faults("-", "bytes")) == 1


@pytest.mark.parametrize("name", ["nvidia.com/gpu", "k8s.io/gpu", "kubernetes.io.example.com/gpu"])
def test_resource_of_another_domain_is_extended(name: str) -> None:
    assert is_extended_resource(name)


@pytest.mark.parametrize(
    "name",
    [
        "cpu",
        "hugepages-2Mi",
        "kubernetes.io/batch-cpu",
        "sub.kubernetes.io/x",
        "my-kubernetes.io/x",
        "requests.nvidia.com/gpu",
        "/gpu",
        "nvidia.com/",
        "a/b/c",
        f"{'a' * 245}/gpu",
    ],
)
def test_native_quota_and_malformed_resources_are_not_extended(name: str) -> None:
    """The three conditions of `IsExtendedResourceName` in pkg/apis/core/v1/helper."""
    assert not is_extended_resource(name)
