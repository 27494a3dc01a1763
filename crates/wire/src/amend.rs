//! What a deployment's configuration changes in each request that it gets: words in front of the instructions, and
//! parameters in place of the client's.
//!
//! **For**: prompts that differ by maker. A request that goes on in its client's protocol is spliced ([`crate::Codec::amend`]);
//! one that is translated is changed in neutral terms ([`Amendments::to`]).
//!
//! **Promises**: the same configuration and the same request give the same bytes, so that a supplier's prompt cache works;
//! the client's own words, blocks and cache marks stay as they are, behind ours. What a dialect has no place for is named.

pub(crate) mod claude;
mod splices;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use catalogue::Quirks;

pub(crate) use self::splices::{Instructions, Members, Wanted, any_element, last, member, quoted, splices};
use crate::conversation::{Block, Content, Effort, Loss, Request, Role, Turn};
use crate::json::Json;
use crate::splice::Edit;

/// See the module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Amendments {
    /// Stands in front of the client's instructions, a paragraph or a block of its own.
    pub system_prefix: Option<Arc<str>>,
    /// What the client's parameters give way to.
    pub parameters: Parameters,
}

/// Parameters under the names that most of the field's APIs know. Numbers keep the text in which they were written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// How freely tokens are drawn.
    pub temperature: Option<String>,
    /// From how much of the probability they are drawn.
    pub top_p: Option<String>,
    /// From how many of the likeliest.
    pub top_k: Option<String>,
    /// What makes the draw repeatable.
    pub seed: Option<String>,
    /// How much a token that was used often is avoided.
    pub frequency_penalty: Option<String>,
    /// How much a token that was used at all is avoided.
    pub presence_penalty: Option<String>,
    /// At most so many output tokens, reasoning included; fewer where the client wants fewer.
    pub max_tokens: Option<u64>,
    /// Texts that end the answer.
    pub stop: Option<Vec<String>>,
    /// How much reasoning: a word of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub reasoning_effort: Option<Arc<str>>,
}

/// Whom an amended request goes to, and what it says already, as far as it decides how the rest is said.
#[derive(Debug, Clone, Copy)]
pub struct AmendTo<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// How the model wants to be spoken to.
    pub quirks: Quirks,
    /// The client's limit on output tokens.
    pub max_tokens: Option<u64>,
    /// Whether whoever serves keeps conversations, where the dialect has a word for that.
    pub keeps_threads: bool,
}

/// Splices, and what they leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amended {
    /// The splices.
    pub edits: Vec<Edit>,
    /// What could not be said.
    pub losses: Vec<Loss>,
}

impl Amendments {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The kinds of change, for `x-releve-edits`.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let parameters = self.parameters != Parameters::default();
        let made = [(self.system_prefix.is_some(), "system_prefix"), (parameters, "parameters")];
        made.into_iter().filter(|(made, _)| *made).map(|(_, name)| name)
    }

    /// Only what belongs to the prompt: for counting its tokens.
    #[must_use]
    pub fn of_the_prompt(&self) -> Self {
        Self { system_prefix: self.system_prefix.clone(), parameters: Parameters::default() }
    }

    /// `request` with the changes made.
    pub fn to<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        if self.is_empty() {
            return Cow::Borrowed(request);
        }
        let mut request = request.clone();
        if let Some(prefix) = &self.system_prefix {
            let block = Block::from(Content::text(&**prefix));
            match request.turns.first_mut() {
                Some(turn) if turn.role == Role::System => turn.blocks.insert(0, block),
                _ => request.turns.insert(0, Turn { role: Role::System, name: None, blocks: vec![block] }),
            }
        }
        let ours = &self.parameters;
        let sampling = &mut request.sampling;
        for (theirs, ours) in [
            (&mut sampling.temperature, &ours.temperature),
            (&mut sampling.top_p, &ours.top_p),
            (&mut sampling.top_k, &ours.top_k),
            (&mut sampling.seed, &ours.seed),
            (&mut sampling.frequency_penalty, &ours.frequency_penalty),
            (&mut sampling.presence_penalty, &ours.presence_penalty),
        ] {
            if ours.is_some() {
                theirs.clone_from(ours);
            }
        }
        request.max_tokens = ours.most_tokens(request.max_tokens);
        if let Some(stop) = &ours.stop {
            request.stop.clone_from(stop);
        }
        request.effort = ours.effort().or(request.effort);
        Cow::Owned(request)
    }
}

impl Parameters {
    /// How much reasoning, in neutral terms.
    pub(crate) fn effort(&self) -> Option<Effort> {
        let word = self.reasoning_effort.as_deref()?;
        Some(if word == "none" { Effort::Off } else { Effort::Named(word.to_owned()) })
    }

    /// The stop texts as a JSON list.
    pub(crate) fn stop_json(&self) -> Option<Vec<u8>> {
        let stop = self.stop.as_ref()?;
        let mut json = Json::new();
        json.array();
        for text in stop {
            json.text(text);
        }
        json.end_array();
        Some(json.finish())
    }

    /// The limit on output beside the client's: who wants less gets less.
    pub(crate) fn most_tokens(&self, theirs: Option<u64>) -> Option<u64> {
        self.max_tokens.into_iter().chain(theirs).min()
    }

    /// The limit on output as JSON, where it is not the client's already.
    pub(crate) fn max_tokens_json(&self, theirs: Option<u64>) -> Option<Vec<u8>> {
        let most = self.most_tokens(theirs).filter(|most| theirs != Some(*most));
        most.map(|tokens| tokens.to_string().into_bytes())
    }
}

/// In words, for people who ask what a deployment changes.
impl fmt::Display for Amendments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.system_prefix.as_ref().map(|_| "system_prefix".to_owned());
        let ours = &self.parameters;
        let said = |name: &str, value: Option<&str>| value.map(|value| format!("{name} = {value}"));
        let parts = [
            prefix,
            said("temperature", ours.temperature.as_deref()),
            said("top_p", ours.top_p.as_deref()),
            said("top_k", ours.top_k.as_deref()),
            said("seed", ours.seed.as_deref()),
            said("frequency_penalty", ours.frequency_penalty.as_deref()),
            said("presence_penalty", ours.presence_penalty.as_deref()),
            said("max_tokens", ours.max_tokens.map(|tokens| tokens.to_string()).as_deref()),
            ours.stop.as_ref().map(|stop| format!("stop = {stop:?}")),
            said("reasoning_effort", ours.reasoning_effort.as_deref()),
        ];
        formatter.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl Amended {
    /// The splices that give `body` these members.
    pub(crate) fn of(body: &[u8], members: Members, mut losses: Vec<Loss>) -> Self {
        let edits = splices(body, &members.list(), &mut losses);
        Self { edits, losses }
    }
}

/// Names the parameters that a dialect has no word for.
pub(crate) fn without_place(parameters: &Parameters, names: &[&'static str], losses: &mut Vec<Loss>) {
    let given = [
        ("top_k", parameters.top_k.is_some()),
        ("seed", parameters.seed.is_some()),
        ("frequency_penalty", parameters.frequency_penalty.is_some()),
        ("presence_penalty", parameters.presence_penalty.is_some()),
        ("stop", parameters.stop.is_some()),
    ];
    for (name, _) in given.into_iter().filter(|(name, given)| *given && names.contains(name)) {
        losses.push(Loss::new(name, "the protocol has no such parameter"));
    }
}
