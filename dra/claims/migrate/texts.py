"""A migration written back into the texts that its objects came from, with their comments and order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from dra.claims.migrate.report import Migration
from dra.models.edits import Edit, Step, edits_between
from dra.models.loading import Located
from dra.models.text_edit import add_documents, edit_text

__all__ = ["RewrittenText", "rewrite_texts"]

_STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")


@attrs.frozen
class RewrittenText:
    """A text before and after.

    Attributes:
        source: Where it is from: the file's name, or `<stdin>`.
        before: What was read.
        after: The same with its objects migrated; new ones are documents at its end.
        lost_comments: Comments that stood on what is gone.
    """

    source: str
    before: str = attrs.field(repr=False)
    after: str = attrs.field(repr=False)
    lost_comments: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.before != self.after


def rewrite_texts(located: Sequence[Located], migration: Migration) -> list[RewrittenText]:
    r"""Write a migration into the texts that its objects were read from.

    What does not change keeps every byte. A new object goes to the end of the first text that needs it.

    Args:
        located: The objects that were migrated, in their order, with their places.
        migration: Their migration.

    Example:
        >>> from dra.claims.migrate import migrate
        >>> from dra.models.loading import load_located
        >>> located = load_located("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        ...     "  - name: main  # the only one\n    resources:\n      limits: {x.y/z: 1, amd.com/gpu: 1}\n")
        >>> written, = rewrite_texts(located, migrate(located))
        >>> print(written.after.partition("spec:")[2].partition("---")[0], end="")
        <BLANKLINE>
          containers:
          - name: main  # the only one
            resources:
              limits: {x.y/z: 1}
              claims:
              - name: gpu
          resourceClaims:
          - name: gpu
            resourceClaimTemplateName: amd-gpu
    """
    texts: dict[str, str] = {}
    edits: dict[str, dict[int, list[Edit]]] = {}
    added: dict[str, list[object]] = {}
    waiting: list[object] = []
    places = iter(located)
    for report in migration.report:
        if report.original is None:
            waiting.append(report.object.to_dict())
            continue
        place = next(places)
        if place.document is None:
            continue
        source, index = place.document.source, place.document.index
        texts.setdefault(source, place.document.text)
        added.setdefault(source, []).extend(waiting)
        waiting.clear()
        if report.status == "changed":
            own = edits_between(report.original.to_dict(), report.object.to_dict())
            steps = _steps(place.prefix)
            edits.setdefault(source, {}).setdefault(index, []).extend(
                Edit((*steps, *edit.path), edit.value) for edit in own
            )
    written = []
    for source, before in texts.items():
        edited = edit_text(before, edits.get(source, {}))
        after = add_documents(edited.text, added[source])
        written.append(RewrittenText(source, before, after, edited.lost_comments))
    return written


def _steps(prefix: str) -> tuple[Step, ...]:
    """The steps of a place such as `items[3]`."""
    return tuple(int(index) if index else name for index, name in _STEP.findall(prefix))
