"""Amazon's instances. Figures of CPUs and memory are those of Karpenter's list of instance types."""

from __future__ import annotations

from typing import Final

from dra.drivers.dranet import Nic
from dra.drivers.standard import PciDevice
from dra.testing.nodes.machine import Machine
from dra.testing.nodes.parts import Cpus, NeuronDevices, NeuronEfas, NeuronNode, Nics, NvidiaGpus, Part
from dra.testing.nodes.places import AMAZON, TIB, efas, places

__all__ = ["AWS"]

_GIB: Final = 1024


_P4D_ROOTS: Final = (("10", 0), ("20", 0), ("90", 1), ("a0", 1))
_P4D: Final = NvidiaGpus(
    "A100-40GB",
    places(
        *(
            (f"0000:{bus}:{slot}.0", f"pci0000:{bus}", numa)
            for bus, numa in _P4D_ROOTS
            for slot in ("1c", "1d")
        )
    ),
)
_P4D_NICS: Final = Nics(
    efas(*places(*((f"0000:{bus}:1b.0", f"pci0000:{bus}", numa) for bus, numa in _P4D_ROOTS)))
    # The fourth interface is the node's own and not published.
    + tuple(
        Nic(
            PciDevice(f"0000:{bus}:01.0", root=f"pci0000:{bus}", numa_node=numa),
            "Elastic Network Adapter (ENA)",
            AMAZON,
            interface=interface,
            mtu=9001,
        )
        for (bus, numa), interface in zip(_P4D_ROOTS[1:], ("ens65", "ens129", "ens161"), strict=True)
    )
)


def _aws(name: str, title: str, parts: tuple[Part, ...], memory_mib: int, facts: str) -> Machine:
    return Machine(
        name,
        f"AWS {name}: {title}",
        parts,
        memory_mib=memory_mib,
        labels={"node.kubernetes.io/instance-type": name},
        classes=("efa.networking.k8s.aws",) if any(part.driver == "dra.net" for part in parts) else (),
        facts=facts,
    )


def _p5(name: str, model: str, efas_per_gpu: int, facts: str, *, gpus: int = 8, cpus: int = 192) -> Machine:
    """P5 and its successors: eight roots, each with one GPU and the EFAs next to it."""
    switches = [(0x4F + 17 * index, index // 4) for index in range(gpus)]
    own = places(
        *((f"0000:{first + 4:02x}:00.0", f"pci0000:{first - 1:02x}", numa) for first, numa in switches)
    )
    beside = places(
        *(
            (f"0000:{first + port:02x}:00.0", f"pci0000:{first - 1:02x}", numa)
            for first, numa in switches
            for port in range(efas_per_gpu)
        )
    )
    sockets = 2 if gpus > 1 else 1
    return _aws(
        name,
        f"{gpus}x {model.partition('-')[0]}, {gpus * efas_per_gpu} EFA",
        (NvidiaGpus(model, own), Nics(efas(*beside)), Cpus(sockets, cpus // sockets, sockets)),
        4 * TIB if model == "B300" else 2 * TIB if gpus > 1 else 256 * _GIB,
        facts,
    )


def _slots(first: int, count: int, sockets: int = 1) -> tuple[PciDevice, ...]:
    """Devices behind the one root of a virtual machine, in slots that follow each other."""
    return places(
        *((f"0000:00:{first + each:02x}.0", "pci0000:00", each * sockets // count) for each in range(count))
    )


def _virtual(
    name: str,
    gpus: int,
    model: str,
    cpus: int,
    memory_mib: int,
    facts: str = "places an estimate",
    efa: int = 0,
) -> Machine:
    """Instances whose GPUs sit behind the one root of a virtual machine."""
    sockets = 2 if cpus >= 96 else 1
    nics = (Nics(efas(*_slots(0x0A, efa, sockets))),) if efa else ()
    return _aws(
        name,
        f"{gpus}x {model}" + (f", {efa} EFA" if efa else ""),
        (
            NvidiaGpus(model, _slots(0x1E - gpus, gpus, sockets)),
            *nics,
            Cpus(sockets, cpus // sockets, sockets),
        ),
        memory_mib,
        facts,
    )


_GPUS: Final = (
    _virtual("p3dn.24xlarge", 8, "V100-32GB", 96, 768 * _GIB, efa=1),
    _aws(
        "p4d.24xlarge",
        "8x A100 40GB, 4 EFA",
        (_P4D, _P4D_NICS, Cpus(2, 48)),
        1152 * _GIB,
        "live slices: two GPUs and one EFA per root, so at most four aligned pairs",
    ),
    _aws(
        "p4de.24xlarge",
        "8x A100 80GB, 4 EFA",
        (NvidiaGpus("A100-80GB", _P4D.places), _P4D_NICS, Cpus(2, 48)),
        1152 * _GIB,
        "places as p4d",
    ),
    _p5("p5.4xlarge", "H100-80GB", 1, "one of p5.48xlarge's roots, with one EFA", gpus=1, cpus=16),
    _p5("p5.48xlarge", "H100-80GB", 4, "four EFA share each GPU's root (documented); numbers estimated"),
    _p5("p5e.48xlarge", "H200-141GB", 4, "as p5"),
    _p5("p5en.48xlarge", "H200-141GB", 2, "as p5 with half the EFA"),
    _p5("p6-b200.48xlarge", "B200-180GB", 1, "as p5 with one EFA per GPU"),
    _p5("p6-b300.48xlarge", "B300", 2, "as p5 with two EFA per GPU"),
    _virtual("g4dn.xlarge", 1, "T4", 4, 16 * _GIB),
    _virtual("g4dn.12xlarge", 4, "T4", 48, 192 * _GIB),
    _virtual("g4dn.metal", 8, "T4", 96, 384 * _GIB),
    _virtual("g5.xlarge", 1, "A10G", 4, 16 * _GIB),
    _virtual("g5.12xlarge", 4, "A10G", 48, 192 * _GIB),
    _virtual("g5.48xlarge", 8, "A10G", 192, 768 * _GIB),
    _virtual("g6.xlarge", 1, "L4", 4, 16 * _GIB),
    _virtual("g6.12xlarge", 4, "L4", 48, 192 * _GIB),
    _virtual("g6.48xlarge", 8, "L4", 192, 768 * _GIB),
    _virtual("gr6.4xlarge", 1, "L4", 16, 128 * _GIB),
    _virtual("g6e.xlarge", 1, "L40S", 4, 32 * _GIB),
    _virtual("g6e.12xlarge", 4, "L40S", 48, 384 * _GIB),
    _virtual("g6e.48xlarge", 8, "L40S", 192, 1536 * _GIB, efa=4),
    _virtual("g7e.2xlarge", 1, "RTX-PRO-6000", 8, 64 * _GIB, "places and memory of the GPU an estimate"),
    _virtual("g7e.12xlarge", 2, "RTX-PRO-6000", 48, 512 * _GIB, "as g7e.2xlarge"),
    _virtual("g7e.24xlarge", 4, "RTX-PRO-6000", 96, TIB, "as g7e.2xlarge"),
    _virtual("g7e.48xlarge", 8, "RTX-PRO-6000", 192, 2 * TIB, "as g7e.2xlarge", efa=4),
)


def _trainium_efas(count: int) -> tuple[Nic, ...]:
    """EFAs, two to a root."""
    slots = [(0x10 + 8 * (index // 2), 0x1B + index % 2, index * 2 // count) for index in range(count)]
    return efas(
        *places(*((f"0000:{bus:02x}:{slot:02x}.0", f"pci0000:{bus:02x}", numa) for bus, slot, numa in slots))
    )


_TRN2_EFAS: Final = _trainium_efas(16)

_NEURON: Final = (
    _aws(
        "trn1.32xlarge",
        "16x Trainium, 8 EFA",
        (NeuronDevices("trn1.32xlarge", 16), Nics(_trainium_efas(8)), Cpus(2, 64)),
        512 * _GIB,
        "documentation; connected groups not known",
    ),
    _aws(
        "trn1n.32xlarge",
        "16x Trainium, 16 EFA",
        (NeuronDevices("trn1n.32xlarge", 16), Nics(_trainium_efas(16)), Cpus(2, 64)),
        512 * _GIB,
        "as trn1.32xlarge",
    ),
    _aws(
        "trn2.48xlarge",
        "16x Trainium2 in a 4x4 grid, 16 EFA",
        (NeuronDevices("trn2.48xlarge", 16, columns=4, efas=_TRN2_EFAS), NeuronEfas(_TRN2_EFAS), Cpus(2, 96)),
        2 * TIB,
        "documentation; group ids made up; places of the EFA an estimate, one beside each device",
    ),
    _aws(
        "trn2u.48xlarge",
        "a node of an UltraServer of 4, 16x Trainium2 taken together, 16 EFA",
        (NeuronNode("trn2u.48xlarge"), Nics(_TRN2_EFAS), Cpus(2, 96)),
        2 * TIB,
        "documentation; name of the device that stands for the node an estimate",
    ),
    *(
        _aws(
            f"inf2.{size}",
            f"{count}x Inferentia2",
            (NeuronDevices(f"inf2.{size}", count), Cpus(sockets, cpus // sockets, sockets)),
            memory_mib,
            "documentation",
        )
        for size, count, cpus, sockets, memory_mib in (
            ("xlarge", 1, 4, 1, 16 * _GIB),
            ("8xlarge", 1, 32, 1, 128 * _GIB),
            ("24xlarge", 6, 96, 2, 384 * _GIB),
            ("48xlarge", 12, 192, 2, 768 * _GIB),
        )
    ),
)

AWS: Final = (*_GPUS, *_NEURON)
