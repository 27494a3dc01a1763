//! The command line: what can be asked, and how the answer leaves.
//!
//! Each command is one file in `cli/` with its arguments and one function. A command writes its answer to
//! [`Terminal`], as words or as JSON, and says how it went by an [`Exit`] or a [`CliError`]. No command prints by itself.

mod admin;
mod catalogue;
mod check;
mod config;
mod demo;
mod eligibility;
mod error;
#[cfg(test)]
mod examples;
mod exit_plan;
mod explain;
mod init;
mod keys;
mod ledger;
mod output;
mod pack;
mod posture;
mod report;
mod routes;
mod serve;
mod table;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
mod try_once;
mod verify;
mod whatif;
pub(crate) mod words;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::environment::Environment;
use crate::config::locate;
use crate::resolve::Context;
use crate::settings::{self, Settings};

pub(crate) use error::{CliError, Exit};
pub(crate) use terminal::Terminal;
#[cfg(test)]
pub(crate) use whatif::SCENARIOS;

/// One address, many suppliers: a gateway that makes you an orchestrator of language models.
#[derive(Debug, Parser)]
#[command(name = "releve", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed or a target not met, 2 wrong usage or configuration.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// Names the configuration file where no option does: images and services know it before the command.
const CONFIG_VARIABLE: &str = "RELEVE_CONFIG";

/// What every command takes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Shared {
    /// The configuration file; without it that of `RELEVE_CONFIG`, then ./releve.toml, then what the environment offers.
    #[arg(long, short, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Answer as JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// Which ledger a command works on.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct LedgerFile {
    /// The ledger's file, in place of the configured one.
    #[arg(long, value_name = "PATH", global = true)]
    ledger: Option<PathBuf>,
}

impl LedgerFile {
    /// Whether it is the configuration's own.
    fn is_configured(&self) -> bool {
        self.ledger.is_none()
    }
}

// In the order in which they are met: run, see, prove, manage.
#[derive(Debug, Subcommand)]
enum Command {
    /// Suppliers simulated, live traffic, one supplier is cut; leaves a ledger to explore.
    Demo(demo::Arguments),
    /// The gateway in front of real suppliers, until it is told to stop.
    Serve(serve::Arguments),
    /// Writes a commented releve.toml from what it finds in the environment.
    Init(init::Arguments),
    /// Is this configuration right? File, line, column, the mend; and what each product could use now.
    Check(check::Arguments),
    /// One request from the terminal, streamed, with who served it, why, and what it cost.
    #[command(name = "try")]
    TryOnce(try_once::Arguments),
    /// What each route would try now, and why.
    Routes(routes::Arguments),
    /// One request's decision, attempts, tokens and cost.
    Explain(explain::Arguments),
    /// What was asked, who served, what it cost.
    Ledger(ledger::Arguments),
    /// How dependent are we, and what loss would stop which product.
    Report(report::Arguments),
    /// How do we leave a provider: who takes over, by when, what it costs, what changes in the configuration.
    ExitPlan(exit_plan::Arguments),
    /// Searches models: prices, windows, capabilities, end dates.
    #[command(subcommand)]
    Catalogue(catalogue::Command),
    /// What would a loss, or any described future, do to each product?
    Whatif(whatif::Arguments),
    /// Is an evidence pack whole, and whose is it? Needs nothing but the file.
    Verify(verify::Arguments),
    /// What people decide about a supplier before it fails: watch, drain, leave.
    Posture(posture::Arguments),
    /// Virtual keys of products.
    Keys(keys::Arguments),
    /// The configuration as it acts, or how it differs from what runs.
    #[command(subcommand)]
    Config(config::Command),
}

/// Runs the command that `arguments` ask for.
pub(crate) fn run(arguments: Arguments, environment: &Environment) -> ExitCode {
    let mut terminal = Terminal::of_process(arguments.shared.json, environment);
    let asked = arguments.shared.config.as_deref().or(environment.get(CONFIG_VARIABLE).map(Path::new));
    let desk = Desk { environment, config: locate(asked, &PathBuf::new()) };
    let outcome = dispatch(arguments.command, &desk, &mut terminal);
    terminal.finish(outcome).into()
}

/// Says what is wrong with the words themselves, or what they ask to be told: `--help`, `--version`.
pub(crate) fn refuse(
    error: &clap::Error,
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> ExitCode {
    let mut before_others = words.into_iter().take_while(|word| word != "--");
    if !error.use_stderr() || !before_others.any(|word| word == "--json") {
        // Nobody is left to hear of an answer that cannot be written.
        let _ = error.print();
        return if error.use_stderr() { Exit::Wrong } else { Exit::Done }.into();
    }
    Terminal::of_process(true, environment).finish(Err(error::of_words(error))).into()
}

fn dispatch(command: Command, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, desk, terminal),
        Command::Serve(arguments) => serve::run(&arguments, desk, terminal),
        Command::Init(arguments) => init::run(&arguments, desk, terminal),
        Command::Check(arguments) => check::run(&arguments, desk, terminal),
        Command::TryOnce(arguments) => try_once::run(&arguments, desk, terminal),
        Command::Routes(arguments) => routes::run(&arguments, desk, terminal),
        Command::Explain(arguments) => explain::run(&arguments, desk, terminal),
        Command::Ledger(arguments) => ledger::run(arguments, desk, terminal),
        Command::Whatif(arguments) => whatif::run(&arguments, desk, terminal),
        Command::Verify(arguments) => verify::run(&arguments, desk, terminal),
        Command::Posture(arguments) => posture::run(&arguments, desk, terminal),
        Command::Report(arguments) => report::run(&arguments, desk, terminal),
        Command::ExitPlan(arguments) => exit_plan::run(&arguments, desk, terminal),
        Command::Keys(arguments) => keys::run(arguments, desk, terminal),
        Command::Catalogue(command) => catalogue::run(command, terminal),
        Command::Config(command) => config::run(&command, desk, terminal),
    }
}

/// What a command finds: the environment, and which file holds the configuration.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) environment: &'a Environment,
    /// The file asked for or found; `None` where the environment alone decides.
    pub(crate) config: Option<PathBuf>,
}

impl Desk<'_> {
    /// The configuration, resolved. Its warnings are not shown: that is `check`'s business.
    pub(crate) fn settings(&self) -> Result<Settings, CliError> {
        let context = Context { environment: self.environment, previous: None };
        Ok(settings::read(self.config.as_deref(), &context)?)
    }

    /// As a gateway would run it; where a secret is not here, as it would with that secret.
    pub(crate) fn shown(&self) -> Result<Settings, CliError> {
        self.settings().or_else(|_| self.described())
    }

    /// The same where it is only talked about: nobody's secrets are needed for that.
    pub(crate) fn described(&self) -> Result<Settings, CliError> {
        let environment = self.environment.clone().with_secrets_assumed();
        let context = Context { environment: &environment, previous: None };
        Ok(settings::read(self.config.as_deref(), &context)?)
    }

    /// The ledger's file: the one asked for, else the configured one.
    fn ledger(&self, asked: &LedgerFile) -> Result<PathBuf, CliError> {
        if let Some(path) = &asked.ledger {
            return Ok(path.clone());
        }
        let loaded = self.described()?.loaded;
        Ok(loaded.config.ledger.url.path(&loaded.folder))
    }
}
