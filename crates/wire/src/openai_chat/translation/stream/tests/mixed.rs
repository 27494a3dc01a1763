//! Pieces in any mixture, and bytes in any cut.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::tests::{any, choices};
use super::read::{piece, read, stream};
use crate::conversation::testing::gather;
use crate::conversation::{Content, Event, ToolCall, ToolInput, Translator};
use crate::openai_chat::OpenaiChat;

/// Pieces of several calls, text and reasoning, in any mixture.
fn mixture() -> impl Strategy<Value = Vec<(usize, Value)>> {
    let call = (any::object(), vec(any::<prop::sample::Index>(), 0..4));
    let calls = vec(call, 1..4).prop_map(|calls| {
        calls
            .into_iter()
            .enumerate()
            .map(|(index, (arguments, cuts))| {
                let arguments = String::from_utf8(arguments.to_vec()).unwrap();
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(arguments.len() + 1)).collect();
                cuts.retain(|cut| arguments.is_char_boundary(*cut));
                cuts.extend([0, arguments.len()]);
                cuts.sort_unstable();
                let pieces = cuts.windows(2).map(|cut| &arguments[cut[0]..cut[1]]);
                let number = u32::try_from(index).unwrap();
                let id = index.to_string();
                pieces
                    .enumerate()
                    .map(|(at, text)| piece(number, (at == 0).then_some(&id), (at == 0).then_some("f"), text))
                    .collect::<Vec<Value>>()
            })
            .collect::<Vec<_>>()
    });
    let texts = vec(any::text().prop_map(|text| json!({"content": text})), 0..4);
    let thoughts = vec(any::text().prop_map(|text| json!({"reasoning_content": text})), 0..4);
    let tracks = (calls, texts, thoughts).prop_map(|(mut calls, texts, thoughts)| {
        calls.extend([texts, thoughts]);
        calls
    });
    // Each track in its order, one with another in any.
    (tracks, vec(any::<prop::sample::Index>(), 64)).prop_map(|(tracks, picks)| {
        let mut tracks: Vec<_> = tracks
            .into_iter()
            .map(|track| track.into_iter().collect::<std::collections::VecDeque<_>>())
            .collect();
        let mut mixed = Vec::new();
        for pick in picks {
            let left: Vec<usize> = (0..tracks.len()).filter(|track| !tracks[*track].is_empty()).collect();
            if left.is_empty() {
                break;
            }
            let track = *pick.get(&left);
            mixed.extend(tracks[track].pop_front().map(|piece| (track, piece)));
        }
        mixed
    })
}

proptest! {
    /// D05, G1: whatever the mixture, every block is whole and they come one after the other.
    #[test]
    fn d05_any_mixture_comes_out_in_order(mixed in mixture()) {
        let deltas: Vec<Value> = mixed.iter().map(|(_, delta)| delta.clone()).collect();
        let events = read(&stream(&deltas));
        let said = choices(&events).remove(0);
        let mut sent = BTreeMap::<String, String>::new();
        let mut got = BTreeMap::<String, String>::new();
        for delta in &deltas {
            for (key, name) in [("text", "content"), ("thought", "reasoning_content")] {
                sent.entry(key.into()).or_default().push_str(delta[name].as_str().unwrap_or_default());
            }
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                let arguments = call["function"]["arguments"].as_str().unwrap();
                sent.entry(call["index"].to_string()).or_default().push_str(arguments);
            }
        }
        for block in &said.blocks {
            let (key, text) = match &block.content {
                Content::Text(text) => ("text", text.text.clone()),
                Content::Reasoning(reasoning) => ("thought", reasoning.text.clone()),
                Content::ToolCall(ToolCall { id, input: ToolInput::Arguments(json), .. }) => {
                    prop_assert!(!got.contains_key(id), "a call in two blocks");
                    (id.as_str(), String::from_utf8(json.to_vec()).unwrap())
                }
                other => panic!("{other:?}"),
            };
            got.entry(key.into()).or_default().push_str(&text);
        }
        sent.retain(|_, text| !text.is_empty());
        got.retain(|_, text| !text.is_empty());
        prop_assert_eq!(got, sent);
        prop_assert_eq!(events.last(), Some(&Event::End));
    }

    /// G9: where the bytes were cut changes nothing.
    #[test]
    fn g09_frames_say_the_same_however_they_came(mixed in mixture(), cut in 1_usize..40) {
        let deltas: Vec<Value> = mixed.into_iter().map(|(_, delta)| delta).collect();
        let stream = stream(&deltas);
        let mut framer = crate::framing::sse::Framer::default();
        let mut decoder = OpenaiChat.event_decoder();
        let mut events = Vec::new();
        for bytes in stream.as_bytes().chunks(cut) {
            framer.push(bytes::Bytes::copy_from_slice(bytes));
            while let Some(frame) = framer.next_frame().unwrap() {
                decoder.decode(&frame, &mut events).unwrap();
            }
        }
        gather(&events);
        prop_assert_eq!(events, read(&stream));
    }
}
