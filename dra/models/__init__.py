"""What travels on the wire: one module per API group, loading and conversion."""
