"""Calls every method of a running service with stubs that protoc made, and prints what came as JSON.

Arguments: target, a key that may infer, a key that may do everything, names of a model and of one to unload.
"""

import json
import sys

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool
from health.v1 import health_pb2, health_pb2_grpc
from inference import grpc_service_pb2 as oip
from inference import grpc_service_pb2_grpc
from reflection.v1 import reflection_pb2, reflection_pb2_grpc

target, key, admin_key, model, other = sys.argv[1:]
USER = [("authorization", f"Bearer {key}")]
ADMIN = [("authorization", f"Bearer {admin_key}")]

channel = grpc.insecure_channel(target)
service = grpc_service_pb2_grpc.GRPCInferenceServiceStub(channel)
found = {}


def code_of(call, request, metadata=USER):
    try:
        call(request, metadata=metadata, timeout=20)
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


def request(values, raw=True, **fields):
    """The model contract's two tensors, all of one value."""
    message = oip.ModelInferRequest(**{"model_name": model, **fields})
    for name, channels in ("rx_grid", 4), ("dmrs", 2):
        tensor = np.full((1, channels, 14, 24), values, "<f4")
        added = message.inputs.add(name=name, datatype="FP32", shape=tensor.shape)
        if raw:
            message.raw_input_contents.append(tensor.tobytes())
        else:
            added.contents.fp32_contents.extend(tensor.ravel())
    return message


def health():
    stub = health_pb2_grpc.HealthStub(channel)
    status = health_pb2.HealthCheckResponse.ServingStatus.Name
    names = ["", "spikingrx.v1.LlrService", "inference.GRPCInferenceService"]
    checked = [status(stub.Check(health_pb2.HealthCheckRequest(service=name)).status) for name in names]
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=names[2]))
    first = status(next(watch).status)
    watch.cancel()
    return {"check": checked, "watch": first}


def fields(message):
    return {field.name: (field.number, field.type, field.label) for field in message.fields}


def reflected():
    """The services, and whether the files that the service itself hands out say what the stubs say."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    ask = reflection_pb2.ServerReflectionRequest
    names = ["inference.GRPCInferenceService", "spikingrx.v1.LlrService"]
    asked = [ask(list_services="")] + [ask(file_containing_symbol=name) for name in names]
    listed, *answers = stub.ServerReflectionInfo(iter(asked), metadata=USER)
    pool = descriptor_pool.DescriptorPool()
    for answer in answers:
        for data in answer.file_descriptor_response.file_descriptor_proto:
            pool.Add(descriptor_pb2.FileDescriptorProto.FromString(data))
    message = pool.FindMessageTypeByName("inference.ModelInferRequest")
    return {
        "services": sorted(service.name for service in listed.list_services_response.service),
        "methods": {name: [method.name for method in pool.FindServiceByName(name).methods] for name in names},
        "sameFields": fields(message) == fields(oip.ModelInferRequest.DESCRIPTOR),
        "map": message.fields_by_name["parameters"].message_type.GetOptions().map_entry,
    }


def stream():
    good = [request(0.5, id=f"r{i}") for i in range(20)]
    bad = [request(0.5, id="bad", model_version="77")]
    answers = list(service.ModelStreamInfer(iter(good[:10] + bad + good[10:]), metadata=USER))
    return {
        "ids": [answer.infer_response.id for answer in answers],
        "errors": [answer.error_message for answer in answers if answer.error_message],
    }


def repository():
    index = lambda: {
        f"{entry.name}/{entry.version}": entry.state
        for entry in service.RepositoryIndex(oip.RepositoryIndexRequest(), metadata=USER).models
    }
    unload = oip.RepositoryModelUnloadRequest(model_name=other)
    load = oip.RepositoryModelLoadRequest(model_name=other)
    return {
        "before": index(),
        "asUser": code_of(service.RepositoryModelUnload, unload),
        "unload": code_of(service.RepositoryModelUnload, unload, ADMIN),
        "after": index(),
        "ready": service.ModelReady(oip.ModelReadyRequest(name=other), metadata=USER).ready,
        "infer": code_of(service.ModelInfer, request(1, model_name=other)),
        "load": code_of(service.RepositoryModelLoad, load, ADMIN),
        "loaded": index(),
        "unknown": code_of(service.RepositoryModelLoad, oip.RepositoryModelLoadRequest(model_name="x"), ADMIN),
    }


raw = service.ModelInfer(request(0.5, id="raw"), metadata=USER)
typed = service.ModelInfer(request(0.5, raw=False, id="typed"), metadata=USER)
values = np.frombuffer(raw.raw_output_contents[0], "<f4")
metadata = service.ModelMetadata(oip.ModelMetadataRequest(name=model), metadata=USER)
found["live"] = service.ServerLive(oip.ServerLiveRequest()).live
found["ready"] = service.ServerReady(oip.ServerReadyRequest()).ready
found["server"] = service.ServerMetadata(oip.ServerMetadataRequest(), metadata=USER).name
found["model"] = {tensor.name: list(tensor.shape) for tensor in [*metadata.inputs, *metadata.outputs]}
found["infer"] = {
    "id": raw.id,
    "shape": list(raw.outputs[0].shape),
    "finite": bool(np.isfinite(values).all()),
    "typedIsTheSame": bool((np.array(typed.outputs[0].contents.fp32_contents, "<f4") == values).all()),
    "parameters": sorted(raw.parameters),
}
found["codes"] = {
    "nobody": code_of(service.ModelInfer, request(1), []),
    "unknown": code_of(service.ModelInfer, request(1, model_name="x")),
    "late": code_of(service.ModelInfer, request(1, parameters={"timeout": oip.InferParameter(int64_param=1)})),
}
found["health"] = health()
found["reflection"] = reflected()
found["stream"] = stream()
found["repository"] = repository()
print(json.dumps(found))
