//! What a request needs, and what a model is known to do or not to do.

use serde::{Deserialize, Serialize};

/// A set of things that a request needs and a model may lack. Text form of one: its name in `snake_case`; in JSON and
/// TOML a list of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "Vec<&'static str>", try_from = "Vec<String>")]
pub struct Needs(u32);

/// Makes a set of named bits of a tuple struct over `u32`: its constants, set operations and text forms, and the error
/// for a name that is none of them.
macro_rules! set_of_names {
    ($set:ident, $unknown:ident, $what:literal; $($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl $set {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Everything there is.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);

            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];

            /// Nothing.
            pub const NONE: Self = Self(0);

            /// The set as bits; each keeps its place for ever.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// The set of those bits; bits that mean nothing here are dropped.
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits & Self::ALL.0)
            }

            /// Whether the set is empty.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether all of `other` is in this set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// What is in either.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// What is in both.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is here but not in `other`.
            #[must_use]
            pub const fn difference(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The names of what is in the set, in a fixed order.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(one, _)| self.contains(*one)).map(|(_, name)| *name)
            }
        }

        impl std::ops::BitOr for $set {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        /// The names, joined by `, `; empty for the empty set.
        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut separator = "";
                for name in self.names() {
                    write!(f, "{separator}{name}")?;
                    separator = ", ";
                }
                Ok(())
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($set), "({})"), self)
            }
        }

        #[doc = concat!("A name that is no ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("unknown {what} \"{0}\"; known are {known}", what = $what, known = $set::ALL)]
        pub struct $unknown(String);

        /// One name to the set that holds it alone.
        impl std::str::FromStr for $set {
            type Err = $unknown;

            fn from_str(text: &str) -> Result<Self, $unknown> {
                let found = Self::NAMES.iter().find(|(_, name)| *name == text);
                found.map(|(one, _)| *one).ok_or_else(|| $unknown(text.to_owned()))
            }
        }

        impl From<$set> for Vec<&'static str> {
            fn from(set: $set) -> Self {
                set.names().collect()
            }
        }

        impl TryFrom<Vec<String>> for $set {
            type Error = $unknown;

            fn try_from(names: Vec<String>) -> Result<Self, $unknown> {
                names.iter().try_fold(Self::NONE, |set, name| Ok(set | name.parse()?))
            }
        }
    };
}

pub(crate) use set_of_names;

// A bit, once published, keeps its meaning: the ledger stores them.
set_of_names! {
    Needs, UnknownNeed, "need or capability";
    /// Tool (function) calls.
    TOOLS = 0, "tools";
    /// Several tool calls in one answer.
    PARALLEL_TOOLS = 1, "parallel_tools";
    /// Output held to a JSON schema.
    JSON_SCHEMA = 2, "json_schema";
    /// Output that is some valid JSON.
    JSON_MODE = 3, "json_mode";
    /// Images as input.
    IMAGES = 4, "images";
    /// Audio as input.
    AUDIO_IN = 5, "audio_in";
    /// Audio as output.
    AUDIO_OUT = 6, "audio_out";
    /// Documents (PDF) as input.
    DOCUMENTS = 7, "documents";
    /// Reasoning that the request asks for.
    REASONING = 8, "reasoning";
    /// Log probabilities of tokens.
    LOGPROBS = 9, "logprobs";
    /// More than one choice per answer.
    MULTIPLE_CHOICES = 10, "multiple_choices";
    /// Going on from a given start of the answer.
    PREFILL = 11, "prefill";
    /// The supplier's own web search.
    WEB_SEARCH = 12, "web_search";
    /// Explicit cache marks in the prompt.
    CACHE_MARKS = 13, "cache_marks";
}

/// What a model is known to do, and known not to do. What is in neither set is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capabilities {
    /// Stated as supported by a source.
    pub yes: Needs,
    /// Stated as not supported.
    pub no: Needs,
}

impl Capabilities {
    /// What of `needs` is definitely not supported.
    #[must_use]
    pub const fn missing(&self, needs: Needs) -> Needs {
        needs.intersection(self.no)
    }

    /// What of `needs` nobody has stated either way.
    #[must_use]
    pub const fn unknown(&self, needs: Needs) -> Needs {
        needs.difference(self.yes.union(self.no))
    }
}

#[cfg(test)]
mod tests;
