from dra.claims import claim
from dra.claims.sharing import MPS, shared

halves = MPS(active_thread_percentage=50, pinned_memory_limit="10Gi")
print(shared(claim("side-by-side").request("gpu", share=halves)).to_yaml(), end="")
