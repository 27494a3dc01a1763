//! What `serve` says at a reload: what is new, and last what waits for a restart.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::releve;

/// Enough for a machine under load.
const PATIENCE: Duration = Duration::from_mins(1);

/// Killed when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// All that it complains of up to the line that has `words`.
fn until(lines: &Receiver<String>, words: &str) -> String {
    let (start, mut said) = (Instant::now(), String::new());
    loop {
        let left = PATIENCE.saturating_sub(start.elapsed());
        let line = lines.recv_timeout(left).unwrap_or_else(|_| panic!("it does not say {words:?}: {said}"));
        said += &line;
        said.push('\n');
        if line.contains(words) {
            return said;
        }
    }
}

#[test]
fn a_reload_repeats_no_warning_and_ends_with_what_needs_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("releve.toml");
    let config = |admin: &str, models: &str| {
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"{admin}:0\"\n\
             [providers.house]\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
             [routes.one]\ndeployments = [{models}]\n[routes.two]\ndeployments = [{models}]\n"
        )
    };
    fs::write(&file, config("127.0.0.1", "\"house/a\"")).unwrap();
    let mut command = releve(folder.path(), &["serve", "--threads", "1"]);
    let mut serving = Serving(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let complaints = BufReader::new(serving.0.stderr.take().unwrap());
    let (send, lines) = mpsc::channel();
    thread::spawn(move || complaints.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let unpriced = |said: &str| said.matches("no price is known").count();
    let first = until(&lines, "no price is known for house/a:");
    assert_eq!(unpriced(&first), 1, "{first}");
    fs::write(&file, config("127.0.0.2", "\"house/a\"")).unwrap();
    let second = until(&lines, "needs a restart: server.admin_listen");
    assert_eq!(unpriced(&second), 0, "{second}");
    // It still does when something else changes; what is new comes before it.
    fs::write(&file, config("127.0.0.2", "\"house/a\", \"house/b\"")).unwrap();
    let third = until(&lines, "needs a restart: server.admin_listen");
    assert!(unpriced(&third) == 1 && third.contains("house/a and house/b: their"), "{third}");
}
