//! Items that overlap in a supplier's stream come out one after the other, whole.

use serde_json::json;

use super::*;

/// The events of one item at `index`, in order.
fn item_events(content: &Content, index: u64, cuts: &[prop::sample::Index]) -> Vec<Value> {
    let deltas = |kind: &str, text: &str, place: Value| -> Vec<Value> {
        let mut events = Vec::new();
        for piece in pieces(text, cuts) {
            let mut event =
                json!({"type": format!("response.{kind}.delta"), "output_index": index, "delta": piece});
            event.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            events.push(event);
        }
        events
    };
    let added =
        |item: &Value| json!({"type": "response.output_item.added", "output_index": index, "item": item});
    let (item, started, mut events) = match content {
        Content::Text(text) => {
            let part = json!({"type": "output_text", "text": text.text, "annotations": []});
            let item = json!({"type": "message", "role": "assistant", "content": [part]});
            let empty = json!({"type": "message", "role": "assistant", "content": []});
            (item, empty, deltas("output_text", &text.text, json!({"content_index": 0})))
        }
        Content::Reasoning(one) => {
            let proof = one.proof.as_ref().map(|proof| proof.data.clone());
            let (summary, content, kind, place) = if one.is_summary {
                (vec![&one.text], vec![], "reasoning_summary_text", json!({"summary_index": 0}))
            } else {
                (vec![], vec![&one.text], "reasoning_text", json!({"content_index": 0}))
            };
            let part = |text: &&String| json!({ "text": text });
            let item = json!({"type": "reasoning", "summary": summary.iter().map(part).collect::<Vec<_>>(),
                "content": content.iter().map(part).collect::<Vec<_>>(), "encrypted_content": proof});
            (item, json!({"type": "reasoning", "summary": []}), deltas(kind, &one.text, place))
        }
        Content::ToolCall(call) => {
            let (kind, member, of, input) = match &call.input {
                ToolInput::Text(text) => {
                    ("custom_tool_call", "input", "custom_tool_call_input", text.clone())
                }
                ToolInput::Arguments(json) => (
                    "function_call",
                    "arguments",
                    "function_call_arguments",
                    String::from_utf8(json.to_vec()).unwrap(),
                ),
            };
            let item =
                |input: &str| json!({"type": kind, "call_id": call.id, "name": call.name, member: input});
            (item(&input), item(""), deltas(of, &input, json!({})))
        }
        other => panic!("{other:?} is not tested"),
    };
    events.insert(0, added(&started));
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    events
}

fn simple() -> impl Strategy<Value = Content> {
    let proof = proptest::option::of("[a-z]{1,9}");
    let arguments =
        any::<String>().prop_map(|text| ToolInput::Arguments(json!({ "a": text }).to_string().into()));
    let input = prop_oneof![arguments, words().prop_map(ToolInput::Text)];
    prop_oneof![
        words().prop_map(Content::text),
        (words(), proof, any::<bool>()).prop_map(|(text, proof, is_summary)| {
            let proof = proof.map(|data| Opaque::new(PROTOCOL, "encrypted_content", data));
            Content::Reasoning(Reasoning { text, proof, is_summary })
        }),
        ("[a-z]{1,9}", "[a-z]{1,9}", input).prop_map(|(id, name, input)| Content::ToolCall(ToolCall {
            id,
            name,
            input,
            proof: None
        })),
    ]
}

proptest! {
    /// D05: whichever event comes next, no block is opened twice, none is lost and none is mixed with another.
    #[test]
    fn d05_overlapping_items_come_out_whole(
        blocks in proptest::collection::vec((simple(), cuts()), 1..6), mut order in proptest::collection::vec(0_usize..6, 0..200),
    ) {
        let mut items: Vec<std::vec::IntoIter<Value>> =
            (0..).zip(&blocks).map(|(index, (block, cuts))| item_events(block, index, cuts).into_iter()).collect();
        // What is not in the order comes in that of the items.
        order.extend((0..items.len()).flat_map(|item| [item; 10]));
        let mut stream = Vec::new();
        let mut sequence: Vec<usize> = Vec::new();
        for item in order {
            if let Some(event) = items.get_mut(item).and_then(Iterator::next) {
                stream.push(format!("data: {event}\n\n"));
                // A block begins with its first word, a call with its name.
                let begins = event["delta"].is_string()
                    || event["item"]["call_id"].is_string() || event["type"] == "response.output_item.done";
                if begins && !sequence.contains(&item) {
                    sequence.push(item);
                }
            }
        }
        stream.push("data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n".to_owned());
        let (events, losses) = decoded(&stream.concat()).unwrap();
        let expected: Vec<Content> = sequence.iter().map(|item| blocks[*item].0.clone()).collect();
        prop_assert_eq!(losses, Vec::<String>::new());
        prop_assert_eq!(rebuilt(&events).blocks, expected);
    }
}

#[test]
fn more_than_can_be_held_is_refused() {
    let delta = |index: u64, text: &str| {
        let event = json!({"type": "response.output_text.delta", "output_index": index, "delta": text});
        format!("data: {event}\n\n")
    };
    let stream = delta(0, "a") + &delta(1, &"x".repeat(1 << 20)).repeat(17);
    assert!(matches!(decoded(&stream), Err(TranslateError::Malformed { .. })));
}
