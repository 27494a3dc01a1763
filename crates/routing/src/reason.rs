//! Why a candidate is not asked, or not at once; for records and for people.

use std::fmt;
use std::time::Duration;

use catalogue::Needs;
use serde::{Deserialize, Serialize};

use crate::breaker::{Shut, Why};
use crate::posture::{Day, Ground};

/// Why a candidate is not asked. [`Display`](fmt::Display) gives words for people, [`Reason::as_str`] a stable code.
///
/// Waits are in milliseconds from the decision that gave the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It speaks another protocol than the client, and nobody translates.
    Protocol,
    /// Its protocol has no way to say what the request says.
    Unsayable,
    /// It is outside the product's regions.
    Region,
    /// Its region is not known, and the product has a rule about regions.
    RegionUnknown,
    /// The model is known not to do these.
    Lacks(Needs),
    /// Prompt and answer do not fit.
    WindowTooSmall,
    /// It cannot write as much as the client allows.
    OutputTooSmall,
    /// The route gives it no share.
    ZeroWeight,
    /// People have decided to send nothing there, and it is not told by which decision.
    Left,
    /// People have decided to send nothing there.
    LeftBy {
        /// The decision's place on record.
        decision: u32,
    },
    /// Its contract is over.
    ContractEnded {
        /// Its last day.
        last: Day,
    },
    /// People have decided to send less there, and this request is among those that go elsewhere first.
    Drained,
    /// It has no price, and the product wants one.
    Unpriced,
    /// It failed of late, and this request may find out whether it is back.
    Due {
        /// How it failed.
        why: Why,
    },
    /// It fails for a reason that a person must mend.
    Benched {
        /// Which.
        why: Why,
        /// Until somebody may find out whether that still holds.
        wait_ms: u64,
    },
    /// It failed too often of late.
    Open {
        /// How.
        why: Why,
        /// Until somebody may find out whether that still holds.
        wait_ms: u64,
    },
    /// It failed of late, and another request is finding out whether it is back.
    ProbeTaken {
        /// How it failed.
        why: Why,
        /// Until that request counts as lost.
        wait_ms: u64,
    },
    /// It asked for quiet.
    RateLimited {
        /// Until it may be asked.
        wait_ms: u64,
    },
    /// As many attempts as it may have are in flight.
    NoSlot,
    /// It is not healthy, and a try all the same would cost a token that is not there.
    NoBudget {
        /// Until somebody may find out whether it is back.
        wait_ms: u64,
    },
    /// The request builds on a response that another account keeps.
    StateElsewhere,
}

impl Reason {
    /// A stable code for records and metric labels.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Unsayable => "unsayable",
            Self::Region => "region",
            Self::RegionUnknown => "region_unknown",
            Self::Lacks(_) => "lacks",
            Self::WindowTooSmall => "window_too_small",
            Self::OutputTooSmall => "output_too_small",
            Self::ZeroWeight => "zero_weight",
            Self::Unpriced => "unpriced",
            Self::Left | Self::LeftBy { .. } => "posture_leave",
            Self::ContractEnded { .. } => "contract_ended",
            Self::Drained => "posture_drain",
            Self::Due { .. } => "due",
            Self::Benched { .. } => "benched",
            Self::Open { .. } => "open",
            Self::ProbeTaken { .. } => "probe_taken",
            Self::RateLimited { .. } => "rate_limited",
            Self::NoSlot => "no_slot",
            Self::NoBudget { .. } => "no_budget",
            Self::StateElsewhere => "state_elsewhere",
        }
    }

    /// After which time the reason may be gone; `None` where time alone does not mend it. For `Retry-After`.
    pub const fn wait(&self) -> Option<Duration> {
        match *self {
            Self::Benched { wait_ms, .. }
            | Self::Open { wait_ms, .. }
            | Self::ProbeTaken { wait_ms, .. }
            | Self::RateLimited { wait_ms }
            | Self::NoBudget { wait_ms } => Some(Duration::from_millis(wait_ms)),
            Self::Protocol
            | Self::Unsayable
            | Self::Region
            | Self::RegionUnknown
            | Self::Lacks(_)
            | Self::WindowTooSmall
            | Self::OutputTooSmall
            | Self::ZeroWeight
            | Self::Unpriced
            | Self::Left
            | Self::LeftBy { .. }
            | Self::ContractEnded { .. }
            | Self::Drained
            | Self::Due { .. }
            | Self::NoSlot
            | Self::StateElsewhere => None,
        }
    }

    /// Whether people's decision or a contract stands against it, and nothing that the request is or needs.
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Left | Self::LeftBy { .. } | Self::ContractEnded { .. })
    }

    /// Whether the target was refused for its health alone, so that it may be tried as a last resort.
    pub const fn is_unhealthy(&self) -> bool {
        matches!(self, Self::Benched { .. } | Self::Open { .. } | Self::ProbeTaken { .. })
    }
}

impl From<Ground> for Reason {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::Untold => Self::Left,
            Ground::Decision(decision) => Self::LeftBy { decision },
            Ground::ContractEnded(last) => Self::ContractEnded { last },
        }
    }
}

impl From<Shut> for Reason {
    fn from(shut: Shut) -> Self {
        let Shut { why, probing, wait_ms } = shut;
        if probing {
            Self::ProbeTaken { why, wait_ms }
        } else if why.benches() {
            Self::Benched { why, wait_ms }
        } else {
            Self::Open { why, wait_ms }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Protocol => f.write_str("speaks another protocol"),
            Self::Unsayable => f.write_str("the request cannot be said in its protocol"),
            Self::Region => f.write_str("outside the allowed regions"),
            Self::RegionUnknown => f.write_str("region unknown"),
            Self::Lacks(needs) => write!(f, "lacks {needs}"),
            Self::WindowTooSmall => f.write_str("context window too small"),
            Self::OutputTooSmall => f.write_str("cannot write that much"),
            Self::ZeroWeight => f.write_str("weight is 0"),
            Self::Unpriced => f.write_str("no price known"),
            Self::Left => f.write_str("posture: leave"),
            Self::LeftBy { decision } => write!(f, "posture: leave, by decision {decision} on record"),
            Self::ContractEnded { last } => write!(f, "its contract ended on {last}"),
            Self::Drained => f.write_str("posture: drain, this request goes elsewhere first"),
            Self::Due { why } => write!(f, "was {}, due to be tried", why.words()),
            Self::Benched { why, wait_ms } => write!(f, "benched: {}, {}", why.words(), Again(wait_ms)),
            Self::Open { why, wait_ms } => write!(f, "{}, {}", why.words(), Again(wait_ms)),
            Self::ProbeTaken { why, .. } => {
                write!(f, "{}, another request is finding out whether it is back", why.words())
            }
            Self::RateLimited { wait_ms } => write!(f, "rate limited, {}", Again(wait_ms)),
            Self::NoSlot => f.write_str("all its slots are taken"),
            Self::NoBudget { wait_ms } => {
                write!(f, "not healthy and no retry budget left, {}", Again(wait_ms))
            }
            Self::StateElsewhere => f.write_str("another account keeps the response that it builds on"),
        }
    }
}

/// A wait in words; rounded up, so that it never promises too much.
struct Again(u64);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.div_ceil(1_000) {
            0..=119 => write!(f, "again in {} s", self.0.div_ceil(1_000)),
            120..=7_199 => write!(f, "again in {} min", self.0.div_ceil(60_000)),
            _ => write!(f, "again in {} h", self.0.div_ceil(3_600_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_people() {
        let words = |reason: Reason| reason.to_string();
        assert_eq!(words(Reason::RegionUnknown), "region unknown");
        assert_eq!(words(Reason::Lacks(Needs::TOOLS | Needs::IMAGES)), "lacks tools, images");
        let benched = Reason::Benched { why: Why::Credential, wait_ms: 41_200 };
        assert_eq!(words(benched), "benched: credential refused, again in 42 s");
        assert_eq!(words(Reason::Open { why: Why::Failing, wait_ms: 300 }), "failing, again in 1 s");
        assert_eq!(words(Reason::RateLimited { wait_ms: 180_000 }), "rate limited, again in 3 min");
        assert_eq!(words(Reason::RateLimited { wait_ms: 7_200_001 }), "rate limited, again in 3 h");
    }

    #[test]
    fn records_of_before_decisions_had_numbers_can_be_read() {
        assert_eq!(serde_json::from_str::<Reason>("\"left\"").unwrap(), Reason::Left);
        let text = serde_json::to_string(&Reason::LeftBy { decision: 3 }).unwrap();
        assert_eq!(text, "{\"left_by\":{\"decision\":3}}");
        assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), Reason::LeftBy { decision: 3 });
    }

    #[test]
    fn records_can_be_read_back() {
        for reason in [
            Reason::RegionUnknown,
            Reason::Lacks(Needs::TOOLS | Needs::IMAGES),
            Reason::Benched { why: Why::ModelMissing, wait_ms: 5 },
            Reason::NoBudget { wait_ms: 7 },
            Reason::ContractEnded { last: Day { year: 2026, month: 2, day: 20 } },
        ] {
            let text = serde_json::to_string(&reason).unwrap();
            assert!(text.contains(reason.as_str()), "{text}");
            assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), reason);
        }
    }
}
