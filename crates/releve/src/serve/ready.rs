//! What would keep a right configuration from being served. Asked by `serve` before it starts and by `check`, so that
//! the one never calls right what the other refuses.

use std::net::SocketAddr;

use store::{Keys, StoreError};

use super::{StartError, ledger_options};
use crate::config::environment::Environment;
use crate::config::problem::Problem;
use crate::config::report::Report;
use crate::settings::{Settings, SettingsError};

/// Whether `settings` can be served, as far as that can be known without starting. Opens nothing that is not there.
pub(crate) fn ready(settings: &Settings, environment: &Environment) -> Result<(), SettingsError> {
    settings.somebody()?;
    let Some(problem) = open_to_all(settings, environment) else { return Ok(()) };
    let problems = settings.warnings.problems().iter().cloned().chain([problem]).collect();
    Err(SettingsError::Wrong(Box::new(Report::new(settings.loaded.source.clone(), problems))))
}

/// Whether anybody who reaches `listen` could spend the money: the rule, wherever it is asked.
pub(super) fn needs_a_key(listen: SocketAddr, any_issued: bool) -> bool {
    !any_issued && !listen.ip().is_loopback()
}

fn open_to_all(settings: &Settings, environment: &Environment) -> Option<Problem> {
    let config = &settings.loaded.config;
    let listen = &config.server.listen;
    if environment.secrets_assumed() || !needs_a_key(listen.value, false) {
        return None;
    }
    match any_key_issued(settings) {
        Ok(issued) => needs_a_key(listen.value, issued).then(|| {
            let what = format!("server.{}", StartError::OpenToAll(listen.value));
            Problem::error(&listen.at, what).mend(super::CREATE_A_KEY)
        }),
        Err(error) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}")).unwrap_or_default();
            Some(Problem::error(
                &config.ledger.url.at,
                format!("the ledger, which keeps the keys: {error}{why}"),
            ))
        }
    }
}

fn any_key_issued(settings: &Settings) -> Result<bool, StoreError> {
    let path = ledger_options(settings).path;
    // Opening would make it.
    Ok(path.exists() && Keys::open(&path)?.in_force()?.any_issued)
}
