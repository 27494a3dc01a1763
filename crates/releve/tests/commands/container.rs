//! What docs/container.md tells people to do, done without a container: the same file, the same commands, the same order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Ran, ran, releve};

/// A container's file system, as far as the image and the mounts make it.
struct Inside {
    folder: TempDir,
}

impl Inside {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for made in ["data", "etc"] {
            std::fs::create_dir(folder.path().join(made)).unwrap();
        }
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/container.md");
        let page = std::fs::read_to_string(page).unwrap();
        let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let data = folder.path().join("data");
        let config =
            block.replace("/data", data.to_str().unwrap()).replace(":4100", ":0").replace(":4101", ":0");
        assert_ne!(config, block);
        std::fs::write(folder.path().join("etc/releve.toml"), config).unwrap();
        Self { folder }
    }

    /// `docker run ... releve WORDS`
    fn command(&self, words: &[&str]) -> Command {
        let mut command = releve(&self.folder.path().join("data"), words);
        command.env("RELEVE_CONFIG", self.folder.path().join("etc/releve.toml"));
        command.env("OPENAI_API_KEY", "sk-test").env("RELEVE_ADMIN_TOKEN", "a token");
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        ran(&self.command(words).output().unwrap())
    }
}

/// Killed when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn get(port: u16, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET /v1/models HTTP/1.0\r\nhost: localhost\r\n{headers}\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn p8_the_containers_page_works_as_it_says() {
    let inside = Inside::new();
    let refused = inside.run(&["serve"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.complaints.contains("keys create"), "{refused:?}");
    let key = inside.run(&["keys", "create", "--product", "office"]);
    assert_eq!(key.code, Some(0), "{key:?}");
    assert!(inside.folder.path().join("data/releve.db").is_file(), "the ledger is on the volume");

    let mut serving = Serving(inside.command(&["serve", "--json"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(serving.0.stdout.take().unwrap());
    let mut greeting = String::new();
    while !greeting.ends_with("}\n") {
        assert_ne!(said.read_line(&mut greeting).unwrap(), 0, "{greeting}");
    }
    let greeting: Value = serde_json::from_str(&greeting).unwrap();
    let port = greeting["listen"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    assert!(get(port, "").starts_with("HTTP/1.0 401"));
    let known = get(port, &format!("authorization: Bearer {}\r\n", key.out.trim()));
    assert!(known.starts_with("HTTP/1.0 200") && known.contains("assistant"), "{known}");

    let shown = inside.run(&["--config", "/nowhere.toml", "config", "show"]);
    assert!(shown.complaints.contains("/nowhere.toml"), "an option wins: {shown:?}");
}

#[test]
fn the_image_reads_what_the_page_mounts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = std::fs::read_to_string(root.join("Dockerfile")).unwrap();
    for line in ["ENV RELEVE_CONFIG=/etc/releve/releve.toml", "VOLUME /data", "ENTRYPOINT [\"/releve\"]"] {
        assert!(file.lines().any(|written| written == line), "{line}");
    }
}
