"""What schemathesis must know of the GraphQL door: its scalar, and that a typed refusal is an answer."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

schemathesis.graphql.scalar("Cursor", st.from_regex(r"[0-9]{1,3}", fullmatch=True).map(nodes.String))


@schemathesis.check
def errors_are_typed(ctx, response, case):
    """Refusals come as `errors` with a code; a fault of the server is INTERNAL, or a status from 500 on."""
    assert response.status_code < 500, response.text
    for error in response.json().get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code and code != "INTERNAL", error
