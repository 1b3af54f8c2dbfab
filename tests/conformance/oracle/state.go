package main

import (
	"fmt"
	"strings"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/dynamic-resource-allocation/structured"
	"k8s.io/utils/ptr"
)

// allocatedState is what is taken already, as identifiers written with slashes.
type allocatedState struct {
	Devices  []string                                                   `json:"devices"`
	Shared   []string                                                   `json:"shared"`
	Capacity map[string]map[resourceapi.QualifiedName]resource.Quantity `json:"capacity"`
}

func emptyState() structured.AllocatedState {
	return structured.AllocatedState{
		AllocatedDevices:         sets.New[structured.DeviceID](),
		AllocatedSharedDeviceIDs: sets.New[structured.SharedDeviceID](),
		AggregatedCapacity:       structured.NewConsumedCapacityCollection(),
	}
}

func (s allocatedState) addTo(state structured.AllocatedState) error {
	for _, text := range s.Devices {
		id, _, err := parseDevice(text, 3)
		if err != nil {
			return err
		}
		state.AllocatedDevices.Insert(id)
	}
	for _, text := range s.Shared {
		id, share, err := parseDevice(text, 4)
		if err != nil {
			return err
		}
		state.AllocatedSharedDeviceIDs.Insert(structured.MakeSharedDeviceID(id, &share))
	}
	for text, consumed := range s.Capacity {
		id, _, err := parseDevice(text, 3)
		if err != nil {
			return err
		}
		state.AggregatedCapacity.Insert(structured.NewDeviceConsumedCapacity(id, consumed))
	}
	return nil
}

// parseDevice splits driver/pool/device[/share]. A pool may hold slashes, the other parts may not.
func parseDevice(text string, parts int) (structured.DeviceID, types.UID, error) {
	words := strings.Split(text, "/")
	if len(words) < parts {
		return structured.DeviceID{}, "", fmt.Errorf("allocated: %q should have %d parts", text, parts)
	}
	var share types.UID
	if parts == 4 {
		share = types.UID(words[len(words)-1])
		words = words[:len(words)-1]
	}
	last := len(words) - 1
	return structured.MakeDeviceID(words[0], strings.Join(words[1:last], "/"), words[last]), share, nil
}

// addClaim takes what an allocated claim holds, by the rules of kube-scheduler: admin access takes nothing,
// and a share is a whole device while consumable capacity is off.
func addClaim(state structured.AllocatedState, allocation *resourceapi.AllocationResult, consumableCapacity bool) {
	if allocation == nil {
		return
	}
	for _, result := range allocation.Devices.Results {
		if ptr.Deref(result.AdminAccess, false) {
			continue
		}
		id := structured.MakeDeviceID(result.Driver, result.Pool, result.Device)
		if result.ShareID == nil || !consumableCapacity {
			state.AllocatedDevices.Insert(id)
			continue
		}
		state.AllocatedSharedDeviceIDs.Insert(structured.MakeSharedDeviceID(id, result.ShareID))
		if result.ConsumedCapacity != nil {
			state.AggregatedCapacity.Insert(structured.NewDeviceConsumedCapacity(id, result.ConsumedCapacity))
		}
	}
}
