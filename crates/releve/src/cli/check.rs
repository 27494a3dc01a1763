//! `releve check`: is this configuration right, and what could each product use now?

mod ended;
mod rates;
mod targets;

use std::sync::Arc;

use gateway::snapshot::{Product, RouteIndex, Snapshot};
use jiff::civil::Date;
use serde::Serialize;

use super::eligibility::{Imagined, Row, candidates, divided};
use super::report::today;
use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, words};
use crate::budgets::{self, Spending};
use crate::config::Config;
use crate::config::effects::only_recorded;
use crate::config::problem::{Problem, Severity};
use crate::config::provider::Provider;
use crate::config::value::{At, Day};
use crate::posture::{self, Decided};
use crate::resolve::found_in_vain;
use crate::serve;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Take secrets and certificates as being there: for checking a file on another machine.
    #[arg(long)]
    assume_secrets: bool,
}

/// The end of a model or a contract that is nearer than this is worth a word.
const SOON_DAYS: i32 = 121;

/// What a product could use now.
#[derive(Debug, Serialize)]
struct Usable {
    product: Arc<str>,
    /// Whether requests without a key count as its own, while no key was ever issued.
    keyless: bool,
    routes: Vec<UsableRoute>,
    /// Names of deployments and bare model ids that it may ask for.
    direct_names: usize,
    /// Where it may ask for any model at all, as `house/*`: the catalogue cannot know what is there.
    open: Vec<Arc<str>>,
    /// How its budget stands; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<Spending>,
    #[serde(skip)]
    example: Option<Arc<str>>,
}

#[derive(Debug, Serialize)]
struct UsableRoute {
    route: Arc<str>,
    eligible: usize,
    candidates: Vec<Row>,
    /// Whether some serve only the clients that speak what they do.
    #[serde(skip)]
    divided: bool,
}

/// Draws what is wrong; a right configuration is followed by what each product could use.
pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let environment = desk.environment.clone();
    let environment = if arguments.assume_secrets { environment.with_secrets_assumed() } else { environment };
    let mut settings = Desk { environment: &environment, config: desk.config.clone() }.settings()?;
    explain_what_was_found(&settings, desk, terminal)?;
    serve::ready(&settings, &environment)?;
    // Decisions and contracts hold here as they will in the gateway.
    let (decided, _) = posture::stand(&settings)?;
    let today = today();
    settings.warnings = settings.warnings.and(&contracts_over(&settings.resolved.effective, today));
    settings.warnings = settings.warnings.and(&ended::models(&settings.resolved, today));
    settings.warnings = settings.warnings.and(&targets::nowhere(&settings.resolved, today));
    settings.warnings = settings.warnings.and(&rates::missing(&settings.resolved.effective));
    let spent = budgets::spent_now(&settings)?;
    let usable = usable(&settings.resolved.snapshot, &decided, &spent);
    let stranded = usable.iter().any(Usable::is_stranded);
    if terminal.json() {
        answer(&settings, &usable, terminal)?;
    } else {
        terminal.report(&settings.warnings)?;
        verdict(&settings, terminal)?;
        providers(&settings, terminal)?;
        endings(&settings, today, terminal)?;
        for product in &usable {
            product.print(terminal)?;
        }
    }
    Ok(if stranded { Exit::Failed } else { Exit::Done })
}

fn answer(settings: &Settings, usable: &[Usable], terminal: &mut Terminal) -> Result<(), CliError> {
    terminal.answer(&serde_json::json!({
        "file": settings.loaded.source.as_ref().map(|source| &source.name),
        "version": settings.resolved.snapshot.version,
        "problems": settings.warnings.rows(),
        "only_recorded": only_recorded(&settings.loaded.config),
        "products": usable,
        "ends": settings.resolved.ends,
    }))
}

fn verdict(settings: &Settings, terminal: &mut Terminal) -> Result<(), CliError> {
    let right = terminal.toned(Tone::Good, "right");
    let warnings =
        settings.warnings.problems().iter().filter(|problem| problem.severity == Severity::Warning).count();
    let remark = match warnings {
        0 => String::new(),
        1 => ", with one warning".to_owned(),
        several => format!(", with {several} warnings"),
    };
    match &settings.loaded.source {
        Some(source) => terminal.line(format_args!(
            "{} is {right}{remark} (version {})",
            source.name, settings.resolved.snapshot.version
        ))?,
        None => terminal.line("no releve.toml here: taking what the environment offers")?,
    }
    let recorded = only_recorded(&settings.loaded.config);
    if !recorded.is_empty() {
        let recorded = format!("kept for reports, without effect on requests: {}", recorded.join(", "));
        terminal.line(terminal.toned(Tone::Faint, recorded))?;
    }
    Ok(())
}

/// Keys in the environment that look as if they should do and do not, where it alone says what there is.
fn explain_what_was_found(
    settings: &Settings,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if terminal.json() || !settings.loaded.config.says_nothing_of_suppliers() {
        return Ok(());
    }
    for reason in found_in_vain(desk.environment) {
        terminal.remark(reason)?;
    }
    Ok(())
}

fn providers(settings: &Settings, terminal: &mut Terminal) -> Result<(), CliError> {
    let mut table =
        Table::with_heads(["provider", "protocol", "address", "region", "key"]).indented(2).unfolded();
    for provider in &settings.resolved.effective.providers {
        let body = &provider.body;
        let protocol = body.protocol.as_ref().map_or("", |protocol| protocol.as_str());
        let region = body.region.as_ref().map_or("unknown", |region| region.as_str());
        table.row([
            Cell::toned(Tone::Strong, provider.name.as_str()),
            protocol.into(),
            body.base_url.as_ref().map_or("", |url| url.as_str()).into(),
            region.into(),
            key(body).into(),
        ]);
    }
    if table.is_empty() {
        return Ok(());
    }
    terminal.line("")?;
    table.print(terminal)
}

/// What proves who we are, and where it is found.
fn key(provider: &Provider) -> String {
    let signing = provider.aws.as_ref().and_then(|aws| aws.keys.as_ref());
    match (&provider.api_key, signing) {
        (Some(key), _) => key.to_string(),
        (None, Some(keys)) => format!("signed, {}", keys.access_key_id.value),
        (None, None) => "none".to_owned(),
    }
}

/// Contracts whose last day is past: nothing is sent to whom they were with.
fn contracts_over(config: &Config, today: Date) -> Vec<Problem> {
    let over = ends(config).filter(|(_, ends)| ends.value.0 < today);
    over.map(|(provider, ends)| {
        let what = format!("the contract with {provider} ended on {}: nothing is sent there", ends.value.0);
        Problem::warning(&ends.at, what)
            .mend("write the last day of the one that follows it, or take `ends` out")
    })
    .collect()
}

/// Each provider whose contract has a last day.
fn ends(config: &Config) -> impl Iterator<Item = (&str, &At<Day>)> {
    config.providers.iter().filter_map(|provider| {
        Some((provider.name.as_str(), provider.body.contract.as_ref()?.ends.as_ref()?))
    })
}

/// Models that are switched off soon; and contracts that end soon. Those that were are warned of.
fn endings(settings: &Settings, today: Date, terminal: &mut Terminal) -> Result<(), CliError> {
    for (deployment, day) in &settings.resolved.ends {
        let Some(days) = day.parse().ok().and_then(|day| days_until(day, today)) else { continue };
        let when = match days {
            ..0 | SOON_DAYS.. => continue,
            0 => "is switched off today".to_owned(),
            days => format!("is switched off in {days} days"),
        };
        let remark = format!("  {deployment} {when} ({day}): add what takes its place");
        terminal.line(terminal.toned(Tone::Doubtful, remark))?;
    }
    for (provider, ends) in ends(&settings.resolved.effective) {
        let when = match days_until(ends.value.0, today) {
            None | Some(..0 | SOON_DAYS..) => continue,
            Some(0) => "ends today".to_owned(),
            Some(days) => format!("ends in {days} days"),
        };
        let remark =
            format!("  the contract with {provider} {when} ({}): then nothing is sent there", ends.value.0);
        terminal.line(terminal.toned(Tone::Doubtful, remark))?;
    }
    Ok(())
}

/// Whole days until a day; negative once it is past.
fn days_until(day: Date, today: Date) -> Option<i32> {
    Some(day.since(today).ok()?.get_days())
}

/// For each product its routes; the names of deployments and models that it may ask for are only counted.
fn usable(snapshot: &Snapshot, decided: &Decided, spent: &[Spending]) -> Vec<Usable> {
    snapshot
        .products
        .iter()
        .enumerate()
        .filter(|(index, _)| is_shown(snapshot, *index))
        .map(|(_, product)| {
            let routes = (0..snapshot.routes.len())
                .filter(|route| !snapshot.routes[*route].direct && snapshot.may_use(product, *route))
                .map(|route| UsableRoute::of(snapshot, product, route, decided))
                .collect();
            let direct = || snapshot.routes.iter().filter(|route| route.direct && product.direct);
            let (open, named): (Vec<_>, Vec<_>) = direct().partition(|route| route.name.contains('*'));
            Usable {
                product: Arc::clone(&product.name),
                keyless: snapshot.keyless.is_some_and(|index| snapshot.products[index].name == product.name),
                routes,
                direct_names: named.len(),
                budget: spent.iter().find(|spent| spent.product == product.name).cloned(),
                example: named.first().map(|route| Arc::clone(&route.name)),
                open: open.iter().map(|route| Arc::clone(&route.name)).collect(),
            }
        })
        .collect()
}

/// The keyless stand-in of a product that is listed anyway would only repeat it.
fn is_shown(snapshot: &Snapshot, index: usize) -> bool {
    let name = &snapshot.products[index].name;
    !snapshot.products[..index].iter().any(|earlier| earlier.name == *name)
}

impl UsableRoute {
    fn of(snapshot: &Snapshot, product: &Product, route: RouteIndex, decided: &Decided) -> Self {
        let anybody = Imagined { decided: Some(decided), ..Imagined::default() };
        let candidates = candidates(snapshot, product, route, &anybody);
        let eligible = candidates.iter().filter(|row| row.eligible).count();
        let divided = !divided(snapshot, product, route, &anybody).is_empty();
        Self { route: Arc::clone(&snapshot.routes[route].name), eligible, candidates, divided }
    }

    /// `assistant: 0 of 3 eligible: region unknown`.
    fn summary(&self) -> String {
        let mut summary = format!("{}: {} of {} eligible", self.route, self.eligible, self.candidates.len());
        if self.eligible == 0 {
            let mut reasons: Vec<&str> =
                self.candidates.iter().filter_map(|row| row.reason.as_deref()).collect();
            reasons.dedup();
            summary.push_str(": ");
            summary.push_str(&reasons.join(", "));
        }
        summary
    }

    /// One line a candidate: in or out, what it speaks where that differs, and why it is out.
    fn print_rows(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        let mixed = self.candidates.windows(2).any(|pair| pair[0].protocol != pair[1].protocol);
        let weighted = self.candidates.iter().any(|row| row.weight.is_some());
        let mut table = Table::default().indented(4);
        for row in &self.candidates {
            let mark =
                if row.eligible { Cell::toned(Tone::Good, "✓") } else { Cell::toned(Tone::Bad, "✗") };
            let mut cells = vec![mark];
            if weighted {
                cells.push(row.share.map(words::share).unwrap_or_default().into());
            }
            cells.push(Cell::from(row.deployment.as_ref()));
            if self.divided {
                cells.push(Cell::toned(Tone::Faint, format!("for {} clients", row.protocol)));
            } else if mixed {
                cells.push(Cell::toned(Tone::Faint, row.protocol.as_str()));
            }
            cells.push(Cell::toned(Tone::Doubtful, row.reason.clone().unwrap_or_default()));
            table.row(cells);
        }
        table.print(terminal)
    }
}

/// The products that nobody could serve.
pub(super) fn stranded(settings: &Settings) -> Vec<Arc<str>> {
    let usable = usable(&settings.resolved.snapshot, &Decided::default(), &[]);
    usable.into_iter().filter(Usable::is_stranded).map(|usable| usable.product).collect()
}

impl Usable {
    /// No route of it has anybody to serve it.
    fn is_stranded(&self) -> bool {
        !self.routes.is_empty() && self.routes.iter().all(|route| route.eligible == 0)
    }

    fn print(&self, terminal: &mut Terminal) -> Result<(), CliError> {
        if self.routes.is_empty() && self.direct_names == 0 && self.open.is_empty() {
            return Ok(());
        }
        terminal.line("")?;
        let tone = if self.is_stranded() { Tone::Bad } else { Tone::Strong };
        let keyless = if self.keyless { "  (requests without a key, while none was issued)" } else { "" };
        let name = terminal.toned(tone, &self.product);
        terminal.line(format_args!("{name}{}", terminal.toned(Tone::Faint, keyless)))?;
        if let Some(budget) = &self.budget {
            terminal.paragraph(4, &[(Tone::Plain, "  ".to_owned()), budget.said()])?;
        }
        for route in &self.routes {
            terminal.line(format_args!("  {}", route.summary()))?;
            route.print_rows(terminal)?;
        }
        let mut and = if self.routes.is_empty() { "" } else { "and " };
        if let Some(example) = &self.example {
            terminal.line(format_args!("  {and}{} names of models, such as {example}", self.direct_names))?;
            and = "and ";
        }
        if !self.open.is_empty() {
            let names: Vec<_> = self.open.iter().map(|name| name.replace('*', "MODEL")).collect();
            terminal.line(format_args!("  {and}whatever models are there, as {}", names.join(", ")))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::days_until;

    #[test]
    fn days_are_whole_and_go_below_zero() {
        let today = date(2026, 11, 22);
        assert_eq!(days_until(date(2026, 11, 22), today), Some(0));
        assert_eq!(days_until(date(2026, 12, 11), today), Some(19));
        assert_eq!(days_until(date(2027, 3, 1), today), Some(99), "over months and a year's end");
        assert_eq!(days_until(date(2026, 11, 21), today), Some(-1));
    }
}
