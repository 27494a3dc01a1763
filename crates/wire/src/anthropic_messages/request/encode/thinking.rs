//! How much the model is to think, and the room for it.
//!
//! A budget is at least 1024 tokens and less than `max_tokens`, which includes it. What thinking does not go with gives
//! way or makes thinking give way, and is named: a forced tool (where the target says so), a given start of the answer, a
//! tool loop that did not begin with a thought of this supplier.
//!
//! Source: `thinking_config_*_param.py` and `output_config_param.py` of the official Python SDK, anthropic 2.12.0, and
//! the API's errors ("a final assistant message must start with a thinking block"), read 2026-11-28.

use catalogue::{Needs, Quirks};

use super::arrange::Arranged;
use crate::anthropic_messages::losses::Losses;
use crate::conversation::{Content, Effort, Request, Target, ToolChoice, TranslateError};
use crate::json::Json;

/// The least budget.
const LEAST: u64 = 1024;

/// The budget where none is stated and the model cannot decide: `medium` of [`Effort::budget`].
const USUAL: u64 = 8192;

/// Output tokens where neither the client nor the catalogue states a limit.
const MAX_TOKENS: u64 = 4096;

/// The member's name in the losses, whatever the client's dialect calls it.
const EFFORT: &str = "reasoning_effort";

/// What is said about thinking.
#[derive(Debug)]
pub(super) struct Thinking {
    mode: Mode,
    /// The word of `output_config.effort`.
    pub(super) effort: Option<&'static str>,
    display: Option<&'static str>,
    pub(super) max_tokens: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Unsaid,
    Disabled,
    Adaptive,
    Budget(u64),
}

impl Thinking {
    /// Decides. Losses are named.
    pub(super) fn decide(
        request: &Request,
        target: &Target<'_>,
        arranged: &Arranged<'_>,
        losses: &mut Losses,
    ) -> Result<Self, TranslateError> {
        let (mut mode, mut effort) = wanted(request, target, losses);
        if let Some(why) = clash(mode, request, target, arranged) {
            losses.add(EFFORT, why);
            (mode, effort) = (Mode::Disabled, None);
        }
        let max_tokens = max_tokens(request, target, mode, losses);
        if let Mode::Budget(budget) = mode {
            mode = Mode::Budget(fitted(budget, max_tokens, losses)?);
        }
        let mut thinking = Self { mode, effort, display: None, max_tokens };
        thinking.display = match request.shows_reasoning {
            Some(true) if thinking.is_on() => Some("summarized"),
            Some(false) if thinking.is_on() => Some("omitted"),
            Some(true) => {
                losses.add("reasoning.display", "without thinking there is nothing to show");
                None
            }
            _ => None,
        };
        Ok(thinking)
    }

    pub(super) const fn is_on(&self) -> bool {
        matches!(self.mode, Mode::Adaptive | Mode::Budget(_))
    }

    pub(super) fn write(&self, json: &mut Json) {
        let kind = match self.mode {
            Mode::Unsaid => return,
            Mode::Disabled => "disabled",
            Mode::Adaptive => "adaptive",
            Mode::Budget(_) => "enabled",
        };
        json.key("thinking").object().key("type").text(kind);
        if let Mode::Budget(budget) = self.mode {
            json.key("budget_tokens").number(budget);
        }
        json.optional("display", self.display).end_object();
    }
}

/// What is asked for, in the target's terms.
fn wanted(request: &Request, target: &Target<'_>, losses: &mut Losses) -> (Mode, Option<&'static str>) {
    let Some(effort) = &request.effort else { return (Mode::Unsaid, None) };
    let is_off = effort.budget() == Some(0);
    if target.capabilities.no.contains(Needs::REASONING) {
        if !is_off {
            losses.add(EFFORT, "the model does not think");
        }
        return (Mode::Unsaid, None);
    }
    if is_off {
        return (Mode::Disabled, None);
    }
    if target.quirks.contains(Quirks::ADAPTIVE_THINKING) {
        return (Mode::Adaptive, word(effort, losses));
    }
    let budget = effort.budget().unwrap_or_else(|| {
        losses.add(EFFORT, "the model takes a number of tokens and nothing else: a usual one is taken");
        USUAL
    });
    (Mode::Budget(budget), None)
}

/// The word for an effort, for models that decide on the tokens themselves; `None` where that is left to them too.
fn word(effort: &Effort, losses: &mut Losses) -> Option<&'static str> {
    if matches!(effort, Effort::Budget(_)) {
        losses.add(EFFORT, "the model takes a word and no number of tokens: the nearest is taken");
    }
    Some(match effort.word()? {
        "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "xhigh" => "xhigh",
        "max" => "max",
        "minimal" => {
            losses.add(EFFORT, "`low` is the least there");
            "low"
        }
        _ => {
            losses.add(EFFORT, "a word that is not known there: the model decides");
            return None;
        }
    })
}

/// Why thinking has to be off, if it has to.
fn clash(
    mode: Mode,
    request: &Request,
    target: &Target<'_>,
    arranged: &Arranged<'_>,
) -> Option<&'static str> {
    if !matches!(mode, Mode::Adaptive | Mode::Budget(_)) {
        return None;
    }
    let is_forced = matches!(request.tool_choice, ToolChoice::Any | ToolChoice::Named(_));
    if is_forced && target.quirks.contains(Quirks::NO_FORCED_TOOL_WITH_THINKING) {
        return Some("a model that thinks cannot be held to a tool there: it does not think");
    }
    if arranged.is_prefilled() {
        return Some("a model that goes on from a given start does not think there");
    }
    if matches!(mode, Mode::Budget(_)) && is_in_foreign_loop(arranged) {
        return Some(
            "the tool loop began without a thought of this supplier, which then does not think in it",
        );
    }
    None
}

/// Whether results of tools were the last word, and the model's first turn since the user spoke begins with no thought.
fn is_in_foreign_loop(arranged: &Arranged<'_>) -> bool {
    let is_result = |content: &Content| matches!(content, Content::ToolResult(_));
    let speaks = arranged.messages.iter().rposition(|message| {
        message.is_user && !message.blocks.iter().any(|block| is_result(&block.content))
    });
    let since = speaks.map_or(0, |at| at + 1);
    let first = arranged.messages[since..].iter().find(|message| !message.is_user);
    let begins = first.and_then(|message| message.blocks.first());
    begins.is_some_and(|block| !matches!(block.content, Content::Reasoning(_)))
}

fn max_tokens(request: &Request, target: &Target<'_>, mode: Mode, losses: &mut Losses) -> u64 {
    match (request.max_tokens, target.max_output) {
        (Some(asked), Some(most)) if asked > most => {
            losses
                .add("max_tokens", "more than the model can write is refused there: it is as much as it can");
            most
        }
        (Some(asked), _) => asked,
        (None, Some(most)) => most,
        (None, None) => {
            losses.add(
                "max_tokens",
                "a limit has to be set there, and the model's own is not known: 4096 and the thinking",
            );
            let thinking = if let Mode::Budget(budget) = mode { budget } else { 0 };
            MAX_TOKENS.saturating_add(thinking)
        }
    }
}

/// The budget within its bounds.
fn fitted(budget: u64, max_tokens: u64, losses: &mut Losses) -> Result<u64, TranslateError> {
    if max_tokens <= LEAST {
        let why = "thinking takes at least 1024 tokens there, and `max_tokens` has to be more than that";
        return Err(TranslateError::unsayable(EFFORT, why));
    }
    if budget >= max_tokens {
        losses.add(EFFORT, "thinking has to leave room within `max_tokens`: it gets half");
        return Ok(LEAST.max(max_tokens / 2));
    }
    if budget < LEAST {
        losses.add(EFFORT, "1024 tokens are the least there");
    }
    Ok(budget.max(LEAST))
}
