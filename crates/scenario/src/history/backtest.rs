//! Forecasts held against what came: at each step of a history, from what was known then.

use std::ops::Range;
use std::sync::Arc;

use routing::Dice;
use serde::Serialize;

use super::{Forecast, History, Minute, Outlook, WEEK, forecast};

/// One period that was predicted, and came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Check {
    /// Its beginning, in minutes since 1970.
    pub from: Minute,
    /// What was predicted from the weeks before.
    #[serde(flatten)]
    pub predicted: Outlook,
    /// Minutes that came.
    pub came: f64,
}

/// How well one group of suppliers was predicted, over all periods that could be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tested {
    /// Who would all have had to be out.
    pub group: Vec<Arc<str>>,
    /// The length of a period in weeks.
    pub weeks: usize,
    /// Each period, the oldest first; they do not overlap.
    pub checks: Vec<Check>,
}

/// Predicts each period of `weeks` weeks after enough watched ones, the latest of them ending where the history ends.
pub fn backtest(history: &History, group: &[usize], weeks: usize, dice: &mut Dice) -> Tested {
    let watched = history.watched(group);
    let out = history.out(group);
    let length = Minute::try_from(weeks).unwrap_or(1).max(1) * WEEK;
    let mut checks = Vec::new();
    for span in watched.iter().rev() {
        let mut period = span.end - length..span.end;
        while period.start >= span.start {
            if let Some(predicted) = forecast(history, group, period.start, weeks, dice) {
                checks.push(Check { from: period.start, predicted, came: minutes(&out, &period) });
            }
            period = period.start - length..period.start;
        }
    }
    checks.reverse();
    Tested { group: history.names(group), weeks, checks }
}

#[expect(clippy::cast_precision_loss, reason = "minutes")]
fn minutes(out: &super::Spans, period: &Range<Minute>) -> f64 {
    out.within(period).minutes() as f64
}

impl Tested {
    /// Means over the periods, in minutes: predicted by falling together and apart, and what came.
    pub fn means(&self) -> [f64; 3] {
        [
            self.mean(|check| check.predicted.together.mean),
            self.mean(|check| check.predicted.apart.mean),
            self.mean(|check| check.came),
        ]
    }

    /// In how many periods what came lay within the interval: falling together, apart.
    pub fn within(&self) -> [usize; 2] {
        let within = |of: fn(&Outlook) -> &Forecast| {
            let holds = |check: &&Check| of(&check.predicted).holds(check.came);
            self.checks.iter().filter(holds).count()
        };
        [within(|outlook| &outlook.together), within(|outlook| &outlook.apart)]
    }

    /// How far off a period is on average, in minutes: by the forecast, and by taking the period before as it was.
    pub fn errors(&self) -> [f64; 2] {
        let pairs: Vec<(&Check, &Check)> = self.checks.iter().zip(self.checks.iter().skip(1)).collect();
        let mean = |error: fn(&Check, &Check) -> f64| {
            #[expect(clippy::cast_precision_loss, reason = "a mean")]
            let count = pairs.len().max(1) as f64;
            pairs.iter().map(|(before, now)| error(before, now)).sum::<f64>() / count
        };
        [
            mean(|_, now| (now.predicted.together.mean - now.came).abs()),
            mean(|before, now| (before.came - now.came).abs()),
        ]
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    fn mean(&self, of: impl Fn(&Check) -> f64) -> f64 {
        self.checks.iter().map(of).sum::<f64>() / self.checks.len().max(1) as f64
    }
}

impl Forecast {
    /// Whether it lies in the interval.
    pub fn holds(&self, came: f64) -> bool {
        (self.low..=self.high).contains(&came)
    }
}
