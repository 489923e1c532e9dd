"""The YAML that people write: `v1/models/<family>.yaml` and `v1/providers/<id>.yaml`."""
