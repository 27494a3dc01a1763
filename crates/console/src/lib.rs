//! What people and their monitors see: health, metrics, the running configuration, each deployment's state.
//!
//! Served on a listener of its own, away from products. It reads what the gateway publishes and changes nothing.

mod access;
mod fallbacks;
mod pages;

use std::sync::Arc;

use arc_swap::ArcSwap;
use gateway::{ReplyBody, Shared};
use http::{Request, Response, StatusCode};

pub use crate::access::Access;
pub use crate::fallbacks::Fallback;

/// What the admin listener answers from.
#[derive(Debug)]
pub struct Console {
    /// What the gateway's threads share.
    pub shared: Shared,
    /// Who may ask.
    pub access: Access,
    /// The effective configuration as JSON, without secrets; replaced on reload.
    pub config: Arc<ArcSwap<serde_json::Value>>,
    /// Whether others carry what is asked of suppliers that are watched or drained, as it was last looked at.
    pub fallbacks: Arc<ArcSwap<Vec<Fallback>>>,
}

impl Console {
    /// Answers one request.
    pub fn answer<B>(&self, request: &Request<B>) -> Response<ReplyBody> {
        let path = request.uri().path();
        // Monitors ask these without a token; they tell nothing but yes or no.
        match path {
            "/livez" => return gateway::status::live(),
            "/readyz" => return gateway::status::ready(&self.shared),
            _ => {}
        }
        if let Err(refused) = self.access.check(request.headers(), request.uri()) {
            return pages::plain(refused.status(), refused.to_string());
        }
        if !request.method().is_safe() {
            return pages::plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is offered here".to_owned());
        }
        match path {
            "/metrics" => pages::metrics(&self.shared, &self.fallbacks.load()),
            "/api/config" => pages::json(&self.config.load()),
            "/api/health" => pages::json(&pages::health(&self.shared)),
            _ => pages::plain(StatusCode::NOT_FOUND, format!("nothing at {path}")),
        }
    }
}
