"""What decides whether a pattern matches anywhere, without what only decides where the match is.

At either end of a pattern a part that can match nothing in any place is not needed, and of a repeated part
only the least number: `.*GB[0-9]+` matches in just the texts in which `GB[0-9]` does. People write `.*`
around what they look for, and it is what costs a backtracking engine its time.
"""

from __future__ import annotations

from dra.cel.regex.tree import Concat, Node, Repeat, bare

__all__ = ["core"]


def core(node: Node) -> Node:
    """The smallest part of a pattern that matches in the same texts."""
    node = bare(node)
    subs: list[Node] = list(node.subs) if isinstance(node, Concat) else [node]
    while subs and subs[0].skippable:
        del subs[0]
    while subs and subs[-1].skippable:
        del subs[-1]
    if subs:
        subs[0] = _least(subs[0])
        subs[-1] = _least(subs[-1])
    return subs[0] if len(subs) == 1 else Concat(subs)


def _least(node: Node) -> Node:
    node = bare(node)
    if not isinstance(node, Repeat) or node.least == node.most:
        return node
    return node.sub if node.least == 1 else Repeat(node.sub, node.least, node.least, True, counted=True)
