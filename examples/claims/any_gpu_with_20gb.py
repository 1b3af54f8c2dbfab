from dra.claims import claim
from dra.claims.select import nvidia

wanted = claim("any-gpu").request("gpu", device_class="gpu.nvidia.com", where=nvidia.gpu.memory >= "20Gi")
print(wanted.template().to_yaml(), end="")
