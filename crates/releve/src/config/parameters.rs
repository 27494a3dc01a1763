//! `parameters` of a route's deployment: what the client's parameters give way to there.

use std::ops::Range;

use serde::{Serialize, Serializer};
use toml::de::DeValue;

use super::problem::Problem;
use super::section::Section;
use super::value::{At, Read, Refusal, choice};

choice! {
    /// How much reasoning.
    Effort: "\"none\", \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\" or \"max\"" {
        /// None.
        None = "none",
        /// As little as can be.
        Minimal = "minimal",
        /// Little.
        Low = "low",
        /// The usual amount.
        Medium = "medium",
        /// Much.
        High = "high",
        /// More.
        Xhigh = "xhigh",
        /// As much as can be.
        Max = "max",
    }
}

/// Parameters as written, under the names that most of the field's APIs know.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ParameterKeys {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<At<Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_p: Option<At<Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) top_k: Option<At<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<At<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) frequency_penalty: Option<At<Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presence_penalty: Option<At<Number>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<At<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop: Option<Vec<At<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning_effort: Option<At<Effort>>,
}

impl ParameterKeys {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let keys = Self {
            temperature: section.get("temperature"),
            top_p: section.get("top_p"),
            top_k: section.get("top_k"),
            seed: section.get("seed"),
            frequency_penalty: section.get("frequency_penalty"),
            presence_penalty: section.get("presence_penalty"),
            max_tokens: section.get("max_tokens"),
            stop: section.list("stop"),
            reasoning_effort: section.get("reasoning_effort"),
        };
        // What some supplier takes; the narrower bounds of others are theirs to say.
        for (key, number, least, most) in [
            ("temperature", &keys.temperature, 0.0, 2.0),
            ("top_p", &keys.top_p, 0.0, 1.0),
            ("frequency_penalty", &keys.frequency_penalty, -2.0, 2.0),
            ("presence_penalty", &keys.presence_penalty, -2.0, 2.0),
        ] {
            if let Some(number) = number.as_ref().filter(|number| !(least..=most).contains(&number.0)) {
                let what = format!("{}: no supplier takes {}", section.name_of(key), number.0);
                let mend = format!("write a number between {least} and {most}");
                section.problem(Problem::error(&number.at, what).mend(mend));
            }
        }
        for (key, number) in [("top_k", &keys.top_k), ("max_tokens", &keys.max_tokens)] {
            if let Some(number) = number.as_ref().filter(|number| number.value == 0) {
                let what = format!("{} = 0 would leave nothing to say", section.name_of(key));
                section.problem(Problem::error(&number.at, what).mend("write 1 or more, or leave it out"));
            }
        }
        keys
    }

    /// Where it is said how tokens are drawn of a model that is told to think: those that think take nothing of the kind.
    pub(crate) fn beside_thinking(&self) -> impl Iterator<Item = (&'static str, &Range<usize>)> {
        let thinks = self.reasoning_effort.as_ref().is_some_and(|effort| effort.value != Effort::None);
        let drawn = [
            ("temperature", self.temperature.as_ref().map(|number| &number.at)),
            ("top_p", self.top_p.as_ref().map(|number| &number.at)),
            ("top_k", self.top_k.as_ref().map(|number| &number.at)),
        ];
        drawn.into_iter().filter_map(move |(key, at)| Some((key, at.filter(|_| thinks)?)))
    }

    /// As the wire says them.
    pub(crate) fn resolved(&self) -> wire::Parameters {
        let number = |number: &Option<At<Number>>| number.as_ref().map(|number| number.text());
        let whole = |number: &Option<At<u64>>| number.as_ref().map(|number| number.value.to_string());
        wire::Parameters {
            temperature: number(&self.temperature),
            top_p: number(&self.top_p),
            top_k: whole(&self.top_k),
            seed: whole(&self.seed),
            frequency_penalty: number(&self.frequency_penalty),
            presence_penalty: number(&self.presence_penalty),
            max_tokens: self.max_tokens.as_ref().map(|tokens| tokens.value),
            stop: self.stop.as_ref().map(|stop| stop.iter().map(|text| text.value.clone()).collect()),
            reasoning_effort: self.reasoning_effort.as_ref().map(|effort| effort.as_str().into()),
        }
    }
}

/// A number that may have a fraction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(f64);

impl Number {
    /// As JSON: the shortest text of this number.
    fn text(self) -> String {
        serde_json::to_string(&self).expect("a finite number is JSON")
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, as the line above says")]
        if self.0.fract() == 0.0 && self.0.abs() < 1e9 {
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

impl Read for Number {
    const WANTED: &'static str = "a number, such as 0.3";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = match value {
            DeValue::Integer(digits) => digits.as_str(),
            DeValue::Float(digits) => digits.as_str(),
            _ => return Err(Refusal::Kind),
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self(number)),
            _ => Err(Refusal::Value {
                what: format!("{text} is no number"),
                mend: Some(format!("write {}", Self::WANTED)),
            }),
        }
    }
}
