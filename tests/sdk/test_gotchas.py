"""What gateways get wrong, each named after its number in `tests/gotchas.toml`; what concerns one codec alone is tested beside it."""

import http.client
import json
import time
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from rig.config import entry, every_protocol
from rig.processes import PATIENCE_S
from rig.replies import REASONED, USAGE, messages, messages_stream, raw, reply
from rig.sayings import CHAT, COHERE, CONVERSE, GEMINI, MESSAGES, OLLAMA, RESPONSES, SUPPLIERS, call, tool
from rig.suppliers import SAID
from rig.tongues import TONGUES, Tool

PROMPT = "Tell me about the weather at sea, please."
WEATHER = Tool("get_weather", "The weather in a place", {"type": "object", "properties": {"place": {"type": "string"}}})
CHATTY = [CHAT, RESPONSES, MESSAGES, GEMINI, COHERE, OLLAMA]
"""Who streams text, not AWS's frames."""


def config(first, _):
    more = [f"{protocol}-{case}" for protocol in SUPPLIERS for case in ("failing", "refusing", "empty", "missing", "full", "slow")]
    config = every_protocol(first, more)
    for name in [name for name in config if name.startswith("routes.to-") and name.endswith("-slow")]:
        config[f"{name}.policy"] = {"keepalive": "40ms"}
    config["routes.native-left"] = {"deployments": [entry(f"{CHAT}-refusing"), entry(MESSAGES)]}
    config["routes.other-left"] = {"deployments": [entry(f"{MESSAGES}-failing"), entry(CHAT)]}
    config["routes.other-left.policy"] = {"max_attempts": 2}
    return config


@pytest.fixture(scope="module")
def tongues(gateway):
    """Each SDK, as a client of the gateway."""
    return {name: tongue(gateway.url, gateway.key) for name, tongue in TONGUES.items()}


@pytest.fixture
def post(gateway):
    """A request as bytes, without any SDK: status, headers, body."""

    def post(path, body, **headers):
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=20)
        given = {"content-type": "application/json", "authorization": f"Bearer {gateway.key}", **headers}
        connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), given)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, response.headers, answer

    return post


def question(model, **more):
    return {"model": model, "messages": [{"role": "user", "content": PROMPT}], **more}


def last_reply(first):
    """What the supplier said last; it is recorded when all of it was sent, which the client may know first."""
    until = time.monotonic() + PATIENCE_S
    while not (answer := first.recorded()[-1]["reply"]):
        assert time.monotonic() < until
    return answer


def hears_the_same(tongues, first):
    """Every client hears every supplier's stream as it hears its plain answer."""
    for client, tongue in tongues.items():
        # In its own protocol a client gets the supplier's bytes, whatever it makes of them.
        for supplier in [each for each in CHATTY if each != client]:
            plain = tongue.ask(False, f"to-{supplier}", tongue.user(PROMPT))
            text, _ = SAID[supplier](json.loads(last_reply(first)))
            streamed = tongue.ask(True, f"to-{supplier}", tongue.user(PROMPT))
            assert (plain.text, streamed.text, streamed.finish) == (text, text, plain.finish), (client, supplier)


def test_a01_letters_cut_between_reads(tongues, first, change):
    change(answer={"multibyte": 1.0}, delivery={"split": 2})
    hears_the_same(tongues, first)


def test_a02_events_cut_and_melted_between_reads(tongues, first, change):
    change(delivery={"split": 700})
    hears_the_same(tongues, first)


def test_a03_every_lawful_form_of_an_event(tongues, first, change):
    for form in ({"line_end": "crlf"}, {"line_end": "cr"}, {"tight": True}, {"multi_line": True}):
        change(delivery={"line_end": "lf", "tight": False, "multi_line": False, **form})
        hears_the_same(tongues, first)


def test_a04_comments_are_no_events(tongues, first, change):
    change(delivery={"comments": True})
    hears_the_same(tongues, first)


@pytest.mark.parametrize("supplier", CHATTY)
def test_a06_life_is_shown_before_the_supplier_says_anything(post, first, supplier):
    first.play({"kind": "slow_headers", "delay_ms": 200})
    marks = {"/v1/chat/completions": b":", "/v1/responses": b":", "/v1/messages": b"event: ping"}
    for path, mark in marks.items():
        body = question(f"to-{supplier}-slow", stream=True, max_tokens=50)
        if path == "/v1/responses":
            body = {"model": body["model"], "input": PROMPT, "stream": True}
        status, _, answer = post(path, body, **{"anthropic-version": "2023-06-01"})
        assert status == 200 and answer.startswith(mark), (path, answer[:80])


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_a08_an_error_of_a_streaming_call_is_no_stream(post, first, supplier):
    first.play({"kind": "bad_request"})
    status, headers, answer = post("/v1/chat/completions", question(f"to-{supplier}-refusing", stream=True))
    assert status == 400 and headers["content-type"].startswith("application/json")
    assert json.loads(answer)["error"]["message"]


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_a14_depth_and_size_of_numbers_are_bounded(post, gateway, supplier):
    deep = b'{"model":"to-%b","messages":[{"role":"user","content":"hi"}],"x":%b1%b}' % (supplier.encode(), b"[" * 5000, b"]" * 5000)
    huge = b'{"model":"to-%b","max_tokens":%b,"messages":[{"role":"user","content":"hi"}]}' % (supplier.encode(), b"9" * 400)
    assert post("/v1/chat/completions", deep)[0] == 400
    status, _, answer = post("/v1/chat/completions", huge)
    assert status == 400 or supplier == CHAT, answer
    assert post("/v1/chat/completions", question(f"to-{supplier}"))[0] == 200, "it lives on"


@pytest.mark.parametrize("supplier, mark", [(MESSAGES, "tool_result"), (GEMINI, "functionResponse"), (CONVERSE, "toolResult"),
                                            (RESPONSES, "function_call_output"), (COHERE, '"role":"tool"'), (OLLAMA, '"role":"tool"')])
def test_b06_a_result_is_never_plain_text(tongues, first, supplier, mark):
    talk = call(CHAT, "get_weather", {"place": "Brest"}, "calm as a pond")
    tongues[CHAT].ask(False, f"to-{supplier}", talk, more={"tools": tool(CHAT)})
    sent = first.recorded()[-1]["body"].decode()
    assert mark in sent and "calm as a pond" in sent[sent.index(mark) - 80:]


def test_b11_one_call_at_a_time(tongues, first):
    more = {"tools": tool(CHAT), "parallel_tool_calls": False}
    tongues[CHAT].ask(False, f"to-{MESSAGES}", tongues[CHAT].user(PROMPT), more=more)
    assert json.loads(first.recorded()[-1]["body"])["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_b19_images_in_results_stay_images(tongues, first):
    picture = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}
    talk = call(RESPONSES, "look", {}, [{"type": "input_text", "text": "seen"}, picture])
    tongues[RESPONSES].ask(False, f"to-{MESSAGES}", talk, more={"tools": tool(RESPONSES, "look")})
    [result] = json.loads(first.recorded()[-1]["body"])["messages"][-1]["content"]
    assert [block["type"] for block in result["content"]] == ["text", "image"]
    assert result["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def last_delta(usage):
    """A stream of Messages whose last usage is this."""
    body, kind = messages_stream(messages(usage=USAGE[MESSAGES]))
    head, end = body.decode().split("event: message_delta\n")
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}
    end = f"event: message_delta\ndata: {json.dumps(delta)}\n\n" + end.split("\n\n", 1)[1]
    return raw((head + end).encode(), kind)


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GEMINI, CONVERSE])
def test_d07_null_in_the_last_usage_takes_nothing_back(tongues, first, client):
    nulls = dict.fromkeys(("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"))
    first.play(last_delta({**nulls, "output_tokens": 16}))
    heard = tongues[client].ask(True, f"to-{MESSAGES}", tongues[client].user(PROMPT))
    assert (heard.input_tokens, heard.output_tokens) == (50, 16)


@pytest.mark.parametrize("client", [CHAT, RESPONSES, GEMINI, CONVERSE])
def test_h03_what_the_last_usage_leaves_out_stays(tongues, first, client):
    first.play(last_delta({"output_tokens": 16}))
    heard = tongues[client].ask(True, f"to-{MESSAGES}", tongues[client].user(PROMPT))
    assert (heard.input_tokens, heard.output_tokens) == (50, 16)


COUNTS = {
    MESSAGES: ("/v1/messages/count_tokens", "input_tokens"),
    RESPONSES: ("/v1/responses/input_tokens", "input_tokens"),
    GEMINI: ("/v1beta/models/{model}:countTokens", "totalTokens"),
}
"""Where each dialect that can asks how many tokens a prompt has, and what the answer calls them."""


@pytest.mark.parametrize("supplier", SUPPLIERS)
@pytest.mark.parametrize("client", COUNTS)
def test_d12_tokens_are_counted_by_who_can_or_estimated_and_said_so(tongues, post, first, client, supplier):
    model, (path, name) = f"to-{supplier}", COUNTS[client]
    said = {"role": "user", "content": PROMPT}
    bodies = {MESSAGES: {"messages": [said]}, RESPONSES: {"input": [said]}, GEMINI: {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}}
    body = bodies[client] if client == GEMINI else {"model": model, **bodies[client]}
    status, headers, answer = post(path.format(model=model), body, **{"anthropic-version": "2023-06-01"})
    counted, is_estimate = json.loads(answer)[name], headers["x-releve-estimate"] == "true"
    assert status == 200
    # Only who speaks the client's dialect can be asked; who can, is.
    assert is_estimate == (client != supplier)
    exact = tongues[client].ask(False, model, tongues[client].user(PROMPT)).input_tokens
    assert exact / 2 <= counted <= 2 * exact if is_estimate else counted == exact


@pytest.mark.parametrize("supplier", [CHAT, RESPONSES, GEMINI, CONVERSE, COHERE, OLLAMA])
def test_d14_betas_of_one_protocol_go_to_no_other(post, first, supplier):
    beta = {"anthropic-version": "2023-06-01", "anthropic-beta": "context-management-2025-06-27"}
    assert post("/v1/messages", question(f"to-{supplier}", max_tokens=50), **beta)[0] == 200
    names = {name.lower() for name, _ in first.recorded()[-1]["headers"]}
    assert not names & {"anthropic-beta", "anthropic-version"}


def test_e11_effort_is_a_word_and_a_wished_summary_no_error(tongues, first):
    more = {"reasoning": {"effort": "high", "summary": "detailed"}}
    tongues[RESPONSES].ask(False, f"to-{CHAT}", tongues[RESPONSES].user(PROMPT), more=more)
    sent = json.loads(first.recorded()[-1]["body"])
    assert sent["reasoning_effort"] == "high" and "reasoning" not in sent
    assert tongues[RESPONSES].dropped, "that the summary's length is not said"


@pytest.mark.parametrize("client", [CHAT, RESPONSES, MESSAGES, CONVERSE])
def test_f01_stop_with_a_call_means_the_call(tongues, first, client):
    tongue = tongues[client]
    for stream in (False, True):
        heard = tongue.ask(stream, f"to-{GEMINI}", tongue.user("What is the weather in Brest?"), tools=(WEATHER,))
        assert heard.finish == "tools" and heard.calls
        assert b'"STOP"' in last_reply(first)


@pytest.mark.parametrize("client", [CHAT, RESPONSES])
def test_f16_thoughts_are_output(tongues, first, client):
    for stream in (False, True):
        first.play(reply(GEMINI, stream, usage=USAGE[GEMINI]))
        heard = tongues[client].ask(stream, f"to-{GEMINI}", tongues[client].user(PROMPT))
        assert heard.output_tokens == 16 and heard.details["reasoned"] == REASONED


def test_f17_what_came_from_a_cache_is_charged_once(post, gateway, first):
    first.play(reply(GEMINI, False, usage=USAGE[GEMINI]))
    _, headers, _ = post("/v1/chat/completions", question(f"to-{GEMINI}"))
    usage = gateway.entry(headers["x-request-id"])["usage"]
    assert (usage["input_uncached"], usage["cache_read"]) == (20, 30)


def test_f21_a_key_in_the_address_ends_at_our_door(gateway, first, post):
    path = f"/v1beta/models/to-{GEMINI}:generateContent?key={gateway.key}"
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    status, _, answer = post(path, body, authorization="")
    assert status == 200, answer
    assert "key=" not in first.recorded()[-1]["target"]
    status, _, answer = post(path.replace(gateway.key, "rlv_wrong-key"), body, authorization="")
    assert status in (400, 401) and b"rlv_wrong-key" not in answer
    assert gateway.key not in gateway.said() and "rlv_wrong-key" not in gateway.said()


def test_k04_no_tool_now_is_no_tools_at_all(tongues, first):
    more = {"tools": tool(CHAT), "tool_choice": "none"}
    tongues[CHAT].ask(False, f"to-{CONVERSE}", tongues[CHAT].user("The weather, please"), more=more)
    assert "toolConfig" not in json.loads(first.recorded()[-1]["body"])


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_h11_a_page_in_place_of_an_answer_is_no_output_and_an_estimate(post, gateway, first, supplier):
    first.play({"kind": "html"})
    status, headers, _ = post("/v1/chat/completions", question(f"to-{supplier}-empty"))
    entry = gateway.entry(headers["x-request-id"])
    assert status >= 500 and entry["outcome"] != "answered"
    assert entry["usage_source"] == "estimated" and set(entry["usage"]) <= {"input_uncached"}, entry


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_i02_too_long_a_prompt_is_known_in_every_suppliers_words(tongues, first, supplier):
    first.play({"kind": "context_exceeded"})
    with pytest.raises(openai.BadRequestError) as chat:
        tongues[CHAT].ask(False, f"to-{supplier}-full", tongues[CHAT].user(PROMPT))
    assert chat.value.code == "context_length_exceeded"
    with pytest.raises(anthropic.APIStatusError) as claude:
        tongues[MESSAGES].ask(False, f"to-{supplier}-full", tongues[MESSAGES].user(PROMPT))
    assert claude.value.status_code in (400, 413) and "prompt is too long" in str(claude.value)


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_i04_what_the_caller_names_and_is_not_there_is_no_outage(post, first, supplier):
    first.play({"kind": "bad_request"})
    for _ in range(12):
        assert post("/v1/chat/completions", question(f"to-{supplier}-missing"))[0] == 400
    first.play()
    assert post("/v1/chat/completions", question(f"to-{supplier}-missing"))[0] == 200


def test_h04_what_a_compaction_used_is_charged(post, gateway, first):
    spent = {"type": "compaction", "input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    first.play(reply(MESSAGES, False, usage={**USAGE[MESSAGES], "iterations": [spent, {**spent, "type": "message", "input_tokens": 15}]}))
    _, headers, _ = post("/v1/messages", question(f"to-{MESSAGES}", max_tokens=50), **{"anthropic-version": "2023-06-01"})
    usage = gateway.entry(headers["request-id"])["usage"]
    assert (usage["input_uncached"], usage["cache_read"], usage["output_text"]) == (115, 30, 26)


def test_i06_a_translation_that_is_refused_is_ours_and_alarms(post, gateway, first):
    first.play({"fault": {"kind": "bad_request"}, "path": "/v1/chat/completions"})
    status, headers, answer = post("/v1/messages", question("native-left", max_tokens=50), **{"anthropic-version": "2023-06-01"})
    assert status == 200 and json.loads(answer)["type"] == "message"
    assert [each["deployment"].split("/")[0] for each in gateway.entry(headers["request-id"])["attempts"]] == [f"{CHAT}-refusing", MESSAGES]
    _, metrics = gateway.get("/metrics")
    [alarm] = [line for line in metrics.splitlines() if "translation_refused" in line and f"{CHAT}-refusing" in line]
    assert int(alarm.rsplit(" ", 1)[1]) >= 1


def test_g11_headers_are_made_anew_for_each_attempt(post, gateway, first):
    first.play({"fault": {"kind": "server_error"}, "path": "/v1/messages"})
    beta = {"anthropic-version": "2023-06-01", "anthropic-beta": "context-management-2025-06-27"}
    assert post("/v1/messages", question("other-left", max_tokens=50), **beta)[0] == 200
    *_, own, other = first.recorded()
    assert own["target"].startswith("/v1/messages") and other["target"] == "/v1/chat/completions"
    for request, expected in ((own, {"anthropic-beta", "anthropic-version"}), (other, set())):
        assert {name.lower() for name, _ in request["headers"]} & {"anthropic-beta", "anthropic-version"} == expected
