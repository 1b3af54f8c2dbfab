package main

import (
	"reflect"

	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/dynamic-resource-allocation/structured"
)

// features names what is switched on; "All" stands for everything that the release knows.
// A name that the release does not know is ignored, as a field unknown to an API server is dropped.
type features map[string]bool

// renamed lists features that were split into several in some release.
var renamed = map[string][]string{
	"DeviceBindingAndStatus": {"DeviceBindingAndStatus", "DeviceBinding", "DeviceStatus"},
}

func (f features) allocator() structured.Features {
	var set structured.Features
	f.switchOn(reflect.ValueOf(&set).Elem(), "")
	return set
}

func (f features) cel() cel.Features {
	var set cel.Features
	f.switchOn(reflect.ValueOf(&set).Elem(), "Enable")
	return set
}

func (f features) switchOn(set reflect.Value, prefix string) {
	if f["All"] {
		for i := range set.NumField() {
			set.Field(i).SetBool(true)
		}
	}
	for name, on := range f {
		fields, split := renamed[name]
		if !split {
			fields = []string{name}
		}
		for _, field := range fields {
			if target := set.FieldByName(prefix + field); target.IsValid() {
				target.SetBool(on)
			}
		}
	}
}
