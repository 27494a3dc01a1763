//! `releve config show` and `releve config diff`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;
use serde_json::Value;

use super::admin::{self, AdminError};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// The configuration with all defaults and presets filled in; secrets are named, never shown, and values of headers hidden.
    Show,
    /// How the file differs from what a gateway is running with.
    Diff {
        /// Where its admin listener is, if it was started before the file said another `admin_listen`.
        #[arg(long, value_name = "ADDRESS")]
        at: Option<SocketAddr>,
    },
}

pub(crate) fn run(command: &Command, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    match command {
        Command::Show => show(desk, terminal),
        Command::Diff { at } => diff(*at, desk, terminal),
    }
}

fn show(desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.shown()?;
    let resolved = &settings.resolved;
    if terminal.json() {
        terminal.answer(&resolved.shown())?;
        return Ok(Exit::Done);
    }
    let from = settings.loaded.source.as_ref().map_or("the environment", |source| &source.name);
    let heading =
        format!("# {from}, with presets and defaults filled in; version {}", resolved.snapshot.version);
    terminal.line(terminal.toned(Tone::Faint, heading))?;
    let text = toml::to_string_pretty(&resolved.effective.shown()).expect("what was read can be written");
    terminal.line(text.trim_end())?;
    Ok(Exit::Done)
}

/// The answer of `GET /api/config`.
#[derive(Debug, Deserialize)]
struct Running {
    version: String,
    config: Value,
}

fn diff(at: Option<SocketAddr>, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.shown()?;
    let at = at.unwrap_or_else(|| admin::address(&settings));
    let running: Running = match admin::get_from(at, "/api/config", &settings, desk.environment) {
        Ok(running) => running,
        Err(error @ AdminError::NotRunning(_)) => {
            let mend = "`releve serve` starts one; `--at ADDRESS` finds one that was started with another \
                        `admin_listen`; `releve config show` shows what it would run with";
            return Err(CliError::failed(error.to_string()).mend(mend));
        }
        Err(error) => return Err(CliError::failed(error.to_string())),
    };
    let ours = settings.resolved.shown();
    let changes = changes(&running.config, &ours["config"]);
    if terminal.json() {
        let changes: Vec<_> = changes
            .iter()
            .map(|change| serde_json::json!({ "key": change.key, "running": change.running, "file": change.file }))
            .collect();
        terminal.answer(&serde_json::json!({
            "running_version": running.version,
            "file_version": settings.resolved.snapshot.version,
            "changes": changes,
        }))?;
    } else if running.version == *settings.resolved.snapshot.version {
        terminal.line(format_args!("the same: version {} is running", running.version))?;
    } else if changes.is_empty() {
        let (before, after) = (&running.version, &settings.resolved.snapshot.version);
        terminal.line(format_args!(
            "running {before}, the file is {after}: a header's value, which is not shown"
        ))?;
    } else {
        let (before, after) = (&running.version, &settings.resolved.snapshot.version);
        terminal.line(format_args!("running {before}, the file is {after}"))?;
        for change in &changes {
            change.print(terminal)?;
        }
    }
    Ok(Exit::Done)
}

/// A key that has another value here than there.
#[derive(Debug, PartialEq)]
struct Change {
    key: String,
    running: Option<Value>,
    file: Option<Value>,
}

impl Change {
    fn print(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        for (sign, tone, value) in [("-", Tone::Bad, &self.running), ("+", Tone::Good, &self.file)] {
            if let Some(value) = value {
                terminal.line(terminal.toned(tone, format_args!("{sign} {} = {value}", self.key)))?;
            }
        }
        Ok(())
    }
}

fn changes(running: &Value, file: &Value) -> Vec<Change> {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    flatten("", running, &mut before);
    flatten("", file, &mut after);
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Change {
            key: key.clone(),
            running: before.get(key).cloned(),
            file: after.get(key).cloned(),
        })
        .collect()
}

/// Tables become dotted keys; everything else is a value.
fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, into);
            }
        }
        value => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_named_by_their_key() {
        let running = json!({ "server": { "listen": "a" }, "routes": { "x": { "deployments": ["p/m"] } } });
        let file =
            json!({ "server": { "listen": "b" }, "routes": { "x": { "deployments": ["p/m"] }, "y": 1 } });
        let found: Vec<_> = changes(&running, &file)
            .into_iter()
            .map(|change| (change.key, change.running, change.file))
            .collect();
        assert_eq!(
            found,
            [
                ("routes.y".to_owned(), None, Some(json!(1))),
                ("server.listen".to_owned(), Some(json!("a")), Some(json!("b"))),
            ]
        );
        assert!(changes(&file, &file).is_empty());
    }
}
