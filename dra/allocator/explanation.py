"""What is said about an attempt: for programs as values, for people as text."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

__all__ = ["Explanation", "Obstacle", "Reason", "RequestExplanation", "Requirement", "count_of"]

_EXAMPLES: Final = 3


@attrs.frozen
class Reason:
    """A rule, and the devices that broke it before any other.

    Attributes:
        rule: `class`, `in use`, `selector`, `node`, `feature`, `capacity`, `taint`, `attribute`, `counters`
            or `error`; of devices that were passed over also `combination`.
        text: The rule in words.
        devices: The devices, as `driver/pool/device`.
        nearest: What came closest, such as the largest capacity seen.
    """

    rule: str
    text: str
    devices: tuple[str, ...]
    nearest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The reason as plain data."""
        return {
            "rule": self.rule,
            "text": self.text,
            "count": len(self.devices),
            "devices": list(self.devices),
            "nearest": self.nearest,
        }

    def __str__(self) -> str:
        shown = ", ".join(each.rpartition("/")[2] for each in self.devices[:_EXAMPLES])
        more = ", …" if len(self.devices) > _EXAMPLES else ""
        nearest = f"\n  {self.nearest}" if self.nearest else ""
        return f"{len(self.devices)} {self.text} ({shown}{more}){nearest}"


@attrs.frozen
class RequestExplanation:
    """What a request, or one alternative of it, finds on the node.

    Attributes:
        claim: The claim, as `namespace/name`.
        request: As in results: `req` or `req/sub`.
        wanted: How many devices; None for all.
        needed: How many devices that is on this node.
        devices: How many devices the node has.
        usable: The devices that the request alone could use.
        reasons: What the others fell to.
    """

    claim: str
    request: str
    wanted: int | None
    needed: int
    devices: int
    usable: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def possible(self) -> bool:
        """Whether there are enough devices for this request alone."""
        return len(self.usable) >= (max(self.needed, 1) if self.wanted is None else self.needed)

    def passed_over(
        self, earlier: Sequence[str], picked: Container[str], own: Iterable[str]
    ) -> Iterator[str]:
        """Why the request does not have the devices that are tried before its last one.

        Args:
            earlier: Those devices.
            picked: What all requests have.
            own: What this request has.
        """
        tried, usable = set(earlier) - set(own), set(self.usable)
        for reason in self.reasons:
            before = tuple(each for each in reason.devices if each in tried)
            if before:
                yield f"{self._label}: {attrs.evolve(reason, devices=before, nearest='')}"
        others = [each for each in earlier if each in usable and each in tried]
        for devices, text in (
            ([each for each in others if each in picked], "taken by other requests"),
            ([each for each in others if each not in picked], "do not go with the other requirements"),
        ):
            if devices:
                yield f"{self._label}: {Reason('combination', text, tuple(devices))}"

    def not_chosen(self) -> str:
        """Why an alternative that comes first was not chosen."""
        if self.possible:
            return f"{self._label}: it does not go with the other requirements"
        return f"{self._label}: {len(self.usable)} of {self.devices} devices on the node can be used"

    @property
    def _label(self) -> str:
        return f"claim {self.claim}, request {self.request}"

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain data."""
        return {
            "claim": self.claim,
            "request": self.request,
            "wanted": self.wanted if self.wanted is not None else "all",
            "needed": self.needed,
            "devices": self.devices,
            "usable": list(self.usable),
            "possible": self.possible,
            "reasons": [each.to_dict() for each in self.reasons],
        }

    def __str__(self) -> str:
        wanted = "all devices" if self.wanted is None else count_of(self.wanted, "device")
        head = f"{self._label} wants {wanted}: "
        head += f"{len(self.usable)} of {self.devices} on the node can be used"
        return "\n".join([head, *(f"- {reason}" for reason in self.reasons)])


@attrs.frozen
class Requirement:
    """One of the requirements that cannot hold together.

    Attributes:
        claim: The claim, as `namespace/name`.
        text: The request or constraint in words.
    """

    claim: str
    text: str

    def __str__(self) -> str:
        return f"claim {self.claim}, {self.text}"


@attrs.frozen
class Obstacle:
    """What stopped combinations of devices.

    Attributes:
        request: The request for which a device was added to others, as in results.
        rule: `capacity`, `compatibility groups`, `counters` or `constraint`.
        detail: Which capacity, counter or constraint.
        times: How often.
    """

    request: str
    rule: str
    detail: str
    times: int

    @property
    def text(self) -> str:
        """What it was, in words."""
        return f"{self.request}: {self.rule} {self.detail}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """The obstacle as plain data."""
        return {"by": self.text, **attrs.asdict(self)}

    def __str__(self) -> str:
        return f"{self.text} ({count_of(self.times, 'time')})"


@attrs.frozen
class Explanation:
    """Why claims fit a node, or why they do not. `str()` is for people, `to_dict()` for programs.

    Attributes:
        node: The node.
        fits: Whether the claims fit.
        error: What is wrong with the input, if it is broken.
        requests: What each request and alternative finds.
        picks: The devices that are taken, as `claim request: device`, if the claims fit.
        passed_over: What comes before those devices in the order of trial, and why it was not taken.
        requirements: Those that cannot hold together; leaving out any one of them helps, unless the budget
            was used up or an error was met before that was known.
        obstacles: What stopped combinations of devices, most frequent first.
        releases: Claims whose release would make room.
        pools: Pools that cannot be used, and why.
    """

    node: str
    fits: bool
    error: str = ""
    requests: tuple[RequestExplanation, ...] = ()
    picks: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    releases: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()

    @property
    def conflict(self) -> tuple[str, ...]:
        """The requirements that cannot hold together, in words."""
        return tuple(map(str, self.requirements))

    @property
    def blocked(self) -> tuple[tuple[str, int], ...]:
        """The obstacles in words, each with how often it was met."""
        return tuple((each.text, each.times) for each in self.obstacles)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain data, ready for JSON."""
        return {
            "node": self.node,
            "fits": self.fits,
            "error": self.error,
            "requests": [each.to_dict() for each in self.requests],
            "picks": list(self.picks),
            "passed_over": list(self.passed_over),
            "conflict": list(self.conflict),
            "blocked": [each.to_dict() for each in self.obstacles],
            "releases": list(self.releases),
            "pools": list(self.pools),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.error:
            yield f"node {self.node}: {self.error}"
        elif self.fits:
            yield f"node {self.node}: fits"
            yield from (f"- {pick}" for pick in self.picks)
            if self.passed_over:
                yield "passed over:"
                yield from (f"- {each}" for each in self.passed_over)
        else:
            yield f"node {self.node}: does not fit"
        for request in self.requests:
            if not self.fits:
                yield from str(request).splitlines()
        yield from (f"pool {each}" for each in self.pools)
        if len(self.requirements) > 1:
            yield "cannot hold together:"
            yield from (f"- {each}" for each in self.requirements)
        if self.obstacles:
            yield "combinations were stopped by:"
            yield from (f"- {each}" for each in self.obstacles)
        if len(self.releases) == 1:
            yield f"it would fit if claim {self.releases[0]} were released"
        elif self.releases:
            shown = ", ".join(self.releases[:_EXAMPLES])
            more = ", …" if len(self.releases) > _EXAMPLES else ""
            yield f"it would fit if one of {len(self.releases)} claims were released: {shown}{more}"


def count_of(number: int, noun: str) -> str:
    """A number with its noun: `1 device`, `2 devices`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
