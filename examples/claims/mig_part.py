from dra.claims import claim, mig

wanted = claim("part").request("gpu", mig(min_memory="10Gi", board="H100-80GB"))
print(wanted.template().to_yaml(), end="")
