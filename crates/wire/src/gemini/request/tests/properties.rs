//! What holds for every request.

use bytes::Bytes;
use proptest::prelude::*;

use crate::conversation::testing;
use crate::conversation::{
    Block, ClientTranslator, Content, Effort, Function, MediaKind, MediaSource, OutputFormat, Reasoning,
    Request, Role, Text, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Translator, Turn,
};
use crate::gemini::testing::{newer, older};
use crate::gemini::translator::GeminiTranslator;
use crate::gemini::{ids, signature};

fn contents() -> impl Strategy<Value = Content> {
    let media = ("(image/png|audio/wav|video/mp4|application/pdf)", "[A-Za-z0-9+/]{4}").prop_map(
        |(media_type, data)| {
            let kind = match &media_type[..5] {
                "image" => MediaKind::Image,
                "audio" => MediaKind::Audio,
                "video" => MediaKind::Video,
                _ => MediaKind::Document,
            };
            let source = MediaSource::Base64(Bytes::from(data));
            Content::Media(testing::media(kind, Some(&media_type), source))
        },
    );
    prop_oneof![3 => ".{1,9}".prop_map(Content::text), 1 => media]
}

fn proof() -> impl Strategy<Value = Option<crate::conversation::Opaque>> {
    proptest::option::of("[A-Za-z0-9]{4}").prop_map(|data| data.map(signature::made))
}

fn calls() -> impl Strategy<Value = Vec<(ToolCall, String, bool)>> {
    let arguments = prop_oneof![Just("{}"), Just(r#"{"a":1.50}"#), Just(r#"{"a":{"b":["\u2028"]}}"#)];
    let call = ("[fg]", arguments, proof(), any::<bool>(), ".{0,5}|\\{\"r\":1\\}", any::<bool>());
    proptest::collection::vec(call, 0..4).prop_map(|calls| {
        let calls = calls.into_iter().map(|(name, arguments, proof, given, said, failed)| {
            let id = if given { "given" } else { "gemini_call_x" }.to_owned();
            (ToolCall { id, name, input: ToolInput::Arguments(arguments.into()), proof }, said, failed)
        });
        calls.collect()
    })
}

fn turn(role: Role, contents: Vec<Content>) -> Option<Turn> {
    let blocks: Vec<Block> = contents.into_iter().map(Block::from).collect();
    (!blocks.is_empty()).then_some(Turn { role, name: None, blocks })
}

/// A conversation in which everything has a form here.
fn conversations() -> impl Strategy<Value = Vec<Turn>> {
    let thought = (".{0,5}", proof()).prop_map(|(text, proof)| Reasoning { text, proof, is_summary: true });
    let text = (".{0,5}", proof()).prop_map(|(text, proof)| Text { text, proof, ..Text::default() });
    let model = (proptest::option::of(thought), proptest::option::of(text), calls());
    let round = (proptest::collection::vec(contents(), 1..3), model);
    proptest::collection::vec(round, 0..5).prop_map(|rounds| {
        let mut turns = Vec::new();
        let mut count = 0;
        for (said, (thought, text, mut calls)) in rounds {
            turns.extend(turn(Role::User, said));
            for (call, _, _) in &mut calls {
                call.id = format!("{}{count}", call.id);
                count += 1;
            }
            let thought = thought.filter(|thought| !thought.text.is_empty() || thought.proof.is_some());
            let text = text.filter(|text| !text.text.is_empty() || text.proof.is_some());
            let mut model: Vec<Content> = thought.map(Content::Reasoning).into_iter().collect();
            model.extend(text.map(Content::Text));
            model.extend(calls.iter().map(|(call, _, _)| Content::ToolCall(call.clone())));
            turns.extend(turn(Role::Assistant, model));
            let results = calls.into_iter().map(|(call, said, failed)| {
                let blocks = (!said.is_empty()).then(|| Content::text(said).into()).into_iter().collect();
                let (call_id, name) = (call.id, Some(call.name));
                Content::ToolResult(ToolResult { call_id, name, blocks, is_error: failed, is_custom: false })
            });
            turns.extend(turn(Role::User, results.collect()));
        }
        turns
    })
}

prop_compose! {
    fn requests()(
        turns in conversations(),
        system in proptest::option::of(".{1,5}"),
        names in proptest::collection::vec(("[a-z]{1,5}", proptest::option::of(".{1,5}"), any::<bool>()), 0..3),
        choice in 0_u8..5,
        (temperature, seed, logprobs) in (proptest::option::of(0_u32..20), proptest::option::of(any::<i32>()), proptest::option::of(0_u32..5)),
        (max_tokens, choices) in (proptest::option::of(any::<u64>()), proptest::option::of(2_u32..8)),
        stop in proptest::collection::vec(".{1,3}", 0..5),
        format in 0_u8..3,
        (effort, shows_reasoning) in (0_u8..5, any::<Option<bool>>()),
    ) -> Request {
        let mut request = Request { turns, max_tokens, choices, stop, stream_usage: true, shows_reasoning, ..Request::default() };
        let system = system.and_then(|text| turn(Role::System, vec![Content::text(text)]));
        request.turns.splice(0..0, system.filter(|_| !request.turns.is_empty()));
        for (name, description, has_schema) in names {
            let schema = has_schema.then(|| Bytes::from_static(br##"{"type":"object", "x-y":{"$ref":"#"}}"##));
            request.tools.push(Tool::Function(Function { name, description, schema, ..Function::default() }));
        }
        request.tool_choice = match (choice, request.tools.first()) {
            (1, Some(_)) => ToolChoice::Auto,
            (2, Some(_)) => ToolChoice::None,
            (3, Some(_)) => ToolChoice::Any,
            (4, Some(tool)) => ToolChoice::Named(tool.name().to_owned()),
            _ => ToolChoice::Unsaid,
        };
        request.sampling.temperature = temperature.map(|tenths| format!("0.{tenths}0"));
        request.sampling.seed = seed.map(|seed| seed.to_string());
        request.sampling.logprobs = logprobs;
        request.format = match format {
            1 => OutputFormat::Json,
            2 => OutputFormat::Schema { name: None, description: None, schema: "{\"type\": \"object\"}".into(), strict: None },
            _ => OutputFormat::Text,
        };
        request.effort = [None, Some(Effort::Named("low".into())), Some(Effort::Named("medium".into())),
            Some(Effort::Named("high".into())), None][usize::from(effort)].clone();
        request
    }
}

/// Ids that are not given are made anew: what counts is which result is whose.
fn with_plain_ids(mut request: Request) -> Request {
    let mut known: Vec<String> = Vec::new();
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        let id = match &mut block.content {
            Content::ToolCall(call) => &mut call.id,
            Content::ToolResult(result) => &mut result.call_id,
            _ => continue,
        };
        let at = known.iter().position(|known| known == id).unwrap_or_else(|| {
            known.push(id.clone());
            known.len() - 1
        });
        if !ids::is_given(id) {
            *id = format!("made {at}");
        }
    }
    request
}

/// Each turn of the user's, results apart: they stand in a turn of their own here.
fn with_results_apart(mut request: Request) -> Request {
    let mut turns: Vec<Turn> = Vec::new();
    for turn in request.turns {
        match turns.last_mut() {
            Some(last) if last.role == turn.role && turn.role == Role::Assistant => {
                last.blocks.extend(turn.blocks);
            }
            _ => turns.push(turn),
        }
    }
    request.turns = turns;
    request
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(request in requests()) {
        let encoded = GeminiTranslator.encode_request(&request, &newer()).unwrap();
        prop_assert_eq!(&encoded.losses, &[]);
        let mut decoded = GeminiTranslator.decode_request(&encoded.body).unwrap();
        prop_assert_eq!(std::mem::take(&mut decoded.losses), vec![]);
        prop_assert_eq!(with_plain_ids(decoded), with_results_apart(with_plain_ids(request)));
    }

    #[test]
    fn the_same_request_gives_the_same_bytes(request in requests()) {
        let encode = || GeminiTranslator.encode_request(&request.clone(), &older());
        prop_assert_eq!(encode(), encode());
    }

    #[test]
    fn no_body_is_too_odd(request in requests(), bytes in proptest::collection::vec(any::<u8>(), 0..6), at in any::<prop::sample::Index>()) {
        let mut body = GeminiTranslator.encode_request(&request, &newer()).unwrap().body.to_vec();
        let at = at.index(body.len());
        body.splice(at..(at + bytes.len()).min(body.len()), bytes);
        if let Ok(request) = GeminiTranslator.decode_request(&body) {
            let _ = GeminiTranslator.encode_request(&request, &older()).map(|encoded| {
                serde_json::from_slice::<serde_json::Value>(&encoded.body).unwrap()
            });
        }
        let _ = GeminiTranslator.decode_answer(&body);
    }
}
