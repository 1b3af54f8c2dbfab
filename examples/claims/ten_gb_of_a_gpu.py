from dra.claims import claim
from dra.claims.sharing import ConsumableShares

wanted = claim("ten-gb").request("gpu", share=ConsumableShares(memory="10Gi"))
print(wanted.template().to_yaml(), end="")
