//! `[providers.NAME]`: an account at a place that serves models.

use std::path::PathBuf;

use catalogue::{Protocol, Quirks, Region};
use serde::Serialize;

use super::aws::Aws;
use super::contract::{Capacity, Contract, Cost, one};
use super::masking;
use super::problem::Problem;
use super::secret::SecretPlace;
use super::section::Section;
use super::value::{At, Read, Refusal};

/// A provider as written. What it leaves out comes from its preset.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Provider {
    /// The catalogue's entry to start from; without it the provider's own name, if the catalogue knows that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) preset: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<At<Protocol>>,
    /// What else it speaks at the same address, to clients that speak it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) also: Option<Vec<At<Protocol>>>,
    /// How its models want to be spoken to, beside what the catalogue says of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) quirks: Vec<At<Quirks>>,
    /// What the protocol's official SDK takes as its base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<At<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<At<SecretPlace>>,
    /// AWS's keys in its place, which sign; and the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aws: Option<At<Aws>>,
    /// Where the machines are. Products with a region rule skip providers that do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<At<Region>>,
    /// Who made its models, where the catalogue does not know them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maker: Option<At<String>>,
    /// Who runs its machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<At<String>>,
    /// Which beta features of its protocol it takes, by the values of their headers; `*` stands for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) betas: Option<Vec<At<String>>>,
    /// Whether it takes a request for usage in streams. Wrongly `true`: some servers answer 400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stream_usage: Option<At<bool>>,
    /// Whether hanging up ends billing. `false`: an abandoned answer is read to its end to learn its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stops_billing_on_abort: Option<At<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<At<ProxyPlace>>,
    /// PEM file of authorities to trust instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<At<PathBuf>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_cert: Option<At<PathBuf>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_key: Option<At<PathBuf>>,
    /// Headers that each request to it carries, such as `OpenAI-Organization`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "headers_as_table")]
    pub(crate) headers: Vec<(At<String>, At<String>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) contract: Option<At<Contract>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<At<Capacity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed_cost: Option<At<Cost>>,
}

/// Headers that `api_key` or the connection itself decide.
const RESERVED_HEADERS: [&str; 9] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-amz-security-token",
    "cookie",
    "host",
    "content-length",
    "transfer-encoding",
];

/// What stands in place of a value that is not shown.
const HIDDEN: &str = "****";

impl Provider {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let provider = Self {
            preset: section.get("preset"),
            protocol: section.get("protocol"),
            also: section.list("also"),
            quirks: section.list("quirks").unwrap_or_default(),
            base_url: section.get("base_url"),
            api_key: section.get("api_key"),
            aws: section.table("aws", Aws::read),
            region: section.get("region"),
            maker: section.get("maker"),
            host: section.get("host"),
            betas: section.list("betas"),
            stream_usage: section.get("stream_usage"),
            stops_billing_on_abort: section.get("stops_billing_on_abort"),
            proxy: section.get("proxy"),
            ca_file: path(section, "ca_file"),
            client_cert: path(section, "client_cert"),
            client_key: path(section, "client_key"),
            headers: section
                .table("headers", Section::texts)
                .map(|headers| headers.value)
                .unwrap_or_default(),
            contract: section.table("contract", Contract::read),
            capacity: section.table("capacity", Capacity::read),
            fixed_cost: section.table("fixed_cost", Cost::read).and_then(one),
        };
        provider.check(section);
        provider
    }

    /// The same as people may see it: what may be a key among its headers is hidden.
    pub(super) fn hide_headers(&mut self) {
        for (name, value) in &mut self.headers {
            if !masking::is_open_header(&name.value) {
                HIDDEN.clone_into(&mut value.value);
            }
        }
    }

    fn check(&self, section: &Section<'_>) {
        if let Some(keys) = self.aws.as_ref().and_then(|aws| aws.keys.as_ref())
            && self.api_key.is_some()
        {
            let what =
                "api_key and aws.access_key_id exclude each other: a request bears a key, or is signed";
            section.problem(Problem::error(&keys.access_key_id.at, what).mend("take one of them out"));
        }
        let pair = [("client_key", &self.client_cert), ("client_cert", &self.client_key)];
        if self.client_cert.is_some() != self.client_key.is_some() {
            for (missing, there) in pair {
                let Some(there) = there else { continue };
                let what = "client_cert and client_key belong together";
                section.problem(Problem::error(&there.at, what).mend(format!("add {missing} = \"PATH\"")));
            }
        }
        for (name, value) in &self.headers {
            let lower = name.to_lowercase();
            if RESERVED_HEADERS.contains(&lower.as_str()) {
                let what = format!("the header \"{}\" is not for this table", name.value);
                let problem = Problem::error(&value.at, what)
                    .mend("a key belongs in api_key; the rest is set by itself");
                section.problem(problem.secret());
            } else if lower.parse::<http::HeaderName>().is_err()
                || value.parse::<http::HeaderValue>().is_err()
            {
                let what = format!("the header \"{}\" cannot be sent", name.value);
                section.problem(Problem::error(&name.at, what).mend("write letters, digits and dashes"));
            }
        }
    }
}

fn path(section: &mut Section<'_>, key: &'static str) -> Option<At<PathBuf>> {
    section.get::<String>(key).map(|path| At { value: path.value.into(), at: path.at })
}

fn headers_as_table<S: serde::Serializer>(
    headers: &[(At<String>, At<String>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (&name.value, &value.value)))
}

/// A provider's own proxy: an address without a password, a secret's place for one with, or none at all.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum ProxyPlace {
    /// `http://host:port`, or `off`.
    Address(String),
    /// Where the whole URL is found.
    Secret(SecretPlace),
}

impl ProxyPlace {
    /// The word for "no proxy, whatever the environment says".
    pub(crate) const OFF: &'static str = "off";
}

impl Read for ProxyPlace {
    const WANTED: &'static str =
        "\"http://host:port\", \"off\", or { env = \"NAME\" } where the URL holds a password";

    fn read(value: &toml::de::DeValue<'_>) -> Result<Self, Refusal> {
        let Some(text) = value.as_str() else { return SecretPlace::read(value).map(Self::Secret) };
        if text.contains('@') {
            let what = "holds a password; a password has no place in this file";
            return Err(Refusal::Secret {
                what,
                mend: "put the whole URL in a variable: proxy = { env = \"NAME\" }".into(),
            });
        }
        if text == Self::OFF || upstream::Proxy::parse(text).is_ok() {
            return Ok(Self::Address(text.to_owned()));
        }
        let what = format!("\"{text}\" is no proxy");
        Err(Refusal::Value { what, mend: Some(format!("write {}", Self::WANTED)) })
    }
}
