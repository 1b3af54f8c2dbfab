"""The rules of the API server, one function per kind, made of small checks.

Each is a generator of errors over the newest shape of its kind. Source: `pkg/apis/resource/validation`,
`pkg/apis/scheduling/validation` and the tags of the API types of Kubernetes 1.34 to 1.37;
`tests/conformance/validation.yaml` has a case for each rule with the answer of the real code.
"""
