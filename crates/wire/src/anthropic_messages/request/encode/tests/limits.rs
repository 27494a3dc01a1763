//! Everything beside the conversation.

use std::sync::Arc;

use catalogue::{Capabilities, Needs, Protocol, Quirks};
use serde_json::{Value, json};

use super::{asking, call, least, result, said, target, turn, unsayable, written, written_to};
use crate::conversation::{
    Block, CacheMark, Content, Effort, Function, Opaque, OutputFormat, Reasoning, Request, Role, Sampling,
    Target, Tool, ToolChoice,
};

fn function(name: &str) -> Function {
    Function { name: name.into(), ..Function::default() }
}

fn with_tool(choice: ToolChoice) -> Request {
    Request { tools: vec![Tool::Function(function("f"))], tool_choice: choice, ..least() }
}

fn thinking(effort: Effort) -> Request {
    Request { effort: Some(effort), ..least() }
}

fn adaptive() -> Target<'static> {
    Target { quirks: Quirks::ADAPTIVE_THINKING, ..target() }
}

#[test]
fn b01_a_limit_is_always_set() {
    let unknown = Target { max_output: None, ..target() };
    let asked = |max_tokens| Request { max_tokens, ..least() };
    for (request, target, limit, is_lost) in [
        (asked(None), target(), 64_000, false),
        (asked(None), unknown, 4096, true),
        (asked(Some(7)), unknown, 7, false),
        (asked(Some(70_000)), target(), 64_000, true),
        (thinking(Effort::Budget(9000)), unknown, 13_096, true),
    ] {
        let (body, lost) = written_to(&request, &target).unwrap();
        assert_eq!((&body["max_tokens"], lost.contains(&"max_tokens".to_owned())), (&json!(limit), is_lost));
    }
}

#[test]
fn b10_b11_the_choice_of_a_tool() {
    let choice = |choice, parallel_tools| {
        let request = Request { parallel_tools, ..with_tool(choice) };
        written(&request).0.get("tool_choice").cloned().unwrap_or_default()
    };
    assert_eq!(choice(ToolChoice::Unsaid, None), Value::Null);
    assert_eq!(choice(ToolChoice::Unsaid, Some(true)), Value::Null);
    assert_eq!(
        choice(ToolChoice::Unsaid, Some(false)),
        json!({"type": "auto", "disable_parallel_tool_use": true})
    );
    assert_eq!(choice(ToolChoice::Auto, None), json!({"type": "auto"}));
    assert_eq!(choice(ToolChoice::None, Some(false)), json!({"type": "none"}));
    assert_eq!(
        choice(ToolChoice::Any, Some(false)),
        json!({"type": "any", "disable_parallel_tool_use": true})
    );
    assert_eq!(choice(ToolChoice::Named("f".into()), None), json!({"type": "tool", "name": "f"}));
}

#[test]
fn b20_schemas_go_as_they_are() {
    let schema = r#"{ "type":"object","$defs":{},"properties":{"a":{"maximum":9007199254740993}} }"#;
    let typed = Function { schema: Some(schema.into()), strict: Some(true), ..function("typed") };
    let tools = vec![Tool::Function(function("bare")), Tool::Function(typed)];
    let body = super::encode(&Request { tools, ..least() }, &target()).unwrap().body;
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(&format!("\"input_schema\":{schema},\"strict\":true")), "{body}");
    assert!(body.contains(r#"{"name":"bare","input_schema":{"type":"object","properties":{}}}"#), "{body}");
}

#[test]
fn d13_tools_of_a_supplier_go_to_it_alone() {
    let supplied = |protocol| {
        let json = r#"{"type":"web_search_20250305","name":"web_search"}"#;
        let tool = Tool::Supplied(Opaque::new(protocol, "web_search_20250305", json));
        Request { tools: vec![tool], ..least() }
    };
    let (body, _) = written(&supplied(Protocol::AnthropicMessages));
    assert_eq!(body["tools"][0]["name"], "web_search");
    assert_eq!(unsayable(&supplied(Protocol::OpenaiResponses)), "tools.web_search_20250305");
    let custom = Tool::Custom { name: "f".into(), description: None, grammar: None };
    assert_eq!(unsayable(&Request { tools: vec![custom], ..least() }), "tools.custom");
}

#[test]
fn b12_a_schema_is_said_and_json_without_one_is_not() {
    let format = |format| written(&Request { format, ..least() });
    let schema =
        OutputFormat::Schema { name: Some("n".into()), description: None, schema: "{}".into(), strict: None };
    let (body, lost) = format(schema);
    assert_eq!(body["output_config"], json!({"format": {"type": "json_schema", "schema": {}}}));
    assert_eq!(lost, [""; 0], "a name is a label");
    let (body, lost) = format(OutputFormat::Json);
    assert_eq!((body.get("output_config"), lost), (None, vec!["response_format".to_owned()]));
}

#[test]
fn b14_effort_is_a_budget_on_older_models() {
    let limited = |effort, max_tokens| Request { max_tokens: Some(max_tokens), ..thinking(effort) };
    for (request, budget, is_lost) in [
        (thinking(Effort::Named("minimal".into())), 1024, false),
        (thinking(Effort::Named("high".into())), 16_384, false),
        (thinking(Effort::Auto), 8192, true),
        (thinking(Effort::Named("odd".into())), 8192, true),
        (limited(Effort::Budget(5000), 5001), 5000, false),
        (limited(Effort::Budget(5000), 5000), 2500, true),
        (limited(Effort::Budget(5000), 1025), 1024, true),
        (limited(Effort::Budget(12), 5000), 1024, true),
    ] {
        let (body, lost) = written(&request);
        assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": budget}));
        assert!(budget < body["max_tokens"].as_u64().unwrap());
        assert_eq!(lost, if is_lost { vec!["reasoning_effort"] } else { vec![] });
    }
    assert_eq!(unsayable(&limited(Effort::Budget(2000), 1024)), "reasoning_effort");
    for off in [Effort::Off, Effort::Named("none".into()), Effort::Budget(0)] {
        assert_eq!(written(&thinking(off)).0["thinking"], json!({"type": "disabled"}));
    }
    assert_eq!(written(&least()).0.get("thinking"), None);
}

#[test]
fn b14_effort_is_a_word_on_newer_models() {
    for (effort, word, is_lost) in [
        (Effort::Auto, Value::Null, false),
        (Effort::Named("minimal".into()), json!("low"), true),
        (Effort::Named("xhigh".into()), json!("xhigh"), false),
        (Effort::Named("odd".into()), Value::Null, true),
        (Effort::Budget(9000), json!("medium"), true),
    ] {
        let (body, lost) = written_to(&thinking(effort), &adaptive()).unwrap();
        assert_eq!(
            (&body["thinking"], &body["output_config"]["effort"]),
            (&json!({"type": "adaptive"}), &word)
        );
        assert_eq!(lost, if is_lost { vec!["reasoning_effort"] } else { vec![] });
    }
    let (body, _) = written_to(&thinking(Effort::Off), &adaptive()).unwrap();
    assert_eq!((&body["thinking"], body.get("output_config")), (&json!({"type": "disabled"}), None));
    let no = Capabilities { no: Needs::REASONING, ..Capabilities::default() };
    let thoughtless = Target { capabilities: no, ..adaptive() };
    let (body, lost) = written_to(&thinking(Effort::Auto), &thoughtless).unwrap();
    assert_eq!((body.get("thinking"), lost.len()), (None, 1));
}

#[test]
fn what_is_shown_of_thinking() {
    let shown = |effort, shows| {
        let (body, lost) = written(&Request { effort, shows_reasoning: Some(shows), ..least() });
        (body["thinking"]["display"].clone(), lost.len())
    };
    assert_eq!(shown(Some(Effort::Budget(2000)), true), (json!("summarized"), 0));
    assert_eq!(shown(Some(Effort::Budget(2000)), false), (json!("omitted"), 0));
    assert_eq!(shown(None, true), (Value::Null, 1));
    assert_eq!(shown(Some(Effort::Off), false), (Value::Null, 0));
}

#[test]
fn b13_what_thinking_does_not_go_with_turns_it_off() {
    let effort = Some(Effort::Named("high".into()));
    let forced = Request { effort: effort.clone(), ..with_tool(ToolChoice::Any) };
    let strict = Target { quirks: Quirks::NO_FORCED_TOOL_WITH_THINKING, ..target() };
    assert_eq!(written(&forced).0["thinking"]["type"], "enabled", "only where the target says so");
    let (body, lost) = written_to(&forced, &strict).unwrap();
    assert_eq!(
        (&body["thinking"], &body["tool_choice"]["type"]),
        (&json!({"type": "disabled"}), &json!("any"))
    );
    assert_eq!(lost, ["reasoning_effort"]);
    let start = vec![said(Role::User, "q"), said(Role::Assistant, "(")];
    let (body, lost) = written(&Request { effort, ..asking(start) });
    assert_eq!((&body["thinking"], lost.len()), (&json!({"type": "disabled"}), 1));
}

#[test]
fn g02_a_tool_loop_that_another_supplier_began_goes_on_without_thinking() {
    let thought = |owner: &str| {
        let own = Opaque::new(Protocol::AnthropicMessages, "signature", "E");
        let proof = Some(Opaque { owner: Some(owner.into()), ..own });
        Content::Reasoning(Reasoning { text: "Hm".into(), proof, is_summary: false })
    };
    let answered = || turn(Role::User, vec![result("a", vec![])]);
    let called = |owner| turn(Role::Assistant, vec![thought(owner), call("a", "{}")]);
    let kind = |turns, target: &Target<'_>| {
        let request = Request { effort: Some(Effort::Budget(2000)), ..asking(turns) };
        written_to(&request, target).unwrap().0["thinking"]["type"].clone()
    };
    let user = || said(Role::User, "q");
    assert_eq!(kind(vec![user(), called("account"), answered()], &target()), "enabled");
    assert_eq!(kind(vec![user(), called("another"), answered()], &target()), "disabled");
    assert_eq!(kind(vec![user(), called("another"), answered()], &adaptive()), "adaptive");
    let closed = vec![user(), called("another"), answered(), said(Role::Assistant, "a"), user()];
    assert_eq!(kind(closed, &target()), "enabled", "the loop is over");
}

fn sampled(temperature: &str, top_p: &str, top_k: &str) -> Request {
    let some = |number: &str| Some(number.to_owned()).filter(|number| !number.is_empty());
    let (temperature, top_p, top_k) = (some(temperature), some(top_p), some(top_k));
    Request { sampling: Sampling { temperature, top_p, top_k, ..Sampling::default() }, ..least() }
}

#[test]
fn b15_sampling_is_only_what_is_taken() {
    let refuses = [Arc::from("temperature")];
    let picky = Target { refuses: &refuses, ..target() };
    for (request, target, expected, lost) in [
        (sampled("0.70", "", "40"), target(), json!({"temperature": 0.70, "top_k": 40}), None),
        (sampled("0.5", "0.9", ""), target(), json!({"temperature": 0.5}), Some("top_p")),
        (sampled("0.5", "1.0", ""), target(), json!({"temperature": 0.5}), None),
        (sampled("0.5", "0.9", ""), picky, json!({"top_p": 0.9}), Some("temperature")),
    ] {
        let (body, named) = written_to(&request, &target).unwrap();
        let mut found = json!({});
        for name in ["temperature", "top_p", "top_k"] {
            if let Some(value) = body.get(name) {
                found[name] = value.clone();
            }
        }
        assert_eq!(found, expected);
        assert_eq!(named, lost.into_iter().collect::<Vec<_>>());
    }
    let body = super::encode(&sampled("0.70", "", ""), &target()).unwrap().body;
    assert!(String::from_utf8_lossy(&body).contains("\"temperature\":0.70"), "numbers keep their text");
}

#[test]
fn b15_a_model_that_thinks_draws_as_it_likes() {
    let thinks = |request| written(&Request { effort: Some(Effort::Budget(2000)), ..request });
    assert_eq!(thinks(sampled("0.5", "0.9", "40")).1, ["temperature", "top_p", "top_k"]);
    let (body, lost) = thinks(sampled("1", "", ""));
    assert_eq!((&body["temperature"], lost.len()), (&json!(1), 0));
    let (body, lost) = thinks(sampled("", "0.95", ""));
    assert_eq!((&body["top_p"], lost.len()), (&json!(0.95), 0));
}

#[test]
fn b26_what_has_no_form_is_refused_or_named() {
    assert_eq!(unsayable(&Request { choices: Some(2), ..least() }), "n");
    let logprobs = Sampling { logprobs: Some(0), ..Sampling::default() };
    assert_eq!(unsayable(&Request { sampling: logprobs, ..least() }), "logprobs");
    let sampling = Sampling {
        seed: Some("7".into()),
        frequency_penalty: Some("0.0".into()),
        presence_penalty: Some("0.5".into()),
        ..Sampling::default()
    };
    let metadata = vec![("team".to_owned(), "t".to_owned())];
    let (_, lost) = written(&Request { choices: Some(1), sampling, metadata, ..least() });
    assert_eq!(lost, ["seed", "presence_penalty", "metadata"]);
}

#[test]
fn stop_texts_and_users_that_are_refused_are_named() {
    let (body, lost) = written(&Request { stop: vec!["\n".into(), "END".into(), String::new()], ..least() });
    assert_eq!((&body["stop_sequences"], lost), (&json!(["END"]), vec!["stop".to_owned()]));
    assert_eq!(written(&Request { stop: vec!["\n".into()], ..least() }).0.get("stop_sequences"), None);
    for (user, goes) in [("u-1", true), ("a@b.c", false), ("+49 170 1234567", false), ("12345", true)] {
        let (body, lost) = written(&Request { user: Some(user.into()), ..least() });
        assert_eq!((body.get("metadata").is_some(), lost.is_empty()), (goes, goes), "{user}");
    }
}

/// A request with marks on a tool, on instructions and on the user's blocks.
fn marked(tool: Option<CacheMark>, system: &[CacheMark], user: &[CacheMark]) -> Request {
    let blocks = |marks: &[CacheMark]| -> Vec<Block> {
        marks.iter().map(|mark| Block { content: Content::text("x"), cache: Some(*mark) }).collect()
    };
    let mut turns = vec![said(Role::System, "s"), said(Role::User, "q")];
    turns[0].blocks.extend(blocks(system));
    turns[1].blocks.extend(blocks(user));
    let tool = Tool::Function(Function { cache: tool, ..function("f") });
    Request { turns, tools: vec![tool], ..Request::default() }
}

/// The marks in a body, in the order of the cache.
fn marks(body: &Value) -> Vec<Option<&'static str>> {
    let lists = [&body["tools"], &body["system"], &body["messages"][0]["content"]];
    let blocks = lists.into_iter().flat_map(|list| list.as_array().unwrap());
    let mark = |block: &Value| {
        let mark = block.get("cache_control")?;
        Some(if mark.get("ttl").is_some() { "1h" } else { "5m" })
    };
    blocks.map(mark).collect()
}

#[test]
fn b25_at_most_four_marks_and_an_hour_before_five_minutes() {
    use CacheMark::{Hour, Short};
    let (short, hour) = (Some("5m"), Some("1h"));
    let (body, lost) = written(&marked(Some(Hour), &[Hour], &[Short, Short]));
    assert_eq!((marks(&body), lost.len()), (vec![hour, None, hour, None, short, short], 0));
    let (body, lost) = written(&marked(Some(Short), &[Short, Short], &[Short, Hour, Short]));
    let expected = vec![short, None, None, None, None, short, short, short];
    assert_eq!(marks(&body), expected, "the first and the last three");
    assert_eq!(lost, ["cache_control", "cache_control.ttl"]);
    let no = Capabilities { no: Needs::CACHE_MARKS, ..Capabilities::default() };
    let (body, lost) =
        written_to(&marked(None, &[], &[Short]), &Target { capabilities: no, ..target() }).unwrap();
    assert_eq!((marks(&body), lost), (vec![None; 4], vec!["cache_control".to_owned()]));
}

#[test]
fn b25_marks_on_what_is_carried_whole_count_too() {
    let supplied =
        r#"{"type":"web_search_20250305","name":"web_search","cache_control":{"type":"ephemeral"}}"#;
    let supplied = Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, "web_search_20250305", supplied));
    let mut request = marked(Some(CacheMark::Short), &[CacheMark::Short], &[CacheMark::Short; 3]);
    request.tools.insert(0, supplied);
    let (body, lost) = written(&request);
    assert_eq!(marks(&body).into_iter().flatten().count(), 4);
    assert!(body["tools"][0].get("cache_control").is_some(), "the first stays");
    assert_eq!(lost, ["cache_control"]);
}
