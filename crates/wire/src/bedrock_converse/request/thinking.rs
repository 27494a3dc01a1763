//! How much a model is asked to think.
//!
//! Converse has a member for effort and none for thinking itself: Claude takes `thinking` among
//! `additionalModelRequestFields`, with a budget of its own or `adaptive`, and effort in `outputConfig`. What other makers'
//! models take there differs from one to the next, so that they are asked for nothing. Sources: `OutputConfig`, botocore
//! 1.44.8; `thinking_config_param.py`, anthropic 2.12.0; both read 2026-11-28.

use catalogue::Quirks;

use super::arrange::Message;
use super::blocks::Writer;
use crate::conversation::{Content, Effort, Request, Target, ToolChoice};
use crate::json::Json;

/// The least that Claude takes for a budget.
const LEAST: u64 = 1024;
/// Where thinking is asked for and nothing is said of how much.
const USUAL: u64 = 8192;

/// What is asked of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Nothing.
    Unsaid,
    /// Not to think.
    Disabled,
    /// As it finds right.
    Adaptive {
        /// Whether it is shown.
        shows: Option<bool>,
        effort: Option<&'static str>,
    },
    /// With this many tokens.
    Budget(u64),
}

impl Thinking {
    pub(super) const fn is_on(self) -> bool {
        matches!(self, Self::Adaptive { .. } | Self::Budget(_))
    }

    pub(super) const fn effort(self) -> Option<&'static str> {
        match self {
            Self::Adaptive { effort, .. } => effort,
            _ => None,
        }
    }

    /// Writes the member `thinking`.
    pub(super) fn write(self, json: &mut Json) {
        let kind = match self {
            Self::Unsaid => return,
            Self::Disabled => "disabled",
            Self::Adaptive { .. } => "adaptive",
            Self::Budget(_) => "enabled",
        };
        json.key("thinking").object().key("type").text(kind);
        match self {
            Self::Budget(tokens) => {
                json.key("budget_tokens").number(tokens);
            }
            Self::Adaptive { shows: Some(shows), .. } => {
                json.key("display").text(if shows { "summarized" } else { "omitted" });
            }
            _ => {}
        }
        json.end_object();
    }
}

/// Whether a model is Claude, whose own members it then takes. Ids name the maker; those of profiles that an account
/// made for itself do not.
pub(in crate::bedrock_converse) fn is_claude(model: &str) -> bool {
    model.contains("anthropic.") || model.contains("claude")
}

/// What `request` asks of the model, as far as it can be asked.
pub(super) fn decide(
    writer: &mut Writer<'_>,
    request: &Request,
    messages: &[Message<'_>],
    target: &Target<'_>,
) -> Thinking {
    let is_adaptive = target.quirks.contains(Quirks::ADAPTIVE_THINKING);
    let effort = match &request.effort {
        None => return Thinking::Unsaid,
        // Models that think with a budget do not think unless they are asked to.
        Some(effort) if effort.budget() == Some(0) => {
            return if is_adaptive && is_claude(target.model) {
                Thinking::Disabled
            } else {
                Thinking::Unsaid
            };
        }
        Some(effort) => effort,
    };
    if !is_claude(target.model) && !is_adaptive {
        writer.lose("reasoning_effort", "how this model is asked to think is not known");
        return Thinking::Unsaid;
    }
    if matches!(request.tool_choice, ToolChoice::Any | ToolChoice::Named(_)) && !request.tools.is_empty() {
        writer.lose("reasoning_effort", "a model that must call a tool cannot think");
        return Thinking::Unsaid;
    }
    if is_adaptive {
        return Thinking::Adaptive { shows: request.shows_reasoning, effort: word(writer, effort) };
    }
    if loops_without_thinking(messages) {
        writer.lose(
            "reasoning_effort",
            "the tool calls under way came without thinking that can be given back",
        );
        return Thinking::Unsaid;
    }
    if request.shows_reasoning == Some(false) {
        writer.lose("reasoning.display", "a model that thinks with a budget shows it");
    }
    let limits = [request.max_tokens, target.max_output];
    budget(writer, effort, limits.into_iter().flatten().min())
}

/// The word for an effort, of those that there are.
fn word(writer: &mut Writer<'_>, effort: &Effort) -> Option<&'static str> {
    let word = effort.word()?;
    let words = ["low", "medium", "high", "xhigh", "max"];
    let known = words.into_iter().find(|known| *known == word);
    if known.is_none() {
        writer
            .lose("reasoning_effort", "there is no such step, so the nearest is taken, or the model's usual");
    }
    known.or_else(|| (word == "minimal").then_some("low"))
}

/// The budget for an effort, which must leave room for an answer.
fn budget(writer: &mut Writer<'_>, effort: &Effort, limit: Option<u64>) -> Thinking {
    let wanted = effort.budget().unwrap_or(USUAL).max(LEAST);
    let most = limit.map_or(u64::MAX, |limit| limit.saturating_sub(1));
    if most < LEAST {
        writer.lose("reasoning_effort", "the limit on tokens leaves no room for thinking");
        return Thinking::Unsaid;
    }
    if wanted > most {
        writer.lose("reasoning_effort", "it is cut to leave room for an answer");
    }
    Thinking::Budget(wanted.min(most))
}

/// Whether a call is answered whose turn did not begin with thinking: then thinking is refused, but where it is adaptive.
fn loops_without_thinking(messages: &[Message<'_>]) -> bool {
    let [.., calls, results] = messages else { return false };
    let thinks_first =
        calls.blocks.first().is_some_and(|block| matches!(block.content, Content::Reasoning(_)));
    results.answers() && calls.calls() && !thinks_first
}
