//go:build kubernetes136

package main

import (
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	clientcore "k8s.io/client-go/kubernetes/typed/core/v1"
	taintregistry "k8s.io/kubernetes/pkg/registry/resource/devicetaintrule"
	claimregistry "k8s.io/kubernetes/pkg/registry/resource/resourceclaim"
	poolregistry "k8s.io/kubernetes/pkg/registry/resource/resourcepoolstatusrequest"
	groupregistry "k8s.io/kubernetes/pkg/registry/scheduling/podgroup"
	workloadregistry "k8s.io/kubernetes/pkg/registry/scheduling/workload"
)

func claimStrategies(namespaces clientcore.NamespaceInterface, auth authorizer.Authorizer) (both, rest.RESTUpdateStrategy) {
	claim := claimregistry.NewStrategy(namespaces, auth)
	return claim, claimregistry.NewStatusStrategy(claim)
}

var taintStatus rest.RESTUpdateStrategy = taintregistry.StatusStrategy

func newerKinds() map[string]strategies {
	group := groupregistry.NewStrategy()
	return map[string]strategies{
		"Workload":                  {"workloads", workloadregistry.Strategy, nil},
		"ResourcePoolStatusRequest": {"resourcepoolstatusrequests", poolregistry.Strategy, poolregistry.StatusStrategy},
		"PodGroup":                  {"podgroups", group, groupregistry.NewStatusStrategy(group)},
	}
}
