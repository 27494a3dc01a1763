//! Telling a supplier's usual days from its bad ones.

use std::ops::Range;

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

/// The illnesses of one deployment in a recording of `length_ms`; `samples` are its own.
pub(super) fn illnesses(samples: &[Sample], length_ms: u64) -> Vec<Range<u64>> {
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
    let known = |part: &usize| tries[*part].0 >= LEAST_ATTEMPTS;
    let rate = |part: usize| share(tries[part].1, tries[part].0);
    let usual_rate = median((0..parts).filter(known).map(rate).collect()).unwrap_or(0.0);
    let medians: Vec<Option<f64>> = firsts
        .into_iter()
        .map(|firsts| {
            let enough = firsts.len() >= LEAST_ATTEMPTS;
            median(firsts.into_iter().map(f64::from).collect()).filter(|_| enough)
        })
        .collect();
    let usual_first = median(medians.iter().copied().flatten().collect());
    let is_ill = |part: usize| {
        let errs = known(&part) && rate(part) > (usual_rate * ERRORS_TIMES).max(ERRORS_LEAST);
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
}
