//! Predictions held against years of suppliers' incidents, by the real binary. One command writes the tables into
//! `docs/independence.md` (seconds): `RELEVE_HISTORY=incidents.csv.gz cargo test -p releve --test prediction years --
//! --ignored`. The file is not ours to give away; what it must have is written there.

use std::process::Command;

use crate::{document, table};

const BEGIN: &str =
    "<!-- history: written by `cargo test -p releve --test prediction years -- --ignored` -->";
const END: &str = "<!-- end of history -->";

/// The services that products ask.
const SERVICES: &str = "service=API,api.anthropic.com,Claude API (api.anthropic.com)";
const SUPPLIERS: &str = "supplier=openai,anthropic";
/// What counts as out of service, in the words of the two sources.
const OUT: [(&str, &str); 2] = [
    ("At least a partial outage", "severity=major,critical,partial_outage,major_outage"),
    (
        "Any trouble with the API that the page told of",
        "severity=minor,major,critical,degraded_performance,partial_outage,major_outage",
    ),
];

#[test]
#[ignore = "needs a file of incidents, and writes docs/independence.md"]
fn years_of_incidents_are_predicted() {
    let file = std::env::var("RELEVE_HISTORY").unwrap();
    let text: String =
        OUT.iter().map(|(what, severity)| format!("**{what}.** {}\n\n", told(&file, severity))).collect();
    table::put(&document(), BEGIN, END, text.trim());
}

/// The answer's tables.
fn told(file: &str, severity: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_releve"));
    command.current_dir(folder.path()).args(["whatif", "--markdown", "--history", file]);
    for only in [SUPPLIERS, SERVICES, severity] {
        command.args(["--only", only]);
    }
    let ran = command.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).unwrap();
    let (_, tables) = text.split_once("\n\n").unwrap();
    tables.trim().replace("## ", "#### ").replacen("#### Who", "Who", 1)
}
