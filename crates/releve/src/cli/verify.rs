//! `releve verify FILE.zip`: is an evidence pack whole, whose is it, and do this ledger and configuration bear it out?

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use evidence::{Digest, LedgerPart, Manifest, OpenError, Opened, PublicKey, SigningKey};
use serde::Serialize;

use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, words};
use crate::pack::{SIGNING_KEY_ENDING, Signer, configuration};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The pack.
    #[arg(required_unless_present = "own_key")]
    file: Option<PathBuf>,
    /// Whose it must be: a public key of 64 hexadecimal digits, or a file with one, in PEM too.
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// A ledger whose records must be those that it rests on.
    #[arg(long, value_name = "PATH")]
    ledger: Option<PathBuf>,
    /// The configuration (that of --config) must be the one that it rests on.
    #[arg(long)]
    same_config: bool,
    /// Show the public key of this configuration, to be given to those who verify.
    #[arg(long, conflicts_with_all = ["file", "key", "ledger", "same_config"])]
    own_key: bool,
}

/// What was found. What was not asked is `None`.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    /// Whether all that was asked holds.
    holds: bool,
    /// Every byte is what was signed with the key that it names. Who is not whole has no findings, but an error.
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_is_the_given_one: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<OfLedger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_is_the_same: Option<bool>,
    manifest: &'a Manifest,
}

/// How a ledger compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum OfLedger {
    /// It has the same records up to the last that was read.
    Same,
    /// It ends before.
    Shorter,
    /// It has others.
    Other,
    /// It has the same records, and other decisions about suppliers.
    OtherDecisions,
    /// Its own chain is broken, so that it shows nothing.
    NotWhole,
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let Some(file) = &arguments.file else { return own_key(desk, terminal) };
    let key = arguments.key.as_deref().map(given_key).transpose()?;
    let bytes = bytes(file)?;
    let pack = evidence::open(&bytes).map_err(|error| refusal(file, &error))?;
    let manifest = &pack.manifest;
    if let Some(key) = &key
        && is_private_half(key, &manifest.key)
    {
        return Err(private("the given key is the one that signed this pack: a private key"));
    }
    let ledger = arguments.ledger.as_deref().map(|path| of_ledger(path, manifest)).transpose()?;
    let same_config = || {
        Ok::<_, CliError>(configuration(&desk.described()?).sha256 == manifest.statement.configuration.sha256)
    };
    let mut findings = Findings {
        holds: false,
        whole: true,
        key_is_the_given_one: key.map(|key| key == manifest.key),
        ledger,
        configuration_is_the_same: arguments.same_config.then(same_config).transpose()?,
        manifest,
    };
    findings.holds = findings.are_good();
    if terminal.json() {
        terminal.answer(&findings)?;
    } else {
        print(file, &pack, &findings, terminal)?;
    }
    Ok(if findings.holds { Exit::Done } else { Exit::Failed })
}

impl Findings<'_> {
    fn are_good(&self) -> bool {
        self.whole && self.refuted().is_empty()
    }

    /// What was asked and does not hold.
    fn refuted(&self) -> Vec<&'static str> {
        let asked = [self.whose(), self.of_ledger(), self.of_configuration()];
        asked.into_iter().flatten().filter(|(holds, _)| !holds).map(|(_, says)| says).collect()
    }

    fn whose(&self) -> Option<(bool, &'static str)> {
        self.key_is_the_given_one.map(|given| {
            if given {
                (true, "the given key's")
            } else {
                (false, "not the given key's: somebody else has signed it")
            }
        })
    }

    fn of_ledger(&self) -> Option<(bool, &'static str)> {
        self.ledger.map(|ledger| match ledger {
            OfLedger::Same => (true, "this ledger has the records that it rests on, and is whole"),
            OfLedger::Shorter => (false, "this ledger ends before the records that it rests on"),
            OfLedger::Other => (false, "this ledger has other records"),
            OfLedger::OtherDecisions => (false, "this ledger has other decisions about suppliers"),
            OfLedger::NotWhole => (false, "this ledger is not whole: `releve ledger verify` tells more"),
        })
    }

    fn of_configuration(&self) -> Option<(bool, &'static str)> {
        self.configuration_is_the_same.map(|same| {
            if same {
                (true, "this configuration means the same")
            } else {
                (false, "this configuration means something else")
            }
        })
    }
}

fn own_key(desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let Some(key) = Signer::find(&desk.described()?, desk.environment)? else {
        return Err(CliError::failed("there is no signing key yet").mend(
            "the first pack makes one: `releve report --pack FILE.zip`; [report] signing_key names another",
        ));
    };
    let key = key.public();
    if terminal.json() {
        terminal.answer(&serde_json::json!({ "key": key, "pem": key.pem() }))?;
    } else {
        terminal.line(key)?;
    }
    Ok(Exit::Done)
}

/// Both halves of a key have the same form. Who has only the wrong one must not hear that somebody else has signed.
fn is_private_half(given: &PublicKey, key: &PublicKey) -> bool {
    given.to_string().parse::<SigningKey>().is_ok_and(|seed| seed.public() == *key)
}

fn private(what: impl Into<String>) -> CliError {
    CliError::usage(what).mend(
        "keep it where it is, and give the public one: what `releve verify --own-key` shows to those who sign, as text or in a file",
    )
}

fn given_key(text: &str) -> Result<PublicKey, CliError> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let read = fs::read_to_string(text).map_err(|error| {
        CliError::usage(format!("\"{text}\" is no public key, and no file that can be read: {error}"))
    })?;
    if text.ends_with(SIGNING_KEY_ENDING) || read.contains("PRIVATE KEY-----") {
        return Err(private(format!("{text} is a private key")));
    }
    read.parse().map_err(|error| CliError::usage(format!("{text}: {error}")))
}

/// The file, if it is not larger than a pack can be.
fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let cannot = |error| CliError::failed(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    let most = evidence::MOST_BYTES as u64 + 1;
    File::open(path).map_err(cannot)?.take(most).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

fn refusal(path: &Path, error: &OpenError) -> CliError {
    let refused = CliError::failed(format!("{} is not what was signed: {error}", path.display()));
    match error {
        OpenError::Format(_) => CliError::failed(format!("{}: {error}", path.display()))
            .mend("verify it with the release that made it, or a later one"),
        _ => refused.mend("believe nothing in it, and ask for the file as `releve` wrote it"),
    }
}

fn of_ledger(path: &Path, manifest: &Manifest) -> Result<OfLedger, CliError> {
    let Some(part) = &manifest.statement.ledger else {
        return Err(CliError::usage("this pack does not rest on a ledger")
            .mend("it says by which file of arrivals it was made: see `trace` in its manifest"));
    };
    let reader = store::Reader::open(path)?;
    let digest = |chain: ledger::Chain| Digest::from_bytes(*chain.as_bytes());
    let Some(chain) = reader.chain_at(part.last_seq)?.map(digest) else {
        return Ok(OfLedger::Shorter);
    };
    if chain != part.chain {
        return Ok(OfLedger::Other);
    }
    if let Some(decisions) = part.decisions
        && reader.decisions_chain_at(decisions.last)?.map(digest) != Some(decisions.chain)
    {
        return Ok(OfLedger::OtherDecisions);
    }
    Ok(if store::verify(path)?.is_whole() { OfLedger::Same } else { OfLedger::NotWhole })
}

fn print(
    file: &Path,
    pack: &Opened<'_>,
    findings: &Findings<'_>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let refuted: Vec<&str> = findings.refuted();
    if !refuted.is_empty() {
        let verdict = format!(
            "{} is not what it should be: {}",
            words::plain(&file.display().to_string()),
            refuted.join("; ")
        );
        terminal.line(terminal.toned(Tone::Bad, verdict))?;
    }
    let bytes: usize = pack.files.values().map(|contents| contents.len()).sum();
    let size = format!("{} files, {}, each as it was signed", pack.files.len(), words::bytes(bytes as u64));
    if refuted.is_empty() {
        let whole = terminal.toned(Tone::Good, "whole");
        terminal.line(format_args!("{} is {whole}: {size}", file.display()))?;
    } else {
        terminal.line(format_args!("  nobody has changed it since that: {size}"))?;
    }
    let mut table = Table::default().indented(2);
    for (name, cell) in checks(findings).into_iter().chain(facts(findings.manifest)) {
        table.row([Cell::toned(Tone::Strong, name), cell]);
    }
    table.print(terminal)?;
    for limit in &findings.manifest.statement.limits {
        let about = terminal.toned(Tone::Strong, words::plain(&limit.about));
        terminal.line(format_args!("  limit, {about}"))?;
        terminal.paragraph(4, &[(Tone::Plain, format!("    {}", words::plain(&limit.says)))])?;
    }
    terminal.line(terminal.toned(
        Tone::Faint,
        "that it is whole says nothing of whether it is right: it says that nobody has changed it since it was signed",
    ))
}

/// What was held against something that is not in the pack.
fn checks(findings: &Findings<'_>) -> Vec<(&'static str, Cell)> {
    let mut rows = vec![("key", Cell::from(findings.manifest.key.to_string()))];
    let cell = |(holds, says): (bool, &str)| {
        Cell::toned(if holds { Tone::Good } else { Tone::Bad }, says.to_owned())
    };
    rows.push((
        "whose",
        findings.whose().map_or_else(
            || {
                Cell::toned(
                    Tone::Doubtful,
                    "not shown: anybody can sign with a key of their own. Get the maker's public key another way, and give it with --key",
                )
            },
            cell,
        ),
    ));
    rows.extend(findings.of_ledger().map(|found| ("ledger", cell(found))));
    rows.extend(findings.of_configuration().map(|found| ("configuration", cell(found))));
    rows
}

/// What it says of itself.
fn facts(manifest: &Manifest) -> Vec<(&'static str, Cell)> {
    let statement = &manifest.statement;
    let mut rows: Vec<(&'static str, String)> =
        vec![("what", format!("{}: {}", statement.kind, statement.subject))];
    let mut say = |name, said: Option<String>| rows.extend(said.map(|said| (name, said)));
    say("of", statement.organisation.clone());
    say("day", statement.day.clone());
    let asked: Vec<String> =
        statement.arguments.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    say("asked", (!asked.is_empty()).then(|| asked.join(", ")));
    let seeds: Vec<String> = statement.seeds.iter().map(u64::to_string).collect();
    say("seeds", (!seeds.is_empty()).then(|| seeds.join(", ")));
    say(
        "program",
        Some(format!("releve {}, sha256 {}", statement.program.version, statement.program.sha256)),
    );
    let configuration = &statement.configuration;
    say("configuration", Some(format!("{}, sha256 {}", configuration.version, configuration.sha256)));
    let catalogue = &statement.catalogue;
    say("catalogue", Some(format!("{}, {} sources", catalogue.version, catalogue.sources.len())));
    say(
        "ledger",
        statement.ledger.as_ref().map(|part| {
            let LedgerPart { name, first_seq, last_seq, chain, decisions } = part;
            let decided = decisions
                .map(|decisions| format!("; {} decisions, chain {}", decisions.last, decisions.chain))
                .unwrap_or_default();
            format!("{name}, records {first_seq} to {last_seq}, chain {chain}{decided}")
        }),
    );
    say("trace", statement.trace.as_ref().map(|trace| format!("{}, sha256 {}", trace.name, trace.sha256)));
    rows.into_iter().map(|(name, said)| (name, Cell::from(words::plain(&said)))).collect()
}
