//! `[providers.NAME.aws]`: an AWS account's keys, which sign each request instead of travelling in it.

use std::ops::Range;

use serde::Serialize;
use toml::de::DeValue;

use super::environment::Environment;
use super::problem::Problem;
use super::secret::SecretPlace;
use super::section::Section;
use super::value::{At, Read, Refusal};

/// The variables that AWS's own tools take a pair of keys from, and the token that belongs to keys that are lent.
///
/// Source: botocore 1.44.8, `credentials.py` (`EnvProvider`), read 2026-11-28.
const VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// An AWS account as written.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Aws {
    /// Which of its addresses is asked, and what is signed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<At<AwsName>>,
    /// The service's name for signing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<At<AwsName>>,
    #[serde(flatten)]
    pub(crate) keys: Option<AwsKeyPlaces>,
}

/// Where a pair of keys is found.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AwsKeyPlaces {
    pub(crate) access_key_id: At<SecretPlace>,
    pub(crate) secret_access_key: At<SecretPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_token: Option<At<SecretPlace>>,
}

impl AwsKeyPlaces {
    /// The usual variables; `None` where they hold no pair.
    pub(crate) fn usual(environment: &Environment) -> Option<Self> {
        let place = |name: &str| {
            let there = environment.get(name).is_some();
            there.then(|| At::nowhere(SecretPlace::Env(name.to_owned())))
        };
        let [id, secret, token] = VARIABLES;
        Some(Self {
            access_key_id: place(id)?,
            secret_access_key: place(secret)?,
            session_token: place(token),
        })
    }
}

impl Aws {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let (region, service) = (section.get("region"), section.get("service"));
        let keys = [
            ("access_key_id", section.get("access_key_id")),
            ("secret_access_key", section.get("secret_access_key")),
        ];
        let session_token = section.get::<SecretPlace>("session_token");
        let written = |key: &str| section.place(key);
        let pair = keys.each_ref().map(|(key, _)| written(key));
        for (position, (missing, _)) in keys.iter().enumerate().filter(|(at, _)| pair[*at].is_none()) {
            let there = pair[1 - position].clone().or_else(|| written("session_token"));
            if let Some(there) = there {
                incomplete(section, missing, &there);
            }
        }
        let [(_, access_key_id), (_, secret_access_key)] = keys;
        let keys = access_key_id.zip(secret_access_key).map(|(access_key_id, secret_access_key)| {
            AwsKeyPlaces { access_key_id, secret_access_key, session_token }
        });
        Self { region, service, keys }
    }
}

fn incomplete(section: &Section<'_>, missing: &str, there: &Range<usize>) {
    let what = format!(
        "{} is missing: access_key_id and secret_access_key belong together",
        section.name_of(missing)
    );
    let mend = format!("add {missing} = {}", SecretPlace::WANTED);
    section.problem(Problem::error(there, what).mend(mend));
}

/// The name of a region or of a service at AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct AwsName(String);

impl AwsName {
    /// `None` for what can be no name there: it becomes part of an address.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!text.is_empty() && text.bytes().all(lawful)).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Read for AwsName {
    const WANTED: &'static str = "a name as AWS writes it, such as \"eu-central-1\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or(Refusal::Kind)?;
        Self::of(text).ok_or_else(|| Refusal::Value {
            what: format!("\"{text}\" is no name at AWS"),
            mend: Some(format!("write {}", Self::WANTED)),
        })
    }
}
