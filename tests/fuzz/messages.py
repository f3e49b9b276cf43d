"""The messages that come with requests to the installed MLflow; imported beside MLflow alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor
from mlflow.protos import databricks_pb2, service_pb2
from mlflow.protos.mlflow_artifacts_pb2 import MlflowArtifactsService
from mlflow.protos.model_registry_pb2 import ModelRegistryService
from mlflow.protos.service_pb2 import MlflowService

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 5
_KINDS = {
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_BOOL: "bool",
    FieldDescriptor.CPPTYPE_ENUM: "enum",
    FieldDescriptor.CPPTYPE_FLOAT: "float",
    FieldDescriptor.CPPTYPE_DOUBLE: "float",
    FieldDescriptor.CPPTYPE_MESSAGE: "message",
}
# Native handlers with a message of their own.
_MORE = (
    ("/2.0/mlflow/metrics/get-history-bulk-interval", service_pb2.GetMetricHistoryBulkInterval),
)


def shapes() -> Iterator[tuple[str, str, list[Any]]]:
    """Method, path after /api and fields of every message that comes with a request."""
    for service in (MlflowService, ModelRegistryService, MlflowArtifactsService):
        for method in service.DESCRIPTOR.methods:
            message = service().GetRequestClass(method).DESCRIPTOR
            for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                path = endpoint.path.replace("{assessment.trace_id}", "{trace_id}")
                yield endpoint.method, f"/{endpoint.since.major}.0{path}", _fields_of(message)
    for path, kind in _MORE:
        yield "GET", path, _fields_of(kind.DESCRIPTOR)


def _fields_of(message: Any, depth: int = _DEPTH) -> list[Any]:
    """Name, kind, whether repeated, and the inner fields or the words of an enumeration."""
    return [
        (field.name, _kind_of(field), field.is_repeated, _inner_of(field, depth))
        for field in message.fields
    ]


def _kind_of(field: Any) -> str:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return "map"
    if kind is not None and kind.full_name.startswith("google.protobuf."):
        return str(kind.name)
    return _KINDS.get(field.cpp_type, "int")


def _inner_of(field: Any, depth: int) -> list[Any]:
    if field.enum_type is not None:
        return [value.name for value in field.enum_type.values]
    if _kind_of(field) != "message" or depth == 0:
        return []
    return _fields_of(field.message_type, depth - 1)
