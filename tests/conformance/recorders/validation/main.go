// Command record runs rows of the validation table through the registry strategies of a real
// kube-apiserver (decode, default, convert, drop gated fields, validate) and prints its answers.
//
// Rows come on stdin, answers go to stdout, both one JSON object a line. See README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/component-base/featuregate"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	classregistry "k8s.io/kubernetes/pkg/registry/resource/deviceclass"
	taintregistry "k8s.io/kubernetes/pkg/registry/resource/devicetaintrule"
	templateregistry "k8s.io/kubernetes/pkg/registry/resource/resourceclaimtemplate"
	sliceregistry "k8s.io/kubernetes/pkg/registry/resource/resourceslice"
)

// A row is one question: may this object be created, or may `old` be replaced by it?
type row struct {
	ID     string          `json:"id"`
	Object json.RawMessage `json:"object"`
	Old    json.RawMessage `json:"old,omitempty"`
	Status bool            `json:"status,omitempty"` // through the status subresource
	Gates  map[string]bool `json:"gates,omitempty"`
}

// A cause is one field error as it is found in the details of the server's answer.
type cause struct {
	Type    string `json:"type"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

type answer struct {
	ID     string  `json:"id"`
	Errors []cause `json:"errors"`
	Broken string  `json:"broken,omitempty"` // decoding failed, or the version is not known here
	// What would be stored if there are no errors, in the version of the request.
	Stored json.RawMessage `json:"stored,omitempty"`
}

// A both is what a strategy has to be able to do for us.
type both interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

// A strategy of a kind, and that of its status if it has one.
type strategies struct {
	plural string
	main   both
	status rest.RESTUpdateStrategy
}

var gateDefaults = map[string]bool{}

func main() {
	for name, spec := range utilfeature.DefaultMutableFeatureGate.GetAll() {
		if name != "AllAlpha" && name != "AllBeta" {
			gateDefaults[string(name)] = spec.Default
		}
	}
	kinds := kinds()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var question row
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			panic(err)
		}
		if err := out.Encode(ask(kinds, question)); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func kinds() map[string]strategies {
	namespaces := fake.NewSimpleClientset(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "admin", Labels: map[string]string{"resource.kubernetes.io/admin-access": "true"},
		}},
	).CoreV1().Namespaces()
	claim, claimStatus := claimStrategies(namespaces, authorizerfactory.NewAlwaysAllowAuthorizer())
	all := map[string]strategies{
		"ResourceClaim":         {"resourceclaims", claim, claimStatus},
		"ResourceClaimTemplate": {"resourceclaimtemplates", templateregistry.NewStrategy(namespaces), nil},
		"DeviceClass":           {"deviceclasses", classregistry.Strategy, nil},
		"ResourceSlice":         {"resourceslices", sliceregistry.Strategy, nil},
		"DeviceTaintRule":       {"devicetaintrules", taintregistry.Strategy, taintStatus},
		"Pod":                   {"pods", podregistry.Strategy, podregistry.StatusStrategy},
	}
	for kind, of := range newerKinds() {
		all[kind] = of
	}
	return all
}

func ask(kinds map[string]strategies, question row) (reply answer) {
	reply = answer{ID: question.ID, Errors: []cause{}}
	if err := setGates(question.Gates); err != nil {
		reply.Broken = "gates: " + err.Error()
		return reply
	}
	object, gvk, err := decode(question.Object)
	if err != nil {
		reply.Broken = err.Error()
		return reply
	}
	of, known := kinds[gvk.Kind]
	if !known {
		reply.Broken = "no strategy for " + gvk.Kind
		return reply
	}
	ctx := requestContext(of, gvk, object, question)
	if question.Old == nil {
		fillSystemFields(object)
		err = rest.BeforeCreate(of.main, ctx, object)
	} else {
		var old runtime.Object
		if old, _, err = decode(question.Old); err != nil {
			reply.Broken = "old: " + err.Error()
			return reply
		}
		fillSystemFields(old)
		copySystemFields(object, old)
		var update rest.RESTUpdateStrategy = of.main
		if question.Status {
			update = of.status
		}
		err = rest.BeforeUpdate(update, ctx, object, old)
	}
	reply.Errors, err = causes(err)
	if err != nil {
		reply.Broken = err.Error()
	} else if len(reply.Errors) == 0 {
		reply.Stored = encode(object, gvk)
	}
	return reply
}

// setGates brings every gate to its default and then those of the row to the wanted state.
func setGates(wanted map[string]bool) error {
	all := map[string]bool{}
	specs := utilfeature.DefaultMutableFeatureGate.GetAll()
	for name, on := range gateDefaults {
		if !specs[featureName(name)].LockToDefault {
			all[name] = on
		}
	}
	for name, on := range wanted {
		if _, known := specs[featureName(name)]; known {
			all[name] = on
		}
	}
	return utilfeature.DefaultMutableFeatureGate.SetFromMap(all)
}

func featureName(name string) featuregate.Feature { return featuregate.Feature(name) }

func decode(text []byte) (runtime.Object, schema.GroupVersionKind, error) {
	object, gvk, err := legacyscheme.Codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		return nil, schema.GroupVersionKind{}, err
	}
	return object, *gvk, nil
}

func encode(object runtime.Object, gvk schema.GroupVersionKind) json.RawMessage {
	accessor, err := meta.Accessor(object)
	if err != nil {
		panic(err)
	}
	accessor.SetUID("")
	accessor.SetCreationTimestamp(metav1.Time{})
	text, err := runtime.Encode(legacyscheme.Codecs.LegacyCodec(gvk.GroupVersion()), object)
	if err != nil {
		panic(err)
	}
	return json.RawMessage(text)
}

func requestContext(of strategies, gvk schema.GroupVersionKind, object runtime.Object, question row) context.Context {
	accessor, err := meta.Accessor(object)
	if err != nil {
		panic(err)
	}
	info := &genericapirequest.RequestInfo{
		IsResourceRequest: true, Verb: "create",
		APIGroup: gvk.Group, APIVersion: gvk.Version, Resource: of.plural,
		Namespace: accessor.GetNamespace(), Name: accessor.GetName(),
	}
	if question.Old != nil {
		info.Verb = "update"
	}
	if question.Status {
		info.Subresource = "status"
	}
	ctx := genericapirequest.WithNamespace(context.Background(), accessor.GetNamespace())
	return genericapirequest.WithRequestInfo(genericapirequest.WithUser(ctx, &user.DefaultInfo{Name: "recorder"}), info)
}

func fillSystemFields(object runtime.Object) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		panic(err)
	}
	accessor.SetCreationTimestamp(metav1.Unix(1750000000, 0))
	accessor.SetUID(types.UID("8f7e6d5c-0000-4000-8000-000000000001"))
	accessor.SetResourceVersion("")
}

func copySystemFields(object, old runtime.Object) {
	to, err := meta.Accessor(object)
	if err != nil {
		panic(err)
	}
	from, err := meta.Accessor(old)
	if err != nil {
		panic(err)
	}
	from.SetResourceVersion("1")
	to.SetResourceVersion("1")
	to.SetUID(from.GetUID())
	to.SetCreationTimestamp(from.GetCreationTimestamp())
}

// causes takes the field errors out of the server's answer; another error is given back.
func causes(err error) ([]cause, error) {
	found := []cause{}
	if err == nil || reflect.ValueOf(err).IsZero() {
		return found, nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Reason != metav1.StatusReasonInvalid {
		return found, fmt.Errorf("%T: %w", err, err)
	}
	for _, one := range status.Status().Details.Causes {
		found = append(found, cause{string(one.Type), one.Field, one.Message})
	}
	return found, nil
}
