//! `releve try`: one question, its answer, and who gave it.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use simulator::Handle;

use crate::supplier::{answering, nobody};
use crate::{releve, run};

/// Two routes, each with a dead supplier before the one that answers.
fn configure(folder: &Path, answering: &Handle) -> SocketAddr {
    let (dead, listen, admin) = (nobody(), nobody(), nobody());
    let text = format!(
        r#"
[server]
listen = "{listen}"
admin_listen = "{admin}"

[providers.openai]
base_url = "http://{dead}/v1"
[providers.house]
preset = "vllm"
base_url = "{}"
[providers.anthropic]
base_url = "{}"

[providers.google]
protocol = "gemini"
base_url = "{}"

[routes.assistant]
deployments = ["openai/gpt-5.2", {{ use = "house/llama", price = {{ input = "2", output = "4" }} }}]
[routes.claude]
deployments = ["anthropic/claude-opus-4-8"]
[routes.google]
deployments = ["google/gemini-3.1-pro-preview"]
[routes.nobody]
deployments = ["openai/gpt-5.2"]

[products.office]
"#,
        answering.openai_base_url(),
        answering.anthropic_base_url(),
        answering.base_url(),
    );
    fs::write(folder.join("releve.toml"), text).unwrap();
    listen
}

/// The text of the last streamed Chat Completion that the supplier sent.
fn sent_text(supplier: &Handle) -> String {
    let recorded = supplier.recorded();
    let reply = String::from_utf8(recorded.last().unwrap().reply.to_vec()).unwrap();
    let events =
        reply.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    let delta = |data: &str| {
        let chunk: Value = serde_json::from_str(data).unwrap();
        chunk.pointer("/choices/0/delta/content").and_then(Value::as_str).map(str::to_owned)
    };
    events.filter_map(delta).collect()
}

#[test]
fn a_dead_first_supplier_is_passed_over_and_the_answer_accounted_for() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    configure(folder.path(), &supplier);
    let said = run(folder.path(), &["try", "Say something kind."]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let text = sent_text(&supplier);
    assert!(!text.is_empty() && said.out.starts_with(&text), "{text:?}: {said:?}");
    for told in ["answered by house/llama", "1.  openai/gpt-5.2", "could not be reached", "served", "total"] {
        assert!(said.out.contains(told), "{told}: {}", said.out);
    }

    let said = run(folder.path(), &["--json", "try", "Say something kind."]).json();
    assert_eq!((&said["text"], &said["takeover"]), (&Value::from(sent_text(&supplier)), &Value::Bool(true)));
    let attempts = said["ledger"]["settlement"]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{said}");
    let line = supplier.meter().lines.pop_back().unwrap().billed;
    let nanos = line.input_uncached * 2_000 + line.output * 4_000;
    let exact = format!("0.{nanos:09}");
    assert_eq!(said["ledger"]["settlement"]["cost"], exact.trim_end_matches('0'), "{line:?}");
}

#[test]
fn the_protocol_is_that_of_the_route() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    configure(folder.path(), &supplier);
    let said = run(folder.path(), &["--json", "try", "-m", "claude", "Hello"]).json();
    assert_eq!(said["deployment"], "anthropic/claude-opus-4-8");
    assert_eq!(said["finish"], "end_turn");
    assert!(!said["text"].as_str().unwrap().is_empty());
}

#[test]
fn a_protocol_that_the_command_does_not_speak_is_translated() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    configure(folder.path(), &supplier);
    let said = run(folder.path(), &["--json", "try", "-m", "google", "Hello"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.json()["deployment"], "google/gemini-3.1-pro-preview");
    let said = run(folder.path(), &["try", "-m", "google", "--protocol", "gemini", "Hello"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.complaints.contains("speaks openai-chat and anthropic-messages, not gemini"), "{said:?}");
}

#[test]
fn where_nobody_can_answer_it_fails_and_says_who_was_asked() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    configure(folder.path(), &supplier);
    let said = run(folder.path(), &["try", "-m", "nobody", "Hello"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("1.  openai/gpt-5.2"), "{said:?}");
    assert!(
        said.complaints.contains("no answer") && said.complaints.contains("could not be reached"),
        "{said:?}"
    );

    // Whoever speaks another protocol is told in it.
    let said = run(folder.path(), &["try", "--protocol", "anthropic-messages", "Hello"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("answered by house/llama"), "{said:?}");
}

/// The suppliers' secrets are the gateway's: whoever asks it has none of them.
#[test]
fn a_gateway_that_runs_is_asked_without_the_suppliers_secrets() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    let listen = configure(folder.path(), &supplier);
    let file = folder.path().join("releve.toml");
    let key = "[providers.house]\napi_key = { env = \"HOUSE_KEY\" }";
    let text = fs::read_to_string(&file).unwrap().replacen("[providers.house]", key, 1);
    fs::write(&file, text).unwrap();
    let missing = run(folder.path(), &["try", "Hello"]);
    assert_eq!(missing.code, Some(2), "alone it needs them: {missing:?}");
    let mut serve = releve(folder.path(), &["serve"]);
    let _served = Served(serve.env("HOUSE_KEY", "k").stdout(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    while TcpStream::connect(listen).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "the gateway does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = format!("http://{listen}");
    for arguments in [&["try", "Hello"][..], &["try", "Hello", "--url", &url]] {
        let said = run(folder.path(), arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("answered by house/llama"), "{said:?}");
    }
}

#[test]
fn with_keys_a_request_needs_one() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    configure(folder.path(), &supplier);
    let key = run(folder.path(), &["keys", "create", "--product", "office"]);
    let key = key.out.trim();
    let said = run(folder.path(), &["try", "Hello"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.complaints.contains("RELEVE_API_KEY"), "{said:?}");
    assert_eq!(run(folder.path(), &["try", "Hello", "--key", "rlv_wrong"]).code, Some(2));
    let mut with_key = releve(folder.path(), &["try", "Hello"]);
    let said = crate::ran(&with_key.env("RELEVE_API_KEY", key).output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("office (key_"), "{said:?}");
}

/// A process that ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_gateway_that_runs_with_the_ledger_is_asked() {
    let (folder, supplier) = (tempfile::tempdir().unwrap(), answering());
    let listen = configure(folder.path(), &supplier);
    let served = releve(folder.path(), &["serve"]).stdout(Stdio::null()).spawn().unwrap();
    let _served = Served(served);
    let began = Instant::now();
    while TcpStream::connect(listen).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "the gateway does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = run(folder.path(), &["try", "Hello"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("answered by house/llama"), "{said:?}");
}
