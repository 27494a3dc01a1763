//! The built binary, run as people run it: in a folder of its own, with nothing in its environment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with where it was")]

mod arguments;
mod board;
mod budgets;
mod check;
mod columns;
mod container;
mod decisions;
mod demo;
mod exit_plan;
mod first_steps;
mod held;
mod history;
mod insurance;
mod local_engine;
mod many_entries;
mod pack;
mod pack_again;
mod plain_words;
mod posture;
mod recorded;
mod reloaded;
mod report;
mod rich;
mod serving;
mod short;
mod standing;
mod supplier;
mod targets;
mod try_once;
mod unpriced;
mod whatif;
mod whatif_arrivals;
mod whatif_before;
mod whatif_budgets;
mod whatif_limits;

use std::path::Path;
use std::process::{Command, Output};

/// The binary, in `folder`.
fn releve(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_releve"));
    command.current_dir(folder).env_clear().args(arguments);
    command
}

/// What it wrote and how it ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    complaints: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    ran(&releve(folder, arguments).output().unwrap())
}

fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { code: output.status.code(), out: text(&output.stdout), complaints: text(&output.stderr) }
}

impl Ran {
    /// The answer as JSON, of a command that did its work.
    fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
