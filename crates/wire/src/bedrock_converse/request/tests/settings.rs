//! What is asked beside the conversation.

use super::*;
use std::sync::Arc;

fn asks(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = request([user("a")]);
    change(&mut request);
    request
}

fn thinks(request: &Request, target: &Target<'_>) -> (Value, Value, Vec<String>) {
    let (mut body, losses) = encoded(request, target);
    (body["additionalModelRequestFields"].take(), body["outputConfig"].take(), losses)
}

fn effort(effort: Effort) -> Request {
    asks(|request| request.effort = Some(effort))
}

fn named(word: &str) -> Request {
    effort(Effort::Named(word.into()))
}

#[test]
fn b14_thinking_has_a_budget_and_is_asked_for_only_if_asked() {
    for (request, budget, lost) in [
        (asks(|_| ()), None, &[][..]),
        (named("high"), Some(16_384), &[]),
        (effort(Effort::Budget(5)), Some(1024), &[]),
        (effort(Effort::Budget(99_999)), Some(63_999), &["reasoning_effort"]),
        (effort(Effort::Auto), Some(8192), &[]),
        (effort(Effort::Off), None, &[]),
        (named("none"), None, &[]),
    ] {
        let fields = budget
            .map_or(Value::Null, |budget| json!({"thinking": {"type": "enabled", "budget_tokens": budget}}));
        let lost: Vec<String> = lost.iter().map(|&lost: &&str| lost.into()).collect();
        assert_eq!(thinks(&request, &target()), (fields, Value::Null, lost), "{request:?}");
    }
}

#[test]
fn b14_newer_models_are_asked_for_an_effort() {
    let adaptive = Target { quirks: Quirks::ADAPTIVE_THINKING, ..target() };
    for (request, kind, effort, lost) in [
        (named("xhigh"), "adaptive", Some("xhigh"), &[][..]),
        (named("minimal"), "adaptive", Some("low"), &["reasoning_effort"]),
        (named("odd"), "adaptive", None, &["reasoning_effort"]),
        (effort(Effort::Auto), "adaptive", None, &[]),
        (effort(Effort::Budget(9000)), "adaptive", Some("medium"), &[]),
        (named("none"), "disabled", None, &[]),
        (effort(Effort::Off), "disabled", None, &[]),
    ] {
        let config = effort.map_or(Value::Null, |effort| json!({"effort": effort}));
        let lost: Vec<String> = lost.iter().map(|&lost: &&str| lost.into()).collect();
        assert_eq!(
            thinks(&request, &adaptive),
            (json!({"thinking": {"type": kind}}), config, lost),
            "{request:?}"
        );
    }
    let shown = Request { shows_reasoning: Some(true), ..effort(Effort::Auto) };
    assert_eq!(
        thinks(&shown, &adaptive).0,
        json!({"thinking": {"type": "adaptive", "display": "summarized"}})
    );
    assert_eq!(thinks(&asks(|_| ()), &adaptive).0, Value::Null);
}

#[test]
fn b14_other_makers_models_are_asked_for_nothing() {
    let nova = Target { model: "amazon.nova-pro-v1:0", ..target() };
    assert_eq!(thinks(&named("high"), &nova), (Value::Null, Value::Null, vec!["reasoning_effort".into()]));
    assert_eq!(thinks(&effort(Effort::Off), &nova), (Value::Null, Value::Null, vec![]));
}

#[test]
fn b14_a_budget_leaves_room_for_an_answer() {
    let limited = |limit| {
        asks(|request| {
            request.effort = Some(Effort::Named("high".into()));
            request.max_tokens = Some(limit);
        })
    };
    assert_eq!(thinks(&limited(4000), &target()).0["thinking"]["budget_tokens"], 3999);
    assert_eq!(thinks(&limited(4000), &target()).2, ["reasoning_effort"]);
    assert_eq!(
        thinks(&limited(1024), &target()),
        (Value::Null, Value::Null, vec!["reasoning_effort".into()])
    );
}

#[test]
fn b13_a_model_that_must_call_a_tool_is_not_asked_to_think() {
    let forced = asks(|request| {
        request.effort = Some(Effort::Auto);
        request.tools = vec![Tool::Function(Function { name: "f".into(), ..Function::default() })];
        request.tool_choice = ToolChoice::Any;
    });
    assert_eq!(thinks(&forced, &target()), (Value::Null, Value::Null, vec!["reasoning_effort".into()]));
}

/// G2: a tool loop that began elsewhere goes on without thinking, and the loss is told.
#[test]
fn a_tool_loop_without_thinking_goes_on_without() {
    let turns = |blocks: Vec<Content>| {
        request([user("a"), turn(Role::Assistant, blocks), turn(Role::User, [result("1", "x")])])
    };
    let asked = |blocks| Request { effort: Some(Effort::Auto), ..turns(blocks) };
    let foreign = Opaque::new(Protocol::AnthropicMessages, "signature", "s");
    let (fields, _, losses) =
        thinks(&asked(vec![thought("hm", Some(foreign)), call("1", "f", "{}")]), &target());
    assert_eq!((fields, losses), (Value::Null, vec!["reasoning.proof".into(), "reasoning_effort".into()]));
    let own = asked(vec![thought("hm", Some(signature("s"))), call("1", "f", "{}")]);
    assert!(thinks(&own, &target()).0["thinking"].is_object());
    let adaptive = Target { quirks: Quirks::ADAPTIVE_THINKING, ..target() };
    assert!(thinks(&asked(vec![call("1", "f", "{}")]), &adaptive).0["thinking"].is_object());
}

#[test]
fn b15_settings_are_kept_to_what_the_model_takes() {
    let sampled = asks(|request| {
        request.sampling.temperature = Some("0.50".into());
        request.sampling.top_p = Some("0.90".into());
        request.sampling.top_k = Some("40".into());
        request.stop = vec!["END".into(), "\n".into()];
        request.max_tokens = Some(100_000);
    });
    let (body, losses) = encoded(&sampled, &target());
    assert_eq!(
        body["inferenceConfig"],
        json!({"maxTokens": 64_000, "temperature": 0.50, "topP": 0.90, "stopSequences": ["END"]})
    );
    assert_eq!(body["additionalModelRequestFields"], json!({"top_k": 40}));
    assert_eq!(losses, ["max_tokens", "stop"]);
    let written = encode(&sampled, &target()).unwrap().body;
    assert!(String::from_utf8_lossy(&written).contains(r#""topP":0.90"#), "numbers keep their text");

    let refused: Vec<Arc<str>> = vec!["temperature".into(), "top_p".into(), "top_k".into()];
    let (body, losses) = encoded(&sampled, &Target { refuses: &refused, model: "mistral.x", ..target() });
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 64_000, "stopSequences": ["END", "\n"]}));
    assert_eq!(losses, ["max_tokens", "temperature", "top_p", "top_k"]);

    let thinking = Request { effort: Some(Effort::Auto), ..sampled.clone() };
    let (body, losses) = encoded(&thinking, &target());
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 64_000, "stopSequences": ["END"]}));
    assert_eq!(losses, ["max_tokens", "temperature", "top_p", "stop", "top_k"]);
    let one =
        Request { sampling: Sampling { temperature: Some("1.0".into()), ..Sampling::default() }, ..thinking };
    assert_eq!(encoded(&one, &target()).0["inferenceConfig"]["temperature"], json!(1.0));
}

#[test]
fn b26_what_converse_has_no_place_for() {
    assert_eq!(unsayable(&asks(|request| request.choices = Some(2))), "n");
    assert_eq!(unsayable(&asks(|request| request.sampling.logprobs = Some(0))), "logprobs");
    assert_eq!(unsayable(&asks(|request| request.max_tokens = Some(0))), "max_tokens");
    let custom = Tool::Custom { name: "f".into(), description: None, grammar: None };
    assert_eq!(unsayable(&asks(|request| request.tools = vec![custom])), "tools.custom");
    let foreign = Tool::Supplied(Opaque::new(Protocol::AnthropicMessages, "web_search_20250305", "{}"));
    assert_eq!(unsayable(&asks(|request| request.tools = vec![foreign])), "tools.web_search_20250305");
    let (body, losses) = encoded(
        &asks(|request| {
            request.choices = Some(1);
            request.sampling.seed = Some("1".into());
            request.sampling.frequency_penalty = Some("1".into());
            request.sampling.presence_penalty = Some("1".into());
            request.user = Some("u".into());
            request.format = OutputFormat::Json;
            request.turns[0].name = Some("n".into());
            request.metadata =
                vec![("a b".into(), "c".into()), ("é".into(), "c".into()), (String::new(), "c".into())];
        }),
        &target(),
    );
    assert_eq!(body, json!({"messages": [text("a")], "requestMetadata": {"a b": "c"}}));
    assert_eq!(
        losses,
        [
            "messages.name",
            "seed",
            "frequency_penalty",
            "presence_penalty",
            "user",
            "response_format",
            "metadata"
        ]
    );
    let at_a_time = asks(|request| {
        request.tools = vec![Tool::Function(Function { name: "f".into(), ..Function::default() })];
        request.parallel_tools = Some(false);
    });
    assert_eq!(encoded(&at_a_time, &target()).1, ["parallel_tool_calls"]);
}

#[test]
fn effort_is_read_in_every_makers_way() {
    let read = |body: Value| {
        let read = decode(body.to_string().as_bytes()).unwrap();
        (read.effort, read.shows_reasoning, read.losses.len())
    };
    let fields = |fields: Value| read(json!({"additionalModelRequestFields": fields}));
    let named = |word: &str| Some(Effort::Named(word.into()));
    assert_eq!(
        fields(json!({"thinking": {"type": "enabled", "budget_tokens": 2000}})),
        (Some(Effort::Budget(2000)), None, 0)
    );
    assert_eq!(fields(json!({"thinking": {"type": "disabled"}})), (Some(Effort::Off), None, 0));
    assert_eq!(
        fields(json!({"thinking": {"type": "adaptive", "display": "omitted"}})),
        (Some(Effort::Auto), Some(false), 0)
    );
    assert_eq!(
        fields(json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}})),
        (named("low"), None, 0)
    );
    assert_eq!(
        fields(json!({"reasoning_config": {"type": "enabled", "budget_tokens": 1024}})),
        (Some(Effort::Budget(1024)), None, 0)
    );
    assert_eq!(fields(json!({"reasoning_effort": "high"})), (named("high"), None, 0));
    assert_eq!(read(json!({"outputConfig": {"effort": "max"}})), (named("max"), None, 0));
    let both = json!({"outputConfig": {"effort": "max"}, "additionalModelRequestFields": {"thinking": {"type": "adaptive"}}});
    assert_eq!(read(both), (named("max"), None, 0));
    let budget = json!({"outputConfig": {"effort": "max"}, "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 7}}});
    assert_eq!(read(budget), (Some(Effort::Budget(7)), None, 1));
}

#[test]
fn d14_beta_features_of_claude_stand_in_the_body() {
    let betas = ["context-1m-2025-08-07", "effort-2025-11-24"];
    let claude = Target { betas: &betas, ..target() };
    let fields = thinks(&asks(|_| ()), &claude).0;
    assert_eq!(fields, json!({"anthropic_beta": betas}));
    let both = thinks(&named("high"), &claude).0;
    assert_eq!((&both["anthropic_beta"], both["thinking"].is_object()), (&json!(betas), true));
    let nova = Target { model: "amazon.nova-pro-v1:0", ..claude };
    assert_eq!(thinks(&asks(|_| ()), &nova).0, Value::Null, "whoever is not Claude knows none");
    let converse = crate::bedrock_converse::translator::Converse;
    let lost = |target: &Target<'_>| {
        let said = crate::translate::request(&asks(|_| ()), &converse, target).unwrap();
        said.losses.into_iter().map(|loss| loss.what).collect::<Vec<_>>()
    };
    assert_eq!(lost(&claude), [""; 0]);
    assert_eq!(lost(&nova), betas.map(|beta| format!("anthropic-beta.{beta}")));
}
