//! What answers cite: the places in a client's documents, between the two protocols that have them and to those that have none.

use super::*;
use crate::framing::{DEFAULT_LIMIT, Frame};

use Protocol::{
    AnthropicMessages as Messages, BedrockConverse as Converse, Gemini, OpenaiChat, OpenaiResponses,
};

/// The same sources as Messages and as Converse say them.
fn alike() -> [(Value, Value); 5] {
    let quote = json!([{"text": "deep\nwide"}]);
    let in_document = |kind: &str, bounds: [&str; 2]| {
        let mut said =
            json!({"type": kind, "cited_text": "deep\nwide", "document_index": 1, "document_title": "Tides"});
        said[bounds[0]] = json!(3);
        said[bounds[1]] = json!(5);
        said
    };
    let there = |kind: &str| json!({"title": "Tides", "sourceContent": quote, "location": {kind: {"documentIndex": 1, "start": 3, "end": 5}}});
    let found = |source: &str| {
        (
            json!({"type": "search_result_location", "cited_text": "deep\nwide", "search_result_index": 2, "source": source,
                "title": null, "start_block_index": 0, "end_block_index": 1}),
            json!({"source": source, "sourceContent": quote,
                "location": {"searchResultLocation": {"searchResultIndex": 2, "start": 0, "end": 1}}}),
        )
    };
    [
        (in_document("char_location", ["start_char_index", "end_char_index"]), there("documentChar")),
        (in_document("page_location", ["start_page_number", "end_page_number"]), there("documentPage")),
        (
            in_document("content_block_location", ["start_block_index", "end_block_index"]),
            there("documentChunk"),
        ),
        found("https://harbour.example/1"),
        found("row 7 of the pilots' book"),
    ]
}

fn of_messages(citations: &[Value]) -> Value {
    json!({"id": "m", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "So.", "citations": citations}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1}})
}

fn of_converse(citations: &[Value]) -> Value {
    json!({"output": {"message": {"role": "assistant",
        "content": [{"citationsContent": {"content": [{"text": "So."}], "citations": citations}}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}})
}

/// A supplier's answer as a client gets it, and what is lost of its sources.
fn told(from: Protocol, to: Protocol, body: &Value) -> (Value, Vec<String>) {
    let client = translator(to).client().unwrap();
    let said =
        answer(body.to_string().as_bytes(), translator(from), client, &Undo::default(), &about()).unwrap();
    (serde_json::from_slice(&said.body).unwrap(), lost(said.losses))
}

fn lost(losses: Vec<Loss>) -> Vec<String> {
    losses.into_iter().map(|loss| loss.what).filter(|what| what.starts_with("citation")).collect()
}

fn both() -> (Vec<Value>, Vec<Value>) {
    alike().into_iter().unzip()
}

#[test]
fn g10_places_of_citations_are_carried_between_messages_and_converse() {
    let (messages, converse) = both();
    let (body, lost) = told(Messages, Converse, &of_messages(&messages));
    let cited = &body["output"]["message"]["content"][0]["citationsContent"];
    assert_eq!((&cited["citations"], &cited["content"][0]["text"]), (&json!(converse), &json!("So.")));
    assert_eq!(lost, [""; 0]);
    let (body, lost) = told(Converse, Messages, &of_converse(&converse));
    assert_eq!((&body["content"][0]["citations"], lost), (&json!(messages), vec![]));
}

#[test]
fn g10_an_address_is_still_one_beside_them() {
    let web = json!({"title": "T", "sourceContent": [{"text": "q"}], "location": {"web": {"url": "https://x.example"}}});
    let (body, lost) = told(Converse, Messages, &of_converse(&[web]));
    let cited = &body["content"][0]["citations"][0];
    assert_eq!(
        (&cited["type"], &cited["url"]),
        (&json!("web_search_result_location"), &json!("https://x.example"))
    );
    assert_eq!(lost, [""; 0]);
    // What nobody knows is named, and so is a source without either.
    let odd = json!({"title": "T", "source": "shelf 3", "location": {"shelf": {"board": 3}}});
    let (body, lost) = told(Converse, Messages, &of_converse(&[odd]));
    assert_eq!(
        (&body["content"][0]["citations"], lost),
        (&json!([]), vec!["citations.location".into(), "citations".into()])
    );
    let mut held = alike()[0].0.clone();
    held["file_id"] = json!("file_1");
    assert_eq!(told(Messages, Converse, &of_messages(&[held])).1, ["citations.location"]);
}

#[test]
fn p4_places_are_named_where_a_client_has_none() {
    let (messages, converse) = both();
    for to in [OpenaiChat, OpenaiResponses, Gemini] {
        for (from, body) in [(Messages, of_messages(&messages)), (Converse, of_converse(&converse))] {
            let (body, lost) = told(from, to, &body);
            assert!(lost.contains(&"citations.location".to_owned()), "{from} to {to}: {lost:?}");
            // An address of a search result is one to everybody.
            assert!(body.to_string().contains("https://harbour.example/1"), "{from} to {to}: {body}");
        }
    }
}

fn frames(protocol: Protocol, bytes: &[u8]) -> Vec<Frame> {
    let mut framer = crate::codec(protocol).unwrap().framing().framer(DEFAULT_LIMIT);
    framer.push(bytes::Bytes::copy_from_slice(bytes));
    std::iter::from_fn(|| framer.next_frame().unwrap()).collect()
}

/// The data of a stream's frames.
fn data(protocol: Protocol, bytes: &[u8]) -> Vec<Value> {
    let read = |frame: Frame| serde_json::from_slice(&frame.data()).ok();
    frames(protocol, bytes).into_iter().filter_map(read).collect()
}

/// A supplier's stream that says what its whole answer would, written as we write it for clients.
fn stream(of: Protocol, body: &Value) -> Vec<u8> {
    let said = translator(of).decode_answer(body.to_string().as_bytes()).unwrap();
    let mut encoder = translator(of).client().unwrap().event_encoder(&about());
    let Content::Text(text) = &said.choices[0].blocks[0].content else { panic!("a text") };
    let mut events = vec![
        Event::Start { id: None, model: None, usage: None },
        Event::BlockStart { choice: 0, block: BlockStart::Text },
        Event::Delta { choice: 0, delta: Delta::Text(text.text.clone()) },
    ];
    let cited = text.citations.iter().cloned().map(Delta::Citation);
    events.extend(cited.map(|delta| Event::Delta { choice: 0, delta }));
    events.push(Event::BlockEnd { choice: 0 });
    events.push(Event::Finish { choice: 0, reason: FinishReason::Stop });
    events.extend([Event::Usage(said.usage.unwrap()), Event::End]);
    let mut bytes = Vec::new();
    for event in events {
        encoder.encode(&event, &mut bytes).unwrap();
    }
    assert_eq!(encoder.losses(), []);
    bytes
}

#[test]
fn g10_places_are_carried_in_streams_too() {
    let (messages, converse) = both();
    let through = |from: Protocol, to: Protocol, body: &Value| {
        let client = translator(to).client().unwrap();
        let mut translation = StreamTranslation::new(translator(from), client, Arc::default(), &about());
        let mut out = Vec::new();
        for frame in frames(from, &stream(from, body)) {
            translation.frame(&frame, None, &mut out).unwrap();
        }
        translation.end(&mut out).unwrap();
        (data(to, &out), lost(translation.losses()))
    };
    let (events, lost) = through(Messages, Converse, &of_messages(&messages));
    let cited: Vec<_> = events.iter().filter_map(|event| event.pointer("/delta/citation")).cloned().collect();
    assert_eq!((cited, lost), (converse.clone(), vec![]));
    let (events, lost) = through(Converse, Messages, &of_converse(&converse));
    let cited: Vec<_> = events.iter().filter_map(|event| event.pointer("/delta/citation")).cloned().collect();
    assert_eq!((cited, lost), (messages, vec![]));
}

#[test]
fn g10_what_was_cited_goes_back_to_who_has_the_documents() {
    let (messages, converse) = both();
    let document = json!({"type": "text", "media_type": "text/plain", "data": "deep\nwide"});
    let asked = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": [{"type": "document", "source": document}, {"type": "text", "text": "?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "So.", "citations": messages}]},
        {"role": "user", "content": "And?"}]});
    let read = translator(Messages).client().unwrap().decode_request(asked.to_string().as_bytes()).unwrap();
    let sent = request(&read, translator(Converse), &target()).unwrap();
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["messages"][1]["content"][0]["citationsContent"]["citations"], json!(converse));
    assert_eq!(lost(sent.losses), [""; 0]);
    let read = translator(Converse).client().unwrap().decode_request(body.to_string().as_bytes()).unwrap();
    let sent = request(&read, translator(Messages), &target()).unwrap();
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["messages"][1]["content"][0]["citations"], json!(messages));
    assert_eq!(lost(sent.losses), [""; 0]);
    // Others have words for what is said, and none for where it stands.
    let sent = request(&read, translator(OpenaiChat), &target()).unwrap();
    assert_eq!(lost(sent.losses), ["citations"]);
}
