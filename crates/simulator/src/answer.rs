//! What a supplier says: a function of its seed, the model's weights and the conversation.
//!
//! Promises: the same conversation gets the same answer from every supplier with the same seed and weights,
//! streamed or not; an answer asked to go on from its own first words goes on exactly. Never looks at clocks.

mod schema;
mod text;

use serde_json::json;

use crate::{
    billing::Billed,
    dice::Digest,
    prompt::{Form, Prompt, Tool, ToolChoice},
    settings::{AnswerStyle, ScriptedCall},
};
pub(crate) use text::tokens_of;

/// Everything that one reply says.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) choices: Vec<Choice>,
}

/// One choice: tokens in the order reasoning, text, calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) reasoning: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) finish: Finish,
}

/// A tool call, its arguments in tokens.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Finish {
    #[default]
    Stop,
    Length,
    StopSequence(String),
    ToolCalls,
}

impl Choice {
    pub(crate) fn output_tokens(&self) -> u64 {
        let arguments: usize = self.calls.iter().map(|call| call.arguments.len()).sum();
        (self.text.len() + arguments) as u64
    }
}

impl Answer {
    pub(crate) fn to(prompt: &Prompt, seed: u64, style: &AnswerStyle) -> Self {
        let choice = |index: u64| {
            let root = Digest::new(seed)
                .with(prompt.model.weights.as_bytes())
                .with(&prompt.fingerprint.to_le_bytes())
                .with(&index.to_le_bytes());
            say(prompt, &root, style)
        };
        Self { choices: (0..prompt.choices).map(choice).collect() }
    }

    pub(crate) fn reasoning_tokens(&self) -> u64 {
        self.choices.iter().map(|choice| choice.reasoning.len() as u64).sum()
    }

    pub(crate) fn output_tokens(&self) -> u64 {
        self.choices.iter().map(Choice::output_tokens).sum()
    }

    /// The whole answer's bill.
    pub(crate) fn billed(&self, prompt: &Prompt) -> Billed {
        Billed {
            output: self.output_tokens(),
            reasoning: self.reasoning_tokens(),
            ..Billed::of_input(&prompt.input)
        }
    }
}

fn say(prompt: &Prompt, root: &Digest, style: &AnswerStyle) -> Choice {
    let mut choice = Choice { reasoning: think(prompt, root), ..Choice::default() };
    let tools = tools_to_call(prompt);
    if let Some(scripted) = scripted(prompt, style) {
        let arguments = tokens_of(&scripted.arguments.to_string());
        choice.calls = vec![Call { name: scripted.tool.clone(), arguments }];
        choice.finish = Finish::ToolCalls;
    } else if tools.is_empty() {
        (choice.text, choice.finish) = speak(prompt, root, style);
    } else {
        if prompt.tools.announced && prompt.tools.choice == ToolChoice::AtWill {
            choice.text = tokens_of("Let me look that up.");
        }
        choice.calls = tools.iter().enumerate().map(|(place, tool)| call(tool, place, root)).collect();
        choice.finish = Finish::ToolCalls;
    }
    truncate(&mut choice, prompt.max_tokens);
    choice
}

fn think(prompt: &Prompt, root: &Digest) -> Vec<String> {
    let mut thoughts = text::prose(&mut root.clone().with(b"reasoning").dice(), prompt.reasoning.tokens, 0.1);
    thoughts.truncate(usize::try_from(prompt.reasoning.tokens).unwrap_or(usize::MAX));
    thoughts
}

/// The text and why it ends.
fn speak(prompt: &Prompt, root: &Digest, style: &AnswerStyle) -> (Vec<String>, Finish) {
    let mut dice = root.clone().with(b"text").dice();
    let tokens = match &prompt.form {
        Form::Prose if let Some(words) = &style.words => tokens_of(words),
        Form::Prose => {
            let length = dice.between(style.min_tokens, style.max_tokens);
            text::prose(&mut dice, length, style.multibyte)
        }
        Form::Json => {
            let words = text::prose(&mut dice, style.min_tokens, style.multibyte).concat();
            tokens_of(&json!({ "answer": words }).to_string())
        }
        Form::Schema(schema) => tokens_of(&schema::instance(schema, &mut dice).to_string()),
    };
    let tokens = match &prompt.prefill {
        Some(said) => go_on(tokens, said, root, style),
        None => tokens,
    };
    stop_at(tokens, &prompt.stops)
}

/// What follows after `said`: the rest of `tokens` where they start so, else some new words.
fn go_on(tokens: Vec<String>, said: &str, root: &Digest, style: &AnswerStyle) -> Vec<String> {
    if !tokens.concat().starts_with(said) {
        let mut dice = root.clone().with(said.as_bytes()).dice();
        let mut fresh = text::prose(&mut dice, style.min_tokens, style.multibyte);
        fresh.insert(0, " ".to_owned());
        return fresh;
    }
    let mut skip = said.len();
    let rest = tokens.into_iter().filter_map(|token| {
        let here = skip.min(token.len());
        skip -= here;
        (here < token.len()).then(|| token[here..].to_owned())
    });
    rest.collect()
}

fn stop_at(tokens: Vec<String>, stops: &[String]) -> (Vec<String>, Finish) {
    if stops.is_empty() {
        return (tokens, Finish::Stop);
    }
    let text = tokens.concat();
    let first = stops.iter().filter(|stop| !stop.is_empty());
    let first = first.filter_map(|stop| text.find(stop.as_str()).map(|at| (at, stop))).min();
    let Some((end, stop)) = first else { return (tokens, Finish::Stop) };
    let mut start = 0;
    let kept = tokens.into_iter().filter_map(|token| {
        let kept = end.saturating_sub(start).min(token.len());
        start += token.len();
        (kept > 0).then(|| token[..kept].to_owned())
    });
    (kept.collect(), Finish::StopSequence(stop.clone()))
}

/// The tools that the answer calls, in order; empty: it speaks.
fn tools_to_call(prompt: &Prompt) -> Vec<&Tool> {
    let tools = &prompt.tools;
    let wish = tools.wish.as_deref().unwrap_or_default().to_lowercase();
    let meant = || tools.known.iter().filter(|tool| is_meant(&tool.name, &wish)).collect::<Vec<_>>();
    let mut calls = match &tools.choice {
        ToolChoice::This(name) => tools.known.iter().filter(|tool| tool.name == *name).collect(),
        ToolChoice::Any => Some(meant())
            .filter(|calls| !calls.is_empty())
            .unwrap_or_else(|| tools.known.iter().take(1).collect()),
        ToolChoice::AtWill if tools.wish.is_some() => meant(),
        ToolChoice::AtWill | ToolChoice::Never => Vec::new(),
    };
    if !tools.parallel {
        calls.truncate(1);
    } else if calls.len() == 1 && ["parallel", "both", "each"].iter().any(|word| wish.contains(word)) {
        calls.push(calls[0]);
    }
    calls
}

/// Whether a user who says `wish` means this tool: a word of its name occurs.
fn is_meant(name: &str, wish: &str) -> bool {
    let name = name.to_lowercase();
    wish.contains(&name) || name.split(['_', '-']).any(|word| word.len() > 3 && wish.contains(word))
}

/// The next call of the script whose tool is on offer.
fn scripted<'s>(prompt: &Prompt, style: &'s AnswerStyle) -> Option<&'s ScriptedCall> {
    let tools = &prompt.tools;
    let is_on_offer = |call: &ScriptedCall| tools.known.iter().any(|tool| tool.name == call.tool);
    if tools.choice == ToolChoice::Never {
        return None;
    }
    style.script.iter().find(|call| is_on_offer(call))
}

fn call(tool: &Tool, place: usize, root: &Digest) -> Call {
    let mut dice = root.clone().with(b"call").with(&place.to_le_bytes()).dice();
    let arguments = schema::instance(&tool.schema, &mut dice);
    let arguments = if arguments.is_object() { arguments } else { json!({}) };
    Call { name: tool.name.clone(), arguments: tokens_of(&arguments.to_string()) }
}

/// Keeps the first `budget` tokens.
fn truncate(choice: &mut Choice, budget: u64) {
    let mut left = usize::try_from(budget).unwrap_or(usize::MAX);
    let mut is_short = false;
    let mut keep = |tokens: &mut Vec<String>| {
        is_short |= tokens.len() > left;
        tokens.truncate(left);
        left -= tokens.len();
    };
    keep(&mut choice.reasoning);
    keep(&mut choice.text);
    for call in &mut choice.calls {
        keep(&mut call.arguments);
    }
    if is_short {
        choice.calls.retain(|call| !call.arguments.is_empty());
        choice.finish = Finish::Length;
    }
}

#[cfg(test)]
mod tests;
