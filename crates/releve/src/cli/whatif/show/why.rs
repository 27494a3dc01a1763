//! Why requests are refused, in words for people.

use std::collections::BTreeMap;

/// What is refused for one reason: the share of a product's requests, and that before.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    pub(super) words: &'static str,
    pub(super) share: f64,
    pub(super) before: f64,
}

/// Codes that are the same to people are one; the largest first.
pub(super) fn in_words(
    now: &BTreeMap<&'static str, f64>,
    before: &BTreeMap<&'static str, f64>,
) -> Vec<Refused> {
    let mut all: Vec<Refused> = Vec::new();
    for (why, share) in now {
        let (said, was) = (words(why), before.get(why).copied().unwrap_or_default());
        match all.iter_mut().find(|known| known.words == said) {
            Some(known) => (known.share, known.before) = (known.share + share, known.before + was),
            None => all.push(Refused { words: said, share: *share, before: was }),
        }
    }
    all.sort_by(|one, other| other.share.total_cmp(&one.share));
    all
}

/// The last that was heard of whoever could have served it, or what stood against all: codes of [`routing::Reason`] and of
/// [`wire::Failure`], and the replay's own.
fn words(why: &str) -> &'static str {
    match why {
        "no_budget" | "open" | "probe_taken" | "benched" | "due" => "because whoever is left was failing",
        "all_lost" => "because all that could serve it are lost",
        "not_allowed" => "because nobody allowed is left",
        "posture_leave" => "because all were left",
        "posture_drain" => "because whoever is left was drained",
        "contract_ended" => "because the contracts of whoever is left are over",
        "no_slot" => "because all slots were taken",
        "state_elsewhere" => "because another account keeps what they build on",
        "region" | "region_unknown" => "because nobody is left where they may be served",
        "zero_weight" => "because their route gives whoever is left no share",
        "unpriced" => "because whoever is left has no price",
        "window_too_small" | "output_too_small" | "context_exceeded" | "body_too_large" => {
            "because they are too long for whoever is left"
        }
        "lacks" | "protocol" | "unsayable" | "answer_unsayable" => {
            "because nobody is left who can do what they need"
        }
        "no_room" => "because Relève's own machine had no room for a connection more",
        "foreign_proof" => "because they hold reasoning that another supplier signed",
        "rate_limited" => "because whoever is left lets no more in",
        "overloaded" => "because whoever is left was overloaded",
        "server" => "because whoever is left answered with errors",
        "unreachable" => "because whoever is left could not be reached",
        "timeout" => "because whoever is left took too long",
        "model_missing" => "because whoever is left has no such model any more",
        "credential" => "because whoever is left refused our credential",
        "quota" => "because our account with whoever is left has no money or quota",
        "client" => "because they were refused as wrong",
        "broken_off" => "because their answer was broken off in its middle",
        broken if broken.starts_with("broken_") => "because the connection broke before the first word",
        _ => "for a reason that has no words here",
    }
}

#[cfg(test)]
mod tests {
    use catalogue::Needs;
    use routing::{Day, Reason, Why};
    use wire::Failure;

    use super::*;

    #[test]
    fn every_code_has_words() {
        let why = Why::Failing;
        let reasons = [
            Reason::Protocol,
            Reason::Unsayable,
            Reason::Region,
            Reason::RegionUnknown,
            Reason::Lacks(Needs::TOOLS),
            Reason::WindowTooSmall,
            Reason::OutputTooSmall,
            Reason::ZeroWeight,
            Reason::Left,
            Reason::LeftBy { decision: 1 },
            Reason::ContractEnded { last: Day { year: 2026, month: 2, day: 20 } },
            Reason::Drained,
            Reason::Unpriced,
            Reason::Due { why },
            Reason::Benched { why, wait_ms: 1 },
            Reason::Open { why, wait_ms: 1 },
            Reason::ProbeTaken { why, wait_ms: 1 },
            Reason::RateLimited { wait_ms: 1 },
            Reason::NoSlot,
            Reason::NoBudget { wait_ms: 1 },
            Reason::StateElsewhere,
        ];
        let codes = reasons.iter().map(Reason::as_str).chain(Failure::EACH.map(Failure::as_str));
        for code in codes.chain(["all_lost", "not_allowed", "broken_off"]) {
            assert_ne!(words(code), words("none such"), "{code}");
        }
    }

    #[test]
    fn what_is_the_same_to_people_is_one() {
        let now = [("open", 0.25), ("benched", 0.25), ("server", 0.3)].into();
        let told = in_words(&now, &[("open", 0.125)].into());
        assert_eq!(
            told,
            [
                Refused { words: words("open"), share: 0.5, before: 0.125 },
                Refused { words: words("server"), share: 0.3, before: 0.0 }
            ]
        );
    }
}
