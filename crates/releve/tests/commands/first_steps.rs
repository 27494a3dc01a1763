//! The first minutes: what `init` leaves, what `check` and `serve` make of it, and the request that `serve` offers to try.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::{releve, run};

#[test]
fn without_a_key_init_says_what_is_still_to_do_and_so_does_whoever_is_asked_before() {
    let folder = tempfile::tempdir().unwrap();
    let none = run(folder.path(), &["serve"]);
    assert!(none.complaints.contains("(`releve init`)"), "there is no file yet: {none:?}");
    let made = run(folder.path(), &["init"]);
    assert!(made.out.contains("take the # from a provider"), "{made:?}");
    for command in ["check", "serve"] {
        let refused = run(folder.path(), &[command]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.complaints.contains("no provider in releve.toml"), "{refused:?}");
        assert!(refused.complaints.contains("[providers.openai]"), "{refused:?}");
    }
}

#[test]
fn a_file_that_is_there_is_not_to_be_written_by_init() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin1.toml"), b"# Rel\xe8ve\n").unwrap();
    let told = |path: &str| run(folder.path(), &["--config", path, "check"]).complaints;
    assert!(told("none.toml").contains("`releve init` writes one"));
    for (path, mend) in [("latin1.toml", Some("UTF-8")), (".", None)] {
        let told = told(path);
        assert!(told.contains(&format!("cannot read {path}")) && !told.contains("releve init"), "{told}");
        assert!(mend.is_none_or(|mend| told.contains(mend)), "{told}");
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

/// The request that `serve` offers.
fn offered(folder: &Path) -> String {
    let mut command = releve(folder, &["serve", "--threads", "1"]);
    let mut serving = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(serving.0.stdout.take().unwrap()).lines();
    lines.map(Result::unwrap).find(|line| line.trim_start().starts_with("try: curl")).unwrap()
}

#[test]
fn the_request_that_serve_offers_has_a_key_once_it_needs_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
                  [providers.house]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                  [routes.chat]\ndeployments = [\"house/m\"]\n[products.office]\n";
    fs::write(folder.path().join("releve.toml"), config).unwrap();
    let open = offered(folder.path());
    assert!(open.contains("http://127.0.0.1:") && !open.contains("authorization"), "{open}");
    let made = run(folder.path(), &["keys", "create", "--product", "office"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    fs::write(
        folder.path().join("releve.toml"),
        config.replace("127.0.0.1:0\"\nadmin", "0.0.0.0:0\"\nadmin"),
    )
    .unwrap();
    let closed = offered(folder.path());
    assert!(closed.contains("-H \"authorization: Bearer $RELEVE_API_KEY\""), "{closed}");
    assert!(closed.contains("http://127.0.0.1:"), "nobody can connect to 0.0.0.0: {closed}");
}
