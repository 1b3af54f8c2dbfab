"""CEL, the language of device selectors, exactly as a kube-apiserver understands it."""
