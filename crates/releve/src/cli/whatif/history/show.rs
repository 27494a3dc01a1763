//! The answer for people.

use std::sync::Arc;

use scenario::history::{Forecast, Minute, Outlook};

use super::super::super::CliError;
use super::super::super::terminal::Terminal;
use super::super::show::pages::Pages;
use super::{Answer, RouteRow, TOO_SHORT};

pub(super) fn print(answer: &Answer, markdown: bool, terminal: &mut Terminal) -> Result<(), CliError> {
    let mut pages = Pages::new(terminal, markdown);
    pages.title(&format!("What {} says of the weeks to come", answer.file))?;
    pages.heading("Who was out, as far as somebody watched")?;
    let rows = answer.suppliers.iter().map(|row| {
        let share = row.out_hours / 24.0 / count(row.watched_days.max(1));
        vec![
            row.supplier.to_string(),
            row.from.clone(),
            row.to.clone(),
            row.watched_days.to_string(),
            hours(row.out_hours),
            format!("{:.2} %", share * 100.0),
        ]
    });
    pages.table(&["supplier", "from", "to", "days watched", "hours out", "of the time"], rows.collect())?;
    pages.text(&read(answer))?;
    tested(answer, &mut pages)?;
    together(answer, &mut pages)?;
    routes(answer, &mut pages)
}

fn read(answer: &Answer) -> String {
    let rows = answer.rows;
    let mut said = vec![format!("{} of {} rows are times out of service", rows.counted, rows.read)];
    if rows.left_out > 0 {
        said.push(format!("{} are not ({})", rows.left_out, answer.only.join("; ")));
    }
    if rows.without_end > 0 {
        let count = rows.without_end;
        said.push(format!("{count} have no end, or one before their beginning, and count for nothing"));
    }
    if answer.never_out > 0 {
        let plural = if answer.never_out == 1 { " more supplier has" } else { " more suppliers have" };
        said.push(format!("{}{plural} none", answer.never_out));
    }
    said.join("; ") + "."
}

fn tested(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    let weeks = answer.weeks;
    pages.heading(&format!("Periods of {weeks} weeks, each predicted from up to a year before it"))?;
    if answer.tested.is_empty() {
        return pages.text(&format!(
            "Too short: {TOO_SHORT} weeks that were watched come first, and then {weeks} to be predicted."
        ));
    }
    let rows = answer.tested.iter().map(|row| {
        let alone = row.group.len() == 1;
        let apart = |text: String| if alone { String::from("-") } else { text };
        vec![
            group(&row.group),
            row.periods.to_string(),
            hours(row.predicted_h),
            apart(hours(row.predicted_if_apart_h)),
            hours(row.came_h),
            format!("{} of {}", row.within, row.periods),
            apart(format!("{} of {}", row.within_if_apart, row.periods)),
            hours(row.off_h),
            hours(row.off_as_before_h),
        ]
    });
    let heads = [
        "out at once",
        "periods",
        "predicted",
        "if apart",
        "came",
        "within the interval",
        "if apart",
        "off by",
        "by the period before",
    ];
    pages.table(&heads, rows.collect())?;
    pages.text(
        "Hours a period, on average. Intervals are to hold 95 of a hundred. \"If apart\": had each fallen by itself. \
         The last column is how far off one is who takes the period before as it was.",
    )
}

fn together(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.together.is_empty() {
        return Ok(());
    }
    pages.heading("Days on which they fell together")?;
    let rows = answer.together.iter().map(|row| {
        let each: Vec<String> = row.each.iter().map(ToString::to_string).collect();
        vec![
            group(&row.group),
            row.days.to_string(),
            each.join(", "),
            row.both.to_string(),
            format!("{:.1}", row.by_chance),
        ]
    });
    pages.table(&["who", "days", "each fell on", "all fell on", "by chance"], rows.collect())
}

fn routes(answer: &Answer, pages: &mut Pages<'_>) -> Result<(), CliError> {
    if answer.routes.is_empty() {
        return Ok(());
    }
    pages.heading(&format!("The next {} weeks, by this configuration", answer.weeks))?;
    let rows = answer.routes.iter().map(|row| {
        let outlook = |outlook: Option<Outlook>, of: fn(&Outlook) -> &Forecast| {
            outlook.map_or_else(|| "-".to_owned(), |outlook| range(of(&outlook)))
        };
        vec![
            names(&row.routes),
            row.group.join(", then "),
            outlook(row.first_alone, |outlook| &outlook.together),
            outlook(row.all, |outlook| &outlook.together),
            outlook(row.all, |outlook| &outlook.apart),
        ]
    });
    let heads = ["routes", "suppliers", "with the first alone", "with all", "if they fall apart"];
    pages.table(&heads, rows.collect())?;
    let is_short =
        |row: &RouteRow| row.first_alone.is_none() || (row.unknown.is_empty() && row.all.is_none());
    if answer.routes.iter().any(is_short) {
        pages.text(&format!(
            "Where a figure is missing, fewer than {TOO_SHORT} weeks were watched without a break up to the end."
        ))?;
    }
    let others = answer.routes.iter().filter(|row| !row.unknown.is_empty()).map(unknown);
    pages.list(others.collect())
}

fn unknown(row: &RouteRow) -> Vec<String> {
    let others = names(&row.unknown);
    vec![names(&row.routes), format!("also: {others}, of which the history says nothing")]
}

fn names(all: &[Arc<str>]) -> String {
    super::super::super::words::some_of(all.iter().map(|name| &**name))
}

fn group(names: &[Arc<str>]) -> String {
    names.join(" and ")
}

fn range(forecast: &Forecast) -> String {
    let [mean, low, high] = [forecast.mean, forecast.low, forecast.high].map(|minutes| hours(minutes / 60.0));
    format!("{mean} h ({low} to {high})")
}

/// Two digits that say something.
fn hours(hours: f64) -> String {
    match hours {
        0.0 => "0".to_owned(),
        small if small < 0.095 => format!("{small:.3}"),
        some if some < 9.95 => format!("{some:.1}"),
        many => format!("{many:.0}"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "days")]
const fn count(days: i64) -> f64 {
    days as f64
}

/// The day of a minute, UTC.
pub(super) fn day(minute: Minute) -> String {
    let moment = jiff::Timestamp::from_second(minute.saturating_mul(60)).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
