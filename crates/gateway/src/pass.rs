//! Which headers go through, each way. What is not named here stays outside.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};

/// From the client to the supplier. No credential, no organisation, no project, nothing about our own hop.
static TO_SUPPLIER: [HeaderName; 7] = [
    header::ACCEPT,
    header::USER_AGENT,
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("openai-beta"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];

/// Of those, what means the same in every protocol.
static ANY_PROTOCOL: [HeaderName; 3] =
    [header::USER_AGENT, HeaderName::from_static("idempotency-key"), HeaderName::from_static("traceparent")];

/// From the supplier to the client. Neither its request id (ours stands there), nor our account's limits and name.
static TO_CLIENT: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    HeaderName::from_static("openai-processing-ms"),
    HeaderName::from_static("openai-version"),
    HeaderName::from_static("openai-model"),
];

/// Beside those, from a supplier's error to the client: when to come back, and the error's name, which AWS says nowhere
/// else.
static ERROR_TO_CLIENT: [HeaderName; 4] = [
    HeaderName::from_static("x-amzn-errortype"),
    header::RETRY_AFTER,
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-should-retry"),
];

/// A client's headers that each attempt carries.
#[derive(Debug)]
pub(crate) struct ClientHeaders(Vec<(HeaderName, HeaderValue)>);

impl ClientHeaders {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut kept = Vec::with_capacity(4);
        let passed = headers.iter().filter(|(name, _)| TO_SUPPLIER.contains(name));
        kept.extend(passed.map(|(name, value)| (name.clone(), value.clone())));
        Self(kept)
    }

    /// Copies them. What belongs to the client's protocol stays behind where another is spoken.
    pub(crate) fn copy_to(&self, target: &mut HeaderMap, is_translated: bool) {
        let goes = |name: &HeaderName| !is_translated || ANY_PROTOCOL.contains(name);
        for (name, value) in self.0.iter().filter(|(name, _)| goes(name)) {
            target.append(name.clone(), value.clone());
        }
    }
}

/// Copies what a client may see of a supplier's headers.
pub(crate) fn to_client(from: &HeaderMap, to: &mut HeaderMap) {
    copy(&TO_CLIENT, from, to);
}

/// Copies what a client may see of the headers of a supplier's error.
pub(crate) fn error_to_client(from: &HeaderMap, to: &mut HeaderMap) {
    copy(&TO_CLIENT, from, to);
    copy(&ERROR_TO_CLIENT, from, to);
}

fn copy(names: &[HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        if let Some(value) = from.get(name) {
            to.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_a15_no_credential_organisation_or_address_of_the_clients_goes_through() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "x-api-key",
            "api-key",
            "x-goog-api-key",
            "openai-organization",
            "openai-project",
            "cookie",
            "host",
            "x-forwarded-for",
            "x-releve-user",
            "proxy-authorization",
            "mcp-session-id",
        ] {
            headers.insert(name, "canary".parse().unwrap());
        }
        headers.insert("anthropic-beta", "one".parse().unwrap());
        headers.append("anthropic-beta", "two".parse().unwrap());
        let mut sent = HeaderMap::new();
        ClientHeaders::of(&headers).copy_to(&mut sent, false);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent.get_all("anthropic-beta").iter().count(), 2);
    }
}
