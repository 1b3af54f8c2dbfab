from dra.claims import claim
from dra.claims.sharing import Exclusive, per_pod

use = per_pod(claim("own-gpu").request("gpu", share=Exclusive()))
print(use.to_yaml(), end="")
