//! Which requests fail, and how: a list of rules, of which the first that applies is played.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    dice::Dice,
    fault::{Fault, ResetAt},
};

/// One rule. By default it applies to each request for an answer (not to lists of models or token counts).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// Only to paths that start so; such a rule applies to requests of every kind. `/` is all of them.
    #[serde(default)]
    pub path: Option<String>,
    /// Only to this model.
    #[serde(default)]
    pub model: Option<String>,
    /// Only to streams, or only to plain requests.
    #[serde(default)]
    pub stream: Option<bool>,
    /// Not to the first so many requests that it would apply to.
    #[serde(default)]
    pub skip: u64,
    /// To at most so many, from then on; none: to all.
    #[serde(default)]
    pub times: Option<u64>,
    /// To each with this probability.
    #[serde(default = "certain")]
    pub probability: f64,
    /// Milliseconds before anything is sent.
    #[serde(default)]
    pub delay_ms: u64,
}

fn certain() -> f64 {
    1.0
}

impl Rule {
    /// `fault` on every request.
    pub fn always(fault: Fault) -> Self {
        Self {
            fault,
            path: None,
            model: None,
            stream: None,
            skip: 0,
            times: None,
            probability: 1.0,
            delay_ms: 0,
        }
    }

    /// `fault` on the next `times` requests.
    pub fn next(times: u64, fault: Fault) -> Self {
        Self { times: Some(times), ..Self::always(fault) }
    }

    /// `fault` on each request with this probability.
    pub fn with_probability(probability: f64, fault: Fault) -> Self {
        Self { probability, ..Self::always(fault) }
    }

    /// Only for requests of this model.
    #[must_use]
    pub fn of_model(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// Only for paths that start so.
    #[must_use]
    pub fn of_path(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Only for streams (`true`) or plain requests (`false`).
    #[must_use]
    pub fn of_streams(self, stream: bool) -> Self {
        Self { stream: Some(stream), ..self }
    }

    /// Not for the first `skip` requests.
    #[must_use]
    pub fn after_first(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    fn is_at_accept(&self) -> bool {
        matches!(self.fault, Fault::Reset { at: ResetAt::Accept })
    }

    fn is_unconditional(&self) -> bool {
        self.path.is_none() && self.model.is_none() && self.stream.is_none()
    }

    fn mistake(&self) -> Option<ScriptError> {
        let bounded = self.times.is_some() || self.skip > 0 || self.probability < 1.0;
        match &self.fault {
            Fault::Refuse if bounded || !self.is_unconditional() => Some(ScriptError::ConditionalRefuse),
            Fault::Reset { at: ResetAt::Accept } if !self.is_unconditional() => {
                Some(ScriptError::ConditionalAccept)
            }
            Fault::ServerError { status } if !(500..600).contains(status) => {
                Some(ScriptError::Status { status: *status, expected: "500 to 599" })
            }
            Fault::Status { status, .. } if !(200..1000).contains(status) => {
                Some(ScriptError::Status { status: *status, expected: "200 to 999" })
            }
            _ if !(0.0..=1.0).contains(&self.probability) => Some(ScriptError::Probability),
            _ => None,
        }
    }
}

/// Why a script cannot be played.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ScriptError {
    /// A listener is there or not for everybody.
    #[error(
        "`refuse` holds for the whole supplier: it takes no conditions, `times`, `skip` or `probability`"
    )]
    ConditionalRefuse,
    /// Nothing of the request is known then.
    #[error("a reset at accept cannot look at path, model or streaming")]
    ConditionalAccept,
    /// Not a status of that kind.
    #[error("status {status} is not in {expected}")]
    Status {
        /// The status given.
        status: u16,
        /// What would be right.
        expected: &'static str,
    },
    /// Outside 0 to 1.
    #[error("`probability` goes from 0 to 1")]
    Probability,
}

/// What rules look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) is_answer: bool,
    pub(crate) model: Option<&'a str>,
    pub(crate) stream: bool,
}

/// A fault drawn for one request, and the delay before it.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) fault: Fault,
    delay_ms: u64,
}

impl Drawn {
    pub(crate) fn delay_ms(&self) -> u64 {
        match self.fault {
            Fault::SlowHeaders { delay_ms } => self.delay_ms + delay_ms,
            _ => self.delay_ms,
        }
    }
}

/// A script in play.
#[derive(Debug)]
pub(crate) struct Script {
    rules: Vec<(Rule, Played)>,
    dice: Dice,
}

#[derive(Clone, Copy, Debug, Default)]
struct Played {
    skipped: u64,
    times: u64,
}

impl Script {
    pub(crate) fn new(rules: Vec<Rule>, dice: Dice) -> Result<Self, ScriptError> {
        if let Some(mistake) = rules.iter().find_map(Rule::mistake) {
            return Err(mistake);
        }
        Ok(Self { rules: rules.into_iter().map(|rule| (rule, Played::default())).collect(), dice })
    }

    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    pub(crate) fn refuses(&self) -> bool {
        self.rules.iter().any(|(rule, _)| rule.fault == Fault::Refuse)
    }

    /// Whether a fresh connection is reset.
    pub(crate) fn resets_at_accept(&mut self) -> bool {
        self.draw_where(Rule::is_at_accept).is_some()
    }

    /// The fault of this request, if any.
    pub(crate) fn draw(&mut self, asked: Asked<'_>) -> Option<Drawn> {
        self.draw_where(|rule| !rule.is_at_accept() && rule.fault != Fault::Refuse && applies(rule, asked))
    }

    fn draw_where(&mut self, applies: impl Fn(&Rule) -> bool) -> Option<Drawn> {
        for (rule, played) in &mut self.rules {
            if applies(rule) && fires(rule, played, &mut self.dice) {
                return Some(Drawn { fault: rule.fault.clone(), delay_ms: rule.delay_ms });
            }
        }
        None
    }
}

fn applies(rule: &Rule, asked: Asked<'_>) -> bool {
    let path = rule.path.as_ref().map_or(asked.is_answer, |path| asked.path.starts_with(path.as_str()));
    path && rule.model.as_deref().is_none_or(|model| asked.model == Some(model))
        && rule.stream.is_none_or(|stream| asked.stream == stream)
}

fn fires(rule: &Rule, played: &mut Played, dice: &mut Dice) -> bool {
    if played.skipped < rule.skip {
        played.skipped += 1;
        return false;
    }
    let left = rule.times.is_none_or(|times| played.times < times);
    let fires = left && (rule.probability >= 1.0 || dice.chance(rule.probability));
    played.times += u64::from(fires);
    fires
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'_> = Asked { path: "/v1/messages", is_answer: true, model: Some("a"), stream: true };

    fn script(rules: &[Rule]) -> Script {
        Script::new(rules.to_vec(), Dice::new(1)).unwrap()
    }

    fn draws(script: &mut Script, asked: Asked<'_>, count: usize) -> Vec<Option<&'static str>> {
        (0..count).map(|_| script.draw(asked).map(|drawn| drawn.fault.name())).collect()
    }

    #[test]
    fn the_first_rule_that_applies_is_played_as_often_as_it_says() {
        let mut script = script(&[
            Rule::next(2, Fault::Hang).after_first(1),
            Rule::next(1, Fault::Quota).of_streams(false),
            Rule::next(1, Fault::Html),
        ]);
        let expected = [Some("html"), Some("hang"), Some("hang"), None];
        assert_eq!(draws(&mut script, ASKED, 4), expected);
    }

    #[test]
    fn conditions_hold() {
        let rules =
            [Rule::always(Fault::Hang).of_model("b"), Rule::always(Fault::Html).of_path("/v1/models")];
        let mut script = script(&rules);
        assert_eq!(draws(&mut script, ASKED, 1), [None]);
        assert_eq!(draws(&mut script, Asked { model: Some("b"), ..ASKED }, 1), [Some("hang")]);
        let list = Asked { path: "/v1/models", is_answer: false, model: None, stream: false };
        assert_eq!(draws(&mut script, list, 1), [Some("html")]);
    }

    #[test]
    fn probability_is_the_share_over_many_draws() {
        let mut script = script(&[Rule::with_probability(0.1, Fault::Hang)]);
        let hit = draws(&mut script, ASKED, 10_000).iter().flatten().count();
        assert!((900..1100).contains(&hit), "{hit}");
    }

    #[test]
    fn impossible_rules_are_refused() {
        let of = |rule| Script::new(vec![rule], Dice::new(1)).err();
        assert_eq!(of(Rule::next(1, Fault::Refuse)), Some(ScriptError::ConditionalRefuse));
        let accept = Rule::always(Fault::Reset { at: ResetAt::Accept });
        assert_eq!(of(accept.clone().of_model("a")), Some(ScriptError::ConditionalAccept));
        assert_eq!(of(accept), None);
        assert_eq!(of(Rule::with_probability(1.5, Fault::Hang)), Some(ScriptError::Probability));
        assert!(of(Rule::always(Fault::ServerError { status: 404 })).is_some());
    }
}
