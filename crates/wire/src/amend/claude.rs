//! How much Claude is to think, in the terms that it takes at whichever door it is asked.
//!
//! What thinking does not go with makes it give way, or gives way, and is named. Sources: `thinking_config_*_param.py` and
//! `output_config_param.py` of the official Python SDK, anthropic 2.12.0, and the API's errors, read 2026-11-28.

use catalogue::Quirks;

use super::{AmendTo, Parameters};
use crate::conversation::Loss;

/// Why the client's way of drawing tokens goes.
pub(crate) const THINKS: &str = "a model that thinks decides it itself there";
/// The least budget.
const LEAST: u64 = 1024;

/// What is said about thinking.
pub(crate) struct Thinking {
    /// The value of `thinking`.
    pub(crate) json: Vec<u8>,
    /// The word for the effort, where there is one.
    pub(crate) effort: Option<&'static str>,
    pub(crate) is_on: bool,
}

/// The effort in Claude's terms; `None` where nothing is asked for, or it cannot be. `is_forced`: whether the request
/// forces a tool; `answers_tool`: whether it ends in a tool's result, which a budget goes with only where the model thought
/// before it called the tool.
pub(crate) fn thinking(
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
    let most = ours.max_tokens.or(to.max_tokens).map_or(LEAST, |tokens| tokens.saturating_sub(1));
    let budget = effort.budget().unwrap_or(LEAST).min(most);
    if budget < LEAST {
        lose("max_tokens leaves no room for thinking");
        return None;
    }
    let json = format!("{{\"type\":\"enabled\",\"budget_tokens\":{budget}}}").into();
    Some(Thinking { json, effort: None, is_on: true })
}
