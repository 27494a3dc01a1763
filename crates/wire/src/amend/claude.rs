//! How much Claude is to think, in the terms that it takes at whichever door it is asked.
//!
//! What thinking does not go with makes it give way, or gives way, and is named. Sources: `thinking_config_*_param.py` and
//! `output_config_param.py` of the official Python SDK, anthropic 2.12.0, and the API's errors, read 2026-11-28.

use catalogue::Quirks;

use super::{AmendTo, Members, Parameters, Wanted, any_element, last, member, quoted, without_place};
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

/// What Claude has no word for, at whichever door.
const NOT_ITS: [&str; 3] = ["seed", "frequency_penalty", "presence_penalty"];

/// The parameters that bear on each other, so that the request stays one that Claude takes.
#[derive(Debug, Default)]
pub(crate) struct Fit {
    /// What is wanted of `thinking`.
    pub(crate) thinking: Option<Wanted>,
    /// What is wanted of the object that holds the effort.
    pub(crate) output: Option<Wanted>,
    /// The limit on output, where it is another than the client's.
    pub(crate) max_tokens: Option<Vec<u8>>,
    /// What is wanted of the members that say how tokens are drawn.
    pub(crate) temperature: Option<Wanted>,
    pub(crate) top_p: Option<Wanted>,
    pub(crate) top_k: Option<Wanted>,
}

impl Fit {
    /// Of another model, which is not known to think.
    pub(crate) fn of_another(ours: &Parameters, to: &AmendTo<'_>, losses: &mut Vec<Loss>) -> Self {
        without_place(ours, &[&NOT_ITS[..], &["top_k"]].concat(), losses);
        let lost = || Loss::new("reasoning_effort", "how this model is asked to think is not known");
        losses.extend(ours.reasoning_effort.as_ref().map(|_| lost()));
        let known = Parameters { top_k: None, ..ours.clone() };
        Self { max_tokens: ours.max_tokens_json(to.max_tokens), ..Self::default() }.drawn(
            &known,
            Thinks::Nobody,
            losses,
        )
    }

    /// `ours` in Claude's terms, beside what the client says.
    pub(crate) fn new(
        ours: &Parameters,
        to: &AmendTo<'_>,
        said: Said<'_, impl Fn() -> bool, impl Fn() -> bool>,
        losses: &mut Vec<Loss>,
    ) -> Self {
        without_place(ours, &NOT_ITS, losses);
        let mut fit = Self { max_tokens: ours.max_tokens_json(to.max_tokens), ..Self::default() };
        let mut thinks = Thinks::Nobody;
        if let Some(thinking) = thinking(ours, to, said.is_forced, said.answers_tool, losses) {
            fit.thinking = Some(Wanted::Value(thinking.json));
            let mut output = Members::default();
            output.set(&["effort"], thinking.effort.map(quoted));
            fit.output = output.object();
            thinks = if thinking.is_on { Thinks::We } else { Thinks::Nobody };
        } else if let Some(theirs) = said.thinking.filter(|theirs| is_on(theirs)) {
            thinks = Thinks::Client;
            fit.give_room(ours, theirs, losses);
        }
        fit.drawn(ours, thinks, losses)
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

    /// What is wanted of the members that say how tokens are drawn. A model that thinks takes none.
    fn drawn(mut self, ours: &Parameters, thinks: Thinks, losses: &mut Vec<Loss>) -> Self {
        for (name, wanted, ours) in [
            ("temperature", &mut self.temperature, &ours.temperature),
            ("top_p", &mut self.top_p, &ours.top_p),
            ("top_k", &mut self.top_k, &ours.top_k),
        ] {
            *wanted = match (ours, thinks) {
                (None, Thinks::We) => Some(Wanted::Gone(Some(THINKS))),
                (None, _) => None,
                (Some(ours), Thinks::Nobody) => Some(Wanted::Value(ours.clone().into())),
                (Some(_), thinks) => {
                    losses.push(Loss::new(name, THINKS));
                    (thinks == Thinks::We).then_some(Wanted::Gone(None))
                }
            };
        }
        self
    }
}

/// Whether the last message of `body` has a block that `is_result` says is a tool's result.
pub(crate) fn answers_tool(body: &[u8], is_result: impl Fn(&[u8]) -> bool) -> bool {
    let content = member(body, "messages").and_then(last).and_then(|message| member(message, "content"));
    content.is_some_and(|content| any_element(content, is_result))
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
