//! The environment, read once at the start and passed on as a value.

use std::collections::BTreeMap;
use std::fmt;

/// The variables of the process. `Debug` shows names only: values are often secrets.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    secrets_assumed: bool,
}

impl Environment {
    /// The process's own: the one place that reads it. Variables that are not Unicode are left out.
    pub(crate) fn of_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(unicode).collect(), secrets_assumed: false }
    }

    /// Just these variables.
    #[cfg(test)]
    pub(crate) fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { variables: variables.into_iter().map(owned).collect(), secrets_assumed: false }
    }

    /// The same, where every secret and certificate that a configuration asks for is taken as being there. For checking
    /// a file on a machine that has none of them; nothing can be served with what comes of it.
    #[must_use]
    pub(crate) fn with_secrets_assumed(self) -> Self {
        Self { secrets_assumed: true, ..self }
    }

    /// Whether secrets are not read but taken as being there.
    pub(crate) fn secrets_assumed(&self) -> bool {
        self.secrets_assumed
    }

    /// The value of a variable; one that is set to nothing counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// The first of `names` that is set.
    pub(crate) fn first_set<'a>(&self, names: &'a [String]) -> Option<&'a str> {
        names.iter().map(String::as_str).find(|name| self.get(name).is_some())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}
