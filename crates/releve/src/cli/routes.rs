//! `releve routes`: what each route would try now, and why; for any request one cares to describe.

use std::sync::Arc;

use catalogue::{Needs, Protocol};
use gateway::snapshot::{Product, RouteIndex, Snapshot};
use routing::Instant;
use serde::Serialize;

use super::admin::{self, Live};
use super::eligibility::{Imagined, Row, candidates, divided, protocols, share_out};
use super::report::today;
use super::table::{Cell, Table};
use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, words};
use crate::budgets;
use crate::config::problem::nearest;
use crate::posture::{self, Decided};
use crate::settings::Settings;

/// A request to imagine.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What a product would write in `model`: a route, an alias, PROVIDER/MODEL or a bare model id.
    model: Option<String>,
    /// Whose request it is: its routes and regions hold.
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// What it needs, such as tools,images,reasoning.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    needs: Vec<Needs>,
    /// The size of its prompt.
    #[arg(long, value_name = "N", default_value_t = 0)]
    input_tokens: u64,
    /// The most that it lets the model write.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// What its client speaks; without it, any: where that makes a difference there is a list for each.
    #[arg(long, value_name = "NAME")]
    protocol: Option<Protocol>,
}

/// A route as the request would meet it.
#[derive(Debug, Serialize)]
struct Met {
    route: Arc<str>,
    product: Arc<str>,
    prefer: &'static str,
    /// Whose clients they are; absent where all clients have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<Protocol>,
    candidates: Vec<Candidate>,
}

#[derive(Debug, Serialize)]
struct Candidate {
    #[serde(flatten)]
    row: Row,
    /// What a running gateway knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    /// The day on which its model ended by the catalogue: it is asked, and no report counts on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
}

impl Candidate {
    /// What is to be said of it, in words.
    fn remark(&self) -> String {
        let ended = self.ended.as_ref().map(|day| {
            format!("its model ended on {day} by the catalogue: asked, but no report counts on it")
        });
        let first = self.row.reason.clone().or_else(|| self.health.clone());
        first.into_iter().chain(ended).collect::<Vec<_>>().join("; ")
    }
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.shown()?;
    let snapshot = &settings.resolved.snapshot;
    let (decided, now) = posture::stand(&settings)?;
    let product = product(snapshot, arguments.product.as_deref())?;
    let routes = match &arguments.model {
        Some(model) => vec![route_of(snapshot, product, model)?],
        None => (0..snapshot.routes.len())
            .filter(|route| !snapshot.routes[*route].direct && snapshot.may_use(product, *route))
            .collect(),
    };
    let live = admin::health(&settings, desk.environment);
    let mut met: Vec<Met> = routes
        .into_iter()
        .flat_map(|route| meet(snapshot, product, route, arguments, (live.as_ref(), &decided, now)))
        .collect();
    let today = today();
    for candidate in met.iter_mut().flat_map(|met| &mut met.candidates) {
        candidate.ended = settings.resolved.ended(&candidate.row.deployment, today).map(str::to_owned);
    }
    if terminal.json() {
        terminal.answer(&met)?;
    } else {
        print(&met, &settings, live.is_some(), terminal)?;
        let spent = budgets::spent_now(&settings)?;
        if let Some(spent) = spent.iter().find(|spent| spent.product == product.name) {
            terminal.line("")?;
            terminal.paragraph(2, &[spent.said()])?;
        }
    }
    let served = met.iter().all(|met| met.candidates.iter().any(|candidate| candidate.row.eligible));
    Ok(if served { Exit::Done } else { Exit::Failed })
}

/// The product asked for; without one, that of requests without a key, else the first.
fn product<'a>(snapshot: &'a Snapshot, name: Option<&str>) -> Result<&'a Product, CliError> {
    let names = || snapshot.products.iter().map(|product| &*product.name);
    match name {
        Some(name) => snapshot.products.iter().find(|product| &*product.name == name).ok_or_else(|| {
            let mend = match nearest(name, names()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
            };
            CliError::usage(format!("there is no product \"{name}\"")).mend(mend)
        }),
        None => {
            snapshot.keyless.map(|index| &snapshot.products[index]).or(snapshot.products.first()).ok_or_else(
                || {
                    CliError::usage("there is no product")
                        .mend("add [products.NAME]: away from loopback each request needs one")
                },
            )
        }
    }
}

fn route_of(snapshot: &Snapshot, product: &Product, model: &str) -> Result<RouteIndex, CliError> {
    let found = snapshot.names.find(model).filter(|route| snapshot.may_use(product, *route));
    found.or(product.default_route).ok_or_else(|| {
        let usable = snapshot.names.exact().filter(|(_, route)| snapshot.may_use(product, *route));
        let mut names: Vec<&str> = usable.map(|(name, _)| name).collect();
        names.sort_unstable();
        let error = CliError::usage(format!("no route of \"{}\" is called \"{model}\"", product.name));
        match nearest(model, names) {
            Some(near) => error.mend(format!("did you mean \"{near}\"?")),
            None => error.mend("`releve routes` lists them"),
        }
    })
}

/// What the route is to the request; more than one list where clients of several protocols meet different ones.
fn meet(
    snapshot: &Snapshot,
    product: &Product,
    route: RouteIndex,
    arguments: &Arguments,
    world: (Option<&Live>, &Decided, Instant),
) -> Vec<Met> {
    let imagined = Imagined {
        protocol: arguments.protocol,
        needs: arguments.needs.iter().fold(Needs::NONE, |all, need| all | *need),
        input_tokens: arguments.input_tokens,
        max_tokens: arguments.max_tokens,
        decided: Some(world.1),
    };
    let clients = match imagined.protocol {
        Some(_) => Vec::new(),
        None => divided(snapshot, product, route, &imagined),
    };
    if clients.is_empty() {
        return vec![meet_one(snapshot, product, route, &imagined, world)];
    }
    let of = |client: Protocol| {
        let imagined = Imagined { protocol: Some(client), ..imagined };
        Met { clients: Some(client), ..meet_one(snapshot, product, route, &imagined, world) }
    };
    clients.into_iter().map(of).collect()
}

fn meet_one(
    snapshot: &Snapshot,
    product: &Product,
    route: RouteIndex,
    imagined: &Imagined<'_>,
    (live, _, now): (Option<&Live>, &Decided, Instant),
) -> Met {
    let mut rows = candidates(snapshot, product, route, imagined);
    let in_trouble = |row: &Row| live.is_some_and(|live| live.is_in_trouble(&row.deployment));
    rows.sort_by_key(|row| (!row.eligible, in_trouble(row)));
    share_out(&mut rows, |row| !in_trouble(row));
    let decided = |row: &Row| {
        let index = snapshot.deployments.iter().position(|deployment| deployment.name == row.deployment)?;
        let index = routing::DeploymentIndex(u32::try_from(index).ok()?);
        posture::words(snapshot.world.posture(index), now)
    };
    let health = |row: &Row| {
        let known = live.and_then(|live| live.of(&row.deployment));
        match (decided(row), known) {
            (Some(decided), Some(known)) => Some(format!("{decided}; {known}")),
            (decided, known) => decided.or(known),
        }
    };
    Met {
        route: Arc::clone(&snapshot.routes[route].name),
        product: Arc::clone(&product.name),
        prefer: snapshot.routes[route].policy.prefer.as_str(),
        clients: None,
        candidates: rows
            .into_iter()
            .map(|row| Candidate { health: health(&row), ended: None, row })
            .collect(),
    }
}

fn print(met: &[Met], settings: &Settings, live: bool, terminal: &mut Terminal) -> Result<(), CliError> {
    if met.is_empty() {
        let says = "no routes: every model answers to PROVIDER/MODEL; try `releve routes MODEL`";
        terminal.paragraph(2, &[(Tone::Plain, says.to_owned())])?;
        return Ok(());
    }
    for (number, met) in met.iter().enumerate() {
        if number > 0 {
            terminal.line("")?;
        }
        let name = (Tone::Strong, met.route.to_string());
        let clients = met.clients.map(|protocol| format!("; {protocol} clients")).unwrap_or_default();
        let whose = format!("  ({}, for {}{clients})", met.prefer, met.product);
        terminal.paragraph(2, &[name, (Tone::Plain, whose)])?;
        met.print(settings, terminal)?;
    }
    if !live {
        terminal.line("")?;
        let says = "no gateway is running here: health unknown, all taken as healthy";
        terminal.paragraph(2, &[(Tone::Faint, says.to_owned())])?;
    }
    Ok(())
}

impl Met {
    fn print(&self, settings: &Settings, terminal: &mut Terminal) -> Result<(), CliError> {
        let snapshot = &settings.resolved.snapshot;
        let route = snapshot.routes.iter().position(|route| route.name == self.route);
        let mixed = route.is_some_and(|route| protocols(snapshot, route).len() > 1);
        let mut table = Table::default().indented(2).right([0]);
        let mut order = 0;
        for candidate in &self.candidates {
            let row = &candidate.row;
            let mark = match row.share {
                Some(share) => Cell::toned(Tone::Good, words::share(share)),
                // Whoever is in trouble is drawn as a last resort.
                None if row.eligible && row.weight.is_some() => Cell::toned(Tone::Doubtful, "last"),
                None if row.eligible => {
                    order += 1;
                    Cell::toned(Tone::Good, format!("{order}."))
                }
                None => Cell::toned(Tone::Bad, "✗"),
            };
            let mut cells = vec![mark, Cell::from(row.deployment.as_ref())];
            if mixed {
                cells.push(Cell::toned(Tone::Faint, row.protocol.as_str()));
            }
            cells.push(Cell::toned(Tone::Doubtful, candidate.remark()));
            let sets = row.sets.as_ref().map(|sets| format!("sets {sets}")).unwrap_or_default();
            cells.push(Cell::toned(Tone::Faint, sets));
            table.row(cells);
        }
        table.print(terminal)
    }
}
