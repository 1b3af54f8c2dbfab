"""`rewrite_texts`: a migration written back into the files, whose comments and order stay."""

from __future__ import annotations

from pathlib import Path

import pytest

import dra
from dra.claims.migrate import migrate, rewrite_texts
from dra.models.loading import load_located

EXAMPLES = Path(__file__).parents[4] / "examples" / "migrate"

POD = """\
# before
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: team}   # whose
spec:
  containers:
  - name: main   # the only one
    resources:
      limits:
        nvidia.com/gpu: 1   # one will do
        cpu: 1
"""


def rewritten(*texts: str) -> list[str]:
    located = [each for text in texts for each in load_located(text)]
    return [each.after for each in rewrite_texts(located, migrate(located))]


def test_only_the_lines_that_change_are_different() -> None:
    located = load_located(POD)
    (text,) = rewrite_texts(located, migrate(located))
    gone = [line for line in text.before.splitlines() if line not in text.after.splitlines()]
    assert gone == ["        nvidia.com/gpu: 1   # one will do"]
    assert text.lost_comments == ("# one will do",)
    assert text.changed


def test_what_it_says_is_the_migration() -> None:
    located = load_located(POD)
    migration = migrate(located)
    (text,) = rewrite_texts(located, migration)
    key = lambda each: each.subject  # noqa: E731 - short
    assert [each.to_dict() for each in sorted(dra.load(text.after), key=key)] == [
        each.to_dict() for each in sorted(migration.objects, key=key)
    ]


def test_an_item_of_a_list_is_changed_in_its_place() -> None:
    item = POD.replace("# before\n", "")
    indented = "".join(f"  {line}\n" for line in item.splitlines())
    (after,) = rewritten(f"apiVersion: v1\nkind: List\nitems:\n-{indented[1:]}")
    assert after.startswith("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n")
    assert [each.kind for each in dra.load(after)] == ["Pod", "ResourceClaimTemplate"]


@pytest.mark.parametrize("pretty", ['{\n  "a": 1}', "{}"])
def test_json_stays_json(pretty: str) -> None:
    indent = 2 if "\n" in pretty else None
    import json

    import yaml

    content = json.dumps(yaml.safe_load(POD), indent=indent)
    (after,) = rewritten(content)
    assert [each.kind for each in dra.load(after)] == ["Pod", "ResourceClaimTemplate"]
    assert "apiVersion: v1" not in after


def test_new_objects_go_where_they_are_needed_first(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(POD.replace("name: a", f"name: {name}"))
    located = load_located(tmp_path)
    first, second = rewrite_texts(located, migrate(located))
    assert "ResourceClaimTemplate" in first.after
    assert "kind: ResourceClaimTemplate" not in second.after
    assert Path(first.source).name == "a.yaml"


def test_objects_without_a_text_have_none_to_rewrite() -> None:
    located = load_located({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}})
    assert rewrite_texts(located, migrate(located)) == []


@pytest.mark.parametrize("mode", ["claims", "extended-resource"])
@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_second_time_changes_no_byte(file: Path, mode: str) -> None:
    located = load_located(file)
    (first,) = rewrite_texts(located, migrate(located, mode=mode))  # type: ignore[arg-type] # from a list
    again = load_located(first.after)
    (second,) = rewrite_texts(again, migrate(again, mode=mode))  # type: ignore[arg-type] # from a list
    assert second.after == first.after
    comments = [line.partition("#")[2] for line in first.before.splitlines() if "#" in line]
    kept = [comment for comment in comments if f"#{comment}" in first.after]
    assert len(comments) - len(kept) == len(first.lost_comments)
