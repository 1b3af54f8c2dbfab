"""Hypothesis strategies for valid objects of every kind, as wire data of the newest version.

Valid means: the API server of Kubernetes 1.37 with every feature on accepts it. Lists and texts are kept
short, so that examples stay readable; limits are the business of the validation tests.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from hypothesis import strategies as st

Wire: TypeAlias = dict[str, Any]
Strategy: TypeAlias = st.SearchStrategy[Wire]

# --- Single values ----------------------------------------------------------------------------------------

labels = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
subdomains = st.lists(labels, min_size=1, max_size=3).map(".".join)
identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
qualified_names = st.one_of(identifiers, st.builds("{}/{}".format, subdomains, identifiers))
full_names = st.builds("{}/{}".format, subdomains, identifiers)
label_keys = st.one_of(labels, st.builds("{}/{}".format, subdomains, labels))
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(1, 64)
uids = st.uuids().map(str)
times = st.datetimes().map(lambda time: f"{max(time.year, 1000)}-{time:%m-%dT%H:%M:%S}Z")
versions = st.builds("{}.{}.{}".format, *[st.integers(0, 99)] * 3)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), int64, st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)
json_objects = st.dictionaries(texts, json_values, max_size=3)
quantities = st.builds(
    "{}{}".format,
    st.one_of(st.integers(1, 4096), st.sampled_from(["0.5", "1024", "2.250"])),
    st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3"]),
)
selectors_of_devices = st.sampled_from(
    [
        'device.driver == "gpu.example.com"',
        'device.attributes["gpu.example.com"].model == "A100"',
        'device.capacity["gpu.example.com"].memory.compareTo(quantity("40Gi")) >= 0',
    ]
).map(lambda expression: {"cel": {"expression": expression}})


def some(items: st.SearchStrategy[Any], most: int = 3, least: int = 0, unique: Any = None) -> Any:
    """A short list."""
    return st.lists(items, min_size=least, max_size=most, unique_by=unique)


def named(items: Strategy, most: int = 3, least: int = 0) -> st.SearchStrategy[list[Wire]]:
    """A short list of objects with different names."""
    return some(items, most, least, unique=lambda item: item["name"])


def record(required: dict[str, Any] | None = None, **optional: Any) -> Strategy:
    """An object with the required members and any of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


def one_of(**members: Any) -> Strategy:
    """An object with exactly one of the members."""
    return st.one_of(*[st.fixed_dictionaries({name: value}) for name, value in members.items()])


@st.composite
def joined(draw: Any, *parts: Strategy) -> Wire:
    """The members of several objects as one."""
    return {name: value for part in parts for name, value in draw(part).items()}


# --- What every kind has ----------------------------------------------------------------------------------

metadata = record(
    {"name": subdomains},
    uid=uids,
    resourceVersion=st.integers(1, 999).map(str),
    generation=counts,
    creationTimestamp=times,
    labels=st.dictionaries(label_keys, labels, max_size=2),
    annotations=st.dictionaries(label_keys, texts, max_size=2),
    finalizers=some(label_keys, 2),
    ownerReferences=some(
        record(
            {"apiVersion": st.just("v1"), "kind": st.just("Pod"), "name": subdomains, "uid": uids},
            controller=st.booleans(),
        ),
        1,
    ),
    managedFields=some(
        record(manager=labels, operation=st.just("Apply"), time=times, fieldsV1=json_objects), 1
    ),
)
namespaced = joined(metadata, record({"namespace": labels}))
conditions = some(
    record(
        {
            "type": st.sampled_from(["Ready", "example.com/Healthy", "DisruptionTarget"]),
            "status": st.sampled_from(["True", "False", "Unknown"]),
            "reason": identifiers.map(lambda name: f"R{name}x".replace("_", "x")),
            "message": texts,
            "lastTransitionTime": times,
        },
        observedGeneration=st.integers(0, 99),
    ),
    2,
    unique=lambda condition: condition["type"],
)
node_selector_requirements = joined(
    record({"key": label_keys}),
    st.one_of(
        record({"operator": st.sampled_from(["In", "NotIn"]), "values": some(labels, 2, 1)}),
        record({"operator": st.sampled_from(["Exists", "DoesNotExist"])}),
        record({"operator": st.sampled_from(["Gt", "Lt"]), "values": counts.map(lambda count: [str(count)])}),
    ),
)
node_selector_terms = record(matchExpressions=some(node_selector_requirements, 2))
node_selectors = record({"nodeSelectorTerms": some(node_selector_terms, 2, 1)})
one_term_selectors = record({"nodeSelectorTerms": some(node_selector_terms, 1, 1)})


def kind(api_version: str, name: str, meta: Strategy, **parts: Strategy) -> Strategy:
    """An object of a kind; its status is optional."""
    status = {"status": parts.pop("status")} if "status" in parts else {}
    fixed = {"apiVersion": st.just(api_version), "kind": st.just(name), "metadata": meta}
    return st.fixed_dictionaries({**fixed, **parts}, optional=status)


# --- Devices ----------------------------------------------------------------------------------------------

attributes = one_of(
    int=int64,
    bool=st.booleans(),
    string=texts,
    version=versions,
    ints=some(int64, 3, 1),
    bools=some(st.booleans(), 3, 1),
    strings=some(texts, 3, 1),
    versions=some(versions, 3, 1),
)
counters = st.dictionaries(labels, record({"value": quantities}), min_size=1, max_size=2)
taints = record(
    {"key": label_keys, "effect": st.sampled_from(["NoSchedule", "NoExecute", "None"])},
    value=labels,
    timeAdded=times,
)
ranges = record(
    {"default": st.just("2Gi"), "validRange": record({"min": st.just("1Gi")}, max=st.just("5Gi"))}
)
options = record({"default": st.just("1Gi"), "validValues": st.just(["1Gi", "2Gi"])})
shared_capacity = record({"value": st.just("8Gi")}, requestPolicy=st.one_of(ranges, options))
binding = st.sampled_from(
    [
        {},
        {"bindingConditions": ["Ready"], "bindingFailureConditions": ["example.com/Failed"]},
        {"bindsToNode": False},
    ]
)
devices = joined(
    record(
        {"name": labels},
        attributes=st.dictionaries(qualified_names, attributes, max_size=3),
        taints=some(taints, 2),
        consumesCounters=some(
            record({"counterSet": labels, "counters": counters}, compatibilityGroups=some(labels, 2, 0, str)),
            2,
            unique=lambda consumption: consumption["counterSet"],
        ),
        nodeAllocatableResources=st.dictionaries(
            st.sampled_from(["cpu", "memory"]),
            st.one_of(
                record({"mapping": record({"deviceMultiplier": quantities})}),
                record({"overhead": record({"perPod": quantities}, perContainer=quantities)}),
            ),
            max_size=2,
        ),
    ),
    binding,
    st.one_of(
        record(
            allowMultipleAllocations=st.just(False),
            capacity=st.dictionaries(qualified_names, record({"value": quantities}), max_size=2),
        ),
        record(
            {"allowMultipleAllocations": st.just(True)},
            capacity=st.dictionaries(qualified_names, shared_capacity, max_size=2),
        ),
    ),
)
counter_sets = record({"name": labels, "counters": counters})
pools = record(
    {
        "name": st.lists(subdomains, min_size=1, max_size=2).map("/".join),
        "generation": st.integers(0, 2**63 - 1),
        "resourceSliceCount": counts,
    }
)
where = one_of(nodeName=subdomains, nodeSelector=one_term_selectors, allNodes=st.just(True))
slice_specs = joined(
    record(
        {"driver": subdomains, "pool": pools},
        skipNodeOperations=st.sampled_from([["*"], ["NodeUnprepareResources"]]),
    ),
    st.one_of(
        joined(where, record(devices=named(devices))),
        joined(where, record(sharedCounters=named(counter_sets))),
        record({"perDeviceNodeSelection": st.just(True), "devices": named(joined(devices, where))}),
    ),
)
resource_slices = kind("resource.k8s.io/v1", "ResourceSlice", metadata, spec=slice_specs)

# --- Claims -----------------------------------------------------------------------------------------------

tolerations = st.one_of(
    record(
        {"operator": st.just("Exists")}, key=label_keys, effect=st.just("NoExecute"), tolerationSeconds=int64
    ),
    record({"operator": st.just("Equal"), "key": label_keys}, value=labels, effect=st.just("NoSchedule")),
)
amounts = st.one_of(
    record({"allocationMode": st.just("All")}),
    record({"allocationMode": st.just("ExactCount"), "count": counts}),
)
asked = joined(
    record(
        {"deviceClassName": subdomains},
        selectors=some(selectors_of_devices, 2),
        tolerations=some(tolerations, 2),
        capacity=record(requests=st.dictionaries(qualified_names, quantities, max_size=2)),
    ),
    amounts,
)
exact_requests = joined(asked, record(adminAccess=st.booleans()))
sub_requests = joined(record({"name": labels}), asked)
requests = joined(
    record({"name": labels}), one_of(exactly=exact_requests, firstAvailable=named(sub_requests, 3, 1))
)
opaque = record({"driver": subdomains, "parameters": json_objects})


@st.composite
def claim_specs(draw: Any) -> Wire:
    """Requests, and constraints and configuration that refer to them."""
    asked_for = draw(named(requests))
    names = [request["name"] for request in asked_for] + [
        f"{request['name']}/{sub['name']}"
        for request in asked_for
        for sub in request.get("firstAvailable", ())
    ]
    references = record(requests=some(st.sampled_from(names), 2, 0, str)) if names else st.just({})
    spec = {"requests": asked_for}
    if draw(st.booleans()):
        kinds = one_of(matchAttribute=full_names, distinctAttribute=full_names)
        spec["constraints"] = draw(some(joined(references, kinds), 2))
    if draw(st.booleans()):
        spec["config"] = draw(some(joined(references, record({"opaque": opaque})), 2))
    return {"devices": spec}


results = record(
    {"request": labels, "driver": subdomains, "pool": subdomains, "device": labels},
    adminAccess=st.booleans(),
    tolerations=some(tolerations, 1),
    shareID=uids,
    consumedCapacity=st.dictionaries(qualified_names, quantities, max_size=2),
    skipNodeOperations=st.just(["*"]),
)
allocations = record(
    {
        "devices": record(
            {"results": some(results, 2, 1)},
            config=some(record({"source": st.sampled_from(["FromClass", "FromClaim"]), "opaque": opaque}), 1),
        )
    },
    nodeSelector=node_selectors,
    allocationTimestamp=times,
)
consumers = record(
    {"resource": st.sampled_from(["pods", "podgroups"]), "name": subdomains, "uid": uids},
    apiGroup=st.just("scheduling.k8s.io"),
)


@st.composite
def claims(draw: Any) -> Wire:
    """A claim; if it is allocated, for requests it has."""
    spec = draw(claim_specs())
    members = {"metadata": draw(namespaced), "spec": spec}
    names = [
        f"{request['name']}/{sub['name']}" if sub else request["name"]
        for request in spec["devices"]["requests"]
        for sub in request.get("firstAvailable", [{}])
    ]
    if names and draw(st.booleans()):
        allocation = draw(allocations)
        for result in allocation["devices"]["results"]:
            result["request"] = draw(st.sampled_from(names))
        result = draw(st.sampled_from(allocation["devices"]["results"]))
        reported = {name: result[name] for name in ("driver", "pool", "device", "shareID") if name in result}
        network = record(interfaceName=labels, ips=st.just(["10.9.8.7/24"]), hardwareAddress=labels)
        details = draw(record(conditions=conditions, data=json_objects, networkData=network))
        users = draw(some(consumers, 2, unique=lambda user: user["uid"]))
        members["status"] = {
            "allocation": allocation,
            "reservedFor": users,
            "devices": [{**reported, **details}],
        }
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", **members}


resource_claims = claims()
resource_claim_templates = kind(
    "resource.k8s.io/v1",
    "ResourceClaimTemplate",
    namespaced,
    spec=record(
        {"spec": claim_specs()},
        metadata=record(labels=st.dictionaries(label_keys, labels, max_size=2)),
    ),
)
device_classes = kind(
    "resource.k8s.io/v1",
    "DeviceClass",
    metadata,
    spec=record(
        selectors=some(selectors_of_devices, 2),
        config=some(record({"opaque": opaque}), 2),
        extendedResourceName=st.builds("{}/{}".format, subdomains, labels),
    ),
)
device_taint_rules = kind(
    "resource.k8s.io/v1",
    "DeviceTaintRule",
    metadata,
    spec=record({"taint": taints}, deviceSelector=record(driver=subdomains, pool=subdomains, device=labels)),
    status=record(conditions=conditions),
)
pool_statuses = record(
    {"driver": subdomains, "poolName": subdomains, "generation": st.integers(0, 99)},
    resourceSliceCount=counts,
    totalDevices=counts,
    nodeName=subdomains,
    validationError=texts,
    shareableSummary=record(
        {"fullyAvailableDevices": counts, "partiallyAvailableDevices": counts},
        capacity=named(
            record({"name": labels, "total": quantities, "consumed": quantities, "available": quantities}), 2
        ),
    ),
)
resource_pool_status_requests = kind(
    "resource.k8s.io/v1alpha3",
    "ResourcePoolStatusRequest",
    metadata,
    spec=record({"driver": subdomains}, poolName=subdomains, limit=st.integers(1, 1000)),
    status=record({"poolCount": counts}, pools=some(pool_statuses, 2), conditions=conditions),
)

# --- Workloads --------------------------------------------------------------------------------------------

gang = one_of(basic=st.just({}), gang=record({"minCount": counts}))
composite_gang = one_of(basic=st.just({}), gang=record({"minGroupCount": counts}))
topology = record(topology=some(record({"key": label_keys}), 1))
disruption = one_of(single=st.just({}), all=st.just({}))
claim_of_group = joined(
    record({"name": labels}), one_of(resourceClaimName=subdomains, resourceClaimTemplateName=subdomains)
)
group = record(
    {"schedulingPolicy": gang},
    schedulingConstraints=topology,
    resourceClaims=named(claim_of_group, 2),
    disruptionMode=disruption,
    preemptionPolicy=st.sampled_from(["Never", "PreemptLowerPriority"]),
)
composite = record(
    {"schedulingPolicy": composite_gang}, schedulingConstraints=topology, disruptionMode=disruption
)
ranks = record(priorityClassName=subdomains, priority=st.integers(-(2**31), 10**9))
references = record({"workloadName": subdomains, "templateName": labels})


@st.composite
def workload_specs(draw: Any) -> Wire:
    """Templates of one priority, with names that occur once in the whole tree."""
    names = draw(st.lists(labels, min_size=5, max_size=5, unique=True))
    rank = draw(ranks)
    pods = [{"name": name, **draw(group), **rank} for name in names[: draw(st.integers(1, 3))]]
    spec: Wire = {"podGroupTemplates": pods}
    if draw(st.booleans()):
        inner = {"name": names[3], **draw(composite), **rank, "podGroupTemplates": pods}
        outer = {"name": names[4], **draw(composite), **rank, "compositePodGroupTemplates": [inner]}
        spec = {"compositePodGroupTemplates": [draw(st.sampled_from([inner, outer]))]}
    controller = record({"kind": st.just("Job"), "name": subdomains}, apiGroup=st.just("batch"))
    return {**spec, **draw(record(controllerRef=controller))}


workloads = kind("scheduling.k8s.io/v1beta1", "Workload", namespaced, spec=workload_specs())
pod_groups = kind(
    "scheduling.k8s.io/v1beta1",
    "PodGroup",
    namespaced,
    spec=joined(group, ranks, record(workloadRef=references)),
    status=record(
        conditions=conditions,
        resourceClaimStatuses=named(record({"name": labels}, resourceClaimName=subdomains), 2),
    ),
)
composite_pod_groups = kind(
    "scheduling.k8s.io/v1alpha3",
    "CompositePodGroup",
    namespaced,
    spec=joined(composite, ranks, record({"workloadRef": references})),
    status=record(conditions=conditions),
)

# --- Pods and nodes ---------------------------------------------------------------------------------------


@st.composite
def pod_specs(draw: Any) -> Wire:
    """Containers that use claims the pod has, and fields that have no model here."""
    pod_claims = draw(named(claim_of_group, 2))
    used = [{"name": claim["name"]} for claim in pod_claims]
    resources = record(
        limits=st.dictionaries(st.just("example.com/gpu"), counts.map(str)),
        claims=st.just(used),
    )
    containers = draw(
        named(record({"name": labels, "image": labels}, resources=resources, tty=st.booleans()), 2, 1)
    )
    others = record(
        nodeName=subdomains,
        nodeSelector=st.dictionaries(label_keys, labels, max_size=2),
        affinity=st.just({"podAffinity": {}, "nodeAffinity": {}}),
        schedulingGroup=record({"podGroupName": subdomains}),
        hostNetwork=st.booleans(),
        priority=int32,
    )
    return {"containers": containers, "resourceClaims": pod_claims, **draw(others)}


pods = kind("v1", "Pod", namespaced, spec=pod_specs(), status=record(phase=st.just("Pending")))
nodes = kind(
    "v1",
    "Node",
    metadata,
    spec=record(unschedulable=st.booleans(), podCIDR=st.just("10.0.0.0/24")),
    status=record(
        allocatable=st.dictionaries(st.sampled_from(["cpu", "memory"]), quantities),
        nodeInfo=st.just({"a": 1}),
    ),
)

# Every kind by its name.
KINDS: dict[str, Strategy] = {
    "CompositePodGroup": composite_pod_groups,
    "DeviceClass": device_classes,
    "DeviceTaintRule": device_taint_rules,
    "Node": nodes,
    "Pod": pods,
    "PodGroup": pod_groups,
    "ResourceClaim": resource_claims,
    "ResourceClaimTemplate": resource_claim_templates,
    "ResourcePoolStatusRequest": resource_pool_status_requests,
    "ResourceSlice": resource_slices,
    "Workload": workloads,
}
