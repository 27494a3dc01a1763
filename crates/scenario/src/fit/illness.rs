//! Telling a supplier's usual days from its bad ones.

use std::collections::HashMap;
use std::ops::Range;

use routing::ProviderIndex;

use super::sample::Sample;

/// Into how many parts a recording is cut to look for illness.
const PARTS: u64 = 100;
/// An illness shows in an error rate at least so much above the usual, and at least this high.
const ERRORS_TIMES: f64 = 3.0;
const ERRORS_LEAST: f64 = 0.1;
/// Or in a middle answer so much slower than the usual.
const SLOWER_TIMES: f64 = 2.5;
/// A part with fewer attempts says nothing.
const LEAST_ATTEMPTS: usize = 4;

/// A time in which a supplier was not itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illness {
    /// Index of the deployment.
    pub deployment: u16,
    /// When, in milliseconds since the traffic's beginning.
    pub during: Range<u64>,
}

/// The illnesses of all deployments, whose attempts then are left out of `by_deployment`; `account` is where each is.
pub(super) fn leave_out(
    by_deployment: &mut [Vec<Sample>],
    account: impl Fn(usize) -> ProviderIndex,
    length_ms: u64,
) -> Vec<Illness> {
    let found: Vec<_> = by_deployment.iter().map(|own| illnesses(own, length_ms)).collect();
    let accounts = accounts(by_deployment, &account);
    let pooled: HashMap<ProviderIndex, Vec<Range<u64>>> =
        accounts.iter().map(|(of, all)| (*of, illnesses(all, length_ms))).collect();
    let mut named = Vec::new();
    for (deployment, own) in by_deployment.iter_mut().enumerate() {
        let at = account(deployment);
        let kin = (0..found.len()).filter(|other| *other != deployment && account(*other) == at);
        // Few attempts do not tell by themselves of when they went wrong: what befell the same account tells of them.
        let of_account = kin.flat_map(|other| &found[other]).chain(&pooled[&at]);
        let of_account = of_account.filter(|during| is_ill_too(own, during)).cloned();
        let ill = united(found[deployment].iter().cloned().chain(of_account).collect());
        let well = |sample: &Sample| !ill.iter().any(|during| during.contains(&sample.at_ms));
        // Where it and its whole account were ill all the time, illness is how it is.
        if !ill.is_empty() && accounts[&at].iter().any(well) {
            own.retain(well);
            let deployment = u16::try_from(deployment).unwrap_or(u16::MAX);
            named.extend(ill.iter().cloned().map(|during| Illness { deployment, during }));
        }
    }
    named
}

/// All that was tried at each account. How fast one of its models is tells nothing of another's.
fn accounts(
    by_deployment: &[Vec<Sample>],
    account: impl Fn(usize) -> ProviderIndex,
) -> HashMap<ProviderIndex, Vec<Sample>> {
    let mut all: HashMap<ProviderIndex, Vec<Sample>> = HashMap::new();
    for (deployment, own) in by_deployment.iter().enumerate() {
        let tried = own.iter().map(|sample| Sample { first_ms: None, ..*sample });
        all.entry(account(deployment)).or_default().extend(tried);
    }
    all
}

/// Whether a deployment was itself as little as its account, in a time in which that was ill: too few attempts to tell of
/// an illness are enough to tell whether it shared one.
fn is_ill_too(own: &[Sample], during: &Range<u64>) -> bool {
    let (then, else_): (Vec<&Sample>, Vec<&Sample>) =
        own.iter().partition(|sample| during.contains(&sample.at_ms));
    let rate = |samples: &[&Sample]| {
        share(samples.iter().filter(|sample| sample.failure.is_some_and(is_illness)).count(), samples.len())
    };
    let middle = |samples: &[&Sample]| {
        median(samples.iter().filter_map(|sample| sample.first_ms).map(f64::from).collect())
    };
    rate(&then) > (rate(&else_) * ERRORS_TIMES).max(ERRORS_LEAST)
        || middle(&then).zip(middle(&else_)).is_some_and(|(now, usual)| now > usual * SLOWER_TIMES)
}

/// Those that meet are one.
fn united(mut all: Vec<Range<u64>>) -> Vec<Range<u64>> {
    all.sort_unstable_by_key(|during| during.start);
    let mut apart: Vec<Range<u64>> = Vec::new();
    for during in all {
        match apart.last_mut() {
            Some(last) if last.end >= during.start => last.end = last.end.max(during.end),
            _ => apart.push(during),
        }
    }
    apart
}

/// The illnesses of one deployment in a recording of `length_ms`; `samples` are its own.
fn illnesses(samples: &[Sample], length_ms: u64) -> Vec<Range<u64>> {
    let part_ms = (length_ms / PARTS).max(1_000);
    let parts = usize::try_from(length_ms / part_ms + 1).unwrap_or(1);
    let mut tries = vec![(0_usize, 0_usize); parts];
    let mut firsts: Vec<Vec<f32>> = vec![Vec::new(); parts];
    for sample in samples {
        let part = usize::try_from(sample.at_ms / part_ms).unwrap_or(0).min(parts - 1);
        tries[part].0 += 1;
        tries[part].1 += usize::from(sample.failure.is_some_and(is_illness));
        firsts[part].extend(sample.first_ms);
    }
    let rate = |part: usize| share(tries[part].1, tries[part].0);
    // Each part weighs as much as was tried in it, however little: whoever is ill is asked less often, and whoever is seldom
    // asked has a busy part only where it was tried again and again, for it failed.
    let each = (0..parts).flat_map(|part| std::iter::repeat_n(rate(part), tries[part].0));
    let usual_rate = median(each.collect()).unwrap_or(0.0);
    let medians: Vec<Option<f64>> = firsts
        .into_iter()
        .map(|firsts| {
            let enough = firsts.len() >= LEAST_ATTEMPTS;
            median(firsts.into_iter().map(f64::from).collect()).filter(|_| enough)
        })
        .collect();
    let usual_first = median(medians.iter().copied().flatten().collect());
    let is_ill = |part: usize| {
        let known = tries[part].0 >= LEAST_ATTEMPTS;
        let errs = known && rate(part) > (usual_rate * ERRORS_TIMES).max(ERRORS_LEAST);
        // Whoever is not asked any more has few attempts, and all of them fail.
        let silent = tries[part].0 > 0 && tries[part].0 == tries[part].1 && usual_rate < 0.5;
        let slow = medians[part].zip(usual_first).is_some_and(|(now, usual)| now > usual * SLOWER_TIMES);
        errs || silent || slow
    };
    let ill: Vec<bool> = (0..parts).map(is_ill).collect();
    joined(&ill, part_ms)
}

/// Whether a failure tells of the supplier rather than of the request.
fn is_illness(failure: wire::Failure) -> bool {
    failure.blame() != wire::Blame::None
}

/// Neighbouring ill parts, and those around a gap of one, are one illness; each is a part longer on both sides, since
/// it did not begin where a part begins.
fn joined(ill: &[bool], part_ms: u64) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for (part, _) in ill.iter().enumerate().filter(|(_, ill)| **ill) {
        let start = (part as u64).saturating_sub(1) * part_ms;
        let end = (part as u64 + 2) * part_ms;
        match all.last_mut() {
            Some(last) if last.end >= start => last.end = end,
            _ => all.push(start..end),
        }
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    (!values.is_empty()).then(|| values[values.len() / 2])
}

#[cfg(test)]
mod tests {
    use wire::Failure;

    use super::*;

    fn sample(at_ms: u64, failure: Option<Failure>, first_ms: f32) -> Sample {
        Sample {
            at_ms,
            deployment: 0,
            route: 0,
            stream: true,
            failure,
            first_ms: failure.is_none().then_some(first_ms),
            total_ms: first_ms,
            estimated_input: 0,
            input: 0,
            cached: 0,
            output: 0,
        }
    }

    #[test]
    fn an_outage_and_a_brownout_are_told_from_a_usual_rate_of_errors() {
        let usual = |at: u64| sample(at, at.is_multiple_of(2_000).then_some(Failure::Server), 200.0);
        let mut samples: Vec<Sample> = (0..1_000).map(|number| usual(number * 100)).collect();
        assert_eq!(illnesses(&samples, 100_000), [], "one in twenty is how it is");
        for sample in &mut samples[200..300] {
            sample.failure = Some(Failure::Unreachable);
        }
        for sample in &mut samples[600..700] {
            sample.first_ms = sample.first_ms.map(|ms| ms * 5.0);
        }
        let found = illnesses(&samples, 100_000);
        assert_eq!(found, [19_000..31_000, 59_000..71_000]);
    }

    /// Attempts at these moments, each of which failed or not.
    fn tried(deployment: u16, at: impl IntoIterator<Item = (u64, bool)>) -> Vec<Sample> {
        let tried = at.into_iter().map(|(at_ms, fails)| {
            let failure = fails.then_some(Failure::Unreachable);
            Sample { deployment, ..sample(at_ms, failure, 200.0) }
        });
        tried.collect()
    }

    /// What is left out of as many deployments, all at one account.
    fn left_out(by_deployment: &mut [Vec<Sample>]) -> Vec<(u16, Range<u64>)> {
        let ill = leave_out(by_deployment, |_| ProviderIndex(0), 100_000);
        ill.into_iter().map(|ill| (ill.deployment, ill.during)).collect()
    }

    fn failures(own: &[Sample]) -> usize {
        own.iter().filter(|sample| sample.failure.is_some()).count()
    }

    #[test]
    fn whoever_is_seldom_asked_is_no_worse_for_being_tried_again_where_it_fails() {
        let well = (0..30).map(|number| (number * 3_000, false));
        let ill = (0..8).map(|number| (45_100 + number * 100, true));
        let mut seldom = [tried(0, well.chain(ill))];
        assert_eq!(left_out(&mut seldom), [(0, 44_000..47_000)]);
        assert_eq!((failures(&seldom[0]), seldom[0].len()), (0, 29), "the answer at 45 s is left out too");
    }

    /// Half of the time it was ill, and then the breaker kept nearly all away.
    #[test]
    fn whoever_is_hardly_asked_while_it_is_ill_is_as_it_was_when_it_was_asked() {
        let is_ill = |at: u64| (30_000..82_000).contains(&at);
        let well = (0..1_000).map(|number| number * 100).filter(|at| !is_ill(*at)).map(|at| (at, false));
        let ill = (0..52).map(|number| (30_000 + number * 1_000, number % 3 != 0));
        let mut one = [tried(0, well.chain(ill))];
        assert_eq!(left_out(&mut one), [(0, 30_000..82_000)]);
        assert_eq!(failures(&one[0]), 0);
    }

    #[test]
    fn who_was_asked_often_enough_shares_the_illness_of_its_account_too() {
        let often = (0..400).map(|number| (number * 250, (40_000..60_000).contains(&(number * 250))));
        // Three in four of what it was asked while its account was gone went wrong, and never all in one second.
        let other = (0..60).map(|number| (number * 2_000 + 500, false));
        let then = [(45_500, true), (45_600, true), (49_500, true), (53_500, true), (56_100, true)];
        let later = [(45_700, false), (49_600, false), (53_600, false), (56_300, false)];
        let mut account = [tried(0, often), tried(1, other.chain(then).chain(later))];
        let ill = left_out(&mut account);
        assert_eq!(ill, [(0, 39_000..61_000), (1, 39_000..61_000)]);
        assert_eq!(account.each_ref().map(|own| failures(own)), [0, 0]);
    }

    #[test]
    fn who_answered_all_the_same_is_not_ill_with_its_account() {
        let often = (0..400).map(|number| (number * 250, (40_000..60_000).contains(&(number * 250))));
        let other = (0..10).map(|number| (number * 10_000, false));
        let mut account = [tried(0, often), tried(1, other)];
        assert_eq!(left_out(&mut account), [(0, 39_000..61_000)]);
        assert_eq!(account[1].len(), 10);
    }

    /// Whom nobody saw but while its account was gone, nobody has seen.
    #[test]
    fn who_was_asked_only_while_its_account_was_ill_is_not_known() {
        let often = (0..400).map(|number| (number * 250, (40_000..60_000).contains(&(number * 250))));
        let mut account = [tried(0, often), tried(1, [(45_000, true), (50_000, true)])];
        assert_eq!(left_out(&mut account), [(0, 39_000..61_000), (1, 39_000..61_000)]);
        assert!(account[1].is_empty());
        let mut alone = [tried(0, [(45_000, true), (50_000, true)])];
        assert!(left_out(&mut alone).is_empty(), "ill all the time");
        assert_eq!(failures(&alone[0]), 2);
    }

    #[test]
    fn what_none_tells_by_itself_many_tell_together() {
        let is_out = |at: u64| (40_000..60_000).contains(&at) && !at.is_multiple_of(9);
        let model = |of: u16| {
            let at = (0..60).map(move |number| number * 1_650 + u64::from(of) * 130);
            tried(of, at.flat_map(|at| [(at, is_out(at)), (at + 1, false)]))
        };
        let mut account: Vec<_> = (0..6).map(model).collect();
        let ill = left_out(&mut account);
        assert!((0..6).all(|of| ill.iter().any(|(ill, _)| *ill == of)), "{ill:?}");
        assert_eq!(account.iter().map(|own| failures(own)).sum::<usize>(), 0);
    }
}
