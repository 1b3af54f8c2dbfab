// Command controlplane is etcd, kube-apiserver, kube-controller-manager and kube-scheduler in one program,
// for tests against a real control plane. The first argument says which to be; the rest are its own flags.
// `controlplane gates` prints the feature gates of the release as JSON instead.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	components := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllermanager.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: controlplane etcd|kube-apiserver|kube-controller-manager|kube-scheduler|gates [flags]")
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
		return
	case "gates":
		printGates()
		return
	}
	component, known := components[name]
	if !known {
		fmt.Fprintf(os.Stderr, "controlplane: unknown component %q\n", name)
		os.Exit(2)
	}
	os.Exit(cli.Run(component()))
}

// gate is a feature gate as a release starts with it.
type gate struct {
	Stage   string `json:"stage"` // ALPHA, BETA, DEPRECATED, or nothing for GA
	Default bool   `json:"default"`
	Locked  bool   `json:"locked"`
}

func printGates() {
	gates := map[string]gate{}
	for name, spec := range utilfeature.DefaultMutableFeatureGate.GetAll() {
		gates[string(name)] = gate{string(spec.PreRelease), spec.Default, spec.LockToDefault}
	}
	if err := json.NewEncoder(os.Stdout).Encode(gates); err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}
