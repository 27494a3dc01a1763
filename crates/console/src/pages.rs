//! What is shown, made when it is asked for.

use std::fmt::Write as _;

use gateway::snapshot::Snapshot;
use gateway::{ReplyBody, Shared};
use http::{HeaderValue, Response, StatusCode, header};
use routing::{DeploymentIndex, PostureKind, State};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fallbacks::{self, Fallback};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Ends an `OpenMetrics` text; our own lines go before it.
const END: &str = "# EOF\n";

pub(crate) fn plain(status: StatusCode, words: String) -> Response<ReplyBody> {
    reply(status, "text/plain; charset=utf-8", words + "\n")
}

pub(crate) fn json(value: &Value) -> Response<ReplyBody> {
    reply(StatusCode::OK, "application/json", value.to_string())
}

fn reply(status: StatusCode, content_type: &'static str, body: String) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::Whole(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Counters, and the state of each deployment as it is now.
pub(crate) fn metrics(shared: &Shared, carried: &[Fallback]) -> Response<ReplyBody> {
    let snapshot = shared.snapshot.load();
    shared.metrics.look_at_budgets(&snapshot.products, shared.clock.unix_us());
    let mut text = shared.metrics.encode();
    text.truncate(text.len() - if text.ends_with(END) { END.len() } else { 0 });
    let now = shared.clock.world(Instant::now());
    text.push_str("# HELP releve_deployment_state The state of each deployment: 1 for the one it is in.\n");
    text.push_str("# TYPE releve_deployment_state gauge\n");
    let routed = snapshot.routes.iter().filter(|route| !route.direct).flat_map(|route| &route.entries);
    let mut shown: Vec<DeploymentIndex> = routed.map(|entry| entry.deployment).collect();
    shown.sort_unstable();
    shown.dedup();
    for deployment in shown.iter().copied() {
        let health = snapshot.world.health(deployment, now);
        let name = escaped(&snapshot.deployment(deployment).name);
        for state in State::ALL {
            let is = u8::from(state == health.state);
            writeln!(
                text,
                "releve_deployment_state{{deployment=\"{name}\",state=\"{}\"}} {is}",
                state.as_str()
            )
            .expect("writing to a string cannot fail");
        }
    }
    postures(&mut text, &snapshot, &shown, now);
    fallbacks::write(&mut text, carried);
    text.push_str(END);
    reply(StatusCode::OK, OPEN_METRICS, text)
}

/// What people have decided, and what a drain has left.
fn postures(text: &mut String, snapshot: &Snapshot, shown: &[DeploymentIndex], now: routing::Instant) {
    const ALL: &str = "writing to a string cannot fail";
    text.push_str("# HELP releve_deployment_posture What people have decided about each deployment: 1 for what holds.\n");
    text.push_str("# TYPE releve_deployment_posture gauge\n");
    for deployment in shown {
        let posture = snapshot.world.posture(*deployment).kind();
        let name = escaped(&snapshot.deployment(*deployment).name);
        for kind in PostureKind::ALL {
            let is = u8::from(kind == posture);
            writeln!(text, "releve_deployment_posture{{deployment=\"{name}\",posture=\"{kind}\"}} {is}")
                .expect(ALL);
        }
    }
    text.push_str("# HELP releve_deployment_kept_share The share of its usual requests that posture leaves a deployment.\n");
    text.push_str("# TYPE releve_deployment_kept_share gauge\n");
    for deployment in shown {
        let kept = snapshot.world.posture(*deployment).kept(now);
        let name = escaped(&snapshot.deployment(*deployment).name);
        writeln!(text, "releve_deployment_kept_share{{deployment=\"{name}\"}} {kept}").expect(ALL);
    }
}

pub(crate) fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Each deployment's state.
pub(crate) fn health(shared: &Shared) -> Value {
    let snapshot = shared.snapshot.load();
    let now = shared.clock.world(Instant::now());
    let deployments: serde_json::Map<String, Value> = (0..)
        .zip(&snapshot.deployments)
        .map(|(index, deployment)| {
            let health = snapshot.world.health(DeploymentIndex(index), now);
            let words = health.reason.map(|reason| reason.to_string());
            let mut value = serde_json::to_value(health).expect("numbers and names are JSON");
            value["words"] = json!(words);
            value["posture"] = json!(snapshot.world.posture(DeploymentIndex(index)).kind());
            (deployment.name.to_string(), value)
        })
        .collect();
    json!({
        "config_version": &*snapshot.version,
        "ledger": format!("{:?}", shared.journal.health()).to_lowercase(),
        "deployments": deployments,
    })
}
