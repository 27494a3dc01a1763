//! Tools that must be called, at a supplier that can be asked for the form of an answer but for no call.

use super::*;
use crate::conversation::testing::gather;

/// What the client asks of Ollama: the body, what is lost, and the way back.
fn asked(request: &Request) -> Result<(Value, Vec<String>, Undo), TranslateError> {
    let said = super::request(request, ollama(), &target())?;
    let lost = said.losses.into_iter().map(|loss| loss.what).collect();
    Ok((serde_json::from_slice(&said.body).unwrap(), lost, said.undo))
}

fn ollama() -> &'static dyn Translator {
    crate::codec(Protocol::OllamaChat).unwrap().translator().unwrap()
}

fn with_schema(name: &str, schema: &Value) -> Tool {
    let schema = Some(schema.to_string().into());
    let description = Some(format!("All about {name}"));
    Tool::Function(Function { name: name.into(), description, schema, ..Function::default() })
}

fn place() -> Value {
    json!({"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]})
}

fn forced(tools: Vec<Tool>, tool_choice: ToolChoice) -> Request {
    let turns = vec![Turn { role: Role::User, name: None, blocks: vec![Content::text("Where?").into()] }];
    Request { turns, tools, tool_choice, ..Request::default() }
}

/// The texts of an answer, whole and in pieces of `size` characters, as the client gets them.
fn heard(undo: Undo, texts: &[&str], finish: &FinishReason, size: usize) -> (Vec<Content>, FinishReason) {
    let mut answer = answered(texts.iter().map(|text| Content::text(*text)).collect(), finish.clone());
    undo.held.as_ref().unwrap().answer(&mut answer, "req_1");
    undo.answer(&mut answer);
    let whole = answer.choices.remove(0);
    let undo = Arc::new(undo);
    let mut held = crate::translate::forced::Stream::new(&undo, &"req_1".into()).unwrap();
    let mut stream = Stream::new(undo);
    let mut told = vec![Event::Start { id: None, model: None, usage: None }];
    let mut events = Vec::new();
    for text in texts {
        told.push(Event::BlockStart { choice: 0, block: BlockStart::Text });
        let letters: Vec<char> = text.chars().collect();
        let piece = |piece: &[char]| Delta::Text(piece.iter().collect());
        told.extend(letters.chunks(size).map(|letters| Event::Delta { choice: 0, delta: piece(letters) }));
        told.push(Event::BlockEnd { choice: 0 });
    }
    told.push(Event::Finish { choice: 0, reason: finish.clone() });
    told.push(Event::End);
    for event in told {
        let mut between = Vec::new();
        held.event(event, &mut between);
        for event in between {
            stream.event(event, &mut events);
        }
    }
    let gathered = gather(&events).answer.choices.remove(0);
    assert_eq!((&gathered.blocks, &gathered.finish), (&whole.blocks, &whole.finish));
    (whole.blocks.into_iter().map(|block| block.content).collect(), whole.finish.unwrap())
}

/// Names and arguments of calls; the text of others.
fn said(contents: &[Content]) -> Vec<(String, String)> {
    let said = contents.iter().map(|content| match content {
        Content::ToolCall(call) => match &call.input {
            ToolInput::Arguments(arguments) => {
                assert!(!call.id.is_empty());
                (call.name.clone(), String::from_utf8(arguments.to_vec()).unwrap())
            }
            ToolInput::Text(text) => (call.name.clone(), text.clone()),
        },
        Content::Text(text) => (String::new(), text.text.clone()),
        other => panic!("{other:?}"),
    });
    said.collect()
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn b10_a_named_tool_is_the_form_of_the_answer_and_the_answer_its_call() {
    let tools = vec![with_schema("find", &place()), function("other")];
    let choices = [
        (tools.clone(), ToolChoice::Named("find".into())),
        (tools[..1].to_vec(), ToolChoice::Named("find".into())),
        (tools[..1].to_vec(), ToolChoice::Any),
    ];
    for (tools, choice) in choices {
        let request = Request { parallel_tools: Some(false), ..forced(tools, choice) };
        let (body, lost, undo) = asked(&request).unwrap();
        assert_eq!((&body["format"], &body["tools"]), (&place(), &Value::Null));
        assert_eq!(lost, ["tool_choice"], "one answer is one call, as the client wants it");
        let words = body["messages"][0]["content"].as_str().unwrap();
        assert!(words.contains("`find`") && words.contains("All about find") && words.contains("\"place\""));
        let arguments = "{\"place\": \"Orléans 🚀\"}";
        for size in [1, 7, 100] {
            let (body, _, undo) = asked(&request).unwrap();
            assert!(body["format"].is_object());
            let (contents, finish) = heard(undo, &[arguments], &FinishReason::Stop, size);
            assert_eq!((said(&contents), finish), (vec![pair("find", arguments)], FinishReason::ToolCalls));
        }
        // What is cut is a call that is cut, as it is anywhere.
        let (contents, finish) = heard(undo, &["{\"pla"], &FinishReason::Length, 3);
        assert_eq!((said(&contents), finish), (vec![pair("find", "{\"pla")], FinishReason::Length));
    }
}

#[test]
fn b10_some_tool_is_a_form_of_calls() {
    let nested = json!({"type": "object", "properties": {"tree": {"$ref": "#/$defs/Node"}, "all": {"$ref": "#"}},
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}});
    let request = forced(vec![with_schema("find", &place()), with_schema("grow", &nested)], ToolChoice::Any);
    let (body, lost, _) = asked(&request).unwrap();
    assert_eq!((lost, body["tools"].as_array().unwrap().len()), (vec!["tool_choice".to_owned()], 2));
    let form = |name: &str, arguments: Value| {
        json!({"type": "object", "required": ["name", "arguments"], "additionalProperties": false,
            "properties": {"name": {"type": "string", "enum": [name]}, "arguments": arguments}})
    };
    let moved = json!({"type": "object", "properties": {"tree": {"$ref": "#/$defs/grow/$defs/Node"}, "all": {"$ref": "#/$defs/grow"}},
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/grow/$defs/Node"}}}}});
    let forms = [form("find", place()), form("grow", json!({"$ref": "#/$defs/grow"}))];
    assert_eq!(body["format"], json!({"anyOf": forms, "$defs": {"grow": moved}}));
    for size in [1, 100] {
        for (text, call) in [
            (r#"{"name": "find", "arguments": {"place": "Nîmes"}}"#, pair("find", r#"{"place": "Nîmes"}"#)),
            ("\n{\"arguments\":{},\"name\":\"grow\"}\n", pair("grow", "{}")),
        ] {
            let (_, _, undo) = asked(&request).unwrap();
            let (contents, finish) = heard(undo, &[text], &FinishReason::Stop, size);
            assert_eq!((said(&contents), finish), (vec![call], FinishReason::ToolCalls));
        }
        // A tool that nobody offered, a call that is cut, and mere words are no calls.
        for text in [r#"{"name":"x","arguments":{}}"#, r#"{"name":"find","arg"#, "I cannot.", " "] {
            let (_, _, undo) = asked(&request).unwrap();
            let (contents, finish) = heard(undo, &[text], &FinishReason::Length, size);
            assert_eq!((said(&contents), finish), (vec![pair("", text)], FinishReason::Length));
        }
    }
    let (_, _, undo) = asked(&request).unwrap();
    let own = call("find", "{}");
    let (contents, _) = undone(undo, &answered(vec![own.clone()], FinishReason::Stop));
    assert_eq!(contents, [own], "a server that reads the form as a call is right as well");
}

#[test]
fn b10_a_call_that_is_forced_has_the_clients_own_name_and_kind() {
    let custom = Tool::Custom { name: "mcp/edit".into(), description: None, grammar: None };
    for (tools, text) in [
        (vec![custom.clone()], r#"{"input": "a \"b\""}"#),
        (vec![custom, function("x")], r#"{"name": "mcp_edit", "arguments": {"input": "a \"b\""}}"#),
    ] {
        let (_, _, undo) = asked(&forced(tools, ToolChoice::Any)).unwrap();
        let (contents, finish) = heard(undo, &[text], &FinishReason::Stop, 4);
        assert_eq!((said(&contents), finish), (vec![pair("mcp/edit", "a \"b\"")], FinishReason::ToolCalls));
        assert!(matches!(&contents[0], Content::ToolCall(ToolCall { input: ToolInput::Text(_), .. })));
    }
}

#[test]
fn b10_a_call_that_cannot_be_had_is_refused() {
    let named = |name: &str| forced(vec![function("f")], ToolChoice::Named(name.into()));
    let refused = |request: &Request, target: &Target<'_>| {
        super::request(request, ollama(), target).unwrap_err().to_string().contains("`tool_choice`")
    };
    assert!(refused(&named("g"), &target()), "a tool that is not on offer");
    let none = Capabilities { no: Needs::JSON_SCHEMA, ..Capabilities::default() };
    assert!(refused(&named("f"), &Target { capabilities: none, ..target() }), "no schemas either");
    let start = Turn { role: Role::Assistant, name: None, blocks: vec![Content::text("So").into()] };
    let mut begun = named("f");
    begun.turns.push(start);
    assert!(refused(&begun, &target()), "an answer that has begun is no call");
    let (body, lost, _) = asked(&Request { tool_choice: ToolChoice::Auto, ..named("f") }).unwrap();
    assert_eq!((&body["format"], lost), (&Value::Null, vec![]), "who is free to call is held to nothing");
}
