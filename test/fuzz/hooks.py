"""What schemathesis must not send: calls that leave this machine, and waits of five seconds each."""

import json

import schemathesis

_sent = {}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for schema in raw_schema["components"]["schemas"].values():
        # With a model of the caller's own the server would call that provider.
        schema.get("properties", {}).pop("llm", None)
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            # A cursor that no write has reached yet is waited for.
            given = operation.get("parameters", [])
            operation["parameters"] = [one for one in given if one["name"] != "at_least"]
    for schema in raw_schema["components"]["schemas"].values():
        schema.get("properties", {}).pop("at_least", None)


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what breaks a rule between two fields, which the schema of a parameter can not say."""
    query = case.query if isinstance(case.query, dict) else {}
    body = case.body if isinstance(case.body, dict) else {}
    if case.operation.label == "GET /agent/changes":
        begin, end = str(query.get("from")), str(query.get("to"))
        return end > begin
    if case.operation.label == "GET /agent/memories":
        return not ("state" in query and ({"as_of", "transaction_as_of"} & set(query)))
    if case.operation.label == "POST /agent/memories":
        key = (case.headers or {}).get("Idempotency-Key")
        if key is None:
            return True
        # One key stands for one request; with another body it is refused, rightly.
        text = json.dumps(body, sort_keys=True, default=str)
        return not body.get("dry_run") and _sent.setdefault(key.strip(), text) == text
    return True
