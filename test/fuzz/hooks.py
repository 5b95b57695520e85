"""What schemathesis must not send (calls that leave this machine, and waits of five seconds each), and what it can not know."""

import json
from datetime import datetime, timezone

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


@schemathesis.serializer("application/x-ndjson")
def to_lines(context, value):
    """A text is sent as it is, whatever its lines are; anything else as one line of JSON."""
    text = value if isinstance(value, str) else json.dumps(value) + "\n"
    return text.encode("utf-8", errors="surrogatepass")


@schemathesis.deserializer("application/x-ndjson")
def from_lines(context, response):
    """The document says that it is text; that each line is JSON is checked here."""
    text = response.content.decode("utf-8")
    for line in text.splitlines():
        json.loads(line)
    return text


def _instant(text):
    try:
        instant = datetime.fromisoformat(str(text).upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what breaks a rule between two fields, which the schema of a parameter can not say."""
    query = case.query if isinstance(case.query, dict) else {}
    if case.operation.label == "GET /agent/changes":
        begin, end = _instant(query.get("from")), _instant(query.get("to"))
        return begin is None or end is None or end > begin
    if case.operation.label == "POST /agent/memories/import":
        return isinstance(case.body, str)  # on the wire whatever else it might be is a text as well
    if case.operation.label == "GET /agent/memories":
        return not ("state" in query and ({"as_of", "transaction_as_of"} & set(query)))
    if case.operation.label == "GET /agent/events":
        return not str(query.get("after", "")).strip("0").isdigit()  # the same of a cursor in the query
    return True


def _lacks_key(case):
    """Whether the case is about a request without an API key: a header that is changed in it brings the key back."""
    parameter = getattr(getattr(case.meta, "phase", None) and case.meta.phase.data, "parameter", None)
    return isinstance(parameter, str) and parameter.lower() == "authorization"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Late, as links change what is sent."""
    label = case.operation.label
    headers = case.headers or {}
    if _lacks_key(case):
        return
    if label == "GET /agent/events" and str(headers.get("Last-Event-ID", "")).isdigit():
        case.headers["Last-Event-ID"] = "0"  # any other may be a cursor that no write has reached yet, which is refused
    if label not in ("POST /agent/memories", "POST /agent/memories/import"):
        return
    # One key stands for one request: with another body, or for a dry run, it is refused, rightly; and so is a second name of an import.
    key = headers.get("Idempotency-Key")
    if not isinstance(key, str):
        return
    body = case.body if isinstance(case.body, dict) else {}
    query = case.query if isinstance(case.query, dict) else {}
    text = json.dumps([case.query, case.body], sort_keys=True, default=str)
    is_other = _sent.setdefault((label, key.strip()), text) != text
    if body.get("dry_run") or "import_id" in query or is_other:
        del case.headers["Idempotency-Key"]
