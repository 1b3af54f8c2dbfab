"""Slips that a type checker must find, each in a line that ends with `wrong`; nothing else here is one."""

from __future__ import annotations

import dra
from dra.claims import claim

print(dra.Alocator)  # wrong
dra.load()  # wrong
dra.Quantity([1])  # wrong
dra.validate(1)  # wrong
dra.DeviceId("gpu.example.com", "pool")  # wrong
dra.dump([], format="toml")  # wrong
dra.Features.for_kubernetes(1.37)  # wrong
dra.ResourceClaim(spec="gpu")  # wrong
dra.cel.compile("true").match({})  # wrong
claim("train").request("gpu", cout=1)  # wrong
claim("train").request("gpu", count="4")  # wrong
print(claim("train").request("gpu", count=4).build().spec.device)  # wrong
