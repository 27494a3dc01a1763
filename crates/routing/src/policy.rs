//! What is allowed, what is preferred, what is tried next, and how long each step may take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A route's policy. [`Default`] is what holds where the configuration says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// In which order healthy candidates are asked.
    pub prefer: Prefer,
    /// Attempts per request, the first included. Too low: failures become visible; too high: a request that nobody
    /// can serve keeps its client waiting.
    pub max_attempts: u32,
    /// What a request pays towards attempts at unhealthy targets, in attempts: 0.2 is one in five. 0 forbids them.
    /// Too high: an outage is answered with more load.
    pub retry_budget: f64,
    /// Whether suppliers that speak another protocol than the client are asked.
    pub translate: bool,
    /// The share of the requests that each fallback is asked first for, so that it is proven all day. 0 is none. Too
    /// high: the preference is no longer one.
    pub keep_warm: f64,
    /// What happens when a supplier falls.
    pub takeover: Takeover,
    /// TCP and TLS. Too low: far suppliers look dead; too high: a dead one delays the failover.
    pub connect_timeout: Duration,
    /// Until the reply's headers; streams only, since a plain answer's headers come when all of it exists.
    pub header_timeout: Duration,
    /// Until the first content of a stream; past it the next candidate is tried. Ten times as long for requests that
    /// ask for reasoning. `None` is off.
    pub max_time_to_first_token: Option<Duration>,
    /// Silence inside a stream; pings are life. Before the first content the next candidate is tried, and requests that
    /// ask for reasoning are given ten times as long.
    pub token_gap_timeout: Duration,
    /// The whole request, all attempts together.
    pub total_timeout: Duration,
    /// Until the first keep-alive to the client and between them; streams only.
    pub keepalive: Duration,
    /// The largest request body, in bytes.
    pub max_request_body: usize,
    /// How much of a reply is held back to be looked at before it is let through, in bytes.
    pub reply_buffer: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            prefer: Prefer::Listed,
            max_attempts: 3,
            retry_budget: 0.2,
            translate: true,
            keep_warm: 0.0,
            takeover: Takeover::BeforeContent,
            connect_timeout: Duration::from_secs(2),
            header_timeout: Duration::from_secs(30),
            max_time_to_first_token: None,
            token_gap_timeout: Duration::from_mins(1),
            total_timeout: Duration::from_mins(10),
            keepalive: Duration::from_secs(15),
            max_request_body: 32 << 20,
            reply_buffer: 8 << 20,
        }
    }
}

/// In which order healthy candidates are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefer {
    /// As the route lists them.
    #[default]
    Listed,
    /// At random, each with its weight.
    Weighted,
}

impl Prefer {
    /// The name as written in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Weighted => "weighted",
        }
    }
}

impl fmt::Display for Prefer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A preference that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreferError {
    /// A preference that is planned; use another until then.
    #[error("\"{0}\" is not built yet; listed and weighted are")]
    NotYet(String),
    /// No preference of that name.
    #[error("unknown preference \"{0}\"; known are listed and weighted")]
    Unknown(String),
}

impl FromStr for Prefer {
    type Err = PreferError;

    fn from_str(text: &str) -> Result<Self, PreferError> {
        match text {
            "listed" => Ok(Self::Listed),
            "weighted" => Ok(Self::Weighted),
            "cheapest" | "fastest" | "balanced" => Err(PreferError::NotYet(text.to_owned())),
            _ => Err(PreferError::Unknown(text.to_owned())),
        }
    }
}

/// How far another candidate may carry on a request that a supplier dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Takeover {
    /// Not at all: one candidate, one answer or error.
    Off,
    /// Only while nothing has been released to the client.
    #[default]
    BeforeContent,
    /// Also in mid-answer, where the deployment can continue exactly.
    Continue,
    /// Also in mid-answer, where it can only be asked to go on.
    BestEffort,
}

impl Takeover {
    /// Every value there is.
    pub const ALL: [Self; 4] = [Self::Off, Self::BeforeContent, Self::Continue, Self::BestEffort];

    /// The name as written in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::BeforeContent => "before-content",
            Self::Continue => "continue",
            Self::BestEffort => "best-effort",
        }
    }
}

impl fmt::Display for Takeover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No takeover rule of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown takeover \"{0}\"; known are before-content, continue, best-effort and off")]
pub struct UnknownTakeover(String);

impl FromStr for Takeover {
    type Err = UnknownTakeover;

    fn from_str(text: &str) -> Result<Self, UnknownTakeover> {
        let found = Self::ALL.into_iter().find(|takeover| takeover.as_str() == text);
        found.ok_or_else(|| UnknownTakeover(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for prefer in [Prefer::Listed, Prefer::Weighted] {
            assert_eq!(prefer.as_str().parse(), Ok(prefer));
        }
        for takeover in Takeover::ALL {
            assert_eq!(takeover.as_str().parse(), Ok(takeover));
        }
        assert_eq!("cheapest".parse::<Prefer>(), Err(PreferError::NotYet("cheapest".to_owned())));
        assert_eq!("quickest".parse::<Prefer>(), Err(PreferError::Unknown("quickest".to_owned())));
        assert!("on".parse::<Takeover>().is_err());
    }
}
