"""The machines by name; each says what of it was seen on real machines and what is an estimate."""

from __future__ import annotations

from typing import Final

from dra.testing.nodes.alibaba import ALIBABA
from dra.testing.nodes.aws import AWS
from dra.testing.nodes.azure import AZURE
from dra.testing.nodes.gke import GKE
from dra.testing.nodes.oci import OCI
from dra.testing.nodes.racks import RACKS
from dra.testing.nodes.servers import SERVERS

__all__ = ["MACHINES"]

MACHINES: Final = {each.name: each for each in (*SERVERS, *RACKS, *AWS, *GKE, *AZURE, *OCI, *ALIBABA)}
