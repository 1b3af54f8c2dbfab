from dra.claims import claim

pair = claim("pair").request("gpu", device_class="gpu.nvidia.com").request("nic", device_class="dranet")
aligned = pair.align("resource.kubernetes.io/pcieRoot", requests=["gpu", "nic"])
print(aligned.template().to_yaml(), end="")
