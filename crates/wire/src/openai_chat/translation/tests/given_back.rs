//! What an answer says comes back in the next request as it was, whole or streamed.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::any::{call, cited_text, numbered, opaque, reasoning, text};
use super::merged::{kept, merged};
use super::{about, decode, told};
use crate::conversation::{Answer, Block, Choice, ClientTranslator, Content, FinishReason, Request, Text};
use crate::openai_chat::OpenaiChat;

/// Blocks that a message can hold in their order: text before calls, unless reasoning stands between them.
fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let said =
        || (of(text().prop_map(Content::text)), vec(call(of(opaque())).prop_map(Content::ToolCall), 0..3));
    let later = vec((reasoning().prop_map(Content::Reasoning), said()), 0..4);
    (said(), later).prop_map(|((text, calls), later)| {
        let mut contents: Vec<Content> = text.into_iter().chain(calls).collect();
        for (reasoning, (text, calls)) in later {
            contents.push(reasoning);
            contents.extend(text.into_iter().chain(calls));
        }
        let mut blocks: Vec<Block> = contents.into_iter().map(Block::from).collect();
        numbered(&mut blocks, 1);
        blocks
    })
}

fn whole(choices: &[Choice]) -> Value {
    let answer = Answer {
        id: Some("a1".into()),
        model: Some("m1".into()),
        choices: choices.to_vec(),
        ..Answer::default()
    };
    let encoded = OpenaiChat.encode_answer(&answer, &about(Request::default())).unwrap();
    serde_json::from_slice(&encoded.body).unwrap()
}

fn streamed(choices: &[Choice], piece: usize) -> String {
    let mut encoder = OpenaiChat.event_encoder(&about(Request::default()));
    let mut out = Vec::new();
    for event in told(choices, piece) {
        encoder.encode(&event, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

/// The same answer without what only one of both ways has: numbers of sources, members that are `null`, reasoning that is
/// said again.
fn bare(mut answer: Value) -> Value {
    for choice in answer["choices"].as_array_mut().unwrap() {
        let message = choice["message"].as_object_mut().unwrap();
        for source in message.get_mut("annotations").and_then(Value::as_array_mut).into_iter().flatten() {
            source.as_object_mut().unwrap().remove("index");
        }
        for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
            call.as_object_mut().unwrap().remove("index");
        }
        if let Some(entries) = message.get_mut("reasoning_details").and_then(Value::as_array_mut) {
            entries.retain(|entry| entry["again"] != true);
        }
        message.retain(|_, value| !value.is_null());
    }
    answer
}

/// What comes back of a stream, whichever SDK has read it.
fn streamed_and_given_back(choices: &[Choice], piece: usize) -> [Vec<Block>; 2] {
    let stream = streamed(choices, piece);
    [merged, kept].map(|read| given_back(&read(&stream)))
}

fn given_back(answer: &Value) -> Vec<Block> {
    let message = &answer["choices"][0]["message"];
    let request = json!({"messages": [{"role": "user", "content": "?"}, message]});
    decode(&request).unwrap().turns.remove(1).blocks
}

proptest! {
    /// B22, F04, G22: reasoning in its place, with its proof, whoever made it; calls with theirs.
    #[test]
    fn b22_blocks_come_back_in_their_places(blocks in blocks(), piece in 1_usize..9) {
        let choices = [Choice { blocks: blocks.clone(), finish: Some(FinishReason::Stop) }];
        prop_assert_eq!(given_back(&whole(&choices)), blocks.clone());
        prop_assert_eq!(streamed_and_given_back(&choices, piece), [blocks.clone(), blocks]);
    }

    /// Whoever merges a stream has the whole answer.
    #[test]
    fn a_stream_merges_into_the_whole_answer(
        first in blocks(), second in blocks(), cited in vec(cited_text(), 0..3), piece in 1_usize..9,
    ) {
        let mut first = first;
        let mut proved = false;
        for mut text in cited {
            // A message has room for one proof of text, the last.
            text.proof = text.proof.filter(|_| !std::mem::replace(&mut proved, true));
            first.insert(0, Content::Text(text).into());
        }
        let choices = [
            Choice { blocks: first, finish: Some(FinishReason::ToolCalls) },
            Choice { blocks: second, finish: Some(FinishReason::StopSequence(Some("x".into()))) },
        ];
        prop_assert_eq!(bare(merged(&streamed(&choices, piece))), bare(whole(&choices)));
    }
}

#[test]
fn c08_reasoning_that_is_only_proved_comes_back() {
    let proof = crate::conversation::Opaque::new(catalogue::Protocol::AnthropicMessages, "signature", "EqQB");
    let reasoning =
        crate::conversation::Reasoning { text: String::new(), proof: Some(proof), is_summary: false };
    let blocks = vec![Block::from(Content::Reasoning(reasoning)), Content::text("so").into()];
    let choices = [Choice { blocks: blocks.clone(), finish: Some(FinishReason::Stop) }];
    assert_eq!(given_back(&whole(&choices)), blocks);
    assert_eq!(streamed_and_given_back(&choices, 1), [blocks.clone(), blocks]);
}

#[test]
fn a_proof_of_text_comes_back_even_with_no_text() {
    let proof = crate::conversation::Opaque::new(catalogue::Protocol::Gemini, "thought_signature", "CuQB");
    let blocks = vec![Block::from(Content::Text(Text { proof: Some(proof), ..Text::default() }))];
    let choices = [Choice { blocks: blocks.clone(), finish: Some(FinishReason::Stop) }];
    assert_eq!(given_back(&whole(&choices)), blocks);
    assert_eq!(streamed_and_given_back(&choices, 1), [blocks.clone(), blocks]);
}
