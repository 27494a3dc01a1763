//! What every protocol's supplier has in common, tried in each protocol beyond the first two.

use http::Method;
use serde_json::{Value, json};
use simulator::{Delivery, Handle, Supplier};

use crate::client::{Reply, send, supplier};

/// One protocol as these tests speak it.
pub(crate) struct Tongue {
    pub(crate) name: &'static str,
    /// The path of a plain request, and of one for a stream.
    pub(crate) paths: [&'static str; 2],
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// A request for a greeting, streamed or not.
    pub(crate) hello: fn(bool) -> Value,
    /// What a plain answer says.
    pub(crate) said: fn(&Value) -> String,
    /// The events of a stream.
    pub(crate) events: fn(&Reply) -> Vec<Value>,
    /// What one event adds to the text.
    pub(crate) delta: fn(&Value) -> Option<String>,
    /// Whether an event ends the answer.
    pub(crate) ends: fn(&Value) -> bool,
    /// Tokens of prompt and answer as a plain answer, or the event that tells them, has them.
    pub(crate) usage: fn(&Value) -> Option<(u64, u64)>,
}

pub(crate) fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

pub(crate) fn string(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// The texts at `pointer` in all of a list's members.
pub(crate) fn joined(list: &Value, pointer: &str) -> String {
    list.as_array().into_iter().flatten().filter_map(|member| string(member, pointer)).collect()
}

pub(crate) fn sse(reply: &Reply) -> Vec<Value> {
    let events = reply.events();
    events.iter().filter(|event| event.data != "[DONE]").map(crate::client::Event::json).collect()
}

impl Tongue {
    pub(crate) async fn ask(&self, supplier: &Handle, stream: bool, body: &Value) -> Reply {
        self.try_ask(supplier, stream, body).await.unwrap()
    }

    pub(crate) async fn try_ask(
        &self,
        supplier: &Handle,
        stream: bool,
        body: &Value,
    ) -> Result<Reply, String> {
        let path = self.paths[usize::from(stream)];
        send(supplier.address(), Method::POST, path, self.headers, body.to_string()).await
    }

    pub(crate) async fn greet(&self, supplier: &Handle, stream: bool) -> Reply {
        self.ask(supplier, stream, &(self.hello)(stream)).await
    }

    /// A greeting with more fields, or others.
    pub(crate) fn with(&self, stream: bool, more: &Value) -> Value {
        let mut body = (self.hello)(stream);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    /// All that a stream says.
    pub(crate) fn streamed(&self, reply: &Reply) -> String {
        (self.events)(reply).iter().filter_map(|event| (self.delta)(event)).collect()
    }

    /// A refusal with this status and these words.
    pub(crate) async fn refuses(&self, supplier: &Handle, body: &Value, status: u16, words: &str) -> Reply {
        let reply = self.ask(supplier, false, body).await;
        assert_eq!(reply.status.as_u16(), status, "{words}: {}", reply.text());
        assert!(reply.text().contains(words), "{words}: {}", reply.text());
        reply
    }
}

pub(crate) fn all() -> Vec<Tongue> {
    vec![
        crate::responses::tongue(),
        crate::gemini::tongue(),
        crate::gemini::array(),
        crate::bedrock::tongue(),
        crate::cohere::tongue(),
        crate::ollama::tongue(),
    ]
}

#[tokio::test]
async fn streamed_and_plain_say_the_same_with_the_same_usage() {
    for tongue in all() {
        let supplier = supplier().await;
        let plain = tongue.greet(&supplier, false).await.json();
        let stream = tongue.greet(&supplier, true).await;
        let said = (tongue.said)(&plain);
        assert!(said.len() > 20, "{}: {plain}", tongue.name);
        assert_eq!(tongue.streamed(&stream), said, "{}", tongue.name);
        let events = (tongue.events)(&stream);
        assert_eq!(events.iter().filter(|event| (tongue.ends)(event)).count(), 1, "{}", tongue.name);
        let usage = (tongue.usage)(&plain);
        assert_eq!(events.iter().rev().find_map(|event| (tongue.usage)(event)), usage, "{}", tongue.name);
        let (input, output) = usage.unwrap();
        for line in supplier.meter().lines {
            let billed = (line.billed.input_uncached, line.billed.output + line.billed.reasoning);
            assert_eq!((billed, line.broken_off), ((input, output), false), "{}", tongue.name);
        }
        let records = supplier.recorded();
        let asked: Vec<_> = records.iter().map(|record| (record.model.as_deref(), record.stream)).collect();
        assert_eq!(asked, [(Some("m"), false), (Some("m"), true)], "{}", tongue.name);
    }
}

#[tokio::test]
async fn every_protocol_gets_the_same_answer_in_every_layout() {
    for tongue in all() {
        let reference = tongue.greet(&supplier().await, true).await;
        let layouts = [
            Delivery { split: 1, ..Delivery::default() },
            Delivery { split: 7, comments: true, tight: true, ..Delivery::default() },
            Delivery { split: 40, ascii: true, multi_line: true, ..Delivery::default() },
        ];
        for delivery in layouts {
            let supplier =
                Supplier::builder().with(|settings| settings.delivery = delivery).spawn().await.unwrap();
            let laid_out = tongue.greet(&supplier, true).await;
            assert_eq!(tongue.streamed(&laid_out), tongue.streamed(&reference), "{}", tongue.name);
        }
    }
}

#[tokio::test]
async fn a_bench_says_the_same_in_every_protocol_and_tells_plain_from_streamed() {
    let supplier = Supplier::builder().bench(true).spawn().await.unwrap();
    let counted: String =
        (0..simulator::BENCH_CHUNKS).flat_map(|place| [" word".to_owned(), place.to_string()]).collect();
    for tongue in all() {
        for _ in 0..2 {
            let stream = tongue.greet(&supplier, true).await;
            assert_eq!(tongue.streamed(&stream), counted, "{}: {}", tongue.name, stream.status);
            assert!((tongue.events)(&stream).iter().any(|event| (tongue.ends)(event)), "{}", tongue.name);
            let plain = (tongue.said)(&tongue.greet(&supplier, false).await.json());
            assert_eq!(plain, " word".repeat(100), "{}", tongue.name);
        }
    }
}

#[tokio::test]
async fn an_unknown_model_and_a_wrong_key_are_refused() {
    for tongue in all() {
        let supplier = Supplier::builder().models(["other"]).spawn().await.unwrap();
        let reply = tongue.greet(&supplier, false).await;
        let known = matches!(reply.status.as_u16(), 404 | 400);
        assert!(known && reply.json().is_object(), "{}: {}", tongue.name, reply.text());
        let supplier = Supplier::builder().key("sk-test").spawn().await.unwrap();
        let reply = tongue.greet(&supplier, false).await;
        assert!([400, 401, 403].contains(&reply.status.as_u16()), "{}: {}", tongue.name, reply.text());
        assert_eq!(supplier.meter().total.requests, 0);
    }
}

#[tokio::test]
async fn what_is_not_an_object_of_json_is_refused() {
    for tongue in all() {
        let supplier = supplier().await;
        for body in ["{nonsense", "[]", ""] {
            let path = tongue.paths[0];
            let reply = send(supplier.address(), Method::POST, path, tongue.headers, body.to_owned()).await;
            let reply = reply.unwrap();
            assert_eq!(reply.status, 400, "{}: {body}", tongue.name);
            assert!(reply.json().is_object(), "{}: {}", tongue.name, reply.text());
        }
    }
}

#[tokio::test]
async fn long_prompts_are_read_from_the_cache_the_second_time_where_the_protocol_has_one() {
    for tongue in all().iter().filter(|tongue| tongue.name == "openai-responses" || tongue.name == "gemini") {
        let supplier = supplier().await;
        let long = (tongue.hello)(false).to_string().replace("Hello", &"word ".repeat(2000));
        let long: Value = serde_json::from_str(&long).unwrap();
        tongue.ask(&supplier, false, &long).await;
        tongue.ask(&supplier, false, &long).await;
        let meter = supplier.meter();
        assert_eq!(meter.lines[0].billed.cache_read, 0, "{}", tongue.name);
        assert!(meter.lines[1].billed.cache_read >= 2432, "{}: {meter:?}", tongue.name);
    }
}

/// A schema with one required string.
pub(crate) fn city() -> Value {
    json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
        "additionalProperties": false })
}
