"""Every public method and every error of the published Python SDK `aurra`, against a running server."""

import inspect
import warnings
from datetime import datetime

import aurra
from aurra import Aurra

from report import SERVER, Report, need

report = Report("aurra")
check, check_error = report.check, report.check_error


def connect(key="main", **options):
    return Aurra(api_key=SERVER["keys"][key], base_url=SERVER["url"], **options)


client = connect()
memories, settings = client.memories, client.settings
HELLO = [
    {"role": "user", "content": "Hi, I am Alice. I am a senior engineer at Acme."},
    {"role": "assistant", "content": "Nice to meet you, Alice."},
]
NOBODY = "00000000-0000-4000-8000-000000000000"
seen = {}


def takes(method, name):
    return name in inspect.signature(method).parameters


# --- the client ---


def construct():
    need(client.base_url == SERVER["url"].rstrip("/"), client.base_url)
    need(connect(timeout=5.0).memories.list() == [], "a new account has memories")
    return client.base_url


def refuse_keys():
    for key in ("", "sk-other"):
        try:
            Aurra(api_key=key)
        except ValueError:
            continue
        raise AssertionError(f"{key!r} was taken")
    return "ValueError"


check("Aurra.__init__", "Aurra(api_key=, base_url=, timeout=)", construct)
check("Aurra.__init__", "Aurra(api_key='sk-other')", refuse_keys)

# --- memories.add ---


def add_messages():
    result = memories.add(messages=HELLO, session_id="alice-session-1")
    need(result.status in ("saved", "extracted"), result.status)
    need(result.extracted_count >= result.saved_count >= 2, result)
    need(len(result.memory_ids) == result.saved_count, result.memory_ids)
    need(result.extraction["byo_llm"] is False and result.extraction["model"], result.extraction)
    need([r.memory_id for r in result.auto_supersede] == result.memory_ids, result.auto_supersede)
    need(all(not r.ran and r.skipped_reason for r in result.auto_supersede), result.auto_supersede)
    seen["session"] = result.memory_ids
    return repr(result)


def add_small_talk():
    result = memories.add(messages=[{"role": "user", "content": "Hello there!"}])
    need(result.extracted_count == 0 and result.memory_ids == [], result)
    return repr(result)


def add_content():
    result = memories.add(content="The office is in Berlin.", topic="Places", importance_score=8, source="slack")
    need(result.status == "saved" and result.memory_id, result)
    need(result.auto_supersede.ran is False, result.auto_supersede)
    seen["berlin"] = result.memory_id
    return repr(result)


def add_with_word():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = memories.add(content="The lunch is at noon.", importance="high")
    need(any(issubclass(w.category, DeprecationWarning) for w in caught), caught)
    stored = [m for m in memories.list() if m["id"] == result.memory_id]
    need(stored[0]["importance_score"] == 8, stored)
    return "importance_score 8"


def add_and_supersede():
    result = memories.add(content="The office is in Munich.", topic="Places", source="slack", auto_supersede=True)
    event = result.auto_supersede.supersession
    need(result.auto_supersede.ran and result.auto_supersede.candidates_examined >= 1, result.auto_supersede)
    need(event.old_memory_id == seen["berlin"] and event.confidence >= 0.85, event)
    need(event.verdict == "supersedes" and event.reasoning, event.verdict, event.reasoning)
    seen["munich"] = result.memory_id
    return repr(event)


def add_to_tenant():
    result = memories.add(content="A fact of Acme.", tenant_id="acme", source="crm")
    need([m["id"] for m in memories.list(tenant_id="acme")] == [result.memory_id], result)
    need(result.memory_id not in [m["id"] for m in memories.list(limit=100)], "tenants leak")
    return "seen in its tenant alone"


def add_with_own_model():
    result = memories.add(messages=[{"role": "user", "content": "I have a cat called Mog."}], tenant_id="byo", llm=SERVER["llm"]["good"])
    need(result.saved_count == 1 and result.extraction["byo_llm"] is True, result.extraction)
    return f"extraction by {result.extraction['provider']}"


check("memories.add", "add(messages=, session_id=)", add_messages)
check("memories.add", "add(messages=[small talk])", add_small_talk)
check("memories.add", "add(content=, topic=, importance_score=, source=)", add_content)
check("memories.add", "add(content=, importance='high')", add_with_word)
check("memories.add", "add(content=, auto_supersede=True)", add_and_supersede)
check("memories.add", "add(content=, tenant_id=)", add_to_tenant)
check("memories.add", "add(messages=, llm=)", add_with_own_model)

# --- memories.list ---


def list_all():
    listed = memories.list(limit=100)
    need(isinstance(listed, list) and len(listed) >= 3, listed)
    fields = "id summary decision topic importance importance_score freshness source created_at valid_from valid_to superseded_by tenant_id source_citation temporal"
    for memory in listed:
        need(all(name in memory for name in fields.split()), sorted(memory))
        datetime.fromisoformat(memory["created_at"])
        need(memory["temporal"]["is_current"] is True, memory["temporal"])
    stamps = [m["created_at"] for m in listed]
    need(stamps == sorted(stamps, reverse=True), "newest first")
    sorted(listed, key=lambda m: (m["importance_score"], m["freshness"]))
    return f"{len(listed)} memories, newest first"


def list_sources():
    session = [m for m in memories.list(limit=100) if m["id"] in seen["session"]]
    for memory in session:
        citation = memory["source_citation"]
        need(citation["type"] == "agent_session" and citation["channel"] == "alice-session-1", citation)
        need(citation["session_id"] == "alice-session-1" and citation["captured_at"], citation)
        need(citation["original_message"].startswith("User: Hi, I am Alice"), citation)
    return "type agent_session, channel alice-session-1"


def list_filtered():
    slack = memories.list(source="slack")
    need([m["id"] for m in slack] == [seen["munich"]], slack)
    need(len(memories.list(limit=1)) == 1, "limit")
    both = memories.list(source="slack", include_superseded=True)
    need({m["id"] for m in both} == {seen["munich"], seen["berlin"]}, both)
    return "source, limit, include_superseded"


def list_as_of():
    munich = memories.timeline(seen["munich"])[-1]
    then = [m["id"] for m in memories.list(source="slack", as_of=munich.valid_from)]
    need(then == [seen["munich"]], then)
    need(memories.list(as_of="2020-01-01T00:00:00Z") == [], "there was nothing yet")
    return "as_of"


def list_known():
    berlin = memories.timeline(seen["munich"])[0].raw["temporal"]
    then = memories.list(source="slack", transaction_as_of=berlin["transaction_time_start"])
    need([m["id"] for m in then] == [seen["berlin"]], then)
    need(then[0]["temporal"]["is_known_current"] is True, then)
    return "Berlin, as it was known then"


check("memories.list", "list(limit=)", list_all)
check("memories.list", "list() of a session", list_sources)
check("memories.list", "list(source=, include_superseded=)", list_filtered)
check("memories.list", "list(as_of=)", list_as_of)
if takes(memories.list, "transaction_as_of"):
    check("memories.list", "list(transaction_as_of=)", list_known)

# --- memories.query ---


def query():
    result = memories.query("Where does Alice work?")
    need("Acme" in result.answer and "[mem-1]" in result.answer_with_citations, result.answer_with_citations)
    need("[mem-" not in result.answer and result.question == "Where does Alice work?", result.answer)
    first = result.citations[0]
    need(first.cited_by_llm and first.decision and first.source == "agent_session", first)
    need(0 <= first.similarity <= 1 and first.valid_from and not first.is_superseded, first)
    need(result.memories_searched == len(result.memories) >= len(result.citations), result)
    need(result.search_type, "search_type")
    return repr(result)


def query_scoped():
    result = memories.query("What is there of Acme?", tenant_id="acme", limit=5, sources=["crm"])
    need([m["source"] for m in result.memories] == ["crm"], result.memories)
    nothing = memories.query("Who?", tenant_id="nobody-ever")
    need(nothing.answer == "No memories found for this company yet." and nothing.citations == [], nothing)
    return repr(result)


def query_past():
    began = memories.timeline(seen["munich"])[0].raw["temporal"]["transaction_time_start"]
    result = memories.query("Where is the office?", transaction_as_of=began, as_of=began)
    need(result.answer.startswith("As of ") and "Berlin" in result.answer, result.answer)
    return result.answer


def query_proof():
    result = memories.query("Where is the office?", include_proof_tree=True)
    proof = result.proof_tree
    need(proof.version and len(proof.answer_hash) == 64 and proof.question == result.question, proof)
    need(proof.generated_at and proof.retrieval["memories_evaluated"] >= 1, proof.retrieval)
    need(all("bi_temporal" in e and "source_citation" in e for e in proof.evidence_chain), proof.evidence_chain)
    links = [link for chain in proof.supersession_chains for link in chain.chain]
    need(any(link.memory_id == seen["berlin"] and link.superseded_by == seen["munich"] for link in links), links)
    need(all(chain.current_truth_memory_id for chain in proof.supersession_chains), proof)
    return repr(proof)


def query_with_own_model():
    result = memories.query("Which pet do I have?", tenant_id="byo", llm=SERVER["llm"]["answering"])
    need(result.answer == "A cat called Mog." and result.citations[0].cited_by_llm, result)
    return repr(result)


check("memories.query", "query(question)", query)
check("memories.query", "query(question, tenant_id=, limit=, sources=)", query_scoped)
if takes(memories.query, "transaction_as_of"):
    check("memories.query", "query(question, as_of=, transaction_as_of=)", query_past)
    check("memories.query", "query(question, include_proof_tree=True)", query_proof)
    check("memories.query", "query(question, llm=)", query_with_own_model)

# --- memories.supersede, timeline, get_audit ---


def supersede():
    old = memories.add(content="The wifi password is on the board.").memory_id
    new = memories.add(content="The wifi password is in the vault.").memory_id
    result = memories.supersede(old, superseded_by=new)
    need((result.status, result.memory_id, result.superseded_by) == ("superseded", old, new), result)
    datetime.fromisoformat(result.valid_to)
    return repr(result)


def expire():
    lease = memories.add(content="The lease runs.").memory_id
    end = "2999-12-31T00:00:00Z"
    result = memories.supersede(memory_id=lease, valid_to=end)
    need(result.superseded_by is None and result.valid_to.startswith("2999-12-31"), result)
    need(memories.timeline(lease)[0].valid_to.startswith("2999-12-31"), "the end is stored")
    return repr(result)


def supersede_nothing():
    try:
        memories.supersede(seen["munich"])
    except ValueError as error:
        return f"ValueError: {error}"
    raise AssertionError("nothing was asked for, and no error")


def timeline():
    entries = memories.timeline(seen["berlin"])
    need([e.id for e in entries] == [seen["berlin"], seen["munich"]], entries)
    old, new = entries
    need(old.is_superseded and not old.is_current and old.superseded_by == new.id, old)
    need(old.valid_to and new.is_current and new.valid_to is None and not new.is_expired, new)
    need(old.decision == old.summary == "The office is in Berlin." and old.topic == "Places", old)
    need(old.source == "slack" and old.created_at and old.valid_from, old)
    return repr(entries)


def audit():
    given = memories.get_audit(seen["berlin"])
    need(given["memory"]["decision"] == "The office is in Berlin.", given["memory"])
    need(given["provenance"]["original_input"] == "The office is in Berlin.", given["provenance"])
    need(set(given["provenance"]) >= {"source_type", "channel", "tenant_id", "workspace_id", "org_id", "external_id", "captured_at"}, given["provenance"])
    need(given["extraction"]["model"] and given["extraction"]["prompt_version"], given["extraction"])
    events = [e["event"] for e in given["history"]]
    need(events[0] == "created" and given["history"][0]["by"] == "aurra-extractor", events)
    need("memory.created" in events and "memory.superseded" in events, events)
    need(given["temporal"]["superseded_by"] == seen["munich"], given["temporal"])
    return ", ".join(events)


check("memories.supersede", "supersede(id, superseded_by=)", supersede)
check("memories.supersede", "supersede(memory_id=, valid_to=)", expire)
check("memories.supersede", "supersede(id)", supersede_nothing)
check("memories.timeline", "timeline(id)", timeline)
check("memories.get_audit", "get_audit(id)", audit)

# --- settings ---


def read_settings():
    given = settings.get()
    need(given.auto_supersede_default is False and given.min_confidence == 0.85, given)
    need(given.excluded_categories == ["health_medical", "legal_status"], given)
    need(given.classifier_model == "claude-haiku-4-5-20251001", given)
    return repr(given)


def change_settings():
    given = settings.update(auto_supersede_default=True, excluded_categories=["financial"], min_confidence=0.9, classifier_model="claude-haiku-4-5-20251001")
    need(given.auto_supersede_default and given.excluded_categories == ["financial"] and given.min_confidence == 0.9, given)
    need(vars(settings.get()) == vars(given), settings.get())
    settings.update(auto_supersede_default=False, min_confidence=0.85)
    return repr(given)


check("settings.get", "get()", read_settings)
check("settings.update", "update(all four)", change_settings)

# --- errors ---

unknown = connect("unknown")
stranger = connect("stranger").memories
poor = connect("poor").memories
hurried = connect("hurried").memories
broken = Aurra(api_key=SERVER["keys"]["broken"], base_url=SERVER["brokenUrl"]).memories
foreign = stranger.add(content="The stranger likes opera.").memory_id

check_error("memories.list", "401: an unknown key", aurra.AurraAuthError, unknown.memories.list, status_code=401, message="Invalid API key")
check_error("settings.get", "401: an unknown key", aurra.AurraAuthError, unknown.settings.get, status_code=401)
check_error("memories.timeline", "403: another account's", aurra.AurraError, lambda: memories.timeline(foreign), status_code=403)
check_error("memories.get_audit", "403: another account's", aurra.AurraError, lambda: memories.get_audit(foreign), status_code=403)
check_error("memories.supersede", "403: another account's", aurra.AurraError, lambda: memories.supersede(foreign, valid_to="2999-01-01T00:00:00Z"), status_code=403)
check_error("memories.timeline", "404: nobody's", aurra.AurraNotFoundError, lambda: memories.timeline(NOBODY), status_code=404)
check_error("memories.get_audit", "404: nobody's", aurra.AurraNotFoundError, lambda: memories.get_audit(NOBODY), status_code=404)
check_error("memories.supersede", "404: nobody's", aurra.AurraNotFoundError, lambda: memories.supersede(NOBODY, valid_to="2999-01-01T00:00:00Z"), status_code=404)
check_error("memories.supersede", "409: closed already", aurra.AurraError, lambda: memories.supersede(seen["berlin"], superseded_by=seen["munich"]), status_code=409)
check_error("memories.timeline", "422: no UUID", aurra.AurraError, lambda: memories.timeline("mem_abc123"), status_code=422)
check_error("memories.add", "422: neither content nor messages", aurra.AurraError, lambda: memories.add(), status_code=422)
check_error("memories.list", "422: a date that is none", aurra.AurraError, lambda: memories.list(as_of="yesterday"), status_code=422)
check_error("memories.query", "422: a blank question", aurra.AurraError, lambda: memories.query(" "), status_code=422)
check_error("settings.update", "400: out of range", aurra.AurraValidationError, lambda: settings.update(min_confidence=1.5), status_code=400)
check_error("memories.add", "400: an unknown provider", aurra.AurraValidationError, lambda: memories.add(messages=HELLO, llm={"provider": "x", "model": "y", "api_key": "z"}), status_code=400)
for status in (401, 422, 429, 502):
    llm = SERVER["llm"][str(status)]
    check_error(
        "memories.add",
        f"{status}: the caller's own provider fails",
        aurra.AurraLLMProviderError,
        lambda llm=llm: memories.add(messages=HELLO, tenant_id="byo-fails", llm=llm),
        status_code=status,
        provider="openai",
    )


def use_up_quota():
    poor.add(content="The only write of this plan.")
    need(len(poor.list()) == 1, "reads go on")
    return poor.add(content="One too many.")


def hurry():
    for _ in range(SERVER["rate"] + 1):
        hurried.list(limit=1)


check_error("memories.add", "429: the quota is used up", aurra.AurraRateLimitError, use_up_quota, status_code=429)
if SERVER["rate"]:
    check_error("memories.list", "429: too many requests", aurra.AurraRateLimitError, hurry, status_code=429)
check_error("memories.add", "5xx: the server's model is down", aurra.AurraServerError, lambda: broken.add(messages=HELLO))
check_error("memories.list", "nobody listens", aurra.AurraConnectionError, Aurra(api_key=SERVER["keys"]["main"], base_url="http://127.0.0.1:9").memories.list)

report.check_all_were_called("memories.", type(memories))
report.check_all_were_called("settings.", type(settings))
