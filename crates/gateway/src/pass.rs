//! Which headers go through, each way. What is not named here stays outside.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};
use wire::conversation::Loss;

use crate::snapshot::Betas;

/// From the client to the supplier. No credential, no organisation, no project, nothing about our own hop.
pub(crate) static TO_SUPPLIER: [HeaderName; 7] = [
    header::ACCEPT,
    header::USER_AGENT,
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("openai-beta"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];

/// Of those, what means the same in every protocol.
pub(crate) static ANY_PROTOCOL: [HeaderName; 3] =
    [header::USER_AGENT, HeaderName::from_static("idempotency-key"), HeaderName::from_static("traceparent")];

/// Lists of beta features, which not every host of a protocol takes.
static BETAS: [HeaderName; 2] =
    [HeaderName::from_static("anthropic-beta"), HeaderName::from_static("openai-beta")];

/// The list of Claude's, which another protocol may have a place for in its body.
static CLAUDES: HeaderName = HeaderName::from_static("anthropic-beta");

/// From the supplier to the client. Neither its request id (ours stands there), nor our account's limits and name.
pub(crate) static TO_CLIENT: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    HeaderName::from_static("openai-processing-ms"),
    HeaderName::from_static("openai-version"),
    HeaderName::from_static("openai-model"),
];

/// Beside those, from a supplier's error to the client: when to come back, and the error's name, which AWS says nowhere
/// else.
pub(crate) static ERROR_TO_CLIENT: [HeaderName; 4] = [
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

    /// Copies them. What belongs to the client's protocol stays behind where another is spoken, and so do beta features
    /// that the host does not take.
    pub(crate) fn copy_to(&self, target: &mut HeaderMap, is_translated: bool, betas: &Betas) {
        let goes = |name: &HeaderName| !is_translated || ANY_PROTOCOL.contains(name);
        for (name, value) in self.0.iter().filter(|(name, _)| goes(name)) {
            let value = if BETAS.contains(name) { taken(value, betas) } else { Some(value.clone()) };
            if let Some(value) = value {
                target.append(name.clone(), value);
            }
        }
    }

    /// The beta features that stay behind, as `anthropic-beta.NAME`.
    pub(crate) fn lost_betas(&self, is_translated: bool, betas: &Betas) -> impl Iterator<Item = Loss> {
        let lists = self.0.iter().filter(|(name, _)| BETAS.contains(name));
        lists.flat_map(move |(name, value)| {
            let is_foreign = is_translated && *name != CLAUDES;
            let lost = listed(value).filter(move |beta| is_foreign || !betas.take(beta));
            let why = if is_foreign { "not carried in translation" } else { "the host does not take it" };
            lost.map(move |beta| Loss::new(format!("{name}.{beta}"), why))
        })
    }

    /// The beta features of Claude's API that the host takes, each once: for a translated request.
    pub(crate) fn betas_of_claude<'a>(&'a self, betas: &Betas) -> Vec<&'a str> {
        let mut taken = Vec::new();
        for (_, value) in self.0.iter().filter(|(name, _)| *name == CLAUDES) {
            for beta in listed(value).filter(|beta| betas.take(beta)) {
                if !taken.contains(&beta) {
                    taken.push(beta);
                }
            }
        }
        taken
    }

    /// Whether a conversation that the client wants kept is kept by a host that takes `betas`.
    pub(crate) fn keeps_threads(&self, betas: &Betas) -> bool {
        !self.lost_betas(false, betas).any(|loss| loss.what.starts_with("anthropic-beta.message-threads-"))
    }

    /// Whether every beta feature goes to a host of the client's own protocol that takes `betas`.
    pub(crate) fn has_all_betas(&self, betas: &Betas) -> bool {
        self.lost_betas(false, betas).next().is_none()
    }
}

/// The names in a list of beta features. One that is no text has none.
fn listed(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|beta| !beta.is_empty())
}

/// A list of beta features without those that are not taken: as it came where all are.
fn taken(value: &HeaderValue, betas: &Betas) -> Option<HeaderValue> {
    if listed(value).all(|beta| betas.take(beta)) {
        return Some(value.clone());
    }
    let left = listed(value).filter(|beta| betas.take(beta)).collect::<Vec<_>>().join(",");
    HeaderValue::from_str(&left).ok().filter(|left| !left.is_empty())
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
        ClientHeaders::of(&headers).copy_to(&mut sent, false, &Betas::All);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent.get_all("anthropic-beta").iter().count(), 2);
    }

    #[test]
    fn d14_beta_features_go_only_to_hosts_that_take_them() {
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-beta", "one, two ,three".parse().unwrap());
        headers.append("anthropic-beta", "four".parse().unwrap());
        headers.insert("openai-beta", "five=v1".parse().unwrap());
        let client = ClientHeaders::of(&headers);
        let goes = |is_translated, betas: &Betas| {
            let mut sent = HeaderMap::new();
            client.copy_to(&mut sent, is_translated, betas);
            let sent: Vec<_> = sent.iter().map(|(_, value)| value.to_str().unwrap().to_owned()).collect();
            let lost: Vec<_> = client.lost_betas(is_translated, betas).map(|loss| loss.what).collect();
            (sent, lost.join(" "))
        };
        let owned = |sent: &[&str]| sent.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let all = owned(&["one, two ,three", "four", "five=v1"]);
        assert_eq!(goes(false, &Betas::All), (all, String::new()));
        let some = Betas::of(&["three", "one"]);
        let lost = "anthropic-beta.two anthropic-beta.four openai-beta.five=v1";
        assert_eq!(goes(false, &some), (owned(&["one,three"]), lost.to_owned()));
        // In translation no header goes; what has a place in the body is for the translator to say.
        assert_eq!(goes(true, &Betas::All), (Vec::new(), "openai-beta.five=v1".to_owned()));
        assert_eq!(goes(true, &some), (Vec::new(), lost.to_owned()));
        assert_eq!(client.betas_of_claude(&Betas::All), ["one", "two", "three", "four"]);
        assert_eq!(client.betas_of_claude(&some), ["one", "three"]);
        let why = |is_translated| {
            client.lost_betas(is_translated, &Betas::of(&["five=v1"])).last().map(|loss| loss.why)
        };
        assert_eq!(why(true), Some("not carried in translation"));
        assert_eq!(why(false), Some("the host does not take it"));
    }
}
