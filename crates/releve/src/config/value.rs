//! Values that can stand in the file: how each is read, and how it is written back.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, Range};
use std::str::FromStr;

use catalogue::{Needs, Protocol, Quirks, Rate, Region, Weights};
use serde::{Serialize, Serializer};
use toml::de::DeValue;
use upstream::IpNet;

use super::problem::nearest;

/// A value and its place in the file; an empty place for what is not from the file.
#[derive(Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: Range<usize>,
}

impl<T> At<T> {
    /// A value that no file holds.
    pub(crate) fn nowhere(value: T) -> Self {
        Self { value, at: 0..0 }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for At<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

impl<T: Serialize> Serialize for At<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A table under a free name: `[providers.NAME]`.
#[derive(Debug, Clone)]
pub(crate) struct Named<T> {
    pub(crate) name: At<String>,
    pub(crate) body: T,
}

/// Writes a list of [`Named`] as a table of tables, in the list's order.
pub(crate) fn as_table<T: Serialize, S: Serializer>(
    named: &[Named<T>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(named.iter().map(|named| (&named.name.value, &named.body)))
}

/// Why a value was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is of another kind than [`Read::WANTED`].
    Kind,
    /// It is of the right kind, but not a value that can be.
    Value { what: String, mend: Option<String> },
    /// It is, or may hide, a secret in clear: it must not be shown.
    Secret { what: &'static str, mend: String },
}

/// What can be read from one value of the file.
pub(crate) trait Read: Sized {
    /// What to write, with an example; ends "write ...".
    const WANTED: &'static str;

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal>;
}

impl Read for String {
    const WANTED: &'static str = "text in quotes";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        if text.trim().is_empty() {
            return Err(Refusal::Value {
                what: "is empty".into(),
                mend: Some("write it, or leave the key out".into()),
            });
        }
        Ok(text.to_owned())
    }
}

impl Read for bool {
    const WANTED: &'static str = "true or false";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        value.as_bool().ok_or(Refusal::Kind)
    }
}

impl Read for u64 {
    const WANTED: &'static str = "a whole number, such as 3";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let digits = value.as_integer().ok_or(Refusal::Kind)?;
        Self::from_str_radix(digits.as_str(), digits.radix()).map_err(|_| out_of_range(digits.as_str()))
    }
}

impl Read for u32 {
    const WANTED: &'static str = u64::WANTED;

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let number = u64::read(value)?;
        Self::try_from(number).map_err(|_| out_of_range(&number.to_string()))
    }
}

fn out_of_range(digits: &str) -> Refusal {
    let what = if digits.starts_with('-') { "is negative" } else { "is too large" };
    Refusal::Value { what: format!("{digits} {what}"), mend: Some(format!("write {}", u64::WANTED)) }
}

/// A share between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Share(pub(crate) f64);

impl Read for Share {
    const WANTED: &'static str = "a share between 0 and 1, such as 0.2";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let written = match value {
            DeValue::Integer(digits) => digits.as_str(),
            DeValue::Float(digits) => digits.as_str(),
            _ => return Err(Refusal::Kind),
        };
        match written.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            _ => Err(Refusal::Value {
                what: format!("{written} is not between 0 and 1"),
                mend: Some(format!("write {}", Self::WANTED)),
            }),
        }
    }
}

/// Reads text that has a form of its own, whose error says what is wrong.
fn parsed<T: FromStr<Err: fmt::Display>>(value: &DeValue<'_>) -> Result<T, Refusal> {
    let text = value.as_str().ok_or(Refusal::Kind)?;
    text.parse().map_err(|error: T::Err| Refusal::Value { what: error.to_string(), mend: None })
}

impl Read for Region {
    const WANTED: &'static str = "a region from wide to narrow, such as \"eu/france\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        parsed(value)
    }
}

impl Read for Weights {
    const WANTED: &'static str =
        "who may run the model, such as \"open\", \"maker-only\" or \"licensed-until:2027-06-30\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        parsed(value)
    }
}

impl Read for Protocol {
    const WANTED: &'static str = "a protocol's name, such as \"openai-chat\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        chosen(value, &Self::ALL.map(|protocol| (protocol.as_str(), protocol)))
    }
}

impl Read for Needs {
    const WANTED: &'static str = "a capability's name, such as \"tools\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let names: Vec<_> = Self::ALL.names().filter_map(|name| Some((name, name.parse().ok()?))).collect();
        chosen(value, &names)
    }
}

impl Read for Quirks {
    const WANTED: &'static str = "a quirk's name, such as \"max_completion_tokens\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let names: Vec<_> = Self::ALL.names().filter_map(|name| Some((name, name.parse().ok()?))).collect();
        chosen(value, &names)
    }
}

impl Read for Rate {
    const WANTED: &'static str = "a price per million tokens in US dollars, in quotes, such as \"0.20\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        if let DeValue::Float(_) | DeValue::Integer(_) = value {
            return Err(Refusal::Value {
                what: "a price is text, so that it stays exact".into(),
                mend: Some(format!("write {}", Self::WANTED)),
            });
        }
        let in_words = |refusal| match refusal {
            Refusal::Value { what, mend: _ } => {
                Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) }
            }
            other => other,
        };
        parsed(value).map_err(in_words)
    }
}

impl Read for SocketAddr {
    const WANTED: &'static str = "an address and a port, such as \"127.0.0.1:4100\" or \"[::]:4100\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        let numeric = text.replace("localhost:", "127.0.0.1:");
        numeric.parse().map_err(|_| Refusal::Value {
            what: format!("\"{text}\" is no address with a port"),
            mend: Some(format!("write {}", Self::WANTED)),
        })
    }
}

/// A network of IP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Read for Network {
    const WANTED: &'static str = "a network, such as \"10.0.0.0/8\", or one address";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| address()).map(Self).map_err(|_| Refusal::Value {
            what: format!("\"{text}\" is no network"),
            mend: Some(format!("write {}", Self::WANTED)),
        })
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Day(pub(crate) jiff::civil::Date);

impl Read for Day {
    const WANTED: &'static str = "a day, such as \"2027-06-30\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => return Err(Refusal::Kind),
        };
        text.parse().map(Self).map_err(|_| Refusal::Value {
            what: format!("\"{text}\" is no day of the calendar"),
            mend: Some(format!("write {}", Self::WANTED)),
        })
    }
}

/// An amount of money in some currency; kept as written, for contracts and reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Amount(pub(crate) String);

impl Read for Amount {
    const WANTED: &'static str = "an amount in quotes, such as \"20000\" or \"0.50\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        match text.parse::<catalogue::Money>() {
            Ok(amount) if amount.nanos() >= 0 => Ok(Self(text.to_owned())),
            _ => Err(Refusal::Value {
                what: format!("\"{text}\" is no amount of money"),
                mend: Some(format!("write {}", Self::WANTED)),
            }),
        }
    }
}

/// A currency by its three letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Currency(pub(crate) String);

impl Read for Currency {
    const WANTED: &'static str = "a currency's three letters, such as \"EUR\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(text.to_owned()));
        }
        let what = format!("\"{text}\" is no currency");
        Err(Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) })
    }
}

/// The value of `names` that the text names.
pub(crate) fn chosen<T: Copy>(value: &DeValue<'_>, names: &[(&'static str, T)]) -> Result<T, Refusal> {
    let text = value.as_str().ok_or(Refusal::Kind)?;
    if let Some((_, found)) = names.iter().find(|(name, _)| *name == text) {
        return Ok(*found);
    }
    let all = names.iter().map(|(name, _)| *name);
    let near =
        nearest(text, all.clone()).map_or_else(String::new, |near| format!("did you mean \"{near}\"? "));
    Err(Refusal::Value {
        what: format!("\"{text}\" is not known"),
        mend: Some(format!("{near}write {}", super::problem::one_of(all))),
    })
}

/// An enumeration whose values are words in the file.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident: $wanted:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            const NAMES: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),*];

            /// The word in the file.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl $crate::config::value::Read for $name {
            const WANTED: &'static str = $wanted;

            fn read(value: &toml::de::DeValue<'_>) -> Result<Self, $crate::config::value::Refusal> {
                $crate::config::value::chosen(value, Self::NAMES)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use choice;
