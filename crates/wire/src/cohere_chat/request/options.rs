//! Limits, sampling and the rest.

use super::Writer;
use crate::conversation::Range;

/// Between which numbers Cohere takes them.
pub(in super::super) const RANGES: &[Range] = &[
    Range("temperature", "0", "1"),
    Range("top_p", "0.01", "0.99"),
    Range("top_k", "0", "500"),
    Range("frequency_penalty", "0", "1"),
    Range("presence_penalty", "0", "1"),
];

impl Writer<'_> {
    pub(super) fn options(&mut self) {
        let request = self.request;
        if let Some(tokens) = request.max_tokens {
            self.json.key("max_tokens").number(tokens);
        }
        self.sampling();
        if !request.stop.is_empty() {
            self.json.key("stop_sequences").array();
            for stop in &request.stop {
                self.json.text(stop);
            }
            self.json.end_array();
        }
        self.thinking();
        if request.shows_reasoning == Some(false) {
            self.lose("reasoning.display", "reasoning is always shown there");
        }
        let said = [("user", request.end_user().is_some()), ("metadata", !request.metadata.is_empty())];
        let said = said.into_iter().filter(|(_, is_said)| *is_said).map(|(name, _)| name);
        for name in said.chain(request.of_the_service()) {
            self.lose(name, "no place for it there");
        }
    }

    fn sampling(&mut self) {
        let sampling = &self.request.sampling;
        let numbers = [
            ("temperature", "temperature"),
            ("top_p", "p"),
            ("top_k", "k"),
            ("seed", "seed"),
            ("frequency_penalty", "frequency_penalty"),
            ("presence_penalty", "presence_penalty"),
        ];
        for (name, there) in numbers {
            let Some(value) = sampling.number(name) else { continue };
            if self.target.refuses(name) {
                self.lose(name, "the model refuses it");
            } else {
                self.json.key(there).raw(value);
            }
        }
        if let Some(top) = sampling.logprobs {
            if self.target.refuses("logprobs") {
                self.lose("logprobs", "the model refuses it");
                return;
            }
            if top > 0 {
                self.lose("top_logprobs", "only the chosen token's probability is stated there");
            }
            self.json.key("logprobs").boolean(true);
        }
    }
}
