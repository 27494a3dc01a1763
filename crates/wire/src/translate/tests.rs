//! What holds for every pair of protocols.

use catalogue::{Capabilities, Needs, Protocol, Quirks};
use serde_json::{Value, json};

use super::adapt::adapt;
use super::undo::Stream;
use super::*;
use crate::conversation::{
    Answer, BlockStart, Choice, Content, Delta, Effort, FinishReason, Function, Grammar, Opaque,
    OutputFormat, Role, Tool, ToolCall, ToolChoice, ToolInput, ToolNames, Turn,
};

mod checks;
mod citations;
mod documents;
mod endings;
mod forced;
mod going_on;
mod known_faults;
mod losses;
mod opening;
mod schemas;
mod searches;
mod service;
mod starts;

/// A supplier that takes short names and has no tools for free text.
#[derive(Debug)]
struct Strict;

impl Translator for Strict {
    fn encode_request(&self, _: &Request, _: &Target<'_>) -> Result<Encoded, TranslateError> {
        unreachable!("only the adapting is tested")
    }

    fn decode_answer(&self, _: &[u8]) -> Result<Answer, TranslateError> {
        unreachable!("only the adapting is tested")
    }

    fn event_decoder(&self) -> Box<dyn EventDecoder> {
        unreachable!("only the adapting is tested")
    }

    fn tool_names(&self) -> ToolNames {
        ToolNames { longest: 12, also: "_-", any_start: false }
    }

    fn client(&self) -> Option<&'static dyn ClientTranslator> {
        None
    }
}

fn target() -> Target<'static> {
    Target {
        model: "m",
        owner: "account",
        max_output: None,
        capabilities: Capabilities::default(),
        quirks: Quirks::NONE,
        refuses: &[],
        stream_usage: true,
        betas: &[],
        may_drop: &[],
    }
}

fn translator(protocol: Protocol) -> &'static dyn Translator {
    crate::codec(protocol).unwrap().translator().unwrap()
}

/// What the client's side is told of the answer, where nothing hangs on it.
fn about() -> ReplyContext {
    ReplyContext {
        request_id: "r".into(),
        created_unix_s: 1,
        model: "m".into(),
        estimated_input_tokens: 1,
        previous: None,
        request: Arc::default(),
    }
}

fn function(name: &str) -> Tool {
    Tool::Function(Function { name: name.into(), ..Function::default() })
}

fn call(name: &str, arguments: &str) -> Content {
    let input = ToolInput::Arguments(arguments.to_owned().into());
    Content::ToolCall(ToolCall { id: "1".into(), name: name.into(), input, proof: None })
}

fn answered(contents: Vec<Content>, finish: FinishReason) -> Answer {
    let choice = Choice { blocks: contents.into_iter().map(Into::into).collect(), finish: Some(finish) };
    Answer { choices: vec![choice], ..Answer::default() }
}

/// The same answer whole and as a stream, both undone, as the contents and the finish that the client sees.
fn undone(undo: Undo, answer: &Answer) -> (Vec<Content>, FinishReason) {
    let mut whole = answer.clone();
    undo.answer(&mut whole);
    let choice = whole.choices.remove(0);
    let contents: Vec<Content> = choice.blocks.into_iter().map(|block| block.content).collect();
    let mut stream = Stream::new(Arc::new(undo));
    let mut events = Vec::new();
    for block in &answer.choices[0].blocks {
        for event in events_of(&block.content) {
            stream.event(event, &mut events);
        }
    }
    let finish = answer.choices[0].finish.clone().unwrap();
    stream.event(Event::Finish { choice: 0, reason: finish }, &mut events);
    let Some(Event::Finish { reason, .. }) = events.pop() else { panic!("the finish comes last") };
    assert_eq!(Some(&reason), choice.finish.as_ref());
    assert_eq!(contents_of(&events), contents);
    (contents, reason)
}

fn events_of(content: &Content) -> Vec<Event> {
    let (block, text) = match content {
        Content::Text(text) => (BlockStart::Text, text.text.clone()),
        Content::ToolCall(call) => {
            let ToolInput::Arguments(arguments) = &call.input else { panic!("suppliers have functions") };
            let (id, name) = (call.id.clone(), call.name.clone());
            let text = String::from_utf8(arguments.to_vec()).unwrap();
            (BlockStart::ToolCall { id, name, is_custom: false }, text)
        }
        other => panic!("{other:?} is not tested"),
    };
    let halves = text.split_at(text.len() / 2);
    let delta = |text: &str| Event::Delta { choice: 0, delta: Delta::Text(text.to_owned()) };
    vec![
        Event::BlockStart { choice: 0, block },
        delta(halves.0),
        delta(halves.1),
        Event::BlockEnd { choice: 0 },
    ]
}

fn contents_of(events: &[Event]) -> Vec<Content> {
    let mut contents = Vec::new();
    for event in events {
        match event {
            Event::BlockStart { block: BlockStart::Text, .. } => contents.push(Content::text("")),
            Event::BlockStart { block: BlockStart::ToolCall { id, name, is_custom }, .. } => {
                let input = match is_custom {
                    true => ToolInput::Text(String::new()),
                    false => ToolInput::Arguments(Bytes::new()),
                };
                contents.push(Content::ToolCall(ToolCall {
                    id: id.clone(),
                    name: name.clone(),
                    input,
                    proof: None,
                }));
            }
            Event::Delta { delta: Delta::Text(more), .. } => match contents.last_mut().unwrap() {
                Content::Text(text) => text.text += more,
                Content::ToolCall(ToolCall { input: ToolInput::Text(text), .. }) => *text += more,
                Content::ToolCall(ToolCall { input: ToolInput::Arguments(arguments), .. }) => {
                    *arguments = [&arguments[..], more.as_bytes()].concat().into();
                }
                other => panic!("{other:?} does not grow"),
            },
            _ => {}
        }
    }
    contents
}

#[test]
fn b21_names_that_a_supplier_refuses_come_back_as_they_were() {
    let names = ["mcp.files/read", "mcp.files.read", "a-very-long-name", "2nd", "fine"];
    let request = Request {
        tools: names.map(function).to_vec(),
        tool_choice: ToolChoice::Named("2nd".into()),
        turns: vec![Turn {
            role: Role::Assistant,
            name: None,
            blocks: vec![call("mcp.files/read", "{}").into()],
        }],
        ..Request::default()
    };
    let adapted = adapt(&request, &Strict, &target()).unwrap();
    let sent: Vec<&str> = adapted.request.tools.iter().map(Tool::name).collect();
    assert!(sent.iter().all(|name| Strict.tool_names().take(name)), "{sent:?}");
    assert_eq!(sent.iter().collect::<std::collections::HashSet<_>>().len(), names.len(), "{sent:?}");
    assert_eq!(sent[4], "fine");
    assert_eq!(adapted.request.tool_choice, ToolChoice::Named(sent[3].to_owned()));
    assert_eq!(adapted.request.tool_name("1"), Some(sent[0]));
    let answer = answered(sent.iter().map(|name| call(name, "{}")).collect(), FinishReason::ToolCalls);
    let (contents, _) = undone(adapted.undo, &answer);
    assert_eq!(contents, names.map(|name| call(name, "{}")));
}

#[test]
fn e15_a_tool_for_free_text_is_a_function_to_those_that_have_only_functions() {
    let tool = Tool::Custom {
        name: "apply.patch".into(),
        description: None,
        grammar: Some(Grammar { syntax: "lark".into(), definition: "x".into() }),
    };
    let text = "*** Begin\n\"quoted\"";
    let past = ToolCall {
        id: "1".into(),
        name: "apply.patch".into(),
        input: ToolInput::Text(text.into()),
        proof: None,
    };
    let request = Request {
        tools: vec![tool],
        turns: vec![Turn {
            role: Role::Assistant,
            name: None,
            blocks: vec![Content::ToolCall(past.clone()).into()],
        }],
        ..Request::default()
    };
    let adapted = adapt(&request, &Strict, &target()).unwrap();
    assert_eq!(adapted.losses.len(), 1, "its grammar is lost, and said to be");
    let sent = adapted.request.turns[0].blocks[0].content.clone();
    assert_eq!(sent, call("apply_patch", r#"{"input":"*** Begin\n\"quoted\""}"#));
    let (contents, _) = undone(adapted.undo, &answered(vec![sent], FinishReason::ToolCalls));
    assert_eq!(contents, [Content::ToolCall(past)]);
}

#[test]
fn e15_a_grammar_stands_where_chat_and_responses_have_it() {
    let through = |from: Protocol, to: Protocol, tool: Value| {
        let talk = json!([{"role": "user", "content": "?"}]);
        let member = if from == Protocol::OpenaiChat { "messages" } else { "input" };
        let body = json!({"model": "m", member: talk, "tools": [tool]}).to_string();
        let client = crate::codec(from).unwrap().translator().unwrap().client().unwrap();
        let supplier = crate::codec(to).unwrap().translator().unwrap();
        let read = client.decode_request(body.as_bytes()).unwrap();
        let put = request(&read, supplier, &target()).unwrap();
        let as_it_is = supplier.encode_request(&read, &target()).unwrap().body;
        let tool = serde_json::from_slice::<Value>(&as_it_is).unwrap()["tools"][0].clone();
        (tool, put.losses.into_iter().map(|loss| loss.what).collect::<Vec<_>>())
    };
    let grammar = json!({"syntax": "lark", "definition": "start: \"a\" // 0.70\n"});
    let nested =
        json!({"type": "custom", "custom": {"name": "c", "format": {"type": "grammar", "grammar": grammar}}});
    let flat = json!({"type": "custom", "name": "c",
        "format": {"type": "grammar", "syntax": grammar["syntax"], "definition": grammar["definition"]}});
    let (chat, responses) = (Protocol::OpenaiChat, Protocol::OpenaiResponses);
    assert_eq!(through(chat, responses, nested.clone()), (flat.clone(), vec![]));
    // Suppliers of Chat Completions get functions, which have no grammar.
    assert_eq!(through(responses, chat, flat), (nested, vec!["tools.grammar".to_owned()]));
    // Any text is taken where nothing is said, so that it need not be said.
    let any = json!({"type": "custom", "name": "c", "format": {"type": "text"}});
    assert_eq!(through(responses, chat, any), (json!({"type": "custom", "custom": {"name": "c"}}), vec![]));
}

#[test]
fn b12_a_schema_becomes_a_tool_whose_call_is_the_answer() {
    let format = OutputFormat::Schema { name: None, description: None, schema: "{}".into(), strict: None };
    let request = Request { format, ..Request::default() };
    let none = Capabilities { no: Needs::JSON_SCHEMA, ..Capabilities::default() };
    let lacking = Target { capabilities: none, ..target() };
    let adapted = adapt(&request, &Strict, &lacking).unwrap();
    let name = adapted.request.tools[0].name().to_owned();
    assert_eq!(adapted.request.tool_choice, ToolChoice::Named(name.clone()));
    assert_eq!(adapted.request.format, OutputFormat::Text);
    let answer = answered(vec![call(&name, r#"{"a":1}"#)], FinishReason::ToolCalls);
    assert_eq!(undone(adapted.undo, &answer), (vec![Content::text(r#"{"a":1}"#)], FinishReason::Stop));

    let with_tools = Request { tools: vec![function("f")], ..request.clone() };
    let adapted = adapt(&with_tools, &Strict, &lacking).unwrap();
    assert_eq!(adapted.request.tool_choice, ToolChoice::Any);
    let answer = answered(vec![call("f", "{}")], FinishReason::ToolCalls);
    assert_eq!(undone(adapted.undo, &answer), (vec![call("f", "{}")], FinishReason::ToolCalls));

    // The schema's name is the tool's, unless somebody has it; what was called before stays what it was.
    let format = OutputFormat::Schema {
        name: Some("f.x".into()),
        description: None,
        schema: "{}".into(),
        strict: None,
    };
    let named = Request { format, tools: vec![function("f_x")], ..Request::default() };
    let adapted = adapt(&named, &Strict, &lacking).unwrap();
    let names: Vec<&str> = adapted.request.tools.iter().map(Tool::name).collect();
    let lost: Vec<_> = adapted.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!((names, lost), (vec!["f_x", "f_x_1"], vec!["response_format.strict"]));
    let answer = answered(vec![call("f_x", "{}"), call("f_x_1", "[1]")], FinishReason::ToolCalls);
    let expected = vec![call("f_x", "{}"), Content::text("[1]")];
    assert_eq!(undone(adapted.undo, &answer), (expected, FinishReason::ToolCalls));

    let native = adapt(&request, &Strict, &target()).unwrap();
    assert_eq!(*native.request, request, "what is not known to be lacking is used");
}

#[test]
fn b13_a_model_that_thinks_is_not_forced_into_the_tool() {
    let format = OutputFormat::Schema { name: None, description: None, schema: "{}".into(), strict: None };
    let request = Request { format, effort: Some(Effort::Named("high".into())), ..Request::default() };
    let none = Capabilities { no: Needs::JSON_SCHEMA, ..Capabilities::default() };
    let quirks = Quirks::NO_FORCED_TOOL_WITH_THINKING;
    let adapted = adapt(&request, &Strict, &Target { capabilities: none, quirks, ..target() }).unwrap();
    assert_eq!(adapted.request.tool_choice, ToolChoice::Auto);
    assert_eq!(adapted.losses.len(), 1);
}

#[test]
fn d08_stop_behind_a_tool_call_says_tool_calls() {
    let undo = || Undo { owner: "account".into(), ..Undo::default() };
    let called = answered(vec![Content::text("so:"), call("f", "{}")], FinishReason::Stop);
    assert_eq!(undone(undo(), &called).1, FinishReason::ToolCalls);
    let told = answered(vec![Content::text("done")], FinishReason::Stop);
    assert_eq!(undone(undo(), &told).1, FinishReason::Stop);
    let cut = answered(vec![call("f", "{")], FinishReason::Length);
    assert_eq!(undone(undo(), &cut).1, FinishReason::Length);
}

#[test]
fn g22_what_is_opaque_gets_its_owners_tag() {
    let undo = Undo { owner: "account".into(), ..Undo::default() };
    let proof = Opaque::new(Protocol::Gemini, "thought_signature", "x");
    let mut answer = answered(vec![call("f", "{}")], FinishReason::Stop);
    if let Content::ToolCall(call) = &mut answer.choices[0].blocks[0].content {
        call.proof = Some(proof.clone());
    }
    undo.answer(&mut answer);
    let owned = answer.choices[0].blocks[0].call().unwrap().proof.clone().unwrap();
    assert_eq!(owned.owner.as_deref(), Some("account"));
    let mut events = Vec::new();
    Stream::new(Arc::new(undo)).event(Event::Delta { choice: 0, delta: Delta::Proof(proof) }, &mut events);
    assert_eq!(events, [Event::Delta { choice: 0, delta: Delta::Proof(owned) }]);
}

#[test]
fn json_is_asked_for_in_words_too() {
    let said = |role, text: &str| Turn { role, name: None, blocks: vec![Content::text(text).into()] };
    let asked = |turns| Request { turns, format: OutputFormat::Json, ..Request::default() };
    let texts = |request: &Request| {
        let adapted = adapt(request, &Strict, &target()).unwrap();
        let blocks = adapted.request.turns.iter().flat_map(|turn| &turn.blocks);
        let texts: Vec<_> = blocks.map(|block| format!("{:?}", block.content)).collect();
        (adapted.request.turns.len(), texts.concat().matches("Answer in JSON.").count(), adapted.losses.len())
    };
    assert_eq!(texts(&asked(vec![said(Role::User, "When?")])), (2, 1, 1));
    assert_eq!(texts(&asked(vec![said(Role::System, "Be kind."), said(Role::User, "When?")])), (2, 1, 1));
    assert_eq!(texts(&asked(vec![said(Role::User, "When, as Json?")])), (1, 0, 0));
    let free = Request { format: OutputFormat::Text, ..asked(vec![said(Role::User, "When?")]) };
    assert_eq!(texts(&free), (1, 0, 0));
}
