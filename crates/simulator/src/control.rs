//! A supplier steered and read over HTTP, for tests in other languages. JSON both ways.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /` | `{"address", "openai_base_url", "anthropic_base_url", "base_url", "script", "settings"}` |
//! | `GET /counters`, `/meter`, `/recorded`, `/script`, `/settings` | what the [`Handle`]'s methods of that name give; bytes are base64 |
//! | `PUT /script` | a list of [`Rule`]s; `DELETE /script`: none |
//! | `PATCH /settings` | the fields given, also inside `pace`, `answer`, `delivery` |
//! | `POST /cut`, `/heal`, `/forget` | as the methods |
//!
//! Errors are `{"error": "..."}` with 400 or 404.

use std::{io, net::SocketAddr, sync::Arc};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    connection::{Connection, Tally},
    http::{self, Request},
    network::{Network, Tcp},
    script::Rule,
    settings::Settings,
    supplier::Handle,
};

const BODY_LIMIT: usize = 256 << 20;

/// Serves `handle` on a real socket from a task of the current runtime, and tells its address.
///
/// # Errors
/// The address cannot be had.
pub async fn spawn(handle: Handle, address: SocketAddr) -> io::Result<SocketAddr> {
    let (mut listener, address) = Tcp.listen(Tcp.reserve(address).await?).await?;
    tokio::spawn(async move {
        let tally = Arc::new(Tally::default());
        while let Ok(io) = Tcp.accept(&mut listener).await {
            tokio::spawn(serve(Connection::new(io, Arc::clone(&tally)), handle.clone()));
        }
    });
    Ok(address)
}

async fn serve(mut connection: Connection<<Tcp as Network>::Io>, handle: Handle) {
    while let Ok(Some(request)) = http::read(&mut connection, BODY_LIMIT).await {
        let (status, body) = match answer(&handle, &request).await {
            Ok(body) => ("200 OK", body),
            Err(Refused::Unknown) => ("404 Not Found", json!({ "error": "no such path or method" })),
            Err(Refused::Wrong(error)) => ("400 Bad Request", json!({ "error": error })),
        };
        let body = body.to_string();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        if connection.write((head + &body).as_bytes(), &0.into()).await.is_err() || !request.keeps_open() {
            return;
        }
    }
}

enum Refused {
    Unknown,
    Wrong(String),
}

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Wrong(error.to_string())
    }
}

async fn answer(handle: &Handle, request: &Request) -> Result<Value, Refused> {
    let done = || Ok(json!({ "done": true }));
    match (request.method.as_str(), request.path()) {
        ("GET", "/") => overview(handle),
        ("GET", "/counters") => shown(&handle.counters()),
        ("GET", "/meter") => shown(&handle.meter()),
        ("GET", "/recorded") => shown(&handle.recorded()),
        ("GET", "/script") => shown(&handle.script()),
        ("GET", "/settings") => shown(&*handle.settings()),
        ("PUT", "/script") => {
            let rules: Vec<Rule> = serde_json::from_slice(&request.body)?;
            handle.set_script(rules).await?;
            done()
        }
        ("DELETE", "/script") => {
            handle.set_script([]).await?;
            done()
        }
        ("PATCH", "/settings") => {
            let settings = merged(&handle.settings(), serde_json::from_slice(&request.body)?)?;
            handle.change_settings(|current| *current = settings);
            done()
        }
        ("POST", "/cut") => {
            handle.cut().await;
            done()
        }
        ("POST", "/heal") => {
            handle.heal().await?;
            done()
        }
        ("POST", "/forget") => {
            handle.forget();
            done()
        }
        _ => Err(Refused::Unknown),
    }
}

fn overview(handle: &Handle) -> Result<Value, Refused> {
    Ok(json!({
        "address": handle.address(),
        "openai_base_url": handle.openai_base_url(),
        "anthropic_base_url": handle.anthropic_base_url(),
        "base_url": handle.base_url(),
        "script": shown(&handle.script())?,
        "settings": shown(&*handle.settings())?,
    }))
}

fn shown(value: &impl Serialize) -> Result<Value, Refused> {
    Ok(serde_json::to_value(value)?)
}

/// `settings` with these fields changed.
///
/// # Errors
/// A field is unknown or of the wrong type.
pub fn merged(settings: &Settings, changes: Value) -> Result<Settings, serde_json::Error> {
    let mut all = serde_json::to_value(settings)?;
    merge(&mut all, changes);
    serde_json::from_value(all)
}

fn merge(all: &mut Value, changes: Value) {
    match (all, changes) {
        (Value::Object(all), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(all.entry(name).or_insert(Value::Null), change);
            }
        }
        (all, changes) => *all = changes,
    }
}
