//! `releve keys`: virtual keys of products. Shown once, kept as hashes, revoked at once.

use std::time::Duration;

use serde::Serialize;
use store::{InForce, KeyInfo, Keys};

use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, LedgerFile, words};
use crate::config::problem::nearest;

/// A running server looks for changes every 25 ms; after this it does not look at all.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: LedgerFile,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Issues a key to a product. It is written to standard output, once.
    Create {
        /// Whose key it is.
        #[arg(long, value_parser = said)]
        product: String,
        /// What people call it; without it, the product's name.
        #[arg(long, value_parser = said)]
        name: Option<String>,
    },
    /// All keys, revoked ones included; never the secrets.
    List,
    /// Revokes a key. When this returns it is refused everywhere.
    Revoke {
        /// The key's id, or its name where only one has it.
        key: String,
    },
}

/// A name that people can read in a list.
fn said(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty: write what people call it".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("it has characters that cannot be shown: leave them out".to_owned());
    }
    Ok(text.to_owned())
}

pub(crate) fn run(arguments: Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let path = desk.ledger(&arguments.file)?;
    if let Command::Create { product, .. } = &arguments.command
        && arguments.file.is_configured()
    {
        check_product(product, desk)?;
    }
    let mut keys = Keys::open(&path)?;
    match arguments.command {
        Command::Create { product, name } => create(&mut keys, &product, name.as_deref(), terminal),
        Command::List => list(&keys, terminal),
        Command::Revoke { key } => revoke(&mut keys, &key, terminal),
    }
}

/// A key for a product that nobody declared would open nothing.
fn check_product(product: &str, desk: &Desk<'_>) -> Result<(), CliError> {
    let settings = desk.described()?;
    let names: Vec<&str> = settings.loaded.config.products.iter().map(|named| named.name.as_str()).collect();
    if names.contains(&product) {
        return Ok(());
    }
    let mend = match nearest(product, names) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("add [products.{product}] to the configuration first"),
    };
    Err(CliError::usage(format!("there is no product \"{product}\"")).mend(mend))
}

/// A key as programs read it.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    product: &'a str,
    name: &'a str,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
    /// The secret, in the answer to its creation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<&'static str>,
}

impl<'a> Row<'a> {
    fn of(info: &'a KeyInfo) -> Self {
        Self {
            id: &info.id,
            product: &info.product,
            name: &info.name,
            created: words::moment(info.created_us),
            revoked: info.revoked_us.map(words::moment),
            key: None,
            in_force: None,
        }
    }
}

fn create(
    keys: &mut Keys,
    product: &str,
    name: Option<&str>,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let new = keys.create(product, name.unwrap_or(product))?;
    let in_force = keys.wait_in_force(new.epoch, PATIENCE)?;
    if terminal.json() {
        let row =
            Row { key: Some(new.secret.reveal()), in_force: Some(code(in_force)), ..Row::of(&new.info) };
        terminal.answer(&row)?;
    } else {
        // Alone on standard output: KEY=$(releve keys create --product office)
        terminal.line(new.secret.reveal())?;
        terminal.remark(format_args!(
            "{} for {product}; it is not shown again. {}",
            new.info.id,
            accepted(in_force)
        ))?;
    }
    Ok(Exit::Done)
}

fn accepted(in_force: InForce) -> &'static str {
    match in_force {
        InForce::Now => "It is accepted now.",
        InForce::NoServer => "No gateway is running; the next one will accept it.",
        InForce::NotYet => "The running gateway has not taken it up yet: look at its log.",
    }
}

const fn code(in_force: InForce) -> &'static str {
    match in_force {
        InForce::Now => "now",
        InForce::NoServer => "no_server",
        InForce::NotYet => "not_yet",
    }
}

fn list(keys: &Keys, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let all = keys.list()?;
    if terminal.json() {
        let rows: Vec<Row<'_>> = all.iter().map(Row::of).collect();
        terminal.answer(&rows)?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        terminal.line("no keys: on loopback anybody is served without one; `releve keys create --product NAME` makes one")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::with_heads(["key", "product", "name", "created", ""]).unfolded();
    for info in &all {
        let state = match info.revoked_us {
            Some(since) => Cell::toned(Tone::Bad, format!("revoked {}", words::moment(since))),
            None => Cell::toned(Tone::Good, "in force"),
        };
        table.row([
            Cell::from(info.id.as_ref()),
            Cell::from(info.product.as_ref()),
            Cell::from(info.name.as_ref()),
            words::moment(info.created_us).into(),
            state,
        ]);
    }
    table.print(terminal)?;
    Ok(Exit::Done)
}

fn revoke(keys: &mut Keys, key: &str, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let (info, epoch) = keys.revoke(key)?;
    let in_force = keys.wait_in_force(epoch, PATIENCE)?;
    if terminal.json() {
        terminal.answer(&Row { in_force: Some(code(in_force)), ..Row::of(&info) })?;
    } else {
        let refused = match in_force {
            InForce::Now => "it is refused from now on",
            InForce::NoServer => "no gateway is running; the next one will refuse it",
            InForce::NotYet => "but the running gateway has not followed: restart it",
        };
        terminal
            .line(format_args!("{} of {} ({}) is revoked: {refused}", info.id, info.product, info.name))?;
    }
    Ok(if in_force == InForce::NotYet { Exit::Failed } else { Exit::Done })
}
