//! A plain hyper client that tells how a reply ended, and a reader of event streams for its bodies.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use simulator::{Handle, Rule, Supplier};
use tokio::net::TcpStream;

pub(crate) const CHAT: &str = "/v1/chat/completions";
pub(crate) const MESSAGES: &str = "/v1/messages";

/// A reply as far as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Why the body ended before its time, if it did.
    pub(crate) broken: Option<String>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        events(self.text())
    }

    /// The text of all deltas, in either protocol.
    pub(crate) fn said(&self) -> String {
        let deltas =
            self.events().into_iter().filter_map(|event| serde_json::from_str::<Value>(&event.data).ok());
        let text = |event: Value| {
            let chat = event.pointer("/choices/0/delta/content");
            chat.or(event.pointer("/delta/text")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        deltas.map(text).collect()
    }
}

/// One event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// By the rules of the event stream format: any line end, comments, several data lines.
pub(crate) fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), Vec::new());
    for line in text.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                let data = std::mem::take(&mut data);
                let name = std::mem::take(&mut name);
                if !data.is_empty() {
                    events.push(Event { name, data: data.join("\n") });
                }
            }
            "event" => value.clone_into(&mut name),
            "data" => data.push(value.to_owned()),
            _ => {}
        }
    }
    events
}

pub(crate) fn hello(stream: bool) -> Value {
    json!({ "model": "m", "stream": stream, "max_tokens": 1000, "messages": [{ "role": "user", "content": "Hello" }] })
}

/// A supplier with defaults.
pub(crate) async fn supplier() -> Handle {
    Supplier::builder().spawn().await.unwrap()
}

/// A supplier with one rule.
pub(crate) async fn scripted(rule: Rule) -> Handle {
    Supplier::builder().script([rule]).spawn().await.unwrap()
}

pub(crate) async fn post(supplier: &Handle, path: &str, body: &Value) -> Result<Reply, String> {
    send(supplier.address(), Method::POST, path, &[], body.to_string()).await
}

pub(crate) async fn chat(supplier: &Handle, body: &Value) -> Reply {
    post(supplier, CHAT, body).await.unwrap()
}

pub(crate) async fn message(supplier: &Handle, body: &Value) -> Reply {
    post(supplier, MESSAGES, body).await.unwrap()
}

/// One request on a connection of its own.
pub(crate) async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<Reply, String> {
    let said = |error: &dyn std::error::Error| format!("{error:?}");
    let socket = TcpStream::connect(address).await.map_err(|error| said(&error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(socket)).await.map_err(|error| said(&error))?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "supplier");
    if path.contains("/messages") {
        request = request.header("anthropic-version", "2023-06-01");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender.send_request(request).await.map_err(|error| said(&error))?;
    let (parts, mut body) = response.into_parts();
    let mut reply = Reply { status: parts.status, headers: parts.headers, body: Bytes::new(), broken: None };
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(error) => reply.broken = Some(said(&error)),
        }
    }
    reply.body = bytes.into();
    driver.abort();
    Ok(reply)
}

/// Whether nothing comes of `future` within a fifth of a second.
pub(crate) async fn hangs<T>(future: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(200), future).await.is_err()
}

/// What the server sends on a connection of its own, read to its end; and how that was.
pub(crate) async fn exchange_raw(address: SocketAddr, request: &[u8]) -> (Vec<u8>, std::io::Result<()>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    let end = socket.read_to_end(&mut bytes).await.map(|_| ());
    (bytes, end)
}

pub(crate) fn raw_post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: s\r\nanthropic-version: 2023-06-01\r\nContent-Length: {length}\r\n\r\n{body}").into()
}
