use routing::Dice;

use super::forecast::DRIFT;
use super::*;
use crate::fit::normal;

/// A history in which `out` tells of each supplier and week when it is out, in minutes of that week.
fn history(names: &[&str], weeks: i64, out: impl Fn(usize, i64) -> Vec<Range<Minute>>) -> History {
    let mut chronicle = Chronicle::default();
    for (index, name) in names.iter().enumerate() {
        for week in 0..weeks {
            chronicle.seen(name, week * WEEK..week * WEEK);
            for span in out(index, week) {
                chronicle.out(name, week * WEEK + span.start..week * WEEK + span.end);
            }
        }
        chronicle.seen(name, weeks * WEEK - 1..weeks * WEEK);
    }
    chronicle.finish()
}

#[test]
fn what_always_was_so_is_predicted_to_the_minute() {
    let history = history(&["a"], 20, |_, _| std::iter::once(100..160).collect());
    let outlook = forecast(&history, &[0], 20 * WEEK, 4, &mut Dice::new(1)).unwrap();
    assert_eq!((outlook.together.mean, outlook.apart), (240.0, outlook.together));
    // Nothing but the drift makes it uncertain: 1.96 standard deviations of it either way.
    let times = (DRIFT * 1.96).exp();
    let (low, high) = (outlook.together.low * times / 240.0, outlook.together.high / times / 240.0);
    assert!((0.9..1.1).contains(&low) && (0.9..1.1).contains(&high), "{outlook:?}");
    let tested = backtest(&history, &[0], 4, &mut Dice::new(1));
    assert_eq!(tested.checks.len(), 3, "twenty weeks, of which eight come first");
    assert_eq!((tested.within(), tested.errors()), ([3, 3], [0.0, 0.0]));
    assert!(tested.means().iter().all(|mean| (mean - 240.0).abs() < 1e-9), "{:?}", tested.means());
}

#[test]
fn falling_together_is_told_from_falling_apart() {
    // Both are out for an hour at the same time, in every second week and in the same ones.
    let history =
        history(&["a", "b"], 52, |_, week| (week % 2 == 0).then_some(600..660).into_iter().collect());
    let outlook = forecast(&history, &[0, 1], 52 * WEEK, 4, &mut Dice::new(1)).unwrap();
    assert!((outlook.together.mean - 120.0).abs() < 5.0, "{outlook:?}");
    assert!((outlook.apart.mean - 60.0).abs() < 5.0, "{outlook:?}");
    let together = history.together(&[0, 1]);
    assert_eq!((together.days, &together.each[..], together.both), (364, &[26, 26][..], 26));
    assert!((together.by_chance - 26.0 * 26.0 / 364.0).abs() < 1e-9);
    assert!((history.together(&[0]).by_chance - 26.0).abs() < 1e-9, "one alone is no chance");
}

#[test]
fn nobody_is_out_for_longer_than_there_is_time() {
    let history = history(&["a"], 20, |_, _| std::iter::once(0..WEEK * 9 / 10).collect());
    let outlook = forecast(&history, &[0], 20 * WEEK, 4, &mut Dice::new(1)).unwrap().together;
    assert!(outlook.high <= 4.0 * 10_080.0 && outlook.high > outlook.mean, "{outlook:?}");
}

#[test]
fn a_year_without_an_outage_does_not_say_never() {
    // `a` had its last outage two years ago, `b` has them all the time, and `c` never had one.
    let out = |supplier: usize, week: i64| match (supplier, week) {
        (0, 0..10) | (1, _) => std::iter::once(600..720).collect(),
        _ => Vec::new(),
    };
    let history = history(&["a", "b", "c"], 104, out);
    for supplier in [0, 2] {
        let outlook = forecast(&history, &[supplier], 104 * WEEK, 4, &mut Dice::new(1)).unwrap().together;
        // Four weeks, each with a chance of one in 53 of its two hours.
        assert!((4.0..16.0).contains(&outlook.mean), "{supplier}: {outlook:?}");
        assert!(outlook.low.abs() < f64::EPSILON && outlook.high > 60.0, "{supplier}: {outlook:?}");
    }
}

/// Never yet is not never: in a year without a common outage there may still be one in fifteen weeks.
#[test]
fn suppliers_that_were_never_out_at_once_may_still_be() {
    // Both are out for two hours each week, at other times; so is a third, who never had any outage, in nobody's memory.
    let out = |supplier: usize, _: i64| match supplier {
        0 => std::iter::once(600..720).collect(),
        1 => std::iter::once(3_000..3_060).collect(),
        _ => Vec::new(),
    };
    let never = history(&["a", "b", "c"], 104, out);
    let ahead = |history: &History, group: &[usize], weeks: usize| {
        forecast(history, group, 104 * WEEK, weeks, &mut Dice::new(1)).unwrap()
    };
    for group in [[0, 1], [1, 2]] {
        let Outlook { together, apart } = ahead(&never, &group, 4);
        // In four weeks of a chance of 6.8 % each the quantile of 97.5 % is one outage, of an hour or so, and its drift.
        assert!((30.0..240.0).contains(&together.high), "{group:?}: {together:?}");
        assert!(together.low.abs() < f64::EPSILON, "{together:?}");
        assert!((together.mean - apart.mean).abs() < f64::EPSILON, "by chance alone: {together:?} {apart:?}");
        assert!(ahead(&never, &group, 12).together.high > together.high, "more weeks, more that may happen");
    }
    // Few weeks say less than many.
    let few = history(&["a", "b"], 12, out);
    let wide = forecast(&few, &[0, 1], 12 * WEEK, 4, &mut Dice::new(1)).unwrap().together;
    assert!(wide.high > ahead(&never, &[0, 1], 4).together.high, "{wide:?}");
    // Who has an outage of ten minutes cannot be out with another for longer than that, but for drift.
    let short = history(&["a", "b"], 104, |supplier, week| match supplier {
        0 => out(0, week),
        _ => std::iter::once(3_000..3_010).collect(),
    });
    let narrow = ahead(&short, &[0, 1], 4).together;
    assert!(narrow.high > 0.0 && narrow.high < 40.0, "{narrow:?}");
}

/// Of suppliers that fall by lot, seldom together: what comes lies in the interval also where nothing like it was seen.
#[test]
fn the_upper_end_holds_what_had_not_come_before() {
    let mut dice = Dice::new(11);
    let mut lots = |chance: f64| -> Vec<Vec<Range<Minute>>> {
        (0..3_000).map(|_| (dice.unit_f64() < chance).then_some(600..660).into_iter().collect()).collect()
    };
    // Whenever both fall in a week it is at once: 1.5 weeks in a hundred.
    let (one, two) = (lots(0.15), lots(0.1));
    let week = |week: i64| usize::try_from(week).unwrap();
    let history = history(&["a", "b"], 3_000, |supplier, at| {
        if supplier == 0 { one[week(at)].clone() } else { two[week(at)].clone() }
    });
    let tested = backtest(&history, &[0, 1], 4, &mut Dice::new(1));
    let quiet = tested.checks.iter().filter(|check| check.came > 0.0 && check.predicted.together.high <= 0.0);
    assert_eq!(quiet.count(), 0, "no common outage came upon an interval of nothing");
    let (within, all) = (tested.within()[0] * 100, tested.checks.len());
    assert!(all > 700 && within >= 95 * all, "{within} of {all}");
}

/// Outages by lot, with a drift from year to year: then 95 of a hundred periods must lie within their intervals.
#[test]
fn intervals_hold_what_they_promise() {
    let mut dice = Dice::new(7);
    let mut lots: Vec<Vec<Range<Minute>>> = Vec::new();
    let mut level = 1.0;
    for week in 0..1_000 {
        if week % 12 == 0 {
            level = (DRIFT / 2.0_f64.sqrt() * normal(&mut dice)).exp();
        }
        let mut out = Vec::new();
        while dice.unit_f64() < 0.6 {
            #[expect(clippy::cast_possible_truncation, reason = "minutes")]
            let (start, length) =
                ((dice.unit_f64() * 9_000.0) as i64, (-dice.unit_f64().ln() * 60.0 * level) as i64 + 1);
            out.push(start..start + length);
        }
        lots.push(out);
    }
    let history = history(&["a"], 1_000, |_, week| lots[usize::try_from(week).unwrap()].clone());
    let tested = backtest(&history, &[0], 4, &mut Dice::new(1));
    let (within, all) = (tested.within()[0] * 100, tested.checks.len());
    assert!(all > 230 && (92 * all..99 * all).contains(&within), "{within} of {all}");
    let [predicted, _, came] = tested.means();
    assert!((predicted / came - 1.0).abs() < 0.05, "{predicted} {came}");
}

#[test]
fn nobody_is_well_while_nobody_watches() {
    let mut chronicle = Chronicle::default();
    for week in (0..30).chain(60..75) {
        chronicle.out("a", week * WEEK..week * WEEK + 10);
    }
    for week in 70..75 {
        chronicle.seen("b", week * WEEK..week * WEEK + 1);
    }
    let history = chronicle.finish();
    let watched = Spans::of(vec![0..29 * WEEK + 10, 60 * WEEK..74 * WEEK + 10]);
    assert_eq!(history.watched(&[0]), watched, "thirty silent weeks are no good weeks");
    assert_eq!(
        history.watched(&[0, 1]).ends(),
        Some(70 * WEEK..74 * WEEK + 1),
        "of both since there is word of both"
    );
    let mut dice = Dice::new(1);
    assert_eq!(forecast(&history, &[0], 67 * WEEK, 4, &mut dice), None, "seven weeks are too few");
    assert!(forecast(&history, &[0], 68 * WEEK, 4, &mut dice).is_some());
    assert_eq!(backtest(&history, &[0, 1], 4, &mut dice).checks, []);
}
