from dra.claims import claim
from dra.claims.sharing import TimeSlicing, shared

use = shared(claim("in-turns").request("gpu", share=TimeSlicing(interval="Long")))
print(use.to_yaml(), end="")
