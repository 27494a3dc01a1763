//! Whole answers, both ways.

use catalogue::{Protocol, Usage};
use serde_json::{Value, json};

use crate::conversation::testing;
use crate::conversation::{
    Answer, Choice, Citation, ClientTranslator, Content, FinishReason, Logprob, MediaKind, MediaSource,
    Opaque, Reasoning, Text, TokenLogprob, ToolCall, ToolInput, TranslateError, Translator,
};
use crate::failure::Failure;
use crate::gemini::testing::{about, call, json_of, names, usage};
use crate::gemini::translator::GeminiTranslator;
use crate::gemini::{ids, signature};

pub(in crate::gemini) mod properties;

fn decoded(body: &Value) -> Answer {
    GeminiTranslator.decode_answer(body.to_string().as_bytes()).unwrap()
}

fn encoded(answer: &Answer) -> (Value, Vec<String>) {
    json_of(&GeminiTranslator.encode_answer(answer, &about()).unwrap())
}

fn choice(contents: Vec<Content>, finish: FinishReason) -> Choice {
    Choice { blocks: contents.into_iter().map(Into::into).collect(), finish: Some(finish) }
}

fn one(contents: Vec<Content>, finish: FinishReason) -> Answer {
    Answer { choices: vec![choice(contents, finish)], ..Answer::default() }
}

fn contents(answer: &Answer) -> Vec<Content> {
    answer.choices[0].blocks.iter().map(|block| block.content.clone()).collect()
}

#[test]
fn a_suppliers_whole_answer() {
    let body = json!({
        "candidates": [
            {"content": {"role": "model", "parts": [
                {"text": "hm", "thought": true},
                {"text": "Let me look."},
                {"functionCall": {"name": "f", "args": {"n": 12_345_678_901_234_567_890_u64}}, "thoughtSignature": "AAAA"},
                {"functionCall": {"name": "f", "id": "given"}},
                {"text": "", "thoughtSignature": "BBBB"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"executableCode": {"code": "1", "language": "PYTHON"}}]},
             "finishReason": "STOP", "safetyRatings": [{"category": "x"}], "avgLogprobs": -0.1},
            {"content": {"parts": [{"text": "two"}]}, "finishReason": "MAX_TOKENS", "index": 1}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 2, "totalTokenCount": 14},
        "modelVersion": "gemini-3.5-flash", "responseId": "r1", "modelStatus": {"x": 1},
    });
    let answer = decoded(&body);
    assert_eq!((answer.id.as_deref(), answer.model.as_deref()), (Some("r1"), Some("gemini-3.5-flash")));
    let used = Usage { input_uncached: 5, output_text: 7, reasoning: 2, ..Usage::default() };
    assert_eq!(answer.usage, Some(used));
    assert_eq!(names(&answer.losses), ["candidates.safetyRatings", "modelStatus"]);
    let blocks = contents(&answer);
    let Content::ToolCall(made) = &blocks[2] else { panic!("a call was expected") };
    assert!(!ids::is_given(&made.id));
    let expected = vec![
        Content::Reasoning(Reasoning { text: "hm".into(), proof: None, is_summary: true }),
        Content::text("Let me look."),
        call(&made.id, "f", r#"{"n":12345678901234567890}"#, Some(signature::made("AAAA"))),
        call("given", "f", "{}", None),
        Content::Text(Text { proof: Some(signature::made("BBBB")), ..Text::default() }),
        Content::Media(testing::media(
            MediaKind::Image,
            Some("image/png"),
            MediaSource::Base64("AAAA".into()),
        )),
        Content::Opaque(Opaque::new(
            Protocol::Gemini,
            "executableCode",
            r#"{"executableCode":{"code":"1","language":"PYTHON"}}"#,
        )),
    ];
    assert_eq!(blocks, expected);
    assert_eq!(answer.choices[0].finish, Some(FinishReason::Stop));
    assert_eq!(answer.choices[1], choice(vec![Content::text("two")], FinishReason::Length));
}

#[test]
fn f04_a_signature_behind_its_text_is_the_texts() {
    let parts = |parts: Value| contents(&decoded(&json!({"candidates": [{"content": { "parts": parts }}]})));
    let signed = |text: &str, data: &str| {
        Content::Text(Text { text: text.into(), proof: Some(signature::made(data)), ..Text::default() })
    };
    let empty = json!({"text": "", "thoughtSignature": "S"});
    assert_eq!(parts(json!([{"text": "a"}, empty])), [signed("a", "S")]);
    assert_eq!(parts(json!([empty])), [signed("", "S")]);
    assert_eq!(parts(json!([{"thoughtSignature": "S"}])), [signed("", "S")]);
    assert_eq!(
        parts(json!([{"text": "a", "thoughtSignature": "R"}, empty])),
        [signed("a", "R"), signed("", "S")]
    );
    assert_eq!(
        parts(json!([{"text": "a", "thoughtSignature": "R"}, {"text": "b"}])),
        [signed("a", "R"), Content::text("b")]
    );
}

#[test]
fn f07_two_answers_never_share_an_id() {
    let body = |tokens: u64| {
        json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]}}],
            "usageMetadata": {"promptTokenCount": tokens}})
    };
    let ids =
        [body(1), body(2)].into_iter().flat_map(|body| contents(&decoded(&body))).map(
            |content| match content {
                Content::ToolCall(call) => call.id,
                other => panic!("{other:?}"),
            },
        );
    let ids: std::collections::BTreeSet<String> = ids.collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() <= 40));
    assert_eq!(decoded(&body(1)), decoded(&body(1)));
}

#[test]
fn f03_what_was_withheld_is_an_answer() {
    let blocked = |feedback: Value| decoded(&json!({ "promptFeedback": feedback }));
    assert_eq!(blocked(json!({"blockReason": "SAFETY"})).choices, [choice(vec![], FinishReason::Filtered)]);
    let said = json!({"blockReason": "OTHER", "blockReasonMessage": "no"});
    assert_eq!(blocked(said).choices, [choice(vec![Content::Refusal("no".into())], FinishReason::Filtered)]);
    let withheld = decoded(&json!({"candidates": [{"finishReason": "PROHIBITED_CONTENT", "index": 0}]}));
    assert_eq!(withheld.choices, [choice(vec![], FinishReason::Filtered)]);
}

#[test]
fn f02_failures_in_an_answers_place() {
    for (body, failure) in [
        (json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}), Failure::Server),
        (json!({"candidates": [{"finishReason": "PUP_LIMITED_DISABLED"}]}), Failure::Credential),
        (
            json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}),
            Failure::RateLimited { retry_after: None },
        ),
        (json!([{"error": {"code": 500, "status": "INTERNAL", "message": "x"}}]), Failure::Server),
    ] {
        let result = GeminiTranslator.decode_answer(body.to_string().as_bytes());
        assert_eq!(result, Err(TranslateError::Failed(failure)), "{body}");
    }
    let piece = json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "willContinue": true}}]}}]});
    for body in [
        json!({}),
        json!([]),
        json!(3),
        json!({"candidates": []}),
        json!({"candidates": [{"index": 5000}]}),
        piece,
    ] {
        let result = GeminiTranslator.decode_answer(body.to_string().as_bytes());
        assert!(matches!(result, Err(TranslateError::Malformed { .. })), "{body}");
    }
}

#[test]
fn sources_become_citations_in_characters() {
    let body = json!({"candidates": [{
        "content": {"parts": [{"text": "hm", "thought": true}, {"text": "Größe zählt. Ja."}]},
        "groundingMetadata": {
            "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}, {"retrievedContext": {"uri": "gs://b", "title": "B", "text": "q"}}],
            "groundingSupports": [
                {"segment": {"endIndex": 15, "text": "Größe zählt."}, "groundingChunkIndices": [0, 1]},
                {"segment": {"startIndex": 16, "endIndex": 19, "partIndex": 1}, "groundingChunkIndices": [0, 9]},
                {"segment": {"startIndex": 16, "endIndex": 900}, "groundingChunkIndices": [0]}],
            "webSearchQueries": ["x"], "searchEntryPoint": {"renderedContent": "<div>"}},
        "citationMetadata": {"citationSources": [{"startIndex": 0, "endIndex": 7, "uri": "https://c", "license": "MIT"}]},
    }], "usageMetadata": {"promptTokenCount": 1}});
    let answer = decoded(&body);
    let [_, Content::Search(search), Content::Text(text)] = &contents(&answer)[..] else {
        panic!("a search and a text were expected")
    };
    let found: Vec<&str> = search.pages.iter().map(|page| page.url.as_str()).collect();
    assert_eq!((&search.queries[..], &found[..]), (&["x".to_owned()][..], &["https://a", "gs://b"][..]));
    let cited = |url: &str, title: Option<&str>, quote: Option<&str>, range| Citation {
        url: Some(url.into()),
        title: title.map(Into::into),
        quote: quote.map(Into::into),
        range,
        place: None,
    };
    let expected = [
        cited("https://c", None, None, Some((0, 5))),
        cited("https://a", Some("A"), None, Some((0, 12))),
        cited("gs://b", Some("B"), Some("q"), Some((0, 12))),
        cited("https://a", Some("A"), None, Some((13, 16))),
        cited("https://a", Some("A"), None, None),
    ];
    assert_eq!(text.citations, expected);
    assert_eq!(names(&answer.losses), ["groundingMetadata.searchEntryPoint", "groundingMetadata.segment"]);
    assert_eq!(answer.usage.unwrap().tool_requests, 1);
}

#[test]
fn probabilities_keep_their_numbers() {
    let body = json!({"candidates": [{"content": {"parts": [{"text": "ab"}]}, "logprobsResult": {
        "chosenCandidates": [{"token": "a", "tokenId": 7, "logProbability": -0.25}, {"token": "b"}],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -0.25}, {"token": "x", "logProbability": -1e9}]}, {}]}}]});
    let Content::Text(text) = &contents(&decoded(&body))[0] else { panic!("text was expected") };
    let token =
        |token: &str, logprob: &str| Logprob { token: token.into(), logprob: logprob.into(), bytes: None };
    let top = vec![token("a", "-0.25"), token("x", "-1000000000.0")];
    let expected = [
        TokenLogprob { chosen: token("a", "-0.25"), top },
        TokenLogprob { chosen: token("b", "0"), top: vec![] },
    ];
    assert_eq!(text.logprobs, expected);
}

#[test]
fn an_answer_for_a_client() {
    let foreign =
        Opaque { owner: Some("o".into()), ..Opaque::new(Protocol::AnthropicMessages, "signature", "zz") };
    let custom =
        ToolCall { id: "c".into(), name: "g".into(), input: ToolInput::Text("free".into()), proof: None };
    let answer = Answer {
        id: Some("msg_1".into()),
        model: Some("claude".into()),
        choices: vec![choice(
            vec![
                Content::Reasoning(Reasoning {
                    text: "hm".into(),
                    proof: Some(foreign.clone()),
                    is_summary: false,
                }),
                Content::text("a\u{2028}"),
                Content::text(""),
                call("1", "f", r#"{"a":1.50}"#, None),
                Content::ToolCall(custom),
            ],
            FinishReason::ToolCalls,
        )],
        usage: Some(usage()),
        ..Answer::default()
    };
    let (body, losses) = encoded(&answer);
    let expected = json!({
        "candidates": [{"content": {"role": "model", "parts": [
            {"text": "hm", "thought": true, "thoughtSignature": signature::to_client(&foreign)},
            {"text": "a\u{2028}"},
            {"functionCall": {"id": "1", "name": "f", "args": {"a": 1.50}}, "thoughtSignature": signature::BYPASS},
            {"functionCall": {"id": "c", "name": "g", "args": {"input": "free"}}}]},
            "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 20, "cachedContentTokenCount": 5, "candidatesTokenCount": 14, "thoughtsTokenCount": 4,
            "totalTokenCount": 38, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 15}, {"modality": "AUDIO", "tokenCount": 3},
            {"modality": "IMAGE", "tokenCount": 2}], "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 7},
            {"modality": "AUDIO", "tokenCount": 1}, {"modality": "IMAGE", "tokenCount": 6}]},
        "modelVersion": "claude", "responseId": "msg_1",
    });
    assert_eq!((body, losses), (expected, vec![]));
    let (body, _) = encoded(&one(vec![], FinishReason::Filtered));
    let expected = json!({"candidates": [{"finishReason": "SAFETY", "index": 0}], "modelVersion": "asked-for", "responseId": "req_1"});
    assert_eq!(body, expected);
}

#[test]
fn what_a_client_cannot_be_told_is_named() {
    let held = Content::Media(testing::media(MediaKind::Image, None, MediaSource::Held("file-1".into())));
    let search = Content::Opaque(Opaque::new(Protocol::AnthropicMessages, "web_search_tool_result", "{}"));
    let mut answer = one(
        vec![held, search, Content::Refusal("no".into()), Content::text("x")],
        FinishReason::StopSequence(Some("END".into())),
    );
    answer.usage = Some(Usage { cache_write_5m: 3, tool_requests: 1, ..Usage::default() });
    let (body, losses) = encoded(&answer);
    assert_eq!(body["candidates"][0]["content"]["parts"], json!([{"text": "no"}, {"text": "x"}]));
    assert_eq!(body["usageMetadata"]["promptTokenCount"], 3);
    let expected = [
        "media",
        "web_search_tool_result",
        "refusal",
        "stop_sequence",
        "usage.cache_write",
        "usage.tool_requests",
    ];
    assert_eq!(losses, expected);
}

#[test]
fn a_broken_call_is_not_handed_out() {
    for (reason, word) in [
        (FinishReason::ToolCalls, "MALFORMED_FUNCTION_CALL"),
        (FinishReason::Stop, "MALFORMED_FUNCTION_CALL"),
        (FinishReason::Length, "MAX_TOKENS"),
    ] {
        let (body, losses) =
            encoded(&one(vec![Content::text("x"), call("1", "f", r#"{"a":"#, None)], reason));
        assert_eq!(body["candidates"][0]["content"]["parts"], json!([{"text": "x"}]));
        assert_eq!(body["candidates"][0]["finishReason"], word);
        assert_eq!(losses, ["tool_call.arguments"]);
    }
}

#[test]
fn g5_every_neutral_reason_is_said() {
    for (reason, word, message) in [
        (FinishReason::Stop, "STOP", Value::Null),
        (FinishReason::ToolCalls, "STOP", Value::Null),
        (FinishReason::Length, "MAX_TOKENS", Value::Null),
        (FinishReason::Filtered, "SAFETY", Value::Null),
        (FinishReason::Paused, "OTHER", json!("paused: send the turn back to go on")),
        (FinishReason::Other("NO_IMAGE".into()), "NO_IMAGE", Value::Null),
        (FinishReason::Other("error".into()), "OTHER", json!("error")),
    ] {
        let (body, _) = encoded(&one(vec![Content::text("x")], reason));
        let candidate = &body["candidates"][0];
        assert_eq!(
            (candidate["finishReason"].as_str().unwrap(), &candidate["finishMessage"]),
            (word, &message)
        );
    }
    let silent = Answer {
        choices: vec![Choice { finish: None, ..choice(vec![], FinishReason::Stop) }],
        ..Answer::default()
    };
    assert_eq!(encoded(&silent).0["candidates"][0], json!({"index": 0}));
}
