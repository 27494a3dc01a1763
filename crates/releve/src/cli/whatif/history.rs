//! `releve whatif --history`: what years of suppliers' incidents say of the weeks to come, for one supplier alone and for
//! several that step in for each other; and how well that would have been predicted all along.

mod read;
mod show;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use gateway::snapshot::Snapshot;
use routing::Dice;
use scenario::history::{
    Check, History, LEAST_WEEKS, Minute, Outlook, Tested, Together, WEEK, backtest, forecast,
};
use serde::Serialize;

use super::super::terminal::Terminal;
use super::super::{CliError, Desk, Exit};
use super::Arguments;
use crate::config::period::Period;
use crate::settings::Settings;
use read::Rows;

/// How long the predicted periods are where nobody says.
const USUAL: Period = Period(std::time::Duration::from_hours(28 * 24));
/// With more suppliers than these, only each alone and all together are tested.
const PAIRED: usize = 6;

/// `--only severity=major,critical`: which rows are times out of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Only {
    column: String,
    values: Vec<String>,
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (column, values) = text.split_once('=').ok_or("write COLUMN=VALUE,VALUE")?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        Ok(Self { column: column.trim().to_owned(), values })
    }
}

/// The answer, as programs read it and as it is printed from.
#[derive(Debug, Serialize)]
struct Answer {
    file: String,
    only: Vec<String>,
    rows: Rows,
    seed: u64,
    /// The length of a period.
    weeks: usize,
    /// Those that were ever out.
    suppliers: Vec<SupplierRow>,
    never_out: usize,
    tested: Vec<TestedRow>,
    together: Vec<TogetherRow>,
    routes: Vec<RouteRow>,
}

#[derive(Debug, Serialize)]
struct SupplierRow {
    supplier: Arc<str>,
    /// The first and the last day that were watched.
    from: String,
    to: String,
    watched_days: i64,
    out_hours: f64,
}

#[derive(Debug, Serialize)]
struct TestedRow {
    group: Vec<Arc<str>>,
    periods: usize,
    /// Hours a period, on average.
    predicted_h: f64,
    predicted_if_apart_h: f64,
    came_h: f64,
    /// Periods in which what came lay within the interval.
    within: usize,
    within_if_apart: usize,
    /// How far off a period is on average, in hours: as predicted, and taking the period before as it was.
    off_h: f64,
    off_as_before_h: f64,
    /// Each period, in minutes: when it began (since 1970), what was predicted, what came.
    each: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct TogetherRow {
    group: Vec<Arc<str>>,
    days: usize,
    each: Vec<usize>,
    both: usize,
    by_chance: f64,
}

/// What the history says of configured routes that have the same suppliers.
#[derive(Debug, Serialize)]
struct RouteRow {
    routes: Vec<Arc<str>>,
    /// Its suppliers that the history knows, the first first.
    group: Vec<Arc<str>>,
    /// Its deployments of which the history says nothing.
    unknown: Vec<Arc<str>>,
    /// The period after the history's end, in minutes, with the first supplier alone.
    first_alone: Option<Outlook>,
    /// The same with all of them; `None` where somebody is unknown too, who may well be up.
    all: Option<Outlook>,
}

pub(super) fn run(
    path: &Path,
    arguments: &Arguments,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let mut dice = Dice::new(arguments.seed);
    let (history, rows) = read::read(path, &arguments.only, &period(arguments)?, &mut dice)?;
    let weeks = weeks(arguments.span.unwrap_or(USUAL))?;
    if rows.counted == 0 {
        let what = format!("{}: none of {} rows is a time out of service", path.display(), rows.read);
        return Err(CliError::failed(what).mend("look at --only, --from and --to, and at what its rows say"));
    }
    // Who was never out says nothing of the weeks to come, and would be in every other row.
    let ever: Vec<usize> =
        (0..history.suppliers.len()).filter(|index| history.suppliers[*index].out.minutes() > 0).collect();
    let groups = groups(&ever);
    let tested: Vec<Tested> =
        groups.iter().map(|group| backtest(&history, group, weeks, &mut dice.fork())).collect();
    let routes = match &desk.config {
        Some(_) => Ahead::new(&history, weeks, dice.fork()).routes(&desk.described()?),
        None => Vec::new(),
    };
    let answer = Answer {
        file: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        only: arguments
            .only
            .iter()
            .map(|only| format!("{}: {}", only.column, only.values.join(", ")))
            .collect(),
        rows,
        seed: arguments.seed,
        weeks,
        suppliers: ever.iter().map(|index| supplier(&history, *index)).collect(),
        never_out: history.suppliers.len() - ever.len(),
        tested: tested.iter().filter(|tested| !tested.checks.is_empty()).map(TestedRow::of).collect(),
        together: groups
            .iter()
            .filter(|group| group.len() > 1)
            .map(|group| TogetherRow::of(history.names(group), history.together(group)))
            .filter(|row| row.days > 0)
            .collect(),
        routes,
    };
    if terminal.json() {
        terminal.answer(&answer)?;
    } else {
        show::print(&answer, arguments.markdown, terminal)?;
    }
    Ok(if answer.tested.is_empty() { Exit::Failed } else { Exit::Done })
}

/// What of the history is asked for, in minutes since 1970.
fn period(arguments: &Arguments) -> Result<Range<Minute>, CliError> {
    let period = arguments.period.period()?;
    let minute = |us: i64| us.div_euclid(60_000_000);
    Ok(period.from_us.map_or(Minute::MIN, minute)..period.to_us.map_or(Minute::MAX, minute))
}

fn weeks(length: Period) -> Result<usize, CliError> {
    let week = u64::try_from(WEEK * 60).unwrap_or(1);
    let seconds = length.0.as_secs();
    if seconds == 0 || !seconds.is_multiple_of(week) {
        return Err(CliError::usage(format!("{length} is no number of weeks"))
            .mend("a history is looked at week by week: write --for 4w"));
    }
    usize::try_from(seconds / week).map_err(|_| CliError::usage("that is too long"))
}

/// Each alone, each two, all.
fn groups(suppliers: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = suppliers.iter().map(|one| vec![*one]).collect();
    if suppliers.len() <= PAIRED {
        for (place, one) in suppliers.iter().enumerate() {
            groups.extend(suppliers[place + 1..].iter().map(|two| vec![*one, *two]));
        }
    }
    if suppliers.len() > 2 {
        groups.push(suppliers.to_vec());
    }
    groups
}

#[expect(clippy::cast_precision_loss, reason = "hours for people")]
fn supplier(history: &History, index: usize) -> SupplierRow {
    let supplier = &history.suppliers[index];
    let ends = supplier.watched.ends().unwrap_or(0..1);
    SupplierRow {
        supplier: Arc::clone(&supplier.name),
        from: show::day(ends.start),
        to: show::day(ends.end - 1),
        watched_days: supplier.watched.minutes() / scenario::history::DAY,
        out_hours: supplier.out.minutes() as f64 / 60.0,
    }
}

impl TestedRow {
    fn of(tested: &Tested) -> Self {
        let [predicted, apart, came] = tested.means().map(|minutes| minutes / 60.0);
        let [within, within_if_apart] = tested.within();
        let [off, as_before] = tested.errors().map(|minutes| minutes / 60.0);
        Self {
            group: tested.group.clone(),
            periods: tested.checks.len(),
            predicted_h: predicted,
            predicted_if_apart_h: apart,
            came_h: came,
            within,
            within_if_apart,
            off_h: off,
            off_as_before_h: as_before,
            each: tested.checks.clone(),
        }
    }
}

impl TogetherRow {
    fn of(group: Vec<Arc<str>>, together: Together) -> Self {
        let Together { days, each, both, by_chance } = together;
        Self { group, days, each, both, by_chance }
    }
}

/// The weeks after the history's end. The same suppliers have one outlook, in whichever route they are, and all groups are
/// drawn by the same dice: one more supplier never makes it worse, as long as somebody watched them equally long.
struct Ahead<'a> {
    history: &'a History,
    weeks: usize,
    dice: Dice,
    /// By suppliers, in the order of the history.
    outlooks: BTreeMap<Vec<usize>, Option<Outlook>>,
}

impl<'a> Ahead<'a> {
    const fn new(history: &'a History, weeks: usize, dice: Dice) -> Self {
        Self { history, weeks, dice, outlooks: BTreeMap::new() }
    }

    fn outlook(&mut self, group: &[usize]) -> Option<Outlook> {
        let mut group = group.to_vec();
        group.sort_unstable();
        let (history, weeks, dice) = (self.history, self.weeks, &self.dice);
        *self.outlooks.entry(group).or_insert_with_key(|group| {
            let end = history.watched(group).ends()?.end;
            forecast(history, group, end, weeks, &mut dice.clone())
        })
    }

    /// The configured routes; where there are none, what the models are called. Each set of suppliers once.
    fn routes(mut self, settings: &Settings) -> Vec<RouteRow> {
        let snapshot = &settings.resolved.snapshot;
        let named = &settings.loaded.config.routes;
        let is_meant = |name: &str| {
            if named.is_empty() {
                !name.contains('/')
            } else {
                named.iter().any(|own| own.name.value == name)
            }
        };
        let mut rows: Vec<RouteRow> = Vec::new();
        for route in snapshot.routes.iter().filter(|route| is_meant(&route.name)) {
            let (group, unknown) = suppliers(snapshot, route, self.history);
            let names = self.history.names(&group);
            let same = rows.iter_mut().find(|row| row.group == names && row.unknown == unknown);
            match same {
                Some(row) if row.routes.contains(&route.name) => {}
                Some(row) => row.routes.push(Arc::clone(&route.name)),
                None if group.is_empty() => {}
                None => rows.push(RouteRow {
                    routes: vec![Arc::clone(&route.name)],
                    first_alone: self.outlook(&group[..1]),
                    all: if unknown.is_empty() { self.outlook(&group) } else { None },
                    group: names,
                    unknown,
                }),
            }
        }
        rows
    }
}

/// A route's suppliers that the history knows, and its deployments that it does not. A deployment is out with its host.
fn suppliers(
    snapshot: &Snapshot,
    route: &gateway::snapshot::Route,
    history: &History,
) -> (Vec<usize>, Vec<Arc<str>>) {
    let (mut group, mut unknown): (Vec<usize>, Vec<Arc<str>>) = (Vec::new(), Vec::new());
    for entry in &route.entries {
        let facts = &snapshot.routing[entry.deployment.0 as usize];
        let account = &snapshot.providers[usize::from(facts.provider.0)].name;
        let known = |name: &str| {
            history.suppliers.iter().position(|supplier| supplier.name.eq_ignore_ascii_case(name))
        };
        match known(account).or_else(|| known(&facts.host)) {
            Some(supplier) if group.contains(&supplier) => {}
            Some(supplier) => group.push(supplier),
            None => unknown.push(Arc::clone(&facts.name)),
        }
    }
    (group, unknown)
}

/// What is said where nothing could be tested.
const TOO_SHORT: usize = LEAST_WEEKS;
