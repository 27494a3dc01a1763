//! What is true of every request.

use super::*;
use crate::conversation::{Block, ToolResult};

const ALL: [Protocol; 7] = Protocol::ALL;

fn user(text: &str) -> Turn {
    Turn { role: Role::User, name: None, blocks: vec![Content::text(text).into()] }
}

fn asked(turns: Vec<Turn>) -> Request {
    Request { turns, max_tokens: Some(50), ..Request::default() }
}

/// The body that a supplier gets, and what is named as lost.
type Told = Result<(String, Vec<String>), TranslateError>;

/// What becomes of it at each supplier.
fn told(request: &Request) -> Vec<(Protocol, Told)> {
    let told = |protocol| {
        super::super::request(request, translator(protocol), &target()).map(|told| {
            let losses = told.losses.into_iter().map(|loss| loss.what).collect();
            (String::from_utf8(told.body.to_vec()).unwrap(), losses)
        })
    };
    ALL.into_iter().map(|protocol| (protocol, told(protocol))).collect()
}

fn refused(request: &Request) -> Vec<String> {
    let what = |(protocol, told)| match told {
        Err(TranslateError::Unsayable { what, .. }) => what,
        other => panic!("{protocol}: {other:?}"),
    };
    told(request).into_iter().map(what).collect()
}

fn calls(turns: &[(&str, &[&str])]) -> Request {
    let mut all = vec![user("go")];
    for (text, ids) in turns {
        let call = |id: &&str| {
            let input = ToolInput::Arguments("{}".into());
            Block::from(Content::ToolCall(ToolCall {
                id: (*id).into(),
                name: "f".into(),
                input,
                proof: None,
            }))
        };
        all.push(Turn { role: Role::Assistant, name: None, blocks: ids.iter().map(call).collect() });
        for (at, id) in ids.iter().enumerate() {
            let blocks = vec![Content::text(format!("{text}{at}")).into()];
            let result =
                ToolResult { call_id: (*id).into(), name: None, blocks, is_error: false, is_custom: false };
            all.push(Turn { role: Role::User, name: None, blocks: vec![Content::ToolResult(result).into()] });
        }
    }
    let function = Function { name: "f".into(), ..Function::default() };
    Request { tools: vec![Tool::Function(function)], ..asked(all) }
}

#[test]
fn a_tool_is_to_be_called_and_none_is_on_offer() {
    for choice in [ToolChoice::Any, ToolChoice::Named("g".into())] {
        let request = Request { tool_choice: choice, ..asked(vec![user("hi")]) };
        assert_eq!(refused(&request), ["tool_choice"; 7]);
    }
    let request = Request { tool_choice: ToolChoice::Named("g".into()), ..calls(&[]) };
    assert_eq!(refused(&request), ["tool_choice"; 7]);
}

#[test]
fn nothing_is_said() {
    for turns in [vec![], vec![user("")], vec![user(""), Turn { role: Role::Assistant, ..user("") }]] {
        assert_eq!(refused(&asked(turns)), ["messages"; 7]);
    }
}

#[test]
fn an_empty_text_ends_no_answer_anywhere() {
    let request = Request { stop: vec![String::new(), "END".into()], ..asked(vec![user("hi")]) };
    for (protocol, told) in told(&request) {
        if protocol == Protocol::OpenaiResponses {
            assert!(told.is_err());
            continue;
        }
        let (body, losses) = told.unwrap();
        assert!(body.contains(r#"["END"]"#), "{protocol}: {body}");
        assert_eq!(losses, ["stop"], "{protocol}");
    }
}

#[test]
fn calls_of_one_id_are_told_apart_with_their_results() {
    let request = calls(&[("a", &["x"]), ("b", &["x", "x"]), ("c", &["y", "x_2"])]);
    let expected = [("x", "a0"), ("x_3", "b0"), ("x_4", "b1"), ("y", "c0"), ("x_2", "c1")];
    let adapted = adapt(&request, translator(Protocol::AnthropicMessages), &target()).unwrap();
    let blocks = || adapted.request.turns.iter().flat_map(|turn| &turn.blocks);
    let called: Vec<_> = blocks().filter_map(Block::call).map(|call| call.id.as_str()).collect();
    assert_eq!(called, expected.map(|(id, _)| id));
    let answered: Vec<_> = blocks()
        .filter_map(|block| match &block.content {
            Content::ToolResult(result) => Some((result.call_id.as_str(), &result.blocks[..])),
            _ => None,
        })
        .collect();
    for ((id, blocks), (call, text)) in answered.into_iter().zip(expected) {
        assert_eq!((id, blocks), (call, &[Block::from(Content::text(text))][..]));
    }
    for (protocol, told) in told(&request) {
        assert!(told.is_ok(), "{protocol}: {told:?}");
    }
}

#[test]
fn the_same_conversation_a_turn_later_has_the_same_ids() {
    let ids = |turns: &[(&str, &[&str])]| {
        let request = calls(turns);
        let adapted = adapt(&request, translator(Protocol::AnthropicMessages), &target()).unwrap();
        let blocks = adapted.request.turns.iter().flat_map(|turn| &turn.blocks);
        blocks.filter_map(Block::call).map(|call| call.id.clone()).collect::<Vec<_>>()
    };
    let turns: [(&str, &[&str]); 3] = [("a", &["x"]), ("b", &["x"]), ("c", &["x"])];
    assert_eq!(ids(&turns[..2]), ids(&turns)[..2]);
}

#[test]
fn what_a_model_broke_off_goes_on_everywhere() {
    let mut request = calls(&[("a", &["x"])]);
    let Content::ToolCall(call) = &mut request.turns[1].blocks[0].content else { panic!() };
    call.input = ToolInput::Arguments(r#"{"place": "Bre"#.into());
    for (protocol, told) in told(&request) {
        let (body, losses) = told.unwrap();
        assert!(body.contains("Bre"), "{protocol}: {body}");
        let has_text =
            matches!(protocol, Protocol::OpenaiChat | Protocol::OpenaiResponses | Protocol::CohereChat);
        assert_eq!(
            losses.iter().any(|loss| loss == "tool_call.arguments"),
            !has_text,
            "{protocol}: {losses:?}"
        );
        assert_eq!(body.contains(r#"{"INVALID_JSON":"{\"place\": \"Bre"}"#), !has_text, "{protocol}: {body}");
    }
}

#[test]
fn b15_numbers_are_put_within_what_is_taken_and_that_is_named() {
    let asked = |temperature: &str, top_p: &str, penalty: &str| {
        let mut request = asked(vec![user("hi")]);
        request.sampling.temperature = Some(temperature.to_owned());
        request.sampling.top_p = Some(top_p.to_owned());
        request.sampling.presence_penalty = Some(penalty.to_owned());
        request
    };
    for (protocol, highest, penalty) in [
        (Protocol::OpenaiChat, "2", Some("2")),
        (Protocol::OpenaiResponses, "2", None),
        (Protocol::AnthropicMessages, "1", None),
        (Protocol::Gemini, "2", Some("1.99")),
        (Protocol::BedrockConverse, "1", None),
        (Protocol::CohereChat, "1", Some("1")),
    ] {
        let told = |request: &Request| {
            let told = super::super::request(request, translator(protocol), &target()).unwrap();
            let losses: Vec<String> = told.losses.into_iter().map(|loss| loss.what).collect();
            (String::from_utf8(told.body.to_vec()).unwrap(), losses)
        };
        for (temperature, end) in [("5", highest), ("-0.5", "0")] {
            let (body, losses) = told(&asked(temperature, "0.950", "9"));
            assert!(body.contains(&format!(r#""temperature":{end}"#)), "{protocol}: {body}");
            for name in ["temperature", "presence_penalty"] {
                assert!(losses.contains(&name.to_owned()), "{protocol}: {losses:?}");
            }
            if let Some(penalty) = penalty {
                assert!(body.contains(&format!("enalty\":{penalty}")), "{protocol}: {body}");
            }
        }
        let (body, losses) = told(&asked("0.70", "1.5", "0"));
        assert!(losses.contains(&"top_p".to_owned()), "{protocol}: {losses:?}");
        assert!(body.contains(r#""temperature":0.70"#), "{protocol}: {body}");
        let (body, losses) = told(&asked("1.0", "0.90", "0"));
        assert!(!losses.contains(&"temperature".to_owned()) && body.contains("1.0"), "{protocol}: {body}");
    }
    // What a model is known to refuse is left out all the same.
    let refuses = [Arc::from("temperature")];
    let picky = Target { refuses: &refuses, ..target() };
    let told = super::super::request(&asked("5", "1", "0"), translator(Protocol::Gemini), &picky).unwrap();
    assert!(!String::from_utf8_lossy(&told.body).contains("temperature"));
}
