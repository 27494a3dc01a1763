//! From the name in `model` to a plan: the route, whether the product may use it, and the candidates in order.

use std::sync::Arc;
use std::time::Duration;

use routing::{Candidate, Dice, Facts, Plan, Reason, Standing, View};
use tokio::time::Instant;
use wire::ErrorKind;

use crate::asked::Asked;
use crate::makers::{Account, Makers};
use crate::near::nearest;
use crate::refusal::Refusal;
use crate::room::Shared;
use crate::snapshot::{Product, RouteIndex, Snapshot, Unpriced};
use crate::state;

/// The most names offered for one that is unknown.
const MOST_NEAR: usize = 3;

/// Finds the route that `asked` names.
pub(crate) fn route(snapshot: &Snapshot, product: &Product, asked: &Asked) -> Result<RouteIndex, Refusal> {
    let fallback = || product.default_route;
    if asked.model.is_empty() {
        return fallback().ok_or_else(|| Refusal::NoModel(Arc::clone(&product.name)));
    }
    let Some(route) = snapshot.names.find(&asked.model) else {
        return fallback().ok_or_else(|| unknown(snapshot, product, &asked.model));
    };
    if snapshot.may_use(product, route) {
        return Ok(route);
    }
    // A product without direct access must not learn which deployments there are.
    if snapshot.routes[route].direct {
        return fallback().ok_or_else(|| unknown(snapshot, product, &asked.model));
    }
    Err(Refusal::NotAllowed { product: Arc::clone(&product.name), asked: asked.model.to_string() })
}

pub(crate) fn unknown(snapshot: &Snapshot, product: &Product, asked: &str) -> Refusal {
    let usable = snapshot.names.exact().filter(|(_, route)| snapshot.may_use(product, *route));
    let near = nearest(asked, usable.map(|(name, _)| name));
    let near = near.into_iter().take(MOST_NEAR).map(str::to_owned).collect();
    Refusal::UnknownModel { asked: asked.chars().take(200).collect(), near }
}

/// Ranks the route's deployments for this request.
pub(crate) fn plan(
    shared: &Shared,
    snapshot: &Snapshot,
    product: &Product,
    route: RouteIndex,
    asked: &Asked,
    body: &[u8],
    dice: &mut Dice,
) -> Plan {
    let now = shared.clock.world(Instant::now());
    let route = &snapshot.routes[route];
    let facts = Facts {
        protocol: asked.protocol,
        translates: wire::translations(asked.protocol).filter(|_| route.policy.translate).collect(),
        needs: asked.needs,
        estimated_input_tokens: asked.estimated_input_tokens,
        max_tokens: asked.max_tokens,
        regions: &product.regions,
        stream: asked.stream,
    };
    let view = View { deployments: &snapshot.routing, world: &snapshot.world };
    let mut plan = routing::plan(&facts, &route.policy, &route.entries, &view, now, dice);
    if product.unpriced == Unpriced::Refuse {
        for candidate in &mut plan.candidates {
            if snapshot.deployment(candidate.deployment).prices.is_none() {
                candidate.standing = Standing::Excluded(Reason::Unpriced);
            }
        }
    }
    if let Some(keeper) = state::keeper(shared, product, asked, body) {
        pin(snapshot, &shared.makers, keeper, &mut plan);
    }
    plan
}

/// Whether somebody may be asked who has to be told in another protocol.
pub(crate) fn may_be_translated(snapshot: &Snapshot, asked: &Asked, plan: &Plan) -> bool {
    let eligible = plan.candidates.iter().filter(|candidate| candidate.is_eligible());
    let mut spoken = eligible
        .map(|candidate| snapshot.routing_of(candidate.deployment).protocol_for(asked.protocol, asked.needs));
    spoken.any(|protocol| protocol != asked.protocol)
}

/// Leaves only the account that keeps the response that the request builds on, where that is known and on the route: all others
/// would call the request wrong, and the client would not come back.
fn pin(snapshot: &Snapshot, makers: &Makers, keeper: Account, plan: &mut Plan) {
    let keeps =
        |candidate: &Candidate| makers.account(&snapshot.provider_of(candidate.deployment).name) == keeper;
    if plan.candidates.iter().any(keeps) {
        for candidate in plan.candidates.iter_mut().filter(|candidate| !keeps(candidate)) {
            candidate.standing = Standing::Excluded(Reason::StateElsewhere);
        }
    }
}

/// Says for each candidate why it was out.
///
/// The request is to blame where it is what stands against everybody. Where a decision of people or a contract's end keeps
/// somebody from it who could have served it, nothing is wrong with the request: its product is to come to us.
///
/// An open route (`house/*`) is called what was asked for: its own name, which keeps metrics bounded, tells the client nothing.
pub(crate) fn no_candidate(snapshot: &Snapshot, route: &Arc<str>, asked: &Arc<str>, plan: &Plan) -> Refusal {
    let is_open = route.ends_with('*');
    let route = if is_open { asked } else { route };
    let excluded = plan.candidates.iter().filter_map(|candidate| match &candidate.standing {
        Standing::Eligible => None,
        Standing::Excluded(reason) => Some((candidate.deployment, reason)),
    });
    let is_ours = excluded.clone().any(|(_, reason)| reason.is_ours());
    let words = excluded.map(|(index, reason)| {
        let deployment = &snapshot.deployment(index).name;
        format!("{}: {reason}", if is_open && deployment.ends_with('*') { asked } else { deployment })
    });
    Refusal::NoCandidate {
        route: Arc::clone(route),
        reasons: words.collect::<Vec<_>>().join("; "),
        kind: if is_ours { ErrorKind::Overloaded } else { ErrorKind::InvalidRequest },
        retry_after: None::<Duration>,
    }
}
