//! What holds of whom on a day, and what will by itself: decisions on record, contracts' dates, models' ends. For reports and
//! what-ifs, which must serve with nobody whom the router refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use gateway::Clock;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use routing::{Ground, Instant, Posture, Reason};
use scenario::{Estate, Hold, Tenure, Traffic};
use serde::Serialize;
use store::Act;

use super::{Decided, InForce, Now, Terms, moment};
use crate::resolve::Resolved;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    decided: Decided,
    terms: Vec<Terms>,
    /// The moment that it is of, in microseconds since 1970.
    at_us: i64,
    day: Date,
}

/// Somebody who is in the configuration and serves nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) deployment: Arc<str>,
    #[serde(flatten)]
    pub(crate) why: Why,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub(crate) enum Why {
    /// People have decided it.
    Decided { target: Arc<str>, reason: Arc<str>, author: Arc<str>, until_us: Option<i64> },
    /// People have, but which decision it was is not on record.
    Untold,
    /// Its contract's last day is past.
    ContractEnded { on: String },
    /// The catalogue says that its model was switched off. The router asks it all the same.
    SwitchedOff { on: Arc<str> },
}

impl Held {
    /// By what is on record of decisions. Of today it is the present moment, of another day its last: what was decided
    /// later counts for nothing.
    pub(crate) fn on(day: Date, resolved: &Resolved, acts: &[Act]) -> Self {
        let now_us = Clock::system().unix_us();
        let at_us = if day == date(now_us) { now_us } else { end(day).unwrap_or(now_us) };
        let acts: Vec<Act> = acts.iter().filter(|act| act.set_us <= at_us).cloned().collect();
        Self { decided: Decided(acts), terms: Terms::of(&resolved.effective), at_us, day }
    }

    /// The day that it is of.
    pub(crate) const fn day(&self) -> Date {
        self.day
    }

    /// Of each deployment of the configuration, how long it may serve from now on.
    pub(crate) fn tenures(&self, resolved: &Resolved) -> Vec<Tenure> {
        let snapshot = &resolved.snapshot;
        let mut tenures: Vec<Tenure> = snapshot
            .routing
            .iter()
            .map(|facts| Tenure {
                holds: Vec::new(),
                off_ms: resolved.ends.get(&facts.name).and_then(|day| self.off_ms(day)),
            })
            .collect();
        let turns = self.turns();
        for (place, unix_us) in turns.iter().enumerate() {
            let until_ms = turns.get(place + 1).map(|turn| self.ms(*turn));
            let from_ms = self.ms(*unix_us);
            let in_force =
                InForce::at(&self.decided, &self.terms, Now { unix_us: *unix_us, world: Instant(from_ms) });
            for (facts, tenure) in snapshot.routing.iter().zip(&mut tenures) {
                let provider = &snapshot.providers[usize::from(facts.provider.0)].name;
                let all = in_force.on(facts, provider).filter(|(_, posture)| *posture != Posture::Normal);
                tenure.holds.extend(all.map(|(on, posture)| Hold {
                    on: on.cloned(),
                    from_ms,
                    until_ms,
                    posture,
                }));
            }
        }
        tenures
    }

    /// When what holds turns by itself, from now on.
    fn turns(&self) -> Vec<i64> {
        let contracts = self.terms.iter().flat_map(|terms| [terms.ramp_down_us, terms.over_us]);
        let acts = self.decided.0.iter().map(|act| act.expires_us);
        let later = contracts.chain(acts).flatten().filter(|turn| *turn > self.at_us);
        let turns: BTreeSet<i64> = later.chain([self.at_us]).collect();
        turns.into_iter().collect()
    }

    /// Milliseconds from its moment on, begun ones whole, for what is to come is not there yet; 0 for what is past.
    fn ms(&self, unix_us: i64) -> u64 {
        u64::try_from(unix_us.saturating_sub(self.at_us)).unwrap_or(0).div_ceil(1_000)
    }

    /// When a model is off: the day after the last on which it may still answer.
    fn off_ms(&self, ends: &str) -> Option<u64> {
        let day: Date = ends.parse().ok()?;
        Some(self.ms(moment(day.tomorrow().ok()?)?))
    }

    /// Why nothing is served by a deployment; `None` where something may be.
    fn why(&self, tenure: &Tenure, ends: Option<&Arc<str>>) -> Option<Why> {
        match tenure.posture(0, &[], false) {
            Posture::Leave(Ground::ContractEnded(last)) => Some(Why::ContractEnded { on: last.to_string() }),
            Posture::Leave(ground) => {
                let by = match ground {
                    Ground::Decision(decision) => {
                        self.decided.0.iter().find(|act| act.id == i64::from(decision))
                    }
                    _ => None,
                };
                Some(by.map_or(Why::Untold, |act| Why::Decided {
                    target: Arc::clone(&act.target),
                    reason: Arc::clone(&act.reason),
                    author: Arc::clone(&act.author),
                    until_us: act.expires_us,
                }))
            }
            _ => ends.filter(|_| tenure.is_off(0)).map(|on| Why::SwitchedOff { on: Arc::clone(on) }),
        }
    }

    /// Who serves nobody of those that a route lists which was asked for.
    pub(crate) fn left(&self, estate: &Estate, traffic: &Traffic) -> Vec<Left> {
        let asked: BTreeSet<&str> = traffic.shapes.iter().map(|(shape, _, _)| &*shape.route).collect();
        let routes = estate.routes.iter().filter(|route| asked.contains(&*route.name));
        let listed: BTreeSet<usize> =
            routes.flat_map(|route| &route.entries).map(|entry| entry.deployment.0 as usize).collect();
        let left = listed.into_iter().filter_map(|index| {
            let member = &estate.members[index];
            let why = self.why(&member.tenure, member.ends.as_ref())?;
            Some(Left { deployment: Arc::clone(&member.routing.name), why })
        });
        left.collect()
    }

    /// In words, what holds of a deployment now and later within a span; nothing of whoever serves as routes say.
    pub(crate) fn told(&self, tenure: &Tenure, ends: Option<&str>, span_ms: u64) -> Vec<String> {
        let off = ends.map(|day| format!("its model ends on {day} by the catalogue, and is not counted on"));
        let at = |at_ms: u64| {
            let posture = tenure.posture(at_ms, &[], false);
            let held = match posture {
                Posture::Leave(ground) => Some(self.decided.tell(Reason::from(ground))),
                other => super::words(other, Instant(at_ms)),
            };
            held.into_iter().chain(off.clone().filter(|_| tenure.is_off(at_ms))).collect::<Vec<_>>()
        };
        let turns: BTreeSet<u64> = tenure.turns().filter(|turn| *turn > 0 && *turn < span_ms).collect();
        let mut last = at(0);
        let mut told = last.clone();
        for turn in turns {
            let then = at(turn);
            if then != last {
                let day = date(self.at_us.saturating_add_unsigned(turn.saturating_mul(1_000)));
                let what = if then.is_empty() { "nothing holds it back".to_owned() } else { then.join(", ") };
                told.push(format!("from {day} on {what}"));
                last = then;
            }
        }
        told
    }
}

/// The day of a moment, UTC.
fn date(unix_us: i64) -> Date {
    Timestamp::from_microsecond(unix_us).unwrap_or_default().to_zoned(TimeZone::UTC).date()
}

/// The last moment of a day.
fn end(day: Date) -> Option<i64> {
    Some(moment(day.tomorrow().ok()?)? - 1)
}
