//! From a path to something that can run: read, check, resolve. The same for a start, a reload and `check`.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::config::problem::Problem;
use crate::config::report::Report;
use crate::config::source::Source;
use crate::config::{self, Config, Loaded, effects};
use crate::resolve::{Context, Resolved, resolve};

/// A configuration that can run.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) loaded: Loaded,
    pub(crate) resolved: Resolved,
    /// What deserves a person's look but stops nothing.
    pub(crate) warnings: Report,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file is not there or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// It names no provider, and the environment offers none.
    #[error("no provider{}: there is nobody to serve requests", of_file(file.as_deref()))]
    Nobody {
        /// The file's name, where there is one.
        file: Option<String>,
    },
    /// The configuration is wrong. All errors are in the report, warnings too.
    #[error("{0}")]
    Wrong(Box<Report>),
}

fn of_file(file: Option<&str>) -> String {
    file.map_or_else(String::new, |name| format!(" in {name}"))
}

impl Settings {
    /// Refuses a configuration without a provider: nobody could serve.
    pub(crate) fn somebody(&self) -> Result<(), SettingsError> {
        if !self.resolved.effective.providers.is_empty() {
            return Ok(());
        }
        Err(SettingsError::Nobody { file: self.loaded.source.as_ref().map(|source| source.name.clone()) })
    }
}

/// Reads the file at `path`; without one, only the environment speaks.
pub(crate) fn read(path: Option<&Path>, context: &Context<'_>) -> Result<Settings, SettingsError> {
    let Some(path) = path else { return settle(Config::default(), None, Path::new(""), Vec::new(), context) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.into(), source })?;
    let source = Source::new(path.display().to_string(), text);
    read_text(source, path.parent().unwrap_or(Path::new("")), context)
}

/// The same for a text at hand; relative paths in it start from `folder`.
pub(crate) fn read_text(
    source: Source,
    folder: &Path,
    context: &Context<'_>,
) -> Result<Settings, SettingsError> {
    let (config, problems) = Config::parse(&source);
    settle(config, Some(source), folder, problems, context)
}

fn settle(
    config: Config,
    source: Option<Source>,
    folder: &Path,
    mut problems: Vec<Problem>,
    context: &Context<'_>,
) -> Result<Settings, SettingsError> {
    // What a text that was not understood would mean is not worth a word.
    if source.as_ref().is_some_and(config::is_broken) {
        return Err(SettingsError::Wrong(Box::new(Report::new(source, problems))));
    }
    let unreadable: Vec<_> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .filter_map(|problem| problem.at.clone())
        .map(|at| config.part_around(at.start))
        .collect();
    let stands = |problem: &Problem| {
        let excused = |at: &Range<usize>| unreadable.iter().any(|part| part.contains(&at.start));
        !(problem.consequence && problem.at.as_ref().is_some_and(excused))
    };
    problems.extend(effects::without_effect(&config));
    let loaded = Loaded { config, source, folder: folder.to_owned() };
    let resolved = match resolve(&loaded, context) {
        Ok(resolved) => Some(resolved),
        Err(found) => {
            problems.extend(found.into_iter().filter(stands));
            None
        }
    };
    if let Some(resolved) = &resolved {
        problems.extend(resolved.warnings.iter().cloned());
    }
    let report = Report::new(loaded.source.clone(), problems);
    match resolved {
        Some(resolved) if !report.has_errors() => Ok(Settings { loaded, resolved, warnings: report }),
        _ => Err(SettingsError::Wrong(Box::new(report))),
    }
}
