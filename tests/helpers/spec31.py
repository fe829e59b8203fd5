"""Requests and answers held against an official OpenADR file, whose own mistakes are put right in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import yaml
from jsonschema_rs import Draft202012Validator

PREFIX = "/openadr3/3.1.0"
FORM = "application/x-www-form-urlencoded"
_NOW = re.compile(r"0001-01-01(T00:00:00(Z|[+-]\d\d:\d\d)?)?")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def _is_date_time(value: str) -> bool:
    """RFC 3339, or the sentinel "now" that the file's text allows and its format does not."""
    if _NOW.fullmatch(value):
        return True
    try:
        return bool(_DATE_TIME.fullmatch(value) and datetime.fromisoformat(value.upper().replace(":60", ":59")))
    except ValueError:
        return False


def put_right(document: dict[str, Any]) -> None:
    """The mistakes of the published 3.1.0 file, one by one."""
    schemas, paths = document["components"]["schemas"], document["paths"]
    # A stray "-" makes this default a string.
    schemas["BlVenRequest"]["properties"]["targets"]["default"] = None
    # The answers would have to have two object types at once.
    for answer, request in (("ven", "BlVenRequest"), ("resource", "BlResourceRequest")):
        stored = {key: value for key, value in schemas[request].items() if key != "required"}
        stored["properties"] = {k: v for k, v in stored["properties"].items() if k != "objectType"}
        stored["required"] = [name for name in schemas[request]["required"] if name != "objectType"]
        schemas[answer]["allOf"] = [{"$ref": "#/components/schemas/objectMetadata"}, stored]
    # A subscription with a program is an event too, as nothing binds the object type to the object.
    of_a_notification = schemas["notification"]["properties"]["object"]
    of_a_notification["oneOf"] = [
        {**each, "properties": {"objectType": {"const": each["$ref"].rpartition("/")[2].upper()}}}
        for each in of_a_notification["oneOf"]
    ]
    # An item without a type would be anything.
    schemas["programRequest"]["properties"]["programDescriptions"]["items"]["type"] = "object"
    # Left out by accident.
    paths["/programs/{programID}"]["put"]["responses"]["401"] = {"$ref": "#/components/responses/unauthorized"}
    paths["/vens"]["post"]["responses"]["409"] = {"$ref": "#/components/responses/conflict"}


def _to_json_schema(node: Any) -> None:
    """Discriminators have no mapping, and OpenAPI 3.0 says some things in its own way."""
    if isinstance(node, list):
        for item in node:
            _to_json_schema(item)
    elif isinstance(node, dict):
        node.pop("discriminator", None)
        if node.pop("nullable", False):
            node["type"] = [node["type"], "null"]
        if node.get("exclusiveMaximum") is True:
            node["exclusiveMaximum"] = node.pop("maximum")
        if node.get("format") == "int32":
            node["minimum"] = max(node.get("minimum", -(2**31)), -(2**31))
            node["maximum"] = min(node.get("maximum", 2**31 - 1), 2**31 - 1)
        for value in list(node.values()):
            _to_json_schema(value)


class OfficialFile:
    """`check_request` and `check_answer` return what is wrong, one line each; an empty list means valid.

    `correct` puts right what the published file itself has wrong; `prefix` is where its paths begin.
    """

    def __init__(self, file: Path, correct: Callable[[dict[str, Any]], None] = put_right, prefix: str = PREFIX) -> None:
        self._document = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str))
        self._prefix = prefix
        correct(self._document)
        _to_json_schema(self._document)
        self._validators: dict[str, Draft202012Validator] = {}

    def check_request(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> list[str]:
        found = self._operation(method, path)
        if isinstance(found, str):
            return [found]
        operation, parameters, path_values = found
        headers = {name.lower(): value for name, value in headers.items()}
        wrong = self._check_parameters(parameters, path_values, query)
        if "security" in operation and not headers.get("authorization", "").startswith("Bearer "):
            wrong.append("the bearer token is missing")
        if "requestBody" in operation:
            wrong += self._check_body(operation["requestBody"]["content"], headers, body)
        elif body:
            wrong.append("there is a body where none is defined")
        return [f"{method} {path}: {line}" for line in wrong]

    def check_answer(self, method: str, path: str, status: int, body: bytes) -> list[str]:
        """Errors that the file does not list for the operation (405, 413, ...) have to be problems all the same."""
        found = self._operation(method, path)
        responses = {} if isinstance(found, str) else found[0]["responses"]
        response = responses.get(str(status))
        if response is None and status < 400:
            return [f"{method} {path}: status {status} is not defined"]
        problem = {"$ref": "#/components/schemas/problem"}
        schema = problem if response is None else self._resolved(response)["content"]["application/json"]["schema"]
        return [f"{method} {path} {status}: {line}" for line in self._check_json(schema, body)]

    def scopes(self) -> list[tuple[str, str, str]]:
        """Method, path and scope of every operation that takes one."""
        return [
            (method.upper(), path, operation["security"][0]["oAuth2ClientCredentials"][0])
            for path, item in self._document["paths"].items()
            for method, operation in item.items()
            if method != "parameters" and "security" in operation
        ]

    def check_object(self, schema: str, value: Any) -> list[str]:
        """Hold a value against one of the file's schemas by name."""
        return self._check({"$ref": f"#/components/schemas/{schema}"}, value)

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], list[Any], dict[str, str]] | str:
        bare = path.partition(self._prefix)[2] if self._prefix in path else path
        for template, item in self._document["paths"].items():
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), bare)
            if match:
                if method.lower() not in item:
                    return f"{method} {path}: the method is not defined"
                operation = item[method.lower()]
                return operation, item.get("parameters", []) + operation.get("parameters", []), match.groupdict()
        return f"{method} {path}: the path is not defined"

    def _check_parameters(self, parameters: list[Any], path_values: dict[str, str], query: str) -> list[str]:
        given = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query))
        wrong = []
        for parameter in parameters:
            name = parameter["name"]
            values = [path_values[name]] if parameter["in"] == "path" else given.pop(name, None)
            if values is not None:
                wrong += [f"{name}: {line}" for line in self._check_values(parameter["schema"], values)]
        return wrong + [f"the query parameter {name} is not defined" for name in given]

    def _check_values(self, schema: dict[str, Any], values: list[str]) -> list[str]:
        schema = self._resolved(schema)
        if schema["type"] == "array":
            return self._check(schema, values)
        if len(values) > 1:
            return ["given more than once"]
        (value,) = values
        if schema["type"] in ("integer", "boolean"):
            try:
                return self._check(schema, json.loads(value))
            except ValueError:
                return [f"{value!r} is no {schema['type']}"]
        return self._check(schema, value)

    def _check_body(self, content: dict[str, Any], headers: Mapping[str, str], body: bytes) -> list[str]:
        media_type = headers.get("content-type", "").partition(";")[0]
        if media_type not in content:
            return [f"the content type is {media_type!r}, not one of {sorted(content)}"]
        schema = content[media_type]["schema"]
        if media_type != FORM:
            return self._check_json(schema, body)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        schema = self._resolved(schema)
        if headers.get("authorization", "").startswith("Basic "):
            # The file knows credentials in the form only; its text and RFC 6749 allow the header instead.
            schema = {**schema, "required": ["grant_type"]}
        return self._check(schema, form)

    def _check_json(self, schema: dict[str, Any], body: bytes) -> list[str]:
        try:
            value = json.loads(body, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            return [f"no JSON: {error}"]
        return self._check(schema, value)

    def _check(self, schema: dict[str, Any], value: Any) -> list[str]:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(
                whole, formats={"date-time": _is_date_time}, validate_formats=True
            )
        errors = self._validators[key].iter_errors(value)
        return [f"{_json_path(error.instance_path)}: {error.message[:300]}" for error in errors]

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _json_path(steps: list[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
