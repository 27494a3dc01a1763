//! Thinking, limits, sampling and the rest.

use catalogue::Needs;

use super::Writer;
use crate::conversation::Effort;

/// The most alternatives to a token that a server states ("must be between 0 and 20": `server/routes.go`).
const MOST_ALTERNATIVES: u32 = 20;

/// How much thinking is asked for.
enum Think {
    Off,
    On,
    Level(&'static str),
}

impl Writer<'_> {
    /// `think`: whether, or one of four levels.
    pub(super) fn think(&mut self) {
        let Some(effort) = &self.request.effort else { return };
        let (think, lost) = amount(effort);
        if self.target.capabilities.no.contains(Needs::REASONING) {
            if !matches!(think, Think::Off) {
                self.lose("reasoning_effort", "the model does not reason");
            }
            return;
        }
        if let Some(why) = lost {
            self.lose("reasoning_effort", why);
        }
        self.json.key("think");
        match think {
            Think::Off => self.json.boolean(false),
            Think::On => self.json.boolean(true),
            Think::Level(level) => self.json.text(level),
        };
    }

    pub(super) fn options(&mut self) {
        let request = self.request;
        let sampling = &request.sampling;
        self.logprobs();
        self.json.key("options").object();
        if let Some(tokens) = request.max_tokens {
            self.json.key("num_predict").number(tokens);
        }
        for (name, value) in [
            ("temperature", &sampling.temperature),
            ("top_p", &sampling.top_p),
            ("top_k", &sampling.top_k),
            ("seed", &sampling.seed),
            ("frequency_penalty", &sampling.frequency_penalty),
            ("presence_penalty", &sampling.presence_penalty),
        ] {
            if value.is_some() && self.target.refuses(name) {
                self.lose(name, "the model refuses it");
            } else {
                self.json.optional_raw(name, value.as_deref());
            }
        }
        if !request.stop.is_empty() {
            self.json.key("stop").array();
            for stop in &request.stop {
                self.json.text(stop);
            }
            self.json.end_array();
        }
        self.json.end_object();
        if request.shows_reasoning == Some(false) {
            self.lose("reasoning.display", "reasoning is always shown there");
        }
        let said = [("user", request.end_user().is_some()), ("metadata", !request.metadata.is_empty())];
        let said = said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name);
        for name in said.chain(request.of_the_service()) {
            self.lose(name, "no place for it there");
        }
    }

    fn logprobs(&mut self) {
        let Some(top) = self.request.sampling.logprobs else { return };
        if self.target.refuses("logprobs") {
            self.lose("logprobs", "the model refuses it");
            return;
        }
        self.json.key("logprobs").boolean(true);
        if top > MOST_ALTERNATIVES {
            self.lose("top_logprobs", "twenty at most there");
        }
        if top > 0 {
            self.json.key("top_logprobs").number(top.min(MOST_ALTERNATIVES).into());
        }
    }
}

/// What comes closest to the amount, and why it is not the same.
fn amount(effort: &Effort) -> (Think, Option<&'static str>) {
    const CLOSEST: Option<&str> = Some("the closest of the levels that there are");
    let level = |word: &str| match word {
        "none" => (Think::Off, None),
        "minimal" => (Think::Level("low"), CLOSEST),
        "low" => (Think::Level("low"), None),
        "medium" => (Think::Level("medium"), None),
        "high" => (Think::Level("high"), None),
        "xhigh" => (Think::Level("max"), CLOSEST),
        "max" => (Think::Level("max"), None),
        _ => (Think::On, Some("an amount that is not known here: the model decides")),
    };
    match effort {
        Effort::Off | Effort::Budget(0) => (Think::Off, None),
        Effort::Auto => (Think::On, None),
        Effort::Named(word) => level(word),
        Effort::Budget(_) => (level(effort.word().unwrap_or_default()).0, CLOSEST),
    }
}
