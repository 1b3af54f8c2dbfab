//go:build kubernetes135

package main

import (
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	clientcore "k8s.io/client-go/kubernetes/typed/core/v1"
	taintregistry "k8s.io/kubernetes/pkg/registry/resource/devicetaintrule"
	claimregistry "k8s.io/kubernetes/pkg/registry/resource/resourceclaim"
	workloadregistry "k8s.io/kubernetes/pkg/registry/scheduling/workload"
)

func claimStrategies(namespaces clientcore.NamespaceInterface, _ authorizer.Authorizer) (both, rest.RESTUpdateStrategy) {
	claim := claimregistry.NewStrategy(namespaces)
	return claim, claimregistry.NewStatusStrategy(claim)
}

var taintStatus rest.RESTUpdateStrategy = taintregistry.StatusStrategy

func newerKinds() map[string]strategies {
	return map[string]strategies{
		"Workload": {"workloads", workloadregistry.Strategy, nil},
	}
}
