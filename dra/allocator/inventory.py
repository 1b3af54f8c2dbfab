"""The pools that a node sees. Built once, not per attempt.

A node sees a pool through the slices that are for it. What it needs to know of the others, whether the pool
is complete and valid and what its counters are, is worked out once per pool and shared by all nodes. A set of
devices is an integer with one bit per device: the position in the pool, and on a node the position in all its
pools one after the other, in the order in which devices are tried.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import copy

import attrs

from dra.allocator.nodes import selects_node
from dra.allocator.plan import DeviceFilter
from dra.allocator.pools import Device, Pool, Slice, bits, build_pool, each_bit
from dra.allocator.verdicts import Candidates
from dra.errors import AllocationError
from dra.features import Features
from dra.models.core import Node
from dra.models.resource import Device as DeviceModel, ResourceSlice

__all__ = ["Inventory", "NodePool", "NodeView"]

_OPTIONAL_OPERATIONS = "DRAOptionalNodeOperations"


@attrs.frozen(eq=False)
class NodePool:
    """A pool as one node sees it.

    Attributes:
        driver: The driver.
        name: The pool's name.
        pool: Its devices; None while it is incomplete or invalid.
        present: The devices in slices that are for the node.
        usable: Those of them that are for the node themselves (KEP-4815: selection per device).
        unsupported: Those that need something the node does not declare (KEP-5304: optional node operations).
        fault: Why nothing can be taken from it: `currently being updated` or `currently invalid`.
        reason: What is wrong with an invalid pool.
    """

    driver: str
    name: str
    pool: Pool | None = None
    present: int = 0
    usable: int = 0
    unsupported: int = 0
    fault: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.driver}/{self.name}"


@attrs.frozen(eq=False)
class NodeView:
    """All pools that a node sees, in the order in which they are tried.

    Attributes:
        pools: The pools, unusable ones included.
        offsets: For each usable pool, where its devices begin in the node's numbering.
        invalid: Some pool is invalid.
        candidates: By filter, what is known of it.
    """

    pools: tuple[NodePool, ...]
    offsets: tuple[tuple[int, Pool, NodePool], ...]
    invalid: bool
    candidates: dict[DeviceFilter, Candidates] = attrs.field(factory=dict, init=False)
    _starts: tuple[int, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(offset for offset, _, _ in self.offsets))

    @classmethod
    def of(cls, pools: Iterable[NodePool]) -> NodeView:
        """The view of these pools."""
        pools = tuple(pools)
        offsets, size = [], 0
        for each in pools:
            if each.pool is not None:
                offsets.append((size, each.pool, each))
                size += len(each.pool.devices)
        return cls(pools, tuple(offsets), any(each.reason for each in pools))

    def locate(self, position: int) -> tuple[Pool, int]:
        """The pool that a position is in, and the position in the pool."""
        offset, pool, _ = self.offsets[bisect_right(self._starts, position) - 1]
        return pool, position - offset

    def device(self, position: int) -> Device:
        """The device at a position."""
        pool, index = self.locate(position)
        return pool.devices[index]

    def devices(self) -> Iterator[tuple[int, Device]]:
        """The devices in slices for the node, with their positions."""
        for offset, pool, node_pool in self.offsets:
            for index in each_bit(node_pool.present):
                yield offset + index, pool.devices[index]


class Inventory:
    """All slices of a cluster, indexed by node and by pool; views of nodes are made on demand and kept.

    Args:
        slices: The slices; their order decides which one's `resourceSliceCount` counts if they differ.
        features: What is understood.
        mixed: A slice with counter sets may have devices too, as in Kubernetes 1.34.
    """

    def __init__(self, slices: Iterable[ResourceSlice], features: Features, *, mixed: bool = False) -> None:
        self.features = features
        self._mixed = mixed
        self._local: dict[str, list[Slice]] = defaultdict(list)
        self._shared: list[Slice] = []
        self._by_pool: dict[tuple[str, str], list[Slice]] = defaultdict(list)
        self._pools: dict[tuple[str, str, tuple[int, ...]], Pool] = {}
        self._views: dict[str, tuple[object, NodeView]] = {}
        self._next = 0
        self._looks_at_labels = False
        self._skips_operations = False
        self._by_name: dict[str, list[Slice]] = defaultdict(list)
        for model in slices:
            self._add(model)

    def _add(self, model: ResourceSlice) -> tuple[str, str]:
        """Take in a slice; gives the driver and name of its pool."""
        each = Slice(self._next, model)
        self._next += 1
        key = (model.spec.driver, model.spec.pool.name)
        self._by_name[each.name].append(each)
        self._by_pool[key].append(each)
        if model.spec.node_name:
            self._local[model.spec.node_name].append(each)
        else:
            self._shared.append(each)
            self._looks_at_labels = self._looks_at_labels or _looks_at_labels(model)
        self._skips_operations = self._skips_operations or bool(model.spec.skip_node_operations)
        return key

    def _drop(self, name: str) -> set[tuple[str, str]]:
        """Remove the slices of that name; gives the drivers and names of their pools."""
        keys = set()
        for each in self._by_name.pop(name, ()):
            spec = each.model.spec
            key = (spec.driver, spec.pool.name)
            keys.add(key)
            self._by_pool[key].remove(each)
            (self._local[spec.node_name] if spec.node_name else self._shared).remove(each)
            if not spec.node_name:
                self._views.clear()
        return keys

    def fork(self) -> Inventory:
        """An inventory that starts out the same and changes on its own; pools and views are shared."""
        forked = copy(self)
        forked._local = defaultdict(list, {name: list(each) for name, each in self._local.items()})
        forked._shared = list(self._shared)
        forked._by_pool = defaultdict(list, {key: list(each) for key, each in self._by_pool.items()})
        forked._by_name = defaultdict(list, {name: list(each) for name, each in self._by_name.items()})
        forked._pools = dict(self._pools)
        forked._views = dict(self._views)
        return forked

    def nodes_of(self, driver: str, pool: str) -> frozenset[str] | None:
        """The nodes that a pool is local to; None if it can be seen from others as well."""
        names = [each.model.spec.node_name for each in self._by_pool.get((driver, pool), ())]
        return None if None in names or "" in names else frozenset(name for name in names if name)

    def view(self, node: Node) -> NodeView:
        """What a node sees.

        Raises:
            AllocationError: A node selector in a slice is malformed.
        """
        name = node.metadata.name or ""
        traits = self._traits(node) if self._looks_at_labels or self._skips_operations else None
        known = self._views.get(name)
        if known is not None and known[0] == traits:
            return known[1]
        view = self._view(name, node)
        self._views[name] = (traits, view)
        return view

    @property
    def nodes(self) -> int:
        """How many nodes were looked at, and are remembered."""
        return len(self._views)

    def _traits(self, node: Node) -> object:
        """What the view of a node depends on besides its name."""
        return dict(node.metadata.labels or {}), _declared_features(node)

    def _view(self, name: str, node: Node) -> NodeView:
        relevant: dict[tuple[str, str], list[Slice]] = {}
        for each in (*self._local.get(name, ()), *self._shared):
            if each.is_understood(self.features) and self._known(each) and _is_for(each, node):
                spec = each.model.spec
                slices = relevant.setdefault((spec.driver, spec.pool.name), [each])
                newest = slices[0].model.spec.pool.generation
                if spec.pool.generation > newest:
                    slices[:] = [each]
                elif spec.pool.generation == newest and slices[0] is not each:
                    slices.append(each)
        pools = [self._node_pool(key, slices, node) for key, slices in relevant.items()]
        return NodeView.of(sorted((pool for pool in pools if pool is not None), key=_order))

    def _known(self, each: Slice) -> bool:
        return self.features.device_compatibility_groups or not each.has_compatibility_groups()

    def _node_pool(self, key: tuple[str, str], relevant: list[Slice], node: Node) -> NodePool | None:
        """The pool as the node sees it; None if it is about to be replaced by a newer generation."""
        driver, name = key
        first = relevant[0].model.spec.pool
        known = relevant
        if len(relevant) != first.resource_slice_count:
            siblings = self._by_pool[key]
            if any(each.model.spec.pool.generation > first.generation for each in siblings):
                return None
            same = [each for each in siblings if each.model.spec.pool.generation == first.generation]
            same = [each for each in same if self._known(each)]
            if len(same) != first.resource_slice_count:
                return NodePool(driver, name, fault="currently being updated")
            names = {each.name for each in relevant}
            known = [*relevant, *(each for each in same if each.name not in names)]
        pool = self._pool(driver, name, known)
        present = pool.of_slices(frozenset(each.position for each in relevant))
        reason = _duplicate_name(pool, present) or pool.fault
        if reason:
            return NodePool(driver, name, fault="currently invalid", reason=reason)
        unsupported = self._unsupported(pool, present, node)
        return NodePool(driver, name, pool, present, _usable(pool, present, node), unsupported)

    def _unsupported(self, pool: Pool, present: int, node: Node) -> int:
        """Devices whose driver skips node operations, where scheduler or node do not know of that."""
        if not self._skips_operations:
            return 0
        if self.features.optional_node_operations and _OPTIONAL_OPERATIONS in _declared_features(node):
            return 0
        return bits(
            index for index in each_bit(present) if pool.devices[index].slice.spec.skip_node_operations
        )

    def _pool(self, driver: str, name: str, slices: Sequence[Slice]) -> Pool:
        key = (driver, name, tuple(sorted(each.position for each in slices)))
        if key not in self._pools:
            self._pools[key] = build_pool(driver, name, slices, self.features, mixed=self._mixed)
        return self._pools[key]

    def forget_filters(self) -> None:
        """Drop what was found out about selectors and filters."""
        for pool in self._pools.values():
            pool.verdicts.clear()
            pool.candidates.clear()
        for _, view in self._views.values():
            view.candidates.clear()

    def replace(self, changed: Iterable[ResourceSlice], removed: Iterable[str]) -> list[Pool]:
        """Take in changed and new slices, recognised by name, and drop removed ones.

        Only their pools and the views of nodes that see those are made anew.

        Returns:
            The pools that are gone.
        """
        keys: set[tuple[str, str]] = set()
        for name in removed:
            keys |= self._drop(name)
        for model in changed:
            keys |= self._drop(model.metadata.name or "")
            keys.add(self._add(model))
        gone = {key: pool for key, pool in self._pools.items() if key[:2] in keys}
        for key in gone:
            del self._pools[key]
        seen = [
            name
            for name, (_, view) in self._views.items()
            if any((each.driver, each.name) in keys for each in view.pools)
        ]
        everywhere = any(not each.model.spec.node_name for key in keys for each in self._by_pool.get(key, ()))
        nodes = {each.model.spec.node_name for key in keys for each in self._by_pool.get(key, ())}
        for node in list(self._views) if everywhere else [*seen, *nodes]:
            self._views.pop(node or "", None)
        return list(gone.values())


def _looks_at_labels(model: ResourceSlice) -> bool:
    return model.spec.node_selector is not None or any(
        device.node_selector is not None for device in model.spec.devices or ()
    )


def _is_for(each: Slice, node: Node) -> bool:
    spec = each.model.spec
    try:
        if spec.node_name or spec.all_nodes or spec.node_selector is not None:
            return selects_node(
                node, node_name=spec.node_name, all_nodes=spec.all_nodes, node_selector=spec.node_selector
            )
        return bool(spec.per_device_node_selection) and any(
            _device_is_for(device, node) for device in spec.devices or ()
        )
    except AllocationError as error:
        fault = AllocationError(
            f"failed to perform node selection for slice {each.name}: {error.message}",
            path=error.path,
            value=error.value,
            remedy=error.remedy,
            subject=f"ResourceSlice {each.name}",
        )
        raise fault.located(path_prefix="spec.nodeSelector") from None


def _declared_features(node: Node) -> frozenset[str]:
    return frozenset((node.status.declared_features if node.status else None) or ())


def _device_is_for(device: DeviceModel, node: Node) -> bool:
    return selects_node(
        node, node_name=device.node_name, all_nodes=device.all_nodes, node_selector=device.node_selector
    )


def _usable(pool: Pool, present: int, node: Node) -> int:
    usable = present
    for index in each_bit(present):
        device = pool.devices[index]
        if device.slice.spec.per_device_node_selection and not _device_is_for(device.model, node):
            usable ^= 1 << index
    return usable


def _duplicate_name(pool: Pool, present: int) -> str:
    if len(pool.positions) == len(pool.devices):
        return ""
    for name, positions in pool.positions.items():
        if (positions & present).bit_count() > 1:
            return f"duplicate device name {name}"
    return ""


def _order(pool: NodePool) -> tuple[bool, str, str]:
    """Pools whose devices have binding conditions come last, so that others are preferred."""
    binding = pool.pool is not None and any(
        pool.pool.devices[index].model.binding_conditions is not None for index in each_bit(pool.present)
    )
    return binding, pool.driver, pool.name
