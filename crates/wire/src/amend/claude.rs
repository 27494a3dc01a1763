//! How much Claude is to think, in the terms that it takes at whichever door it is asked.
//!
//! What thinking does not go with makes it give way, or gives way, and is named. Sources: `thinking_config_*_param.py` and
//! `output_config_param.py` of the official Python SDK, anthropic 2.12.0, and the API's errors, read 2026-11-28.

use catalogue::Quirks;

use super::{AmendTo, Members, Parameters, Wanted, member};
use crate::conversation::Loss;

/// Why a way of drawing tokens goes.
const THINKS: &str = "a model that thinks decides it itself there";
/// The least budget.
const LEAST: u64 = 1024;

/// What is said about thinking.
struct Thinking {
    /// The value of `thinking`.
    json: Vec<u8>,
    /// The word for the effort, where there is one.
    effort: Option<&'static str>,
    is_on: bool,
}

/// What a request says already, as far as it bears on thinking.
pub(crate) struct Said<'a, F, A> {
    /// The client's own word on it.
    pub(crate) thinking: Option<&'a [u8]>,
    /// Whether it forces a tool.
    pub(crate) is_forced: F,
    /// Whether it ends in a tool's result, which a budget goes with only where the model thought before it called the tool.
    pub(crate) answers_tool: A,
}

/// Who has the model think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thinks {
    Nobody,
    Client,
    We,
}

/// The parameters that bear on each other, so that the request stays one that Claude takes.
#[derive(Debug)]
pub(crate) struct Fit {
    /// What is wanted of `thinking`.
    pub(crate) thinking: Option<Wanted>,
    /// The word for the effort, where there is one.
    pub(crate) effort: Option<&'static str>,
    /// The limit on output, where it is another than the client's.
    pub(crate) max_tokens: Option<Vec<u8>>,
    thinks: Thinks,
}

impl Fit {
    /// Of a model that is not known to think.
    pub(crate) fn thoughtless(ours: &Parameters, to: &AmendTo<'_>) -> Self {
        let max_tokens = ours.max_tokens_json(to.max_tokens);
        Self { thinking: None, effort: None, max_tokens, thinks: Thinks::Nobody }
    }

    /// `ours` in Claude's terms, beside what the client says.
    pub(crate) fn new(
        ours: &Parameters,
        to: &AmendTo<'_>,
        said: Said<'_, impl Fn() -> bool, impl Fn() -> bool>,
        losses: &mut Vec<Loss>,
    ) -> Self {
        let mut fit = Self::thoughtless(ours, to);
        if let Some(thinking) = thinking(ours, to, said.is_forced, said.answers_tool, losses) {
            fit.thinking = Some(Wanted::Value(thinking.json));
            fit.effort = thinking.effort;
            fit.thinks = if thinking.is_on { Thinks::We } else { Thinks::Nobody };
        } else if let Some(theirs) = said.thinking.filter(|theirs| is_on(theirs)) {
            fit.thinks = Thinks::Client;
            fit.give_room(ours, theirs, losses);
        }
        fit
    }

    /// The client's budget has to be smaller than a limit that it did not know.
    fn give_room(&mut self, ours: &Parameters, theirs: &[u8], losses: &mut Vec<Loss>) {
        let budget =
            member(theirs, "budget_tokens").and_then(|json| std::str::from_utf8(json).ok()?.parse().ok());
        let (Some(budget), Some(most), true) = (budget, ours.max_tokens, self.max_tokens.is_some()) else {
            return;
        };
        if most > budget {
            return;
        }
        if most <= LEAST {
            self.max_tokens = None;
            losses.push(Loss::new("max_tokens", "the client's request has the model think for longer"));
            return;
        }
        let mut members = Members::default();
        members.set(&["budget_tokens"], Some((most - 1).to_string()));
        self.thinking = members.object();
        losses.push(Loss::new("thinking.budget_tokens", "max_tokens leaves less room"));
    }

    /// What is wanted of a member that says how tokens are drawn: `ours`, under its name in the configuration. A model that
    /// thinks takes none.
    pub(crate) fn drawn(
        &self,
        name: &'static str,
        ours: Option<&String>,
        losses: &mut Vec<Loss>,
    ) -> Option<Wanted> {
        match (ours, self.thinks) {
            (None, Thinks::We) => Some(Wanted::Gone(Some(THINKS))),
            (None, _) => None,
            (Some(ours), Thinks::Nobody) => Some(Wanted::Value(ours.clone().into())),
            (Some(_), thinks) => {
                losses.push(Loss::new(name, THINKS));
                (thinks == Thinks::We).then_some(Wanted::Gone(None))
            }
        }
    }
}

/// Whether a client's word on thinking switches it on.
fn is_on(thinking: &[u8]) -> bool {
    member(thinking, "type").is_some_and(|kind| kind == b"\"enabled\"" || kind == b"\"adaptive\"")
}

/// The effort in Claude's terms; `None` where nothing is asked for, or it cannot be.
fn thinking(
    ours: &Parameters,
    to: &AmendTo<'_>,
    is_forced: impl Fn() -> bool,
    answers_tool: impl Fn() -> bool,
    losses: &mut Vec<Loss>,
) -> Option<Thinking> {
    let effort = ours.effort()?;
    let mut lose = |why| losses.push(Loss::new("reasoning_effort", why));
    if effort.budget() == Some(0) {
        return Some(Thinking { json: br#"{"type":"disabled"}"#.to_vec(), effort: None, is_on: false });
    }
    if is_forced() {
        lose("a model that must call a tool cannot think");
        return None;
    }
    if to.quirks.contains(Quirks::ADAPTIVE_THINKING) {
        let word = match effort.word() {
            Some("minimal" | "low") => "low",
            Some("high") => "high",
            Some("xhigh") => "xhigh",
            Some("max") => "max",
            _ => "medium",
        };
        return Some(Thinking { json: br#"{"type":"adaptive"}"#.to_vec(), effort: Some(word), is_on: true });
    }
    if answers_tool() {
        lose("a tool loop that may not have begun with a thought");
        return None;
    }
    let most = ours.most_tokens(to.max_tokens).map_or(LEAST, |tokens| tokens.saturating_sub(1));
    let budget = effort.budget().unwrap_or(LEAST).min(most);
    if budget < LEAST {
        lose("max_tokens leaves no room for thinking");
        return None;
    }
    let json = format!("{{\"type\":\"enabled\",\"budget_tokens\":{budget}}}").into();
    Some(Thinking { json, effort: None, is_on: true })
}
