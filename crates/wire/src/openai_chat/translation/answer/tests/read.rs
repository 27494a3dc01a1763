//! What suppliers answer.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use super::super::super::tests::names;
use crate::conversation::{
    Answer, Citation, Content, FinishReason, Logprob, MediaSource, Opaque, Reasoning, ToolInput,
    TranslateError, Translator,
};
use crate::failure::Failure;
use crate::openai_chat::OpenaiChat;

fn read(body: &Value) -> Result<Answer, TranslateError> {
    OpenaiChat.decode_answer(body.to_string().as_bytes())
}

/// An answer of one choice.
fn said(message: &Value) -> Answer {
    read(&json!({"id": "a1", "created": 5, "choices": [{"message": message, "finish_reason": "stop"}]}))
        .unwrap()
}

fn contents(answer: &Answer) -> Vec<&Content> {
    answer.choices[0].blocks.iter().map(|block| &block.content).collect()
}

#[test]
fn openrouters_answer() {
    let answer = OpenaiChat.decode_answer(include_bytes!("openrouter.json")).unwrap();
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("gen-1"), Some("anthropic/claude-x")));
    let [thought, hidden, text, image, call] = contents(&answer)[..] else { panic!("{answer:?}") };
    let entry = |data: &str| Some(Opaque::new(Protocol::OpenaiChat, "reasoning_details", data));
    let proof = entry(r#"{"type":"reasoning.text","signature":"EqQB","format":"anthropic-claude-v1"}"#);
    assert_eq!(*thought, Content::Reasoning(Reasoning { text: "Hm.".into(), proof, is_summary: false }));
    let proof =
        entry(r#"{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1"}"#);
    assert_eq!(*hidden, Content::Reasoning(Reasoning { text: String::new(), proof, is_summary: false }));
    let Content::Text(text) = text else { panic!("text") };
    let cited = Citation {
        url: Some("https://example.com".into()),
        title: Some("Example".into()),
        quote: Some("A passage.".into()),
        range: Some((0, 7)),
        place: None,
    };
    assert_eq!((text.text.as_str(), &text.citations[..]), ("Let me see.", &[cited][..]));
    assert!(matches!(image, Content::Media(media) if media.source == MediaSource::Base64("iVBORw==".into())));
    assert!(matches!(call, Content::ToolCall(call) if call.id == "toolu_1"));
    assert_eq!(answer.choices[0].finish, Some(FinishReason::ToolCalls));
    let usage = Usage {
        input_uncached: 50,
        cache_read: 40,
        cache_write_5m: 10,
        output_text: 15,
        reasoning: 5,
        ..Usage::default()
    };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(names(&answer.losses), ["reasoning_details", "annotations"]);
}

/// Passages stay where they were when reasoning goes back between the texts; one that it stands in is named.
#[test]
fn passages_keep_their_places_around_reasoning() {
    let cited = |start: u64, end: u64| json!({"type": "url_citation", "url_citation": {"url": "u", "start_index": start, "end_index": end}});
    let entry = |after: u64| json!({"type": "reasoning.text", "text": "Hm.", "after_text": after});
    let message = json!({"content": "Größe zählt.", "reasoning_details": [entry(4), entry(8)],
        "annotations": [cited(0, 2), cited(3, 5), cited(2, 5), cited(6, 11)]});
    let answer = said(&message);
    let texts: Vec<_> = contents(&answer)
        .into_iter()
        .filter_map(|content| match content {
            Content::Text(text) => {
                let ranges: Vec<_> = text.citations.iter().map(|citation| citation.range).collect();
                Some((text.text.as_str(), ranges))
            }
            _ => None,
        })
        .collect();
    let expected =
        [("Grö", vec![Some((0, 2))]), ("ße ", vec![Some((0, 2))]), ("zählt.", vec![None, Some((0, 5))])];
    assert_eq!(texts, expected);
    assert_eq!(names(&answer.losses), ["annotations.start_index"]);
}

#[test]
fn mistrals_answer() {
    let answer = OpenaiChat.decode_answer(include_bytes!("mistral.json")).unwrap();
    let thought = Reasoning { text: "Hm.".into(), proof: None, is_summary: false };
    assert_eq!(contents(&answer), [&Content::Reasoning(thought), &Content::text("So be it.")]);
    assert_eq!(answer.choices[0].finish, Some(FinishReason::Length));
    assert_eq!(names(&answer.losses), ["message.content"]);
}

/// G5: every word of the SDK, and of those that have others.
#[test]
fn g05_every_finish_reason_means_something() {
    let finish = |word: Value, stop_reason: Value| {
        let choice = json!({"message": {"content": "a"}, "finish_reason": word, "stop_reason": stop_reason});
        read(&json!({"choices": [choice]})).unwrap().choices[0].finish.clone()
    };
    for (word, reason) in [
        (json!("stop"), Some(FinishReason::Stop)),
        (json!("length"), Some(FinishReason::Length)),
        (json!("tool_calls"), Some(FinishReason::ToolCalls)),
        (json!("function_call"), Some(FinishReason::ToolCalls)),
        (json!("content_filter"), Some(FinishReason::Filtered)),
        (json!("model_length"), Some(FinishReason::Length)),
        (json!("odd"), Some(FinishReason::Other("odd".into()))),
        (json!(null), None),
        (json!(""), None),
    ] {
        assert_eq!(finish(word.clone(), json!(null)), reason, "{word}");
    }
    assert_eq!(finish(json!("stop"), json!("###")), Some(FinishReason::StopSequence(Some("###".into()))));
    assert_eq!(
        finish(json!("stop"), json!(151_643)),
        Some(FinishReason::Stop),
        "a token's number is no text"
    );
}

#[test]
fn i09_failures_in_an_answers_place() {
    for (body, failure) in [
        (json!({"error": {"message": "slow down", "code": 429}}), Failure::RateLimited { retry_after: None }),
        (json!({"choices": [{"message": {"content": "a"}, "finish_reason": "error"}]}), Failure::Server),
        (
            json!({"choices": [{"message": {}, "finish_reason": "insufficient_system_resource"}]}),
            Failure::Server,
        ),
    ] {
        assert_eq!(read(&body), Err(TranslateError::Failed(failure)), "{body}");
    }
    for body in [json!([]), json!({}), json!({"choices": []}), json!({"choices": null}), json!("x")] {
        assert!(matches!(read(&body), Err(TranslateError::Malformed { .. })), "{body}");
    }
    assert!(OpenaiChat.decode_answer(b"<html>").is_err());
}

#[test]
fn calls_without_an_id_get_one_of_their_own() {
    let call = json!({"type": "function", "function": {"name": "f", "arguments": ""}});
    let message = json!({"content": null, "tool_calls": [call, call]});
    let ids = |answer: &Answer| -> Vec<String> {
        answer.choices[0].blocks.iter().map(|block| block.call().unwrap().id.clone()).collect()
    };
    let first = said(&message);
    let other = read(&json!({"id": "a2", "created": 5, "choices": [{"message": message}]})).unwrap();
    let all: std::collections::HashSet<String> = ids(&first).into_iter().chain(ids(&other)).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(ids(&said(&message)), ids(&first), "the same answer is read the same way");
    let arguments = &first.choices[0].blocks[0].call().unwrap().input;
    assert_eq!(*arguments, ToolInput::Arguments("{}".into()));
}

#[test]
fn custom_and_legacy_calls() {
    let custom = json!({"id": "1", "type": "custom", "custom": {"name": "t", "input": "x\ny"}});
    let answer = said(&json!({"tool_calls": [custom], "function_call": {"name": "f", "arguments": "{}"}}));
    assert_eq!(answer.choices[0].blocks[1].call().unwrap().input, ToolInput::Text("x\ny".into()));
    assert_eq!(answer.choices[0].blocks[0].call().unwrap().name, "f");
    let nameless = read(&json!({"choices": [{"message": {"tool_calls": [{"id": "1"}]}}]}));
    assert!(matches!(nameless, Err(TranslateError::Malformed { .. })));
}

#[test]
fn choices_come_in_their_order() {
    let choice = |index: u32, text: &str| json!({"index": index, "message": {"content": text}, "finish_reason": "stop"});
    let answer = read(&json!({"choices": [choice(1, "b"), choice(0, "a")]})).unwrap();
    let texts: Vec<&Content> = answer.choices.iter().map(|choice| &choice.blocks[0].content).collect();
    assert_eq!(texts, [&Content::text("a"), &Content::text("b")]);
}

#[test]
fn probabilities_keep_their_numbers() {
    let token = json!({"token": "a", "logprob": -0.25, "bytes": [97], "top_logprobs": [{"token": "é", "logprob": -9999.0, "bytes": null}]});
    let choice = json!({"message": {"content": "a"}, "logprobs": {"content": [token, {"token": "x"}], "refusal": null}});
    let answer = read(&json!({"choices": [choice]})).unwrap();
    let Content::Text(text) = contents(&answer)[0] else { panic!("text") };
    let [token] = &text.logprobs[..] else { panic!("one has a number") };
    let likely = |token: &str, logprob: &str, bytes: Option<Vec<u8>>| Logprob {
        token: token.into(),
        logprob: logprob.into(),
        bytes,
    };
    assert_eq!(token.chosen, likely("a", "-0.25", Some(vec![97])));
    assert_eq!(token.top, [likely("é", "-9999.0", None)]);
}

#[test]
fn googles_signatures() {
    let google = json!({"google": {"thought_signature": "CuQB"}});
    let call = json!({"id": "1", "function": {"name": "f", "arguments": "{}"}, "extra_content": google});
    let answer = said(&json!({"content": "so", "extra_content": google, "tool_calls": [call]}));
    let proof = Some(Opaque::new(Protocol::OpenaiChat, "thought_signature", "CuQB"));
    let [Content::Text(text), Content::ToolCall(call)] = contents(&answer)[..] else { panic!("{answer:?}") };
    assert_eq!((&text.proof, &call.proof), (&proof, &proof));
}

#[test]
fn odd_members_cost_nothing_else() {
    let message = json!({
        "role": null, "content": "a", "refusal": false, "tool_calls": "x", "reasoning_content": 3, "reasoning_details": [1, {}],
        "annotations": {}, "images": [{"image_url": {"url": "data:,"}}], "extra_content": [], "audio": {"id": "x"},
    });
    let answer = read(&json!({"choices": [{"message": message, "logprobs": [], "index": null}, 3]})).unwrap();
    assert_eq!(contents(&answer), [&Content::text("a")]);
    assert_eq!(answer.choices[0].finish, None, "which is never filled in");
    let mut lost = names(&answer.losses);
    lost.sort_unstable();
    assert_eq!(lost, ["message.audio", "message.images", "reasoning_details"]);
}
