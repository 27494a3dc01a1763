//! What is wrong with a body that is being read: its JSON, or what it says.

use crate::conversation::TranslateError;
use crate::scan::ScanError;

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// Not JSON that we take.
    Syntax(ScanError),
    /// JSON, but not of the protocol, or nothing that can be said elsewhere.
    Said(TranslateError),
}

impl Fault {
    /// Something at `path` that is not of the protocol.
    pub(super) fn malformed(path: impl Into<String>, what: &'static str) -> Self {
        Self::Said(TranslateError::malformed(path, what))
    }

    /// Something that has no neutral form and must not be left out.
    pub(super) fn unsayable(what: impl Into<String>, why: &'static str) -> Self {
        Self::Said(TranslateError::unsayable(what, why))
    }

    /// The same, seen from outside `place`.
    pub(super) fn within(self, place: impl FnOnce() -> String) -> Self {
        match self {
            Self::Said(TranslateError::Malformed { path, what }) if path.is_empty() => {
                Self::malformed(place(), what)
            }
            Self::Said(TranslateError::Malformed { path, what }) => {
                Self::malformed(format!("{}.{path}", place()), what)
            }
            other => other,
        }
    }
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self::Syntax(error)
    }
}

impl From<TranslateError> for Fault {
    fn from(error: TranslateError) -> Self {
        Self::Said(error)
    }
}

impl From<Fault> for TranslateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Syntax(error) => Self::malformed("body", error.what.as_str()),
            Fault::Said(error) => error,
        }
    }
}
