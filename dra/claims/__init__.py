"""Claims for people who launch jobs: builders, selector expressions, sharing, wiring of pods, migration."""
