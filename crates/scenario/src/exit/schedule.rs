//! By when what must be done: backwards from a contract's end, and what cannot be said for want of a date.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use serde::Serialize;

/// Days that substitutes get to be proven before notice is given. A suggestion: no contract says it.
pub const TEST_DAYS: i64 = 30;
/// Days over which traffic leaves where the contract's section has no `ramp_down_from`. Likewise.
pub const RAMP_DAYS: i64 = 30;

/// What a contract says of its end. What is `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Its last day.
    pub ends: Option<Date>,
    /// How long before its end it must be given notice.
    pub notice: Option<Duration>,
    /// From when traffic leaves.
    pub ramp_down_from: Option<Date>,
    /// How long the supplier must go on serving after the end.
    pub transition: Option<Duration>,
    /// How long it keeps prompts and answers.
    pub retention: Option<Duration>,
    /// Until when the models may be used there.
    pub rights_until: Option<Date>,
    /// Until when the prices are promised.
    pub price_until: Option<Date>,
}

/// What is done at a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Substitutes begin to get real requests.
    Prove,
    /// The last day to give notice.
    Notice,
    /// The price promise is over.
    PriceEnds,
    /// Requests begin to leave.
    RampDown,
    /// The right to use the models there is over.
    RightsEnd,
    /// The contract's last day: nothing is sent there any more.
    End,
    /// The last day on which the supplier must still serve.
    TransitionEnds,
    /// What was sent on the last day must be gone.
    Deleted,
}

/// One of the plan's days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// What.
    pub step: Step,
    /// When; `None` where the contract's section lacks what it would be worked out from.
    pub day: Option<Date>,
    /// The keys that are missing.
    pub missing: Vec<&'static str>,
    /// Whether the day is past.
    pub late: bool,
    /// Whether the day, or the length that leads to it, is our suggestion and nobody's term.
    pub suggested: bool,
}

/// The days of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// Those with a day in its order, then those without.
    pub milestones: Vec<Milestone>,
    /// The end, if notice were given today: for contracts without an end, or whose day for notice is past.
    pub earliest_end: Option<Date>,
    /// Whether notice for the contract's end can no longer be given in time.
    pub too_late: bool,
    /// Days between today and the end; below 0 it is past.
    pub days_left: Option<i32>,
}

impl Schedule {
    /// That of a contract, on the day `today`.
    pub fn of(terms: &Terms, today: Date) -> Self {
        let notice_day = terms.ends.zip(terms.notice).and_then(|(ends, notice)| before(ends, notice));
        let ramp_down = terms.ramp_down_from.or_else(|| days_before(terms.ends?, RAMP_DAYS));
        // Tests must be over before either door closes: notice, or requests that leave.
        let proven_by = [notice_day, ramp_down].into_iter().flatten().min();
        let end = terms.ends;
        let gone = end.zip(terms.retention).and_then(|(ends, kept)| after(ends, kept));
        let transition = end.zip(terms.transition).and_then(|(ends, more)| after(ends, more));
        let needs = |keys: &[(&'static str, bool)]| -> Vec<&'static str> {
            keys.iter().filter(|(_, known)| !known).map(|(key, _)| *key).collect()
        };
        let ends = ("ends", end.is_some());
        let proof = proven_by.and_then(|day| days_before(day, TEST_DAYS));
        let rows = [
            (Step::Prove, proof, needs(&[ends]), true),
            (Step::Notice, notice_day, needs(&[ends, ("notice", terms.notice.is_some())]), false),
            (
                Step::PriceEnds,
                terms.price_until,
                needs(&[("price_until", terms.price_until.is_some())]),
                false,
            ),
            (Step::RampDown, ramp_down, needs(&[ends]), terms.ramp_down_from.is_none()),
            (
                Step::RightsEnd,
                terms.rights_until,
                needs(&[("rights_until", terms.rights_until.is_some())]),
                false,
            ),
            (Step::End, end, needs(&[ends]), false),
            (
                Step::TransitionEnds,
                transition,
                needs(&[ends, ("transition", terms.transition.is_some())]),
                false,
            ),
            (Step::Deleted, gone, needs(&[ends, ("retention", terms.retention.is_some())]), false),
        ];
        let milestone = |(step, day, missing, suggested): (Step, Option<Date>, Vec<&'static str>, bool)| {
            let missing = if day.is_some() { Vec::new() } else { missing };
            Milestone { step, day, missing, late: day.is_some_and(|day| day < today), suggested }
        };
        let mut milestones: Vec<Milestone> = rows.into_iter().map(milestone).collect();
        milestones.sort_by_key(|milestone| (milestone.day.is_none(), milestone.day));
        let too_late = notice_day.or(end).is_some_and(|day| day < today);
        Self {
            milestones,
            earliest_end: terms
                .notice
                .filter(|_| too_late || end.is_none())
                .and_then(|notice| after(today, notice)),
            too_late,
            days_left: end.and_then(|end| today.until(end).ok()).map(|span| span.get_days()),
        }
    }
}

fn before(day: Date, length: Duration) -> Option<Date> {
    day.checked_sub(SignedDuration::try_from(length).ok()?).ok()
}

fn after(day: Date, length: Duration) -> Option<Date> {
    day.checked_add(SignedDuration::try_from(length).ok()?).ok()
}

fn days_before(day: Date, days: i64) -> Option<Date> {
    day.checked_sub(days.days()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 28);

    fn days(days: u64) -> Duration {
        Duration::from_secs(days * 86_400)
    }

    fn day(schedule: &Schedule, step: Step) -> Option<Date> {
        schedule.milestones.iter().find(|milestone| milestone.step == step)?.day
    }

    #[test]
    fn it_counts_backwards_from_the_end() {
        let terms = Terms {
            ends: Some(date(2027, 6, 30)),
            notice: Some(days(90)),
            transition: Some(days(60)),
            retention: Some(days(30)),
            ..Terms::default()
        };
        let schedule = Schedule::of(&terms, TODAY);
        assert_eq!(day(&schedule, Step::Notice), Some(date(2027, 4, 1)));
        assert_eq!(day(&schedule, Step::Prove), Some(date(2027, 3, 2)));
        assert_eq!(day(&schedule, Step::RampDown), Some(date(2027, 5, 31)));
        assert_eq!(day(&schedule, Step::TransitionEnds), Some(date(2027, 8, 29)));
        assert_eq!(day(&schedule, Step::Deleted), Some(date(2027, 7, 30)));
        assert_eq!(schedule.days_left, Some(214));
        assert!(!schedule.too_late && schedule.earliest_end.is_none());
        let dated: Vec<Date> = schedule.milestones.iter().filter_map(|milestone| milestone.day).collect();
        assert!(dated.is_sorted(), "{dated:?}");
        assert_eq!(schedule.milestones.last().unwrap().day, None, "what has no day comes last");
    }

    #[test]
    fn what_is_unknown_is_named_and_never_guessed() {
        let schedule = Schedule::of(&Terms { notice: Some(days(90)), ..Terms::default() }, TODAY);
        assert!(schedule.milestones.iter().all(|milestone| milestone.day.is_none()));
        let of = |step| schedule.milestones.iter().find(|milestone| milestone.step == step).unwrap();
        assert_eq!(of(Step::Notice).missing, ["ends"]);
        assert_eq!(of(Step::TransitionEnds).missing, ["ends", "transition"]);
        assert_eq!(schedule.earliest_end, Some(date(2027, 2, 26)));
        assert_eq!(schedule.days_left, None);
    }

    #[test]
    fn a_day_for_notice_that_is_past_is_too_late() {
        let terms = Terms { ends: Some(date(2026, 12, 31)), notice: Some(days(90)), ..Terms::default() };
        let schedule = Schedule::of(&terms, TODAY);
        assert!(schedule.too_late);
        assert_eq!(schedule.earliest_end, Some(date(2027, 2, 26)), "if notice were given today");
        let late =
            |step| schedule.milestones.iter().any(|milestone| milestone.step == step && milestone.late);
        assert!(late(Step::Notice) && !late(Step::End));
        // A day that is today is not past yet.
        let terms = Terms { ends: Some(date(2027, 2, 26)), notice: Some(days(90)), ..Terms::default() };
        assert!(!Schedule::of(&terms, TODAY).too_late);
        let over = Terms { ends: Some(date(2026, 11, 27)), ..Terms::default() };
        assert!(Schedule::of(&over, TODAY).too_late, "an end that is past");
    }

    #[test]
    fn a_ramp_down_that_is_agreed_comes_before_our_suggestion() {
        let terms = Terms {
            ends: Some(date(2027, 6, 30)),
            ramp_down_from: Some(date(2027, 1, 15)),
            ..Terms::default()
        };
        let schedule = Schedule::of(&terms, TODAY);
        assert_eq!(day(&schedule, Step::RampDown), Some(date(2027, 1, 15)));
        assert_eq!(day(&schedule, Step::Prove), Some(date(2026, 12, 16)));
    }
}
