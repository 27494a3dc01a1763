//! Nothing that anybody sends makes us panic, or hold more than we are ready to.

use proptest::prelude::*;

use crate::conversation::testing::gather;
use crate::conversation::{ClientTranslator, Content, TranslateError, Translator};
use crate::openai_chat::OpenaiChat;
use crate::testing::frames;

const SAMPLES: [&str; 3] = [
    include_str!("../request/tests/everything.json"),
    include_str!("../answer/tests/openrouter.json"),
    include_str!("../answer/tests/mistral.json"),
];

const STREAMS: [&str; 6] = [
    include_str!("../../stream/tests/azure.sse"),
    include_str!("../../stream/tests/deepseek.sse"),
    include_str!("../../stream/tests/openai_tools.sse"),
    include_str!("../../stream/tests/openai_two_choices.sse"),
    include_str!("../../stream/tests/vllm.sse"),
    include_str!("../stream/tests/openrouter.sse"),
];

/// What takes other values' places.
const VALUES: [&str; 9] = [
    "null",
    "[]",
    "{}",
    "\"\"",
    "1",
    "-1e9",
    "true",
    "[[{\"index\":1,\"text\":\"é\"}]]",
    "\"rlv1.gemini...\"",
];

fn read_all(bytes: &[u8]) {
    let _ = OpenaiChat.decode_request(bytes);
    let _ = OpenaiChat.decode_answer(bytes);
    let mut decoder = OpenaiChat.event_decoder();
    let mut events = Vec::new();
    for frame in frames(&String::from_utf8_lossy(bytes)) {
        if decoder.decode(&frame, &mut events).is_err() {
            break;
        }
    }
    if !events.is_empty() {
        gather(&events);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..99), text in any::<String>()) {
        read_all(&bytes);
        read_all(text.as_bytes());
    }

    /// Values are taken out, doubled, and replaced by values of other types.
    #[test]
    fn no_change_of_a_body_makes_it_panic(
        at in 0..SAMPLES.len() + STREAMS.len(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..9_usize), 1..4),
    ) {
        let mut text = SAMPLES.iter().chain(&STREAMS).nth(at).unwrap().to_string();
        for (from, length, value) in edits {
            let values: Vec<usize> = text.match_indices([':', ',', '[']).map(|(at, _)| at + 1).collect();
            let start = *from.get(&values);
            let rest = &text[start..];
            let ends: Vec<usize> = rest.match_indices([',', '}', ']']).map(|(at, _)| at).take(9).collect();
            if ends.is_empty() {
                continue;
            }
            let end = start + *length.get(&ends);
            text.replace_range(start..end, VALUES[value]);
        }
        read_all(text.as_bytes());
    }

    #[test]
    fn no_cut_of_a_body_makes_it_panic(at in 0..SAMPLES.len(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = SAMPLES[at].as_bytes().to_vec();
        let place = cut.index(bytes.len());
        read_all(&bytes[..place]);
        bytes[place] = byte;
        read_all(&bytes);
    }
}

#[test]
fn what_comes_out_of_order_is_held_up_to_a_limit() {
    let call = |index: u32, text: &str| {
        let call = serde_json::json!({"index": index, "id": index.to_string(), "function": {"name": "f", "arguments": text}});
        format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": {"tool_calls": [call]}}]}))
    };
    let mut decoder = OpenaiChat.event_decoder();
    let mut events = Vec::new();
    decoder.decode(&frames(&call(0, "{"))[0], &mut events).unwrap();
    let large = call(1, &"x".repeat(1 << 20));
    let held = (0..99).map_while(|_| decoder.decode(&frames(&large)[0], &mut events).ok()).count();
    assert_eq!(held, 7, "eight megabytes, less a little");
    assert!(matches!(decoder.decode(&frames(&large)[0], &mut events), Err(TranslateError::Malformed { .. })));
}

#[test]
fn many_unknown_members_cost_little() {
    let members: Vec<String> = (0..100_000).map(|number| format!("\"x{number}\":1")).collect();
    let body = format!("{{\"messages\":[],{}}}", members.join(","));
    let request = OpenaiChat.decode_request(body.as_bytes()).unwrap();
    assert!(request.losses.len() < 100);
}

#[test]
fn many_entries_cut_a_long_text_in_little_time() {
    let entries: Vec<String> = (0..200_000)
        .map(|place| format!(r#"{{"type":"reasoning.text","text":"x","after_text":{}}}"#, place * 7))
        .collect();
    let (text, entries) = ("é".repeat(1 << 20), entries.join(","));
    let message = format!(r#"{{"role":"assistant","content":"{text}","reasoning_details":[{entries}]}}"#);
    let request = OpenaiChat.decode_request(format!(r#"{{"messages":[{message}]}}"#).as_bytes()).unwrap();
    let said: usize = request.turns[0]
        .blocks
        .iter()
        .map(|block| match &block.content {
            Content::Text(text) => text.text.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(said, 2 << 20, "nothing of the text is lost");
}
