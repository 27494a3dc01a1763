//! Streams, read and written.

mod mixed;
mod read;
mod written;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::tests::{about, any, choices, events, told};
use crate::conversation::{
    Block, Choice, ClientTranslator, Content, FinishReason, Reasoning, Request, Translator,
};
use crate::openai_chat::OpenaiChat;

/// Any choice whose blocks a supplier could have said one after the other; two of a kind in a row are one.
fn choice() -> impl Strategy<Value = Choice> {
    // That plain text is a summary is said at its end only.
    let thought =
        any::reasoning().prop_map(|thought| Content::Reasoning(Reasoning { is_summary: false, ..thought }));
    let block = prop_oneof![
        2 => any::cited_text().prop_map(|text| Content::Text(crate::conversation::Text { proof: None, ..text })),
        1 => any::text().prop_map(Content::Refusal),
        2 => thought,
        3 => any::call(Just(None)).prop_map(Content::ToolCall),
    ];
    vec(block, 0..6).prop_map(|contents| {
        let mut blocks: Vec<Block> = contents.into_iter().map(Block::from).collect();
        blocks.dedup_by_key(|block| match &block.content {
            Content::ToolCall(call) => call.id.clone(),
            other => format!("{:?}", std::mem::discriminant(other)),
        });
        any::numbered(&mut blocks, 1);
        Choice { blocks, finish: Some(FinishReason::Stop) }
    })
}

proptest! {
    /// Our own stream, read as a supplier's, says what it was written from, however finely it was cut.
    #[test]
    fn a_stream_says_the_same_there_and_back(said in vec(choice(), 1..4), piece in 1_usize..9) {
        let mut encoder = OpenaiChat.event_encoder(&about(Request::default()));
        let mut out = Vec::new();
        for event in told(&said, piece) {
            encoder.encode(&event, &mut out).unwrap();
        }
        let stream = String::from_utf8(out).unwrap();
        let mut decoder = OpenaiChat.event_decoder();
        let read = events(&mut *decoder, &stream);
        prop_assert_eq!(choices(&read), said);
        prop_assert_eq!(decoder.losses(), &[]);
    }
}
