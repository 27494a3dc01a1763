//! `releve exit-plan PROVIDER`: how one leaves a provider.

use std::path::PathBuf;

use super::report::{Day, Form, present};
use super::terminal::Terminal;
use super::{CliError, Desk, Exit, LedgerFile, check, ledger, pack};
use crate::config::source::Source;
use crate::report;
use crate::resolve::Context;
use crate::settings::{SettingsError, read_text};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The provider's name in the configuration.
    provider: String,
    #[command(flatten)]
    period: ledger::period::Arguments,
    #[command(flatten)]
    file: LedgerFile,
    #[command(flatten)]
    day: Day,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.described()?;
    let providers = &settings.resolved.effective.providers;
    let Some(index) = providers.iter().position(|provider| provider.name.value == arguments.provider) else {
        let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
        return Err(CliError::usage(format!("no provider is called \"{}\"", arguments.provider))
            .mend(format!("there are: {}", names.join(", "))));
    };
    let ledger: PathBuf = desk.ledger(&arguments.file)?;
    let folder = settings.loaded.folder.clone();
    let environment = desk.environment.clone().with_secrets_assumed();
    let reads = |edited: Source| {
        let context = Context { environment: &environment, previous: None };
        let settings = read_text(edited, &folder, &context).map_err(|error| refusal(&error))?;
        let stranded = check::stranded(&settings);
        if stranded.is_empty() {
            return Ok(());
        }
        Err(format!("nobody is left to serve {}", stranded.join(", ")))
    };
    let period = arguments.period.period()?;
    let plan = report::plan(&settings, &ledger, period, (index, arguments.day.day()), &reads)?;
    let Some(plan) = plan else {
        return Err(CliError::failed(format!("{}: no requests in this period", ledger.display()))
            .mend("a plan rests on recorded requests; `releve demo` records some to try it with"));
    };
    if let Some(path) = &arguments.form.pack {
        pack::write(path, plan.contents(arguments.form.language()), &settings, desk, terminal)?;
    }
    present(&arguments.form, &plan, |language| plan.page(language), terminal)?;
    Ok(Exit::Done)
}

/// All that is wrong, in a line and without the text around it.
fn refusal(error: &SettingsError) -> String {
    match error {
        SettingsError::Wrong(report) => {
            let errors = report.problems().iter().filter(|problem| problem.is_error());
            errors.map(|problem| problem.what.as_str()).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}
