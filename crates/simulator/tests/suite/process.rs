//! The binary, as tests in other languages and load tests run it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use http::Method;
use serde_json::{Value, json};
use simulator::BENCH_CHUNKS;

use crate::client::{CHAT, MESSAGES, Reply, hello, send};

fn start(options: &[&str]) -> (Child, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    let command = command.args(options).arg("--until-eof").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

fn stop(mut child: Child) {
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn address(ready: &Value, name: &str) -> SocketAddr {
    ready[name].as_str().unwrap().parse().unwrap()
}

async fn ask(address: SocketAddr, path: &str, body: &Value) -> Reply {
    send(address, Method::POST, path, &[], body.to_string()).await.unwrap()
}

#[tokio::test]
async fn it_says_where_it_listens_and_ends_with_its_input() {
    let (child, ready) = start(&["--control", "127.0.0.1:0", "--models", "m", "--seed", "3"]);
    assert_eq!(ask(address(&ready, "listen"), CHAT, &hello(false)).await.status, 200);
    let control = address(&ready, "control");
    let settings = send(control, Method::GET, "/settings", &[], String::new()).await.unwrap().json();
    assert_eq!((&settings["seed"], &settings["models"][0]["id"]), (&json!(3), &json!("m")));
    stop(child);
}

#[test]
fn it_says_how_it_is_used_and_which_it_is() {
    let told = |word: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_simulator")).arg(word).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let usage = told("--help");
    for option in ["--until-eof", "--seed ", "--tokens-per-second"] {
        assert!(usage.contains(option), "{option}: {usage}");
    }
    assert!(usage.lines().all(|line| line.len() < 100), "{usage}");
    assert_eq!(told("--version"), format!("simulator {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn wrong_options_are_told_with_exit_code_2() {
    let outcome = Command::new(env!("CARGO_BIN_EXE_simulator")).arg("--sead=1").output().unwrap();
    assert_eq!(outcome.status.code(), Some(2));
    assert!(String::from_utf8(outcome.stderr).unwrap().starts_with("simulator: `--sead=1`"));
}

#[tokio::test]
async fn bench_serves_fixed_answers_in_paced_bursts() {
    let (child, ready) = start(&["--bench", "--tokens-per-second", "10000"]);
    let address = address(&ready, "listen");
    for path in [CHAT, MESSAGES] {
        let plain = ask(address, path, &hello(false)).await;
        assert!(plain.json()["id"].is_string() && (800..1200).contains(&plain.body.len()));
        let stream = ask(address, path, &hello(true)).await;
        let contents = |event: &&crate::client::Event| event.data.contains(" word");
        assert_eq!(stream.events().iter().filter(contents).count(), BENCH_CHUNKS);
        assert!(stream.events().iter().all(|event| event.data == "[DONE]" || event.json().is_object()));
        assert!(path == MESSAGES || !stream.text().contains("usage"));
    }
    let mut asked = hello(true);
    asked["stream_options"] = json!({ "include_usage": true });
    let stream = ask(address, CHAT, &asked).await;
    let events = stream.events();
    assert_eq!(events[events.len() - 2].json()["usage"]["completion_tokens"], BENCH_CHUNKS);
    assert_eq!(events[events.len() - 1].data, "[DONE]");
    stop(child);
}
