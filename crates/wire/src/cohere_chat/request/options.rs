//! Limits, sampling and the rest.

use super::Writer;

/// A member of [`crate::conversation::Sampling`] by its neutral name, its name at Cohere, its value and its range there.
type Number<'a> = (&'static str, &'static str, &'a Option<String>, Option<(&'static str, &'static str)>);

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
        let numbers: [Number<'_>; 6] = [
            ("temperature", "temperature", &sampling.temperature, Some(("0", "1"))),
            ("top_p", "p", &sampling.top_p, Some(("0.01", "0.99"))),
            ("top_k", "k", &sampling.top_k, Some(("0", "500"))),
            ("seed", "seed", &sampling.seed, None),
            ("frequency_penalty", "frequency_penalty", &sampling.frequency_penalty, Some(("0", "1"))),
            ("presence_penalty", "presence_penalty", &sampling.presence_penalty, Some(("0", "1"))),
        ];
        for (name, there, value, range) in numbers {
            let Some(value) = value else { continue };
            if self.target.refuses(name) {
                self.lose(name, "the model refuses it");
                continue;
            }
            let within = range.map_or(value.as_str(), |range| clamped(value, range));
            if within != value {
                self.lose(name, "put within the range that is allowed there");
            }
            self.json.key(there).raw(within);
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

/// The number, or the end of the range that it is beyond. Its text stays as it is where it is within.
fn clamped<'n>(number: &'n str, (least, most): (&'n str, &'n str)) -> &'n str {
    let value = |text: &str| text.parse::<f64>().ok();
    let beyond = |end: &str, is_beyond: fn(&f64, &f64) -> bool| {
        value(number).zip(value(end)).is_some_and(|(number, end)| is_beyond(&number, &end))
    };
    if beyond(least, |number, end| number < end) {
        least
    } else if beyond(most, |number, end| number > end) {
        most
    } else {
        number
    }
}
