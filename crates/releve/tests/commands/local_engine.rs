//! A new user with an engine of their own and nothing written yet: variables, `serve`, one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::{releve, run, supplier};

/// Killed when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn ask(address: &str, model: &str) -> String {
    let body = format!("{{\"model\":{model:?},\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}");
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    write!(stream, "{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

/// The usual ports may be taken where tests run: one file for the addresses, and nothing of suppliers in it.
#[test]
fn any_model_of_an_own_engine_can_be_asked_for_at_once() {
    let engine = supplier::answering();
    engine.change_settings(|settings| settings.models = vec!["qwen3:4b".into(), "org/tiny".into()]);
    let folder = tempfile::tempdir().unwrap();
    let addresses = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";
    std::fs::write(folder.path().join("releve.toml"), addresses).unwrap();
    let mut command = releve(folder.path(), &["serve", "--json"]);
    command.env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", engine.openai_base_url());
    let mut serving = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(serving.0.stdout.take().unwrap());
    let mut greeting = String::new();
    while !greeting.ends_with("}\n") {
        assert_ne!(said.read_line(&mut greeting).unwrap(), 0, "{greeting}");
    }
    let greeting: Value = serde_json::from_str(&greeting).unwrap();
    let listen = greeting["listen"].as_str().unwrap().trim_start_matches("http://");
    let admin = greeting["admin"].as_str().unwrap().trim_start_matches("http://");
    // A name that the engine does not have is the client's slip, and stands in nobody's way.
    let slip = ask(listen, "openai/no-such-model");
    assert!(slip.starts_with("HTTP/1.1 404") && slip.contains("no-such-model"), "{slip}");
    for model in ["qwen3:4b", "org/tiny"] {
        let reply = ask(listen, &format!("openai/{model}"));
        assert!(
            reply.starts_with("HTTP/1.1 200") && reply.contains("x-releve-deployment: openai/*"),
            "{reply}"
        );
        assert_eq!(engine.counters().attempts.get(model), Some(&1), "{:?}", engine.counters().attempts);
    }
    let mut metrics = TcpStream::connect(admin).unwrap();
    metrics.write_all(b"GET /metrics HTTP/1.0\r\nhost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    metrics.read_to_string(&mut text).unwrap();
    assert!(text.contains("openai/*") && !text.contains("qwen3"), "labels stay bounded: {text}");
    let told = run(folder.path(), &["explain", "--ledger", "releve.db"]);
    assert!(told.out.contains("asked for \"openai/org/tiny\"") && told.out.contains("openai/*"), "{told:?}");
}
