"""Gangs: pods that are placed together or not at all, in groups, within topology domains."""

from dra.scheduler.gangs.placement import GangPlacement, GroupPlacement, UnschedulableGang
from dra.scheduler.gangs.topology import DeviceAttribute

__all__ = ["DeviceAttribute", "GangPlacement", "GroupPlacement", "UnschedulableGang"]
