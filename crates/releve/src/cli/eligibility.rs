//! Who could serve a request, asked of the router itself with made-up facts.

use std::sync::Arc;

use catalogue::{Needs, Protocol};
use gateway::snapshot::{Product, Route, RouteIndex, Snapshot, Unpriced};
use routing::{DeploymentIndex, Dice, Facts, Instant, Prefer, Reason, View};
use serde::Serialize;

use crate::posture::Decided;

/// A request that nobody sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Imagined<'a> {
    /// What the client speaks; `None` is somebody to whom everybody can be told, in translation if need be.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) needs: Needs,
    pub(crate) input_tokens: u64,
    pub(crate) max_tokens: Option<u64>,
    /// What was decided, to say by whom.
    pub(crate) decided: Option<&'a Decided>,
}

/// A candidate of such a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) deployment: Arc<str>,
    pub(crate) protocol: Protocol,
    pub(crate) eligible: bool,
    /// Its weight, where the route draws by weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u32>,
    /// The part of the requests that come to it first, of 1, where the route draws by weight and it takes part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) share: Option<f64>,
    /// Why it is out, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What its configuration changes in the request, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sets: Option<String>,
}

/// The candidates of `route` for `product`: in the order of asking, whatever they speak, then the excluded. Where that order is
/// drawn anew for each request they come as they are listed, with the share of each.
pub(crate) fn candidates(
    snapshot: &Snapshot,
    product: &Product,
    route: RouteIndex,
    imagined: &Imagined<'_>,
) -> Vec<Row> {
    let mut rows: Vec<Row> = planned(snapshot, product, route, imagined).collect();
    let Route { policy, entries, .. } = &snapshot.routes[route];
    if policy.prefer == Prefer::Weighted {
        let listed = |row: &Row| {
            entries.iter().position(|entry| of(snapshot, entry.deployment).name == row.deployment)
        };
        rows.sort_by_key(listed);
        for row in &mut rows {
            row.weight = listed(row).map(|position| entries[position].weight);
        }
        share_out(&mut rows, |_| true);
    }
    rows.sort_by_key(|row| !row.eligible);
    rows
}

/// Gives each eligible candidate of a route that draws by weight its share of the first requests, among those that are
/// `drawn`: the others are not asked first. Without effect on other routes.
pub(crate) fn share_out(rows: &mut [Row], drawn: impl Fn(&Row) -> bool) {
    let weight = |row: &Row| row.weight.filter(|_| row.eligible && drawn(row));
    let all: u64 = rows.iter().filter_map(weight).map(u64::from).sum();
    for row in rows {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share for people; sums of weights are far below 2^53"
        )]
        let share = weight(row).filter(|_| all > 0).map(|weight| f64::from(weight) / all as f64);
        row.share = share;
    }
}

/// The protocols whose clients do not all have the same candidates, as far as the route's deployments speak them; empty where
/// one list is every client's.
pub(crate) fn divided(
    snapshot: &Snapshot,
    product: &Product,
    route: RouteIndex,
    imagined: &Imagined<'_>,
) -> Vec<Protocol> {
    let mut clients = protocols(snapshot, route);
    clients.retain(|protocol| wire::translations(*protocol).next().is_some());
    if clients.is_empty() {
        clients.push(Protocol::OpenaiChat);
    }
    let list = |protocol: Option<Protocol>| -> Vec<(Arc<str>, bool)> {
        let rows = candidates(snapshot, product, route, &Imagined { protocol, ..*imagined });
        rows.into_iter().map(|row| (row.deployment, row.eligible)).collect()
    };
    let anybodys = list(None);
    if clients.iter().all(|client| list(Some(*client)) == anybodys) { Vec::new() } else { clients }
}

/// The protocols of a route's deployments, each once, in their order.
pub(crate) fn protocols(snapshot: &Snapshot, route: RouteIndex) -> Vec<Protocol> {
    let mut protocols = Vec::new();
    for entry in &snapshot.routes[route].entries {
        let protocol = of(snapshot, entry.deployment).protocol;
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    protocols
}

fn of(snapshot: &Snapshot, index: DeploymentIndex) -> &routing::Deployment {
    &snapshot.routing[index.0 as usize]
}

fn planned<'a>(
    snapshot: &'a Snapshot,
    product: &'a Product,
    route: RouteIndex,
    imagined: &Imagined<'a>,
) -> impl Iterator<Item = Row> + use<'a> {
    let (translates, decided) = (snapshot.routes[route].policy.translate, imagined.decided);
    let facts = Facts {
        protocol: imagined.protocol.unwrap_or(Protocol::OpenaiChat),
        translates: match imagined.protocol {
            Some(protocol) => wire::translations(protocol).filter(|_| translates).collect(),
            None => Protocol::ALL.into_iter().collect(),
        },
        needs: imagined.needs,
        estimated_input_tokens: imagined.input_tokens,
        max_tokens: imagined.max_tokens,
        regions: &product.regions,
        stream: true,
    };
    let view = View { deployments: &snapshot.routing, world: &snapshot.world };
    let route = &snapshot.routes[route];
    // Fixed dice and the world's first moment: the same question has the same answer.
    let plan = routing::plan(&facts, &route.policy, &route.entries, &view, Instant(0), &mut Dice::new(0));
    plan.candidates.into_iter().map(move |candidate| {
        let deployment = of(snapshot, candidate.deployment);
        // Who loses some requests to a drain can serve the others.
        let reason = candidate.reason().filter(|reason| *reason != Reason::Drained);
        let reason = reason.map(|reason| decided.map_or_else(|| reason.to_string(), |all| all.tell(reason)));
        let reason = reason
            .or_else(|| unspoken(deployment.protocol))
            .or_else(|| unpriced(snapshot, product, candidate.deployment));
        Row {
            deployment: Arc::clone(&deployment.name),
            protocol: deployment.protocol,
            eligible: candidate.is_eligible() && reason.is_none(),
            weight: None,
            share: None,
            reason,
            sets: sets(snapshot, candidate.deployment),
        }
    })
}

fn sets(snapshot: &Snapshot, deployment: DeploymentIndex) -> Option<String> {
    let amendments = &snapshot.deployment(deployment).amendments;
    (!amendments.is_empty()).then(|| amendments.to_string())
}

fn unspoken(protocol: Protocol) -> Option<String> {
    wire::codec(protocol).is_none().then(|| format!("{protocol} is not spoken yet"))
}

fn unpriced(snapshot: &Snapshot, product: &Product, deployment: DeploymentIndex) -> Option<String> {
    let refused = product.unpriced == Unpriced::Refuse && snapshot.deployment(deployment).prices.is_none();
    refused.then(|| Reason::Unpriced.to_string())
}
