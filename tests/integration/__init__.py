"""`dra` beside a real control plane: what it computes offline must be what Kubernetes does."""
