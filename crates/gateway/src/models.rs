//! `GET /v1/models`: the names that a product may write in `model`, in its client's shape.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};

use crate::asked::codec;
use crate::door::{self, Endpoint};
use crate::outlet::ReplyBody;
use crate::refusal::Refusal;
use crate::reply::text;
use crate::room::Room;
use crate::snapshot::{Product, Snapshot};
use crate::{admit, choose};

/// Answers for all models or for one.
pub(crate) fn answer(
    room: &Room,
    endpoint: &Endpoint,
    parts: &Parts,
) -> Result<Response<ReplyBody>, Refusal> {
    let snapshot = room.shared.snapshot.load();
    let admitted = admit::admit(&snapshot, &room.shared.keys.load(), &parts.headers, &parts.uri)?;
    let product = &snapshot.products[admitted.product];
    let codec = codec(door::dialect(parts.uri.path(), &parts.headers));
    let body: Bytes = match endpoint {
        Endpoint::Model(name) => {
            let route = snapshot.names.find(name).filter(|route| snapshot.may_use(product, *route));
            route.ok_or_else(|| choose::unknown(&snapshot, product, name))?;
            codec.model(name)
        }
        _ => codec.models(&names(&snapshot, product)),
    };
    Ok(text(StatusCode::OK, "application/json", body))
}

/// Routes and aliases first, then what a direct product may ask for beside them; each part in alphabetical order.
fn names<'a>(snapshot: &'a Snapshot, product: &Product) -> Vec<&'a str> {
    let mut names: Vec<(bool, &str)> = snapshot
        .names
        .exact()
        .filter(|(_, route)| snapshot.may_use(product, *route))
        .map(|(name, route)| (snapshot.routes[route].direct, name))
        .collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}
