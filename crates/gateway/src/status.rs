//! What can be asked about the process itself: is it alive, is it ready, what would it do.

use http::{HeaderValue, Response, StatusCode, header};
use ledger::Health;
use routing::Plan;

use crate::outlet::ReplyBody;
use crate::refusal::Refusal;
use crate::reply::text;
use crate::room::Shared;
use crate::shutdown::Phase;
use crate::snapshot::{RouteIndex, Snapshot};

const PLAIN: &str = "text/plain; charset=utf-8";

/// `/livez`: the process runs and answers.
pub fn live() -> Response<ReplyBody> {
    text(StatusCode::OK, PLAIN, "live\n")
}

/// `/readyz`: send requests here, or do not and why.
pub fn ready(shared: &Shared) -> Response<ReplyBody> {
    match not_ready(shared) {
        None => text(StatusCode::OK, PLAIN, "ready\n"),
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("not ready: {why}\n")),
    }
}

fn not_ready(shared: &Shared) -> Option<&'static str> {
    if shared.shutdown.phase() > Phase::Running {
        return Some("stopping");
    }
    match shared.journal.health() {
        Health::Good => None,
        Health::Failing => Some("the ledger cannot be written"),
        Health::Full => Some("the ledger cannot be written and no more entries can be held"),
    }
}

/// Refuses a request while its entry could not be held anywhere.
pub(crate) fn refuse_when_full(shared: &Shared) -> Result<(), Refusal> {
    if shared.journal.health() == Health::Full { Err(Refusal::LedgerFull) } else { Ok(()) }
}

/// `/`: somebody is here.
pub(crate) fn root() -> Response<ReplyBody> {
    text(StatusCode::OK, PLAIN, "Relève\n")
}

/// The answer to `x-releve-explain`: the plan, and nothing sent.
pub(crate) fn explain(snapshot: &Snapshot, route: RouteIndex, plan: &Plan) -> Response<ReplyBody> {
    let candidates: Vec<_> = plan
        .candidates
        .iter()
        .map(|candidate| {
            let deployment = snapshot.deployment(candidate.deployment);
            let mut told = serde_json::json!({
                "deployment": &*deployment.name,
                "eligible": candidate.is_eligible(),
                "reason": candidate.reason().map(|reason| reason.to_string()),
            });
            if !deployment.amendments.is_empty() {
                told["sets"] = deployment.amendments.to_string().into();
            }
            told
        })
        .collect();
    let plan = serde_json::json!({ "route": &*snapshot.routes[route].name, "candidates": candidates });
    let mut response = text(StatusCode::OK, "application/json", plan.to_string());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
