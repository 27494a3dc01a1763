//! What is shown, made when it is asked for.

use std::fmt::Write as _;

use gateway::{ReplyBody, Shared};
use http::{HeaderValue, Response, StatusCode, header};
use routing::{DeploymentIndex, State};
use serde_json::{Value, json};
use tokio::time::Instant;

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
pub(crate) fn metrics(shared: &Shared) -> Response<ReplyBody> {
    let mut text = shared.metrics.encode();
    text.truncate(text.len() - if text.ends_with(END) { END.len() } else { 0 });
    let snapshot = shared.snapshot.load();
    let now = shared.clock.world(Instant::now());
    text.push_str("# HELP releve_deployment_state The state of each deployment: 1 for the one it is in.\n");
    text.push_str("# TYPE releve_deployment_state gauge\n");
    let routed = snapshot.routes.iter().filter(|route| !route.direct).flat_map(|route| &route.entries);
    let mut shown: Vec<DeploymentIndex> = routed.map(|entry| entry.deployment).collect();
    shown.sort_unstable();
    shown.dedup();
    for deployment in shown {
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
    text.push_str(END);
    reply(StatusCode::OK, OPEN_METRICS, text)
}

fn escaped(label: &str) -> String {
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
            (deployment.name.to_string(), value)
        })
        .collect();
    json!({
        "config_version": &*snapshot.version,
        "ledger": format!("{:?}", shared.journal.health()).to_lowercase(),
        "deployments": deployments,
    })
}
