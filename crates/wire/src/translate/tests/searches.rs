//! Searches of the web that suppliers run: asked for in one protocol and made in another, told in a third and given back.

use super::*;
use crate::without_seals;

const SEARCHERS: [Protocol; 5] = [
    Protocol::OpenaiChat,
    Protocol::OpenaiResponses,
    Protocol::AnthropicMessages,
    Protocol::Gemini,
    Protocol::BedrockConverse,
];

/// A model that searches, in whichever protocol.
fn searcher() -> Target<'static> {
    let capabilities = Capabilities { yes: Needs::WEB_SEARCH, ..Capabilities::default() };
    Target { capabilities, quirks: Quirks::SEARCH_OPTIONS | Quirks::THINKING_LEVEL, ..target() }
}

/// What a client of the protocol asks, with these members; its question is `?`.
fn asked(from: Protocol, members: Value) -> Request {
    let mut body = match from {
        Protocol::OpenaiChat => json!({"model": "m", "messages": [{"role": "user", "content": "?"}]}),
        Protocol::OpenaiResponses => json!({"model": "m", "input": "?"}),
        Protocol::AnthropicMessages => {
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]})
        }
        Protocol::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "?"}]}]}),
        _ => json!({"messages": [{"role": "user", "content": [{"text": "?"}]}]}),
    };
    let Value::Object(members) = members else { panic!("members are an object's") };
    body.as_object_mut().unwrap().extend(members);
    translator(from).client().unwrap().decode_request(body.to_string().as_bytes()).unwrap()
}

/// What a supplier gets, and what is lost.
fn said(asked: &Request, to: Protocol, target: &Target<'_>) -> Result<(Value, Vec<String>), TranslateError> {
    let said = request(asked, translator(to), target)?;
    // Messages wants a limit, whoever asks.
    let lost = said.losses.into_iter().map(|loss| loss.what).filter(|what| what != "max_tokens").collect();
    Ok((serde_json::from_slice(&said.body).unwrap(), lost))
}

fn unsayable(asked: &Request, to: Protocol, target: &Target<'_>) -> String {
    match said(asked, to, target) {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// The request for a search, without any wishes.
fn plain(protocol: Protocol) -> Value {
    match protocol {
        Protocol::OpenaiChat => json!({"web_search_options": {}}),
        Protocol::OpenaiResponses => json!({"tools": [{"type": "web_search"}]}),
        Protocol::AnthropicMessages => {
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})
        }
        Protocol::Gemini => json!({"tools": [{"googleSearch": {}}]}),
        _ => json!({"toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}}),
    }
}

#[test]
fn d13_a_search_is_asked_for_in_the_words_of_whoever_makes_it() {
    for from in SEARCHERS {
        for to in SEARCHERS {
            let (body, lost) = said(&asked(from, plain(from)), to, &searcher()).unwrap();
            for (name, value) in plain(to).as_object().unwrap() {
                assert_eq!(&body[name], value, "{from} to {to}: {body}");
            }
            assert_eq!(lost, [""; 0], "{from} to {to}");
        }
        for to in [Protocol::CohereChat, Protocol::OllamaChat] {
            assert!(unsayable(&asked(from, plain(from)), to, &searcher()).starts_with("tools."), "{from}");
        }
    }
    let preview =
        json!({"tools": [{"type": "web_search_preview_2025_03_11"}, {"type": "function", "name": "f"}]});
    let (body, _) = said(&asked(Protocol::OpenaiResponses, preview), Protocol::Gemini, &searcher()).unwrap();
    assert_eq!(body["tools"][1], json!({"googleSearch": {}}));
    assert_eq!(body["toolConfig"], json!({"includeServerSideToolInvocations": true}));
}

#[test]
fn d13_a_search_goes_to_no_model_that_makes_none() {
    let lacking = Capabilities { no: Needs::WEB_SEARCH, ..Capabilities::default() };
    let lacking = Target { capabilities: lacking, ..searcher() };
    let ask = asked(Protocol::OpenaiResponses, plain(Protocol::OpenaiResponses));
    for to in [Protocol::AnthropicMessages, Protocol::Gemini, Protocol::BedrockConverse, Protocol::OpenaiChat]
    {
        assert_eq!(unsayable(&ask, to, &lacking), "tools.web_search");
    }
    // What few models of a protocol do is asked only of those that are known to.
    for to in [Protocol::OpenaiChat, Protocol::BedrockConverse] {
        assert_eq!(unsayable(&ask, to, &target()), "tools.web_search");
    }
    let beside = json!({"tools": [{"type": "web_search"}, {"type": "function", "name": "f"}]});
    let beside = asked(Protocol::OpenaiResponses, beside);
    assert_eq!(unsayable(&beside, Protocol::Gemini, &target()), "tools.web_search", "before Gemini 3");
    let offline = json!({"tools": [{"type": "web_search", "external_web_access": false}]});
    let offline = asked(Protocol::OpenaiResponses, offline);
    for to in [Protocol::OpenaiChat, Protocol::AnthropicMessages, Protocol::Gemini, Protocol::BedrockConverse]
    {
        assert_eq!(unsayable(&offline, to, &searcher()), "tools.web_search.external_web_access");
    }
}

#[test]
fn d13_what_narrows_a_search_is_carried_or_refused_and_wishes_are_carried_or_named() {
    let place = json!({"type": "approximate", "city": "Brest", "country": "FR"});
    let claude = json!({"tools": [{"type": "web_search_20260209", "name": "web_search", "max_uses": 3,
        "allowed_domains": ["example.com"], "user_location": place, "cache_control": {"type": "ephemeral"}}]});
    let ask = asked(Protocol::AnthropicMessages, claude);
    let (body, lost) = said(&ask, Protocol::OpenaiResponses, &searcher()).unwrap();
    let tool = json!({"type": "web_search", "filters": {"allowed_domains": ["example.com"]}, "user_location": place});
    assert_eq!((&body["tools"], &body["max_tool_calls"]), (&json!([tool]), &json!(3)));
    assert_eq!(body["include"], json!(["web_search_call.action.sources"]));
    assert_eq!(lost, ["tools.cache_control"]);
    for to in [Protocol::Gemini, Protocol::OpenaiChat, Protocol::BedrockConverse] {
        assert_eq!(unsayable(&ask, to, &searcher()), "tools.web_search_20260209.allowed_domains");
    }
    let blocked =
        json!({"tools": [{"type": "web_search_20250305", "name": "web_search", "blocked_domains": ["a.b"]}]});
    let blocked = asked(Protocol::AnthropicMessages, blocked);
    assert_eq!(
        unsayable(&blocked, Protocol::OpenaiResponses, &searcher()),
        "tools.web_search_20250305.blocked_domains"
    );

    let openai = json!({"max_tool_calls": 2, "tools": [{"type": "web_search", "search_context_size": "high",
        "user_location": place, "filters": {"allowed_domains": ["example.com"]}}]});
    let (body, lost) =
        said(&asked(Protocol::OpenaiResponses, openai), Protocol::AnthropicMessages, &searcher()).unwrap();
    let tool = json!({"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["example.com"],
        "max_uses": 2, "user_location": place});
    assert_eq!((&body["tools"], &lost[..]), (&json!([tool]), &["search_context_size".to_owned()][..]));

    let chat = json!({"web_search_options": {"search_context_size": "low", "user_location":
        {"type": "approximate", "approximate": {"city": "Brest", "country": "FR"}}}});
    let ask = asked(Protocol::OpenaiChat, chat.clone());
    let (body, _) = said(&ask, Protocol::OpenaiResponses, &searcher()).unwrap();
    assert_eq!(
        body["tools"],
        json!([{"type": "web_search", "search_context_size": "low", "user_location": place}])
    );
    let back = asked(Protocol::OpenaiResponses, json!({"tools": body["tools"]}));
    let (body, _) = said(&back, Protocol::OpenaiChat, &searcher()).unwrap();
    assert_eq!(body["web_search_options"], chat["web_search_options"]);
    let (_, lost) = said(&ask, Protocol::Gemini, &searcher()).unwrap();
    assert_eq!(lost, ["user_location", "search_context_size"]);
}

/// An answer that was searched for, as each supplier tells it.
fn found(by: Protocol) -> Value {
    match by {
        Protocol::OpenaiResponses => {
            json!({"id": "resp_1", "object": "response", "model": "m", "status": "completed",
            "error": null, "output": [
                {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search",
                    "query": "tides", "queries": ["tides"], "sources": [{"type": "url", "url": "https://a"}]}},
                {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": "Six.", "annotations": []}]}]})
        }
        Protocol::AnthropicMessages => {
            json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tides"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
                    {"type": "web_search_result", "url": "https://a", "title": "A", "encrypted_content": "EqQ", "page_age": null}]},
                {"type": "text", "text": "Six."}],
            "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}})
        }
        _ => {
            json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Six."}]}, "finishReason": "STOP",
            "groundingMetadata": {"webSearchQueries": ["tides"],
                "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
                "groundingSupports": [{"segment": {"endIndex": 4, "text": "Six."}, "groundingChunkIndices": [0]}]}}]})
        }
    }
}

fn told(by: Protocol, to: Protocol) -> (Value, Vec<String>) {
    let client = translator(to).client().unwrap();
    let undo = Undo { owner: "maker".into(), ..Undo::default() };
    let said = answer(found(by).to_string().as_bytes(), translator(by), client, &undo, &about()).unwrap();
    let lost = said.losses.into_iter().map(|loss| loss.what).collect();
    (serde_json::from_slice(&said.body).unwrap(), lost)
}

const MAKERS: [Protocol; 3] = [Protocol::OpenaiResponses, Protocol::AnthropicMessages, Protocol::Gemini];

#[test]
fn d13_what_was_looked_for_and_found_is_told_where_there_is_a_place() {
    for by in MAKERS {
        if by != Protocol::AnthropicMessages {
            let (body, _) = told(by, Protocol::AnthropicMessages);
            let [call, result] = [0, 1].map(|at| &body["content"][at]);
            assert_eq!(
                (&call["type"], &call["name"]),
                (&json!("server_tool_use"), &json!("web_search")),
                "{body}"
            );
            assert_eq!((&call["input"]["query"], &call["id"]), (&json!("tides"), &result["tool_use_id"]));
            assert_eq!(result["content"][0]["url"], "https://a");
            assert_eq!(
                body["content"].as_array().unwrap().last().unwrap()["text"],
                "Six.",
                "the answer is last"
            );
        }
        if by != Protocol::OpenaiResponses {
            let (body, _) = told(by, Protocol::OpenaiResponses);
            let item = &body["output"][0];
            assert_eq!(
                (&item["type"], &item["status"]),
                (&json!("web_search_call"), &json!("completed")),
                "{body}"
            );
            let action = json!({"type": "search", "query": "tides", "queries": ["tides"],
                "sources": [{"type": "url", "url": "https://a"}]});
            assert_eq!(item["action"], action);
        }
        if by != Protocol::Gemini {
            let (body, _) = told(by, Protocol::Gemini);
            assert_eq!(
                body["candidates"][0]["groundingMetadata"]["webSearchQueries"],
                json!(["tides"]),
                "{body}"
            );
        }
        for to in [Protocol::OpenaiChat, Protocol::BedrockConverse] {
            let (body, lost) = told(by, to);
            assert!(body.to_string().contains("Six.") && lost.contains(&"web_search".to_owned()), "{lost:?}");
        }
    }
}

#[test]
fn g22_a_search_goes_back_to_whoever_made_it_and_to_nobody_else() {
    let (body, _) = told(Protocol::OpenaiResponses, Protocol::AnthropicMessages);
    let turns = json!({"messages": [{"role": "user", "content": "?"},
        {"role": "assistant", "content": body["content"]}, {"role": "user", "content": "And then?"}]});
    let ask = asked(Protocol::AnthropicMessages, turns.clone());
    let maker = Target { owner: "maker", ..target() };
    let (body, _) = said(&ask, Protocol::OpenaiResponses, &maker).unwrap();
    assert_eq!(body["input"][1], found(Protocol::OpenaiResponses)["output"][0], "as it was made: {body}");
    let (body, lost) = said(&ask, Protocol::OpenaiResponses, &target()).unwrap();
    assert!(!body.to_string().contains("ws_1") && lost == ["web_search_call"], "{lost:?} {body}");
    let (body, lost) = said(&ask, Protocol::AnthropicMessages, &target()).unwrap();
    assert!(!body.to_string().contains("srvtoolu") && lost == ["web_search_call"], "{lost:?} {body}");
    // In the client's own protocol the bytes go through, but for what is ours.
    let turns = turns.to_string();
    let left = crate::splice(&turns.clone().into(), &mut without_seals(turns.as_bytes())).concat();
    let left: Value = serde_json::from_slice(&left).unwrap();
    assert_eq!(left["messages"][1]["content"], json!([{"type": "text", "text": "Six."}]));

    let (body, _) = told(Protocol::AnthropicMessages, Protocol::OpenaiResponses);
    let mut input = vec![json!({"role": "user", "content": "?"})];
    input.extend(body["output"].as_array().unwrap().iter().cloned());
    input.push(json!({"role": "user", "content": "And then?"}));
    let ask = asked(Protocol::OpenaiResponses, json!({"input": input}));
    let (body, _) = said(&ask, Protocol::AnthropicMessages, &maker).unwrap();
    assert_eq!(body["messages"][1]["content"], found(Protocol::AnthropicMessages)["content"], "{body}");
}

const KEPT: [Protocol; 4] =
    [Protocol::OpenaiChat, Protocol::AnthropicMessages, Protocol::Gemini, Protocol::OllamaChat];

#[test]
fn d13_what_a_request_may_do_without_is_left_out_and_named() {
    let may_drop = ["web_search".into(), "code_execution".into()];
    let sparing = Target { may_drop: &may_drop, ..target() };
    let function = json!({"type": "function", "name": "tides", "parameters": {"type": "object"}});
    let off_the_web = json!({"type": "web_search", "external_web_access": false});
    let asked =
        asked(Protocol::OpenaiResponses, json!({"tools": [off_the_web, function], "tool_choice": "auto"}));
    for to in KEPT {
        assert!(unsayable(&asked, to, &searcher()).starts_with("tools.web_search"), "{to}");
        let (body, lost) = said(&asked, to, &sparing).unwrap();
        assert_eq!(lost, ["tools.web_search"], "{to}");
        assert!(!body.to_string().contains("search") && body.to_string().contains("tides"), "{to}: {body}");
    }
}

#[test]
fn d13_only_what_is_lacking_is_left_out() {
    let may_drop = ["web_search".into()];
    let asked = asked(
        Protocol::OpenaiResponses,
        json!({"tools": [{"type": "web_search"}], "parallel_tool_calls": true}),
    );
    let (body, lost) = said(&asked, Protocol::Gemini, &Target { may_drop: &may_drop, ..searcher() }).unwrap();
    assert_eq!((body["tools"][0].get("googleSearch").is_some(), lost.is_empty()), (true, true));
    let (body, lost) =
        said(&asked, Protocol::CohereChat, &Target { may_drop: &may_drop, ..target() }).unwrap();
    assert_eq!((body.get("tools"), lost), (None, vec!["tools.web_search".to_owned()]));
}

#[test]
fn d13_what_a_request_insists_on_is_never_left_out() {
    let may_drop = ["web_search".into(), "code_execution".into()];
    let sparing = Target { may_drop: &may_drop, ..target() };
    let search = json!([{"type": "web_search"}]);
    for choice in [json!("required"), json!({"type": "web_search"})] {
        let asked = asked(Protocol::OpenaiResponses, json!({"tools": search, "tool_choice": choice}));
        assert_eq!(unsayable(&asked, Protocol::CohereChat, &sparing), "tools.web_search", "{choice}");
    }
    let limited = json!({"type": "web_search", "filters": {"allowed_domains": ["example.com"]}});
    let asked_with = |tool: &Value| asked(Protocol::OpenaiResponses, json!({"tools": [tool]}));
    assert!(
        said(&asked_with(&limited), Protocol::Gemini, &Target { may_drop: &may_drop, ..searcher() }).is_ok()
    );
    for tool in
        [json!({"type": "file_search", "vector_store_ids": ["v"]}), json!({"type": "image_generation"})]
    {
        let named = format!("tools.{}", tool["type"].as_str().unwrap());
        assert_eq!(unsayable(&asked_with(&tool), Protocol::OllamaChat, &sparing), named);
    }
}

#[test]
fn d13_a_version_of_a_tool_is_the_tool() {
    let may_drop = ["code_execution".into()];
    let sparing = Target { may_drop: &may_drop, ..target() };
    let tools = json!([{"type": "code_execution_20250825", "name": "code_execution"}]);
    let asked = asked(Protocol::AnthropicMessages, json!({"tools": tools}));
    let (_, lost) = said(&asked, Protocol::OpenaiChat, &sparing).unwrap();
    assert_eq!(lost, ["tools.code_execution_20250825"]);
}
