//! What is wrong with a configuration: where, what, and the mend.

use std::cell::RefCell;
use std::ops::Range;

use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The configuration is refused whole.
    Error,
    /// It works, but not as somebody who reads the file would think.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    /// Byte offsets in the file; `None` where the file has no place for it.
    pub(crate) at: Option<Range<usize>>,
    /// What is wrong, in one sentence without a full stop.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) mend: Option<String>,
    /// The text at the place is a secret and must not be shown.
    pub(crate) secret: bool,
    /// It may only be there because a value beside it could not be read.
    pub(crate) consequence: bool,
    /// It stands until a restart, whatever is put in force before.
    pub(crate) until_restart: bool,
}

impl Problem {
    pub(crate) fn error(at: &Range<usize>, what: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self {
            severity,
            at: placed(at),
            what: what.into(),
            mend: None,
            secret: false,
            consequence: false,
            until_restart: false,
        }
    }

    pub(crate) fn warning(at: &Range<usize>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(at, what) }
    }

    #[must_use]
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// The same where there may be nothing to advise.
    #[must_use]
    pub(crate) fn mend_if(mut self, mend: Option<String>) -> Self {
        self.mend = mend;
        self
    }

    #[must_use]
    pub(crate) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    #[must_use]
    pub(crate) fn consequence(mut self) -> Self {
        self.consequence = true;
        self
    }

    #[must_use]
    pub(crate) fn until_restart(mut self) -> Self {
        self.until_restart = true;
        self
    }

    /// Whether it says what `other` says, wherever either stands in its file.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        (self.severity, &self.what, &self.mend) == (other.severity, &other.what, &other.mend)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// An empty range means "nowhere in the file": what was made from the environment has no place in it.
fn placed(at: &Range<usize>) -> Option<Range<usize>> {
    (!at.is_empty()).then(|| at.clone())
}

/// Collects problems while reading goes on, so that all are reported at once.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: RefCell<Vec<Problem>>,
    /// Every key that was looked for, with its path: what is documented is held against it.
    #[cfg(test)]
    asked: RefCell<std::collections::BTreeSet<String>>,
}

impl Problems {
    pub(crate) fn add(&self, problem: Problem) {
        self.found.borrow_mut().push(problem);
    }

    #[cfg(test)]
    pub(crate) fn ask(&self, key: String) {
        self.asked.borrow_mut().insert(key);
    }

    #[cfg(test)]
    pub(crate) fn asked(&self) -> std::collections::BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// All problems in the order of the file.
    pub(crate) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.found.into_inner();
        problems.sort_by_key(|problem| problem.at.as_ref().map_or(usize::MAX, |at| at.start));
        problems
    }
}

/// `did you mean "x"?` where one of `known` is close to `written`.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, known).map(|near| format!("did you mean \"{near}\"?"))
}

/// The one of `known` that `written` was probably meant to be.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    gateway::nearest(written, known).into_iter().next()
}

/// `"a", "b" or "c"`.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_absent() {
        let known = ["prefer", "takeover", "max_attempts"];
        assert_eq!(nearest("prefr", known), Some("prefer"));
        assert_eq!(nearest("max_atempts", known), Some("max_attempts"));
        assert_eq!(nearest("zebra", known), None);
    }

    #[test]
    fn choices_read_as_a_sentence() {
        assert_eq!(one_of(["a"]), "\"a\"");
        assert_eq!(one_of(["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }
}
