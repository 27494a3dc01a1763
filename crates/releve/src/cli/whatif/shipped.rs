//! The scenarios that ship, in the binary.

use super::super::table::{Cell, Table};
use super::super::terminal::{Terminal, Tone};
use super::super::{CliError, Exit};

macro_rules! ship {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each.
        pub(crate) const SCENARIOS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../../scenarios/", $name, ".toml")))),*];
    };
}

ship![
    "weekend-2023",
    "frozen-supplier",
    "hostile-bid",
    "merger",
    "court-order",
    "insolvency",
    "moratorium",
    "new-contract",
    "gradual-divorce",
    "incumbent-wins",
    "rival-emerges",
    "own-models-win-10",
    "own-models-win-30",
    "own-models-win-60",
    "host-region-down",
    "releve-down",
];

/// Its `why`, without reading the rest.
fn why(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("why = \""));
    line.map_or("", |line| line.trim_end_matches('"'))
}

/// What can be asked: the scenarios, and the losses to try, or why none can be told.
pub(super) fn list(losses: &Result<Vec<String>, String>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    if terminal.json() {
        let losses = losses.as_deref().unwrap_or_default();
        let scenarios: Vec<_> = SCENARIOS
            .iter()
            .map(|(name, text)| serde_json::json!({ "name": name, "why": why(text) }))
            .collect();
        terminal.answer(&serde_json::json!({ "scenarios": scenarios, "losses": losses }))?;
        return Ok(Exit::Done);
    }
    terminal.line("Scenarios, each `releve whatif NAME`; a file of your own works as well:")?;
    let mut table = Table::default().indented(2);
    for (name, text) in SCENARIOS {
        table.row([Cell::toned(Tone::Strong, *name), Cell::from(why(text))]);
    }
    table.print(terminal)?;
    terminal.line("")?;
    match losses {
        Ok(losses) => {
            terminal.line("Losses, by what they carried:")?;
            for loss in losses {
                terminal.line(format_args!(
                    "  {}",
                    terminal.toned(Tone::Strong, format_args!("releve whatif --lose {loss} --for 3d"))
                ))?;
            }
        }
        Err(why) => terminal.line(format_args!(
            "No requests to play them on yet: {why}; --trace FILE takes arrivals from a file."
        ))?,
    }
    Ok(Exit::Done)
}
