//! Amazon Bedrock Converse, and a reader of AWS's event stream that checks its checksums.

use http::Method;
use serde_json::{Value, json};
use simulator::{Handle, Supplier};

use crate::{
    client::{Reply, send, supplier},
    tongues::{Tongue, city, joined, number, string},
};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-west-1/bedrock/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date, \
                      Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
const DATE: (&str, &str) = ("x-amz-date", "20261128T101500Z");

pub(crate) fn tongue() -> Tongue {
    Tongue {
        name: "bedrock-converse",
        paths: ["/model/m/converse", "/model/m/converse-stream"],
        headers: &[("authorization", SIGNED), DATE],
        hello: |_| json!({ "messages": [{ "role": "user", "content": [{ "text": "Hello" }] }] }),
        said: |reply| joined(&reply["output"]["message"]["content"], "/text"),
        events: |reply| events(&reply.body),
        delta: |event| string(event, "/delta/text"),
        ends: |event| event.get("stopReason").is_some(),
        usage: |reply| Some((number(reply, "/usage/inputTokens")?, number(reply, "/usage/outputTokens")?)),
    }
}

/// The payloads of all whole frames with what their headers say; stops at what is no frame.
fn events(mut bytes: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    while let Some((event, rest)) = frame(bytes) {
        events.push(event);
        bytes = rest;
    }
    events
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().unwrap()) as usize)
}

fn frame(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let (length, headers_length) = (word(bytes, 0)?, word(bytes, 4)?);
    if word(bytes, 8)? != crc(&bytes[..8]) || bytes.len() < length {
        return None;
    }
    let (frame, rest) = bytes.split_at(length);
    assert_eq!(word(frame, length - 4), Some(crc(&frame[..length - 4])));
    let (mut headers, payload) = frame[12..length - 4].split_at(headers_length);
    let mut event: Value = serde_json::from_slice(payload).ok()?;
    while let Some((name_length, rest)) = headers.split_first() {
        let (name, rest) = rest.split_at(usize::from(*name_length));
        assert_eq!(rest[0], 7);
        let value_length = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        let (value, rest) = rest[3..].split_at(value_length);
        event[str::from_utf8(name).unwrap()] = json!(str::from_utf8(value).unwrap());
        headers = rest;
    }
    Some((event, rest))
}

/// CRC-32, a bit at a time.
fn crc(bytes: &[u8]) -> usize {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc as usize
}

async fn refuses(supplier: &Handle, more: Value, words: &str) {
    let reply = tongue().refuses(supplier, &tongue().with(false, &more), 400, words).await;
    let kind = reply.header("x-amzn-errortype");
    assert!(
        kind.starts_with("ValidationException:") || kind.starts_with("SerializationException:"),
        "{kind}"
    );
    assert!(reply.json()["message"].is_string());
}

fn tools(choice: &Value) -> Value {
    let spec = json!({ "toolSpec": { "name": "get_weather", "inputSchema": { "json": city() } } });
    json!({ "tools": [spec], "toolChoice": choice })
}

fn weather(stream: bool) -> Value {
    tongue().with(
        stream,
        &json!({
            "messages": [{ "role": "user", "content": [{ "text": "the weather in both cities" }] }],
            "toolConfig": tools(&json!({ "auto": {} })),
            "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 2000 } },
        }),
    )
}

#[tokio::test]
async fn events_come_in_order_and_usage_after_the_stop() {
    let stream = tongue().greet(&supplier().await, true).await;
    assert_eq!(stream.header("content-type"), "application/vnd.amazon.eventstream");
    let events = events(&stream.body);
    let mut kinds: Vec<&str> = events.iter().map(|event| event[":event-type"].as_str().unwrap()).collect();
    kinds.dedup();
    assert_eq!(kinds, ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]);
    assert!(events.iter().all(|event| event[":message-type"] == "event"));
    assert!(number(&events[events.len() - 1], "/usage/totalTokens").unwrap() > 10);
}

#[tokio::test]
async fn tools_and_reasoning_streamed_or_not() {
    let supplier = supplier().await;
    let plain = tongue().ask(&supplier, false, &weather(false)).await.json();
    assert_eq!(plain["stopReason"], "tool_use");
    let content = plain["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(content.len(), 4, "{plain}");
    let thought = &content[0]["reasoningContent"]["reasoningText"];
    assert!(content[2]["toolUse"]["input"]["city"].is_string());
    let events = events(&tongue().ask(&supplier, true, &weather(true)).await.body);
    let all = |pointer: &str, index: u64| -> String {
        let of = events.iter().filter(|event| number(event, "/contentBlockIndex") == Some(index));
        of.filter_map(|event| string(event, pointer)).collect()
    };
    assert_eq!(all("/delta/reasoningContent/text", 0), thought["text"]);
    assert_eq!(all("/delta/reasoningContent/signature", 0), thought["signature"]);
    assert_eq!(all("/start/toolUse/name", 3), "get_weather");
    let input: Value = serde_json::from_str(&all("/delta/toolUse/input", 3)).unwrap();
    assert_eq!(input, content[3]["toolUse"]["input"]);
}

#[tokio::test]
async fn what_it_said_is_accepted_back() {
    let supplier = supplier().await;
    let mut body = weather(false);
    let said = tongue().ask(&supplier, false, &body).await.json()["output"]["message"].clone();
    let result = |place: usize| {
        let id = &said["content"][place]["toolUse"]["toolUseId"];
        json!({ "toolResult": { "toolUseId": id, "content": [{ "json": { "sun": true } }], "status": "success" } })
    };
    let results = json!({ "role": "user", "content": [result(2), result(3)] });
    body["messages"].as_array_mut().unwrap().extend([said.clone(), results.clone()]);
    let reply = tongue().ask(&supplier, false, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["stopReason"], "end_turn");
    let altered = |pointer: &str, value: Value| {
        let mut body = body.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let cases = [
        (
            altered("/messages/2/content", json!([result(2)])),
            "Expected toolResult blocks at messages.2.content",
        ),
        (
            altered("/messages/2/content", json!([result(2), result(3), result(3)])),
            "exceeds the number of toolUse blocks",
        ),
        (
            altered("/messages/1/content/0/reasoningContent/reasoningText/signature", json!("forged")),
            "Invalid `signature` in `thinking` block",
        ),
        (altered("/messages/1/content/1/text", json!("  ")), "is blank"),
    ];
    for (body, words) in cases {
        tongue().refuses(&supplier, &body, 400, words).await;
    }
    body.as_object_mut().unwrap().remove("toolConfig");
    tongue().refuses(&supplier, &body, 400, "The toolConfig field must be defined").await;
}

#[tokio::test]
async fn schemas_come_as_strings_and_cache_points_are_kept() {
    let supplier = supplier().await;
    let format = |schema: String| {
        let structure = json!({ "jsonSchema": { "schema": schema, "name": "a" } });
        json!({ "outputConfig": { "textFormat": { "type": "json_schema", "structure": structure } } })
    };
    let body = tongue().with(false, &format(city().to_string()));
    let said = (tongue().said)(&tongue().ask(&supplier, false, &body).await.json());
    assert!(serde_json::from_str::<Value>(&said).unwrap()["city"].is_string());
    refuses(&supplier, format("{".to_owned()), "is not a valid JSON schema").await;
    let point = json!({ "cachePoint": { "type": "default", "ttl": "1h" } });
    let system = json!({ "system": [{ "text": "word ".repeat(2000) }, point] });
    let body = tongue().with(false, &system);
    let first = tongue().ask(&supplier, false, &body).await.json()["usage"].clone();
    let second = tongue().ask(&supplier, false, &body).await.json()["usage"].clone();
    assert!(first["cacheWriteInputTokens"].as_u64().unwrap() > 2000);
    assert_eq!(first["cacheDetails"][0]["ttl"], "1h");
    assert_eq!(second["cacheReadInputTokens"], first["cacheWriteInputTokens"]);
}

#[tokio::test]
async fn requests_are_signed_or_bear_a_key() {
    let supplier = Supplier::builder().key("AKIDEXAMPLE").spawn().await.unwrap();
    let try_with = |headers: Vec<(&'static str, String)>| {
        let address = supplier.address();
        async move {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let body = (tongue().hello)(false).to_string();
            let reply = send(address, Method::POST, tongue().paths[0], &headers, body).await.unwrap();
            let kind = reply.header("x-amzn-errortype").split(':').next().unwrap().to_owned();
            (reply.status.as_u16(), kind)
        }
    };
    let date = (DATE.0, DATE.1.to_owned());
    let signed = |authorization: String| vec![("authorization", authorization), date.clone()];
    assert_eq!(try_with(signed(SIGNED.to_owned())).await.0, 200);
    assert_eq!(try_with(signed("Bearer AKIDEXAMPLE".to_owned())).await.0, 200);
    let cases = [
        (vec![], 403, "MissingAuthenticationTokenException"),
        (signed("Bearer other".to_owned()), 403, "AccessDeniedException"),
        (signed(SIGNED.replace("AKIDEXAMPLE", "AKIDOTHER")), 403, "UnrecognizedClientException"),
        (vec![("authorization", SIGNED.to_owned())], 400, "IncompleteSignatureException"),
        (signed(SIGNED.replace("/bedrock/", "/s3/")), 400, "IncompleteSignatureException"),
        (signed(SIGNED.replace(";host", "")), 400, "IncompleteSignatureException"),
        (signed(SIGNED.replace("Signature=b9", "Signature=")), 400, "IncompleteSignatureException"),
        (signed("Basic abc".to_owned()), 400, "IncompleteSignatureException"),
    ];
    for (headers, status, kind) in cases {
        assert_eq!(try_with(headers).await, (status, kind.to_owned()));
    }
}

/// Signatures that botocore 1.44.8 made (`SigV4Auth.add_auth` over `AWSRequest`, with the time held still).
#[tokio::test]
async fn signatures_are_computed_where_the_secret_is_known() {
    let secret = |secret: &str| {
        let secret = secret.to_owned();
        Supplier::builder().key("AKIDEXAMPLE").with(|settings| settings.signing_secret = Some(secret)).spawn()
    };
    let head = |signed: &str, signature: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-west-1/bedrock/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        )
    };
    let plain = head(
        "content-type;host;x-amz-date",
        "cb1e6953a68822ddef75c6b91b48d566544ced8e9724da130d2a27903c309708",
    );
    let lent = head(
        "content-type;host;x-amz-date;x-amz-security-token",
        "6acfbdbf1bcba8731d23578f3dab58504740673587564901f2eebd910b1e033a",
    );
    let path = "/model/anthropic.claude-sonnet-5-v1%3A0/converse";
    let common = [("content-type", "application/json"), DATE];
    let token = ("x-amz-security-token", "IQoJb3JpZ2luX2VjEXAMPLE//+==");
    let body = r#"{"messages":[{"role":"user","content":[{"text":"Größe"}]}]}"#;
    let cases = [
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &plain, None, body, 200),
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &lent, Some(token), body, 200),
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &plain, Some(token), body, 400),
        ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &plain, None, "{}", 403),
        ("another", &plain, None, body, 403),
    ];
    for (known, authorization, token, body, status) in cases {
        let supplier = secret(known).await.unwrap();
        let mut headers = common.to_vec();
        headers.push(("authorization", authorization));
        headers.extend(token);
        let reply = send(supplier.address(), Method::POST, path, &headers, body.to_owned()).await.unwrap();
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    }
}

#[tokio::test]
async fn names_of_models_are_decoded() {
    let id = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let supplier = Supplier::builder().models([id]).spawn().await.unwrap();
    let path = format!("/model/{}/converse", id.replace(':', "%3A").replace('/', "%2F"));
    let body = (tongue().hello)(false).to_string();
    let reply = send(supplier.address(), Method::POST, &path, tongue().headers, body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(supplier.recorded()[0].model.as_deref(), Some(id));
}

fn said(role: &str, block: &Value) -> Value {
    json!({ "role": role, "content": [block] })
}

#[tokio::test]
async fn fields_are_checked() {
    let supplier = supplier().await;
    let text = json!({ "text": "x" });
    let messages = |list: &[Value]| json!({ "messages": list });
    let one = |block: Value| json!({ "messages": [said("user", &block)] });
    let config = |config: Value| json!({ "inferenceConfig": config });
    let spec = |spec: Value| json!({ "toolConfig": { "tools": [{ "toolSpec": spec }] } });
    let schema = json!({ "json": city() });
    let cases = [
        (messages(&[]), "must start with a user message"),
        (messages(&[said("assistant", &text)]), "must start with a user message"),
        (messages(&[said("user", &text), said("user", &text)]), "must alternate between user and assistant"),
        (
            messages(&[said("wizard", &text)]),
            "at 'messages.1.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant, system]",
        ),
        (messages(&[json!({ "role": "user" })]), "Value null at 'messages.1.member.content'"),
        (messages(&[json!({ "role": "user", "content": [] })]), "messages.0 is empty"),
        (messages(&[json!({ "role": "user", "content": "x" })]), "STRING_VALUE can not be converted"),
        (one(json!({ "text": " " })), "at messages.0.content.0 is blank"),
        (one(json!({ "type": "text" })), "must set exactly one of its keys"),
        (one(json!({ "toolResult": { "toolUseId": "a", "content": [] } })), "exceeds the number of toolUse"),
        (
            one(json!({ "image": { "format": "bmp", "source": { "bytes": "" } } })),
            "enum value set: [png, jpeg",
        ),
        (config(json!({ "maxTokens": 0 })), "value greater than or equal to 1"),
        (config(json!({ "maxTokens": 9_999_999 })), "exceeds the model limit of 128000"),
        (config(json!({ "temperature": 1.5 })), "value less than or equal to 1"),
        (config(json!({ "maxTokens": "5" })), "STRING_VALUE can not be converted"),
        (json!({ "toolConfig": { "tools": [] } }), "length greater than or equal to 1"),
        (json!({ "toolConfig": tools(&json!({ "none": {} })) }), "must set exactly one of its keys"),
        (
            json!({ "toolConfig": tools(&json!({ "tool": { "name": "other" } })) }),
            "not found in provided tools",
        ),
        (spec(json!({ "name": "a b", "inputSchema": schema })), "regular expression pattern: [a-zA-Z0-9_-]+"),
        (spec(json!({ "name": "a".repeat(65), "inputSchema": schema })), "length less than or equal to 64"),
        (
            spec(json!({ "name": "a", "description": "", "inputSchema": schema })),
            "length greater than or equal to 1",
        ),
        (spec(json!({ "name": "a", "inputSchema": { "json": {} } })), "must be one of the following: object"),
        (spec(json!({ "name": "a" })), "Value null at 'toolConfig.tools.1.member.toolSpec.inputSchema'"),
        (json!({ "system": "Be kind." }), "STRING_VALUE can not be converted"),
        (
            json!({ "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 5 } } }),
            "greater than or equal to 1024",
        ),
    ];
    for (more, words) in cases {
        refuses(&supplier, more, words).await;
    }
    let unknown = tongue().with(false, &json!({ "foo": 1 }));
    assert_eq!(tongue().ask(&supplier, false, &unknown).await.status, 200);
}

#[tokio::test]
async fn a_checksum_can_be_wrong() {
    use simulator::{After, Fault, Rule};
    let fault = Fault::WrongChecksum { after: After::Tokens(2) };
    let supplier = crate::client::scripted(Rule::always(fault)).await;
    let reply = tongue().greet(&supplier, true).await;
    assert!(reply.broken.is_none());
    let (mut rest, mut frames) = (reply.body.as_ref(), 0);
    while let Some(length) = word(rest, 0) {
        let (frame, more) = rest.split_at(length);
        let is_sound = word(frame, length - 4) == Some(crc(&frame[..length - 4]));
        assert_eq!(is_sound, !more.is_empty());
        (rest, frames) = (more, frames + 1);
    }
    assert_eq!(frames, 4);
}

#[tokio::test]
async fn exceptions_come_inside_streams() {
    use simulator::{After, Fault, HiddenError, Rule};
    for (error, kind) in [
        (HiddenError::RateLimited, "throttlingException"),
        (HiddenError::Overloaded, "serviceUnavailableException"),
        (HiddenError::Server, "internalServerException"),
    ] {
        let fault = Fault::ErrorIn200 { after: After::Tokens(1), error };
        let supplier = crate::client::scripted(Rule::always(fault)).await;
        let reply: Reply = tongue().greet(&supplier, true).await;
        let last = events(&reply.body).pop().unwrap();
        assert_eq!((&last[":message-type"], &last[":exception-type"]), (&json!("exception"), &json!(kind)));
    }
}

/// A user's turn of this block and a question, and an answer that is this block, gone on from.
fn beside(block: &Value, answer: &Value) -> Value {
    json!({ "messages": [
        { "role": "user", "content": [block, { "text": "How deep?" }] },
        { "role": "assistant", "content": [answer] },
        { "role": "user", "content": [{ "text": "And at low water?" }] },
    ] })
}

#[tokio::test]
async fn documents_and_what_is_cited_of_them_are_as_the_service_model_has_them() {
    let supplier = supplier().await;
    let found = json!({ "searchResult": { "source": "shelf 3", "title": "Pilots", "content": [{ "text": "deep" }],
        "citations": { "enabled": true } } });
    let document = json!({ "document": { "name": "Tides", "context": "of 2026", "citations": { "enabled": true },
        "source": { "content": [{ "text": "one" }, { "text": "two" }] } } });
    let citing = |location: Value| {
        json!({ "citationsContent": { "content": [{ "text": "Deep." }], "citations": [
            { "title": "Pilots", "source": "shelf 3", "sourceContent": [{ "text": "deep" }], "location": location }] } })
    };
    let place = json!({ "documentIndex": 0, "start": 0, "end": 4 });
    let answer = citing(json!({ "documentChar": place }));
    for location in [
        json!({ "documentPage": place }),
        json!({ "documentChunk": place }),
        json!({ "searchResultLocation": { "searchResultIndex": 0, "start": 0, "end": 1 } }),
        json!({ "web": { "url": "https://pilots.example", "domain": "pilots.example" } }),
    ] {
        for block in [&found, &document] {
            let body = tongue().with(false, &beside(block, &citing(location.clone())));
            let reply = tongue().ask(&supplier, false, &body).await;
            assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        }
    }
    let without = |block: &Value, kind: &str, name: &str| {
        let mut block = block.clone();
        block[kind].as_object_mut().unwrap().remove(name);
        block
    };
    let with = |block: &Value, path: &str, value: Value| {
        let mut block = block.clone();
        *block.pointer_mut(path).unwrap() = value;
        block
    };
    let missing = |member: &str| format!("Value null at 'messages.1.member.content.1.member.{member}'");
    for (block, words) in [
        (without(&found, "searchResult", "source"), missing("searchResult.source")),
        (without(&found, "searchResult", "title"), missing("searchResult.title")),
        (without(&found, "searchResult", "content"), missing("searchResult.content")),
        (without(&document, "document", "name"), missing("document.name")),
        (without(&document, "document", "source"), missing("document.source")),
        (with(&document, "/document/citations", json!({})), missing("document.citations.enabled")),
        (with(&document, "/document/name", json!("")), "length greater than or equal to 1".into()),
        (
            with(&document, "/document/name", json!("x".repeat(201))),
            "length less than or equal to 200".into(),
        ),
        (
            with(&document, "/document/source", json!({ "text": "", "content": [] })),
            "exactly one of its keys".into(),
        ),
        (with(&found, "/searchResult/content/0", json!({})), missing("searchResult.content.1.member.text")),
    ] {
        refuses(&supplier, beside(&block, &answer), &words).await;
    }
    for (location, words) in [
        (json!({ "documentChar": place, "documentPage": place }), "exactly one of its keys"),
        (json!({ "documentChar": { "documentIndex": -1 } }), "value greater than or equal to 0"),
        (json!({}), "exactly one of its keys"),
    ] {
        refuses(&supplier, beside(&found, &citing(location)), words).await;
    }
}
