//! A new user with an engine of their own and nothing written yet: variables, `serve`, one request.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::serving::{Serving, ask};
use crate::{Ran, ran, releve, run, supplier};

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
    let (_serving, greeting) = Serving::start(command);
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

/// Free ports, and nothing of suppliers.
const ADDRESSES: &str = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";

/// The binary, where the variables of OpenAI's SDK lead to the engine.
fn with_engine(folder: &Path, engine: &simulator::Handle, words: &[&str]) -> Command {
    let mut command = releve(folder, words);
    command.env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", engine.openai_base_url());
    command
}

/// Serves, and does in a shell what it says to try, to the letter.
fn tried_as_printed(folder: &Path, engine: &simulator::Handle) -> (String, Ran) {
    let mut serving =
        Serving(with_engine(folder, engine, &["serve"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(serving.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.find(|line| line.trim_start().starts_with("try: curl")).unwrap();
    let printed = format!("{}\n{}", first.trim_start().trim_start_matches("try: "), lines.next().unwrap());
    let done = Command::new("sh").args(["-c", &printed]).output().unwrap();
    (printed, ran(&done))
}

/// What the ledger says of everything so far.
fn total(folder: &Path) -> Value {
    run(folder, &["ledger", "summary", "--json"]).json()["total"].clone()
}

#[test]
fn what_is_printed_works_as_printed_on_an_own_engine() {
    let engine = supplier::answering();
    engine.change_settings(|settings| settings.models = vec!["nomic-embed-text".into(), "qwen3:4b".into()]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("releve.toml"), ADDRESSES).unwrap();
    let said = |words: &[&str]| ran(&with_engine(folder.path(), &engine, words).output().unwrap());
    let checked = said(&["check"]);
    assert!(checked.out.contains("as openai/MODEL") && !checked.out.contains("gpt"), "{checked:?}");
    let tried = said(&["try", "hello"]);
    assert!(tried.code == Some(0) && tried.out.contains("openai/qwen3:4b"), "{tried:?}");
    let (printed, done) = tried_as_printed(folder.path(), &engine);
    assert!(printed.contains("\"model\":\"openai/qwen3:4b\""), "{printed}");
    assert!(done.code == Some(0) && done.out.contains("chat.completion"), "{printed}: {done:?}");
    // What `init` writes serves the same engine, by a route.
    let file = run_init(folder.path(), &engine);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"openai/qwen3:4b\"") && !text.contains("gpt-5"), "{text}");
    let served = text.replace("127.0.0.1:4100", "127.0.0.1:0").replace("127.0.0.1:4101", "127.0.0.1:0");
    fs::write(folder.path().join("releve.toml"), served).unwrap();
    let (printed, done) = tried_as_printed(folder.path(), &engine);
    assert!(printed.contains("\"model\":\"assistant\"") && done.out.contains("chat.completion"), "{done:?}");
    let total = total(folder.path());
    assert_eq!(
        (&total["requests"], &total["outcomes"]["answered"], &total["unpriced"]),
        (&3.into(), &3.into(), &3.into())
    );
}

fn run_init(folder: &Path, engine: &simulator::Handle) -> std::path::PathBuf {
    let made = ran(&with_engine(folder, engine, &["init", "made.toml"]).output().unwrap());
    assert!(made.code == Some(0) && made.out.contains("then `releve serve`"), "{made:?}");
    let checked = ran(&with_engine(folder, engine, &["check", "-c", "made.toml"]).output().unwrap());
    assert!(checked.code == Some(0) && checked.out.contains("assistant: 1 of 1 eligible"), "{checked:?}");
    folder.join("made.toml")
}

#[test]
fn an_engine_that_does_not_say_what_it_has_leaves_a_word_to_fill_in() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("releve.toml"), ADDRESSES).unwrap();
    let nobody = format!("http://{}/v1", supplier::nobody());
    let said = |words: &[&str]| {
        let mut command = releve(folder.path(), words);
        ran(&command.env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", &nobody).output().unwrap())
    };
    let tried = said(&["try", "hello"]);
    assert!(tried.code == Some(2) && tried.complaints.contains("--model openai/MODEL"), "{tried:?}");
    let made = said(&["init", "made.toml"]);
    assert!(made.code == Some(0) && made.out.contains("name a model in a route"), "{made:?}");
    let text = fs::read_to_string(folder.path().join("made.toml")).unwrap();
    assert!(text.contains("# deployments = [\"openai/MODEL\"]"), "{text}");
    assert_eq!(said(&["check", "-c", "made.toml"]).code, Some(0));
}

/// A model that its owner calls as OpenAI calls one of its own.
#[test]
fn p6_a_model_of_ones_own_is_not_booked_at_the_price_of_its_namesake() {
    let engine = supplier::answering();
    engine.change_settings(|settings| settings.models = vec!["gpt-5.2".into()]);
    let folder = tempfile::tempdir().unwrap();
    let tried = ran(&with_engine(folder.path(), &engine, &["try", "hello"]).output().unwrap());
    assert!(tried.code == Some(0) && tried.out.contains("unpriced"), "{tried:?}");
    let total = total(folder.path());
    assert_eq!((&total["requests"], &total["unpriced"]), (&1.into(), &1.into()), "{total}");
    let report = ran(&with_engine(folder.path(), &engine, &["report", "--json"]).output().unwrap());
    let report = report.json().to_string();
    assert!(!report.contains("\"host\":\"openai\"") && !report.contains("\"maker\":\"openai\""), "{report}");
}

/// One name stands for all models of an open provider in metrics, and would tell the client nothing.
#[test]
fn a_refusal_calls_the_model_as_the_client_does() {
    let engine = supplier::answering();
    let folder = tempfile::tempdir().unwrap();
    let product = "[products.p]\ndirect = true\nunpriced = \"refuse\"\n";
    fs::write(folder.path().join("releve.toml"), format!("{ADDRESSES}{product}")).unwrap();
    let command = with_engine(folder.path(), &engine, &["serve", "--json"]);
    let (_serving, greeting) = Serving::start(command);
    let listen = greeting["listen"].as_str().unwrap().trim_start_matches("http://");
    let refused = ask(listen, "openai/gpt-9");
    assert!(
        refused.starts_with("HTTP/1.1 400") && refused.contains("openai/gpt-9: no price known"),
        "{refused}"
    );
    assert!(!refused.contains("openai/*"), "{refused}");
}
