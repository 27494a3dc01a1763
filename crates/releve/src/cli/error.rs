//! How a command can end.

use std::io;
use std::process::ExitCode;

use store::StoreError;

use crate::settings::SettingsError;

/// How a command went, where it could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed, or a target not met.
    Failed,
    /// Wrong usage or configuration.
    Wrong,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Wrong => Self::from(2),
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The configuration is wrong or not there.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The ledger or the keys say no.
    #[error("{source}{}", reason(source))]
    Store {
        #[from]
        source: StoreError,
    },
    /// What was asked for cannot be: the text says what can.
    #[error("{what}")]
    Usage { what: String, mend: Option<String> },
    /// It did not work.
    #[error("{what}")]
    Failed { what: String, mend: Option<String> },
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
}

/// What lies behind an error that does not say it itself, after a colon.
fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Record { source, .. } | StoreError::Head { source, .. } => format!(": {source}"),
        _ => String::new(),
    }
}

/// What the reader of the command line says, as an error of ours: the fault, and whatever it says of the mend.
pub(super) fn of_words(error: &clap::Error) -> CliError {
    let text = error.to_string();
    let mut parts = text.trim_end().split("\n\n").map(str::trim);
    let what = parts.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let mend: Vec<&str> = parts.collect();
    CliError::usage(what).mend(mend.join("; "))
}

impl CliError {
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), mend: None }
    }

    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), mend: None }
    }

    #[must_use]
    pub(crate) fn mend(self, advice: impl Into<String>) -> Self {
        match self {
            Self::Usage { what, .. } => Self::Usage { what, mend: Some(advice.into()) },
            Self::Failed { what, .. } => Self::Failed { what, mend: Some(advice.into()) },
            other => other,
        }
    }

    /// What to do about it, where that is known.
    pub(crate) fn advice(&self) -> Option<&str> {
        match self {
            Self::Usage { mend, .. } | Self::Failed { mend, .. } => mend.as_deref(),
            Self::Settings(SettingsError::Unreadable { source, .. }) => match source.kind() {
                io::ErrorKind::NotFound => Some("`releve init` writes one"),
                io::ErrorKind::InvalidData => Some("write it as UTF-8 text"),
                _ => None,
            },
            Self::Store { source: StoreError::Missing { .. } } => {
                Some("a gateway makes it when it starts; --ledger PATH names another")
            }
            Self::Store { source: StoreError::NoSuchKey { .. } } => {
                Some("`releve keys list` shows those there are")
            }
            Self::Store { source: StoreError::SeveralKeys { .. } } => {
                Some("give the id of the one that is meant")
            }
            Self::Store {
                source: StoreError::Record { .. } | StoreError::Head { .. } | StoreError::Extract { .. },
            } => Some("`releve ledger verify` tells more"),
            Self::Settings(SettingsError::Nobody { file: None }) => {
                Some("set a key such as OPENAI_API_KEY, or write releve.toml (`releve init`)")
            }
            Self::Settings(SettingsError::Nobody { file: Some(_) }) => Some(
                "write one into it, [providers.openai] with its api_key, or take the # from an example of `releve init`",
            ),
            Self::Settings(SettingsError::Wrong(_)) | Self::Store { .. } | Self::Output(_) => None,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Usage { .. } => Exit::Wrong,
            // `releve ledger export | head` is done when head is.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Store { .. } | Self::Failed { .. } | Self::Output(_) => Exit::Failed,
        }
    }
}
