//! Which model somebody has of whom the catalogue knows none: an own engine is asked itself. For people's first request only;
//! nothing that serves waits for it.

use std::rc::Rc;
use std::time::Duration;

use catalogue::Protocol;
use gateway::snapshot::{RouteIndex, Snapshot};
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;
use tokio::task::LocalSet;
use tokio::time::timeout;
use upstream::{Outgoing, Pieces, Pool, Target, TcpDial};

/// A person waits: an engine that is there answers at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longer than any list of models, in bytes.
const LONGEST: usize = 4 << 20;

/// The list's shape in both protocols.
#[derive(Debug, Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    id: String,
}

/// The first model that the provider of an open route (`house/*`) has, as clients of ours name it: `house/MODEL`. `None` where
/// the route is none such, or nobody there says.
pub(crate) async fn first_name(snapshot: &Snapshot, route: RouteIndex) -> Option<String> {
    let route = snapshot.routes.get(route)?;
    let provider = route.name.strip_suffix("/*").filter(|_| route.direct)?;
    let deployment = route.entries.first()?.deployment;
    let protocol = snapshot.routing[deployment.0 as usize].protocol;
    let model = first_model(&snapshot.provider_of(deployment).target, protocol).await?;
    Some(format!("{provider}/{model}"))
}

/// The first model that is there by the list of `protocol`, leaving out those that only embed, which many engines list too.
async fn first_model(target: &Target, protocol: Protocol) -> Option<String> {
    let path = match protocol {
        Protocol::OpenaiChat | Protocol::OpenaiResponses => "/models",
        Protocol::AnthropicMessages => "/v1/models",
        _ => return None,
    };
    let outgoing = || {
        let mut headers = HeaderMap::new();
        target.apply(&mut headers);
        Outgoing { method: Method::GET, uri: target.uri(path), headers, body: Pieces::new([]) }
    };
    let asking = async {
        let pool = Rc::new(Pool::new(TcpDial));
        let answer = pool.send(target, outgoing, PATIENCE, |_| {}).await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let body = Limited::new(answer.into_body(), LONGEST).collect().await.ok()?.to_bytes();
        let models: Models = serde_json::from_slice(&body).ok()?;
        models.data.into_iter().map(|model| model.id).find(|id| !id.contains("embed"))
    };
    // Connections are kept by tasks of the thread.
    LocalSet::new().run_until(timeout(PATIENCE, asking)).await.ok().flatten()
}
