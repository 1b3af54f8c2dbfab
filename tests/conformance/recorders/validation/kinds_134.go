//go:build kubernetes134

package main

import (
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	clientcore "k8s.io/client-go/kubernetes/typed/core/v1"
	claimregistry "k8s.io/kubernetes/pkg/registry/resource/resourceclaim"
)

func claimStrategies(namespaces clientcore.NamespaceInterface, _ authorizer.Authorizer) (both, rest.RESTUpdateStrategy) {
	claim := claimregistry.NewStrategy(namespaces)
	return claim, claimregistry.NewStatusStrategy(claim)
}

var taintStatus rest.RESTUpdateStrategy

func newerKinds() map[string]strategies { return nil }
