//! G15, P4: a sound answer that the client's protocol has no words for is nobody's failure but ours. What can be shown of it is
//! shown, and the rest named; where that is nothing, the client hears why, and the supplier is none the worse for it.

use serde_json::{Value, json};
use simulator::{Fault, Handle, Raw, Rule, Supplier};

use crate::client::{self, Reply, post};
use crate::harness::{Config, Gateway, House};

const PICTURE: &str = "iVBORw0KGgo=";

fn text(words: &str) -> Value {
    json!({ "text": words })
}

fn picture() -> Value {
    json!({ "inlineData": { "mimeType": "image/png", "data": PICTURE } })
}

/// An answer of Gemini's with these parts; streamed, one by one.
fn answer(parts: &[Value], stream: bool) -> Fault {
    let usage = json!({ "promptTokenCount": 3, "candidatesTokenCount": 9, "totalTokenCount": 12 });
    let chunk = |parts: &[Value], finish: Option<&str>| {
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        let mut chunk = json!({ "modelVersion": "m", "responseId": "r" });
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
            chunk["usageMetadata"] = usage.clone();
        }
        chunk["candidates"] = json!([candidate]);
        chunk
    };
    let (kind, body) = if stream {
        let (last, others) = parts.split_last().unwrap();
        let mut chunks: Vec<Value> =
            others.iter().map(|part| chunk(std::slice::from_ref(part), None)).collect();
        chunks.push(chunk(std::slice::from_ref(last), Some("STOP")));
        ("text/event-stream", chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect())
    } else {
        ("application/json", chunk(parts, Some("STOP")).to_string())
    };
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Fault::Raw(Raw { headers, body: String::into(body), ..Raw::default() })
}

/// A gateway before a supplier of Gemini's protocol, alone on `pictures`; on `mixed` a healthy one of Messages follows.
async fn stage() -> (Handle, Handle, House, Gateway) {
    let gemini = Supplier::builder().spawn().await.unwrap();
    let other = Supplier::builder().spawn().await.unwrap();
    let provider = |name: &str, protocol: &str, url: &str| {
        format!(
            "[providers.{name}]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\napi_key = {{ file = \"key\" }}"
        )
    };
    let config = Config::new()
        .and(&provider("gemini", "gemini", &gemini.base_url()))
        .and(&provider("other", "anthropic-messages", &other.anthropic_base_url()))
        .route("pictures", &["gemini"], "")
        .route("mixed", &["gemini", "other"], "");
    let house = House::new(&config);
    std::fs::write(house.path().join("key"), "k").unwrap();
    let gateway = Gateway::start(&house);
    (gemini, other, house, gateway)
}

async fn ask(gateway: &Gateway, path: &str, model: &str, stream: bool) -> Reply {
    let hello = json!([{ "role": "user", "content": "Draw a ship." }]);
    let body = match path {
        "/v1/messages" => {
            json!({ "model": model, "max_tokens": 600, "stream": stream, "messages": hello })
        }
        "/v1/responses" => json!({ "model": model, "store": false, "stream": stream, "input": hello }),
        _ => json!({ "model": model, "stream": stream, "messages": hello }),
    };
    post(gateway.listen, path, &[], body.to_string().as_bytes()).await
}

fn request_id(reply: &Reply) -> &str {
    reply.header("request-id").or(reply.header("x-request-id")).unwrap()
}

async fn alarms(gateway: &Gateway) -> Vec<String> {
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let alarms = metrics.text().lines().filter(|line| line.starts_with("releve_alarms_total{"));
    alarms.map(str::to_owned).collect()
}

#[tokio::test]
async fn g15_a_picture_is_left_out_where_the_rest_says_something_and_costs_nobody_anything() {
    let (gemini, _, house, gateway) = stage().await;
    let parts = [text("Here it is: "), picture(), text("a ship.")];
    for stream in [false, true] {
        gemini.set_script([Rule::always(answer(&parts, stream))]).await.unwrap();
        // Often enough to open any breaker.
        for _ in 0..4 {
            let reply = ask(&gateway, "/v1/messages", "pictures", stream).await;
            assert_eq!(reply.status, 200, "{}", reply.lossy());
            assert_eq!(reply.header("x-releve-attempts"), Some("1"));
            let said = reply.text();
            assert!(said.contains("Here it is: ") && said.contains("a ship."), "{said}");
            assert!(!said.contains(PICTURE) && !said.contains("error"), "{said}");
            if stream {
                assert!(said.contains("message_stop"), "{said}");
            } else {
                let dropped = reply.header("x-releve-dropped").unwrap_or_default();
                assert!(dropped.split(", ").any(|name| name == "media"), "{dropped}");
            }
            let entry = house.entry(request_id(&reply)).await;
            let dropped = &entry.attempts[0].dropped;
            assert!(dropped.iter().any(|name| &**name == "media"), "{dropped:?}");
        }
    }
    assert_eq!(alarms(&gateway).await, [""; 0]);
}

/// Who has a place for it is shown it, as before.
#[tokio::test]
async fn g15_a_picture_is_shown_where_the_protocol_shows_pictures() {
    let (gemini, _, _house, gateway) = stage().await;
    for path in ["/v1/chat/completions", "/v1/responses"] {
        for stream in [false, true] {
            for parts in [&[text("Here: "), picture()][..], &[picture()]] {
                gemini.set_script([Rule::always(answer(parts, stream))]).await.unwrap();
                let reply = ask(&gateway, path, "pictures", stream).await;
                assert_eq!(reply.status, 200, "{path} {stream}: {}", reply.lossy());
                assert!(reply.text().contains(PICTURE), "{path} {stream}: {}", reply.lossy());
            }
        }
    }
}

#[tokio::test]
async fn g15_an_answer_without_words_for_the_client_is_paid_for_once_and_ejects_nobody() {
    let (gemini, other, house, gateway) = stage().await;
    for stream in [false, true] {
        gemini.set_script([Rule::always(answer(&[picture()], stream))]).await.unwrap();
        for _ in 0..3 {
            let before = gemini.counters().requests;
            let reply = ask(&gateway, "/v1/messages", "pictures", stream).await;
            assert_eq!(reply.status, 400, "{}", reply.lossy());
            assert!(reply.lossy().contains("`media`"), "{}", reply.lossy());
            assert_eq!(reply.header("x-should-retry"), Some("false"));
            assert_eq!(gemini.counters().requests, before + 1, "asked, and paid, once");
            let entry = house.entry(request_id(&reply)).await;
            assert_eq!(entry.attempts.len(), 1);
            assert_eq!(&*entry.attempts[0].dropped, ["media".into()]);
            assert!(entry.cost.is_some(), "what was paid for is booked");
        }
    }
    let [alarm] = &alarms(&gateway).await[..] else { panic!("one kind of alarm") };
    assert!(alarm.contains("kind=\"translation\"") && alarm.contains("gemini"), "{alarm}");
    assert!(alarm.ends_with(" 6"), "{alarm}");
    // Somebody else may answer in words.
    let reply = ask(&gateway, "/v1/messages", "mixed", true).await;
    assert_eq!((reply.status, reply.header("x-releve-attempts")), (200, Some("2")), "{}", reply.lossy());
    assert_eq!(other.counters().requests, 1);
    // And nobody thinks the worse of whoever drew.
    gemini.set_script([]).await.unwrap();
    let reply = ask(&gateway, "/v1/messages", "pictures", false).await;
    assert_eq!((reply.status, reply.header("x-releve-attempts")), (200, Some("1")), "{}", reply.lossy());
}
