"""Alibaba's machines, as ACK has them."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import Cpus, Nics, NvidiaGpus
from dra.testing.nodes.places import places

__all__ = ["ALIBABA"]

ALIBABA: Final = (
    Machine(
        "ecs.gn7i-c8g1.2xlarge",
        "Alibaba ACK: 1x A10",
        (NvidiaGpus("A10", places(("0000:00:07.0", "pci0000:00", 0))), Cpus(1, 8, sockets=1)),
        memory_mib=30 * 1024,
        labels={
            "node.kubernetes.io/instance-type": "ecs.gn7i-c8g1.2xlarge",
            "ack.node.gpu.schedule": "disabled",
        },
        facts="the instance of ACK's DRA documentation; place an estimate",
    ),
    Machine(
        "ecs.gn8is-2x.8xlarge",
        "Alibaba ACK: 2x L20, 1 eRDMA",
        (
            NvidiaGpus("L20", places(("0000:00:07.0", "pci0000:00", 0), ("0000:00:08.0", "pci0000:00", 0))),
            Nics(
                (
                    Nic(
                        PciDevice("0000:00:0b.0", root="pci0000:00", numa_node=0),
                        "Elastic RDMA Adapter",
                        "Alibaba (China) Co., Ltd.",
                        rdma="erdma_0",
                        extra={
                            "alibaba.dra.net/instanceType": "ecs.gn8is-2x.8xlarge",
                            "alibaba.dra.net/erdma": True,
                        },
                    ),
                )
            ),
            Cpus(1, 32, sockets=1),
        ),
        memory_mib=256 * 1024,
        labels={
            "node.kubernetes.io/instance-type": "ecs.gn8is-2x.8xlarge",
            "ack.node.gpu.schedule": "disabled",
        },
        classes=("erdma.alibaba.dra.net",),
        facts="place and name of the eRDMA device as seen live; places of the GPUs an estimate",
    ),
)
