//! The gateway as a process of its own, and a question to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Killed when dropped.
pub(crate) struct Serving(pub(crate) Child);

impl Serving {
    /// Once it has said, as JSON, where it listens; and that.
    pub(crate) fn start(mut command: Command) -> (Self, Value) {
        let mut serving = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut said = BufReader::new(serving.0.stdout.take().unwrap());
        let mut greeting = String::new();
        while !greeting.ends_with("}\n") {
            assert_ne!(said.read_line(&mut greeting).unwrap(), 0, "{greeting}");
        }
        (serving, serde_json::from_str(&greeting).unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What it answers to a question for this model, head and all.
pub(crate) fn ask(address: &str, model: &str) -> String {
    let body = format!("{{\"model\":{model:?},\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}");
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    write!(stream, "{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}
