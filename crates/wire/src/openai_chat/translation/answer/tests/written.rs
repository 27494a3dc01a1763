//! What clients get.

use catalogue::{Protocol, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::tests::{about, decode, names, told};
use crate::codec::Codec;
use crate::conversation::testing;
use crate::conversation::{
    Answer, Block, Choice, Citation, ClientTranslator, Content, Encoded, FinishReason, Media, MediaKind,
    MediaSource, Opaque, Reasoning, Request, Text, ToolCall, ToolInput, TranslateError,
};
use crate::openai_chat::OpenaiChat;

fn answered(contents: Vec<Content>, finish: Option<FinishReason>) -> Answer {
    let choice = Choice { blocks: contents.into_iter().map(Block::from).collect(), finish };
    Answer { choices: vec![choice], ..Answer::default() }
}

fn encode(answer: &Answer) -> (Value, Vec<String>) {
    encode_for(answer, Request::default()).unwrap()
}

fn encode_for(answer: &Answer, request: Request) -> Result<(Value, Vec<String>), TranslateError> {
    let Encoded { body, losses } = OpenaiChat.encode_answer(answer, &about(request))?;
    Ok((serde_json::from_slice(&body).unwrap(), names(&losses).into_iter().map(str::to_owned).collect()))
}

fn call(id: &str) -> Content {
    let input = ToolInput::Arguments(r#"{"n": 1}"#.into());
    Content::ToolCall(ToolCall { id: id.into(), name: "f".into(), input, proof: None })
}

/// One of each, as a client gets it: byte for byte, checked with the official SDK's types.
#[test]
fn one_of_each_as_a_client_gets_it() {
    let signature = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB");
    let thought =
        |text: &str, proof| Content::Reasoning(Reasoning { text: text.into(), proof, is_summary: false });
    let cited = Citation {
        url: Some("https://example.com".into()),
        title: Some("Example".into()),
        ..Citation::default()
    };
    let image = testing::media(MediaKind::Image, Some("image/png"), MediaSource::Base64("iVBORw==".into()));
    let custom =
        ToolCall { id: "2".into(), name: "t".into(), input: ToolInput::Text("x".into()), proof: None };
    let mut signed =
        ToolCall { id: "1".into(), name: "f".into(), input: ToolInput::Arguments("{}".into()), proof: None };
    signed.proof = Some(Opaque::new(Protocol::Gemini, "thought_signature", "CuQB"));
    let mut answer = answered(
        vec![
            thought("Hm.", Some(signature.clone())),
            Content::text("Größe: "),
            thought("", Some(signature)),
            Content::Text(Text { text: "5".into(), citations: vec![cited], ..Text::default() }),
            Content::ToolCall(signed),
            Content::ToolCall(custom),
            Content::Media(image),
        ],
        Some(FinishReason::ToolCalls),
    );
    answer.choices.push(Choice {
        blocks: vec![Content::Refusal("No.".into()).into()],
        finish: Some(FinishReason::Filtered),
    });
    answer.usage =
        Some(Usage { input_uncached: 5, cache_read: 3, output_text: 2, reasoning: 1, ..Usage::default() });
    let encoded = OpenaiChat.encode_answer(&answer, &about(Request::default())).unwrap();
    let lost: Vec<&str> = encoded.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(lost, ["images.order"], "readers find the image before the calls");
    assert_eq!(String::from_utf8(encoded.body.to_vec()).unwrap(), include_str!("client.json").trim_end());
}

/// Readers find images behind texts and before calls, wherever they were.
#[test]
fn images_that_stood_elsewhere_are_named() {
    let image = || {
        let source = MediaSource::Base64("iVBORw==".into());
        let media_type = Some("image/png".into());
        Content::Media(Media {
            kind: MediaKind::Image,
            media_type,
            source,
            name: None,
            detail: None,
            about: None,
        })
    };
    let lost = |contents: Vec<Content>| {
        let answer = answered(contents, Some(FinishReason::Stop));
        let whole = OpenaiChat.encode_answer(&answer, &about(Request::default())).unwrap().losses;
        let mut encoder = OpenaiChat.event_encoder(&about(Request::default()));
        for event in told(&answer.choices, 3) {
            encoder.encode(&event, &mut Vec::new()).unwrap();
        }
        assert_eq!(encoder.losses(), whole);
        whole.into_iter().map(|loss| loss.what).collect::<Vec<_>>()
    };
    assert_eq!(lost(vec![Content::text("a"), image(), image(), call("1")]), [""; 0]);
    for moved in [vec![image(), Content::text("a")], vec![call("1"), image()]] {
        assert_eq!(lost(moved), ["images.order"]);
    }
}

/// C01, G5: every reason in a word of the closed list; what comes only near is named.
#[test]
fn c01_every_finish_reason_has_a_word() {
    for (reason, word, lost) in [
        (Some(FinishReason::Stop), json!("stop"), 0),
        (Some(FinishReason::StopSequence(None)), json!("stop"), 0),
        (Some(FinishReason::Length), json!("length"), 0),
        (Some(FinishReason::ToolCalls), json!("tool_calls"), 0),
        (Some(FinishReason::Filtered), json!("content_filter"), 0),
        (Some(FinishReason::Paused), json!("length"), 1),
        (Some(FinishReason::Other("odd".into())), json!("stop"), 1),
        (None, json!(null), 0),
    ] {
        let (body, losses) = encode(&answered(vec![Content::text("a")], reason.clone()));
        assert_eq!((&body["choices"][0]["finish_reason"], losses.len()), (&word, lost), "{reason:?}");
    }
    let stopped = FinishReason::StopSequence(Some("###".into()));
    assert_eq!(encode(&answered(Vec::new(), Some(stopped))).0["choices"][0]["stop_reason"], "###");
}

#[test]
fn ids_and_names_that_the_supplier_does_not_give() {
    let (body, _) = encode(&answered(Vec::new(), None));
    assert_eq!((&body["id"], &body["model"]), (&json!("chatcmpl-req_1"), &json!("asked-for")));
    assert_eq!((&body["object"], &body["created"]), (&json!("chat.completion"), &json!(1_795_000_000)));
    assert_eq!(body["choices"][0]["message"], json!({"role": "assistant", "content": null, "refusal": null}));
    assert_eq!(body.get("usage"), None, "no counts are made up");
}

#[test]
fn c06_c07_texts_are_joined_and_reasoning_is_not_text() {
    let thought =
        |text: &str| Content::Reasoning(Reasoning { text: text.into(), proof: None, is_summary: false });
    let contents = vec![thought("Hm"), Content::text("a"), thought("…"), Content::text("b")];
    let (body, losses) = encode(&answered(contents, None));
    let message = &body["choices"][0]["message"];
    assert_eq!((&message["content"], &message["reasoning_content"]), (&json!("ab"), &json!("Hm…")));
    assert!(losses.is_empty());
    let (body, losses) = encode(&answered(vec![call("1"), Content::text("b")], None));
    assert_eq!((&body["choices"][0]["message"]["content"], losses), (&json!("b"), vec!["text".to_owned()]));
}

#[test]
fn places_of_citations_are_counted_in_the_whole_text() {
    let cited = |text: &str, range| {
        let citation = Citation { url: Some("https://x".into()), range, ..Citation::default() };
        Content::Text(Text { text: text.into(), citations: vec![citation], ..Text::default() })
    };
    let (body, _) = encode(&answered(vec![cited("äöü", None), cited("abc", Some((1, 2)))], None));
    let annotations = &body["choices"][0]["message"]["annotations"];
    let place = |at: usize| {
        let citation = &annotations[at]["url_citation"];
        (citation["start_index"].as_u64().unwrap(), citation["end_index"].as_u64().unwrap())
    };
    assert_eq!((place(0), place(1)), ((0, 3), (4, 5)));
    let unnamed = Text { text: "a".into(), citations: vec![Citation::default()], ..Text::default() };
    assert_eq!(encode(&answered(vec![Content::Text(unnamed)], None)).1, ["citations"]);
}

#[test]
fn g22_what_proves_is_sealed_for_its_owner() {
    let mut proof = Opaque::new(Protocol::AnthropicMessages, "signature", "EqQB");
    proof.owner = Some("account".into());
    let thought = Reasoning { text: "Hm.".into(), proof: Some(proof.clone()), is_summary: false };
    let (body, _) = encode(&answered(vec![Content::Reasoning(thought)], None));
    let seal = body["choices"][0]["message"]["reasoning_details"][0]["signature"].as_str().unwrap();
    assert_eq!(Opaque::unseal(seal), Some(proof));
}

#[test]
fn media_other_than_images_have_no_place() {
    let sound = testing::media(MediaKind::Audio, None, MediaSource::Base64("AAAA".into()));
    let answer = answered(vec![Content::Media(sound)], None);
    assert!(matches!(encode_for(&answer, Request::default()), Err(TranslateError::Unsayable { .. })));
}

/// A client that knows functions only finds its call where it looks.
#[test]
fn functions_from_before_there_were_tools() {
    let legacy = || {
        let body = json!({"messages": [{"role": "user", "content": "?"}], "functions": [{"name": "f"}]});
        decode(&body).unwrap()
    };
    let (body, _) = encode_for(&answered(vec![call("1")], Some(FinishReason::ToolCalls)), legacy()).unwrap();
    let choice = &body["choices"][0];
    assert_eq!(choice["message"]["function_call"], json!({"name": "f", "arguments": "{\"n\": 1}"}));
    assert_eq!(
        (choice["message"].get("tool_calls"), &choice["finish_reason"]),
        (None, &json!("function_call"))
    );
    assert!(encode_for(&answered(vec![call("1"), call("2")], None), legacy()).is_err());
}

proptest! {
    /// C09, G8: whoever takes our usage apart has the supplier's buckets; the two lives of caches are one here.
    #[test]
    fn c09_usage_has_the_same_buckets(counts in proptest::array::uniform11(prop_oneof![Just(0), 0_u64..1_000_000])) {
        let mut usage = Usage::default();
        for (bucket, count) in catalogue::Bucket::ALL.into_iter().zip(counts) {
            *usage.get_mut(bucket) = count;
        }
        let mut answer = answered(vec![Content::text("a")], Some(FinishReason::Stop));
        answer.usage = Some(usage);
        let encoded = OpenaiChat.encode_answer(&answer, &about(Request::default())).unwrap();
        prop_assert_eq!(encoded.losses.is_empty(), usage.cache_write_1h == 0);
        let merged = Usage { cache_write_5m: usage.cache_write_5m + usage.cache_write_1h, cache_write_1h: 0, ..usage };
        prop_assert_eq!(OpenaiChat.reply(&encoded.body).unwrap().usage, Some(merged));
    }
}
