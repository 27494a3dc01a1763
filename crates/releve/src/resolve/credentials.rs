//! How an account proves who we are: a key in a header, or AWS's keys that sign. First where each is found, then, with
//! I/O, what is there.

use std::path::Path;

use catalogue::{Auth, AwsSigning, ProviderEntry};
use http::HeaderName;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use upstream::{AwsKeys, Credential};

use super::providers::Account;
use crate::config::aws::{Aws, AwsKeyPlaces, AwsName};
use crate::config::environment::Environment;
use crate::config::provider::Provider;
use crate::config::secret::{SecretError, SecretPlace};
use crate::config::value::At;

/// Where an account's credential is found: at most one of a key and a pair of AWS's keys.
pub(super) struct Places {
    pub(super) api_key: Option<At<SecretPlace>>,
    pub(super) aws: Option<At<Aws>>,
}

/// Fills in what the file leaves out. A key made for the supplier goes before AWS's keys, which may be there for something
/// else; what the file names goes before both.
pub(super) fn places(
    written: &Provider,
    preset: Option<&ProviderEntry>,
    manners: Option<&ProviderEntry>,
    environment: &Environment,
) -> Places {
    let signing = signing(preset, manners);
    let own = written.aws.as_ref();
    let written_keys = own.and_then(|aws| aws.keys.clone());
    let api_key = match (&written.api_key, &written_keys) {
        (None, None) => preset.and_then(|preset| usual_key(preset, environment)),
        (written, _) => written.clone(),
    };
    let usual_keys =
        || preset.and_then(|preset| preset.aws.as_ref()).and_then(|_| AwsKeyPlaces::usual(environment));
    let keys = written_keys.or_else(|| if api_key.is_none() { usual_keys() } else { None });
    if own.is_none() && keys.is_none() {
        return Places { api_key, aws: None };
    }
    let aws = Aws {
        region: region(own.map(|aws| &aws.value), signing, environment),
        service: own
            .and_then(|aws| aws.service.clone())
            .or_else(|| Some(At::nowhere(AwsName::of(&signing?.service)?))),
        keys,
    };
    Places { api_key, aws: Some(At { value: aws, at: own.map_or(0..0, |aws| aws.at.clone()) }) }
}

fn signing<'a>(
    preset: Option<&'a ProviderEntry>,
    manners: Option<&'a ProviderEntry>,
) -> Option<&'a AwsSigning> {
    [preset, manners].into_iter().flatten().find_map(|entry| entry.aws.as_ref())
}

fn usual_key(preset: &ProviderEntry, environment: &Environment) -> Option<At<SecretPlace>> {
    let usual = Some(&preset.key_env).filter(|_| preset.auth != Auth::None)?;
    let assumed = || usual.first().filter(|_| environment.secrets_assumed()).map(String::as_str);
    let variable = environment.first_set(usual).or_else(assumed)?;
    Some(At::nowhere(SecretPlace::Env(variable.to_owned())))
}

fn region(
    written: Option<&Aws>,
    signing: Option<&AwsSigning>,
    environment: &Environment,
) -> Option<At<AwsName>> {
    if let Some(region) = written.and_then(|aws| aws.region.clone()) {
        return Some(region);
    }
    let variable = environment.first_set(&signing?.region_env)?;
    AwsName::of(environment.get(variable)?.trim()).map(At::nowhere)
}

/// The preset's address in the account's region.
pub(super) fn regional_url(
    written: &Provider,
    preset: &ProviderEntry,
    environment: &Environment,
) -> Option<String> {
    let own = written.aws.as_ref().map(|aws| &aws.value);
    let region = region(own, preset.aws.as_ref(), environment)?;
    preset.aws.as_ref()?.base_url_in(region.as_str())
}

/// Whether the environment alone proves who we are at `preset`.
pub(super) fn is_in(environment: &Environment, preset: &ProviderEntry) -> bool {
    environment.first_set(&preset.key_env).is_some()
        || (preset.aws.is_some() && AwsKeyPlaces::usual(environment).is_some())
}

/// A credential, and a digest of the secrets in it.
pub(super) struct Fetched {
    pub(super) credential: Credential,
    pub(super) print: [u8; 32],
}

/// Why there is no credential: the words, and where to point.
pub(super) struct Missing {
    pub(super) what: String,
    pub(super) mend: Option<String>,
    pub(super) at: std::ops::Range<usize>,
}

/// Reads the account's secrets, anew at each start and reload. `None` where it names none.
pub(super) fn fetch(
    account: &Account,
    environment: &Environment,
    folder: &Path,
) -> Result<Option<Fetched>, Missing> {
    let body = &account.filled.body;
    if let Some(place) = &body.api_key {
        let missing =
            |error: String| missing(&place.at, format!("the key of providers.{}: {error}", account.name()));
        let secret = place
            .fetch(environment, folder)
            .map_err(|error| Missing { mend: Some(error.mend()), ..missing(error.to_string()) })?;
        let credential = in_header(account, &secret).map_err(missing)?;
        return Ok(Some(Fetched { credential, print: print([Some(&secret)]) }));
    }
    match body.aws.as_ref().and_then(|aws| Some((aws, aws.keys.as_ref()?))) {
        Some((aws, keys)) => signing_with(account, aws, keys, environment, folder).map(Some),
        None => Ok(None),
    }
}

fn missing(at: &std::ops::Range<usize>, what: String) -> Missing {
    Missing { what, mend: None, at: at.clone() }
}

fn in_header(account: &Account, secret: &SecretString) -> Result<Credential, String> {
    let made = match account.manners.as_ref().map_or(&Auth::Bearer, |manners| &manners.auth) {
        // A server that wants no key by itself may be started with one; then it is a bearer's.
        Auth::Bearer | Auth::None => Credential::bearer(secret),
        Auth::Header(name) => {
            let name = name.parse::<HeaderName>().expect("the catalogue's headers are checked by its tests");
            Credential::header(name, secret)
        }
    };
    made.map_err(|error| error.to_string())
}

fn signing_with(
    account: &Account,
    aws: &At<Aws>,
    keys: &AwsKeyPlaces,
    environment: &Environment,
    folder: &Path,
) -> Result<Fetched, Missing> {
    let path = format!("providers.{}.aws", account.name());
    for (key, name, example) in
        [("region", &aws.region, "eu-central-1"), ("service", &aws.service, "bedrock")]
    {
        if name.is_none() {
            let variables =
                variables(account, key).map(|names| format!("set {names}, or ")).unwrap_or_default();
            let what = format!("{path}.{key} is missing: it is part of each signature");
            return Err(Missing {
                what,
                mend: Some(format!("{variables}add {key} = \"{example}\"")),
                at: aws.at.clone(),
            });
        }
    }
    let fetch = |place: &At<SecretPlace>, key: &str| {
        let of = |error: SecretError| Missing {
            mend: Some(error.mend()),
            ..missing(&place.at, format!("{path}.{key}: {error}"))
        };
        place.fetch(environment, folder).map_err(of)
    };
    let id = fetch(&keys.access_key_id, "access_key_id")?;
    let secret = fetch(&keys.secret_access_key, "secret_access_key")?;
    let token = keys.session_token.as_ref().map(|place| fetch(place, "session_token")).transpose()?;
    let name =
        |name: &Option<At<AwsName>>| name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default();
    let (region, service) = (name(&aws.region), name(&aws.service));
    let credential = Credential::aws(&AwsKeys {
        access_key_id: id.expose_secret(),
        secret: &secret,
        session_token: token.as_ref(),
        region: &region,
        service: &service,
    });
    let credential =
        credential.map_err(|error| missing(&keys.access_key_id.at, format!("{path}: {error}")))?;
    let place = SecretString::from(format!("{region}/{service}"));
    Ok(Fetched { credential, print: print([Some(&id), Some(&secret), token.as_ref(), Some(&place)]) })
}

/// The variables that could say what is missing.
fn variables(account: &Account, key: &str) -> Option<String> {
    let signing =
        signing(account.preset.as_deref(), account.manners.as_deref()).filter(|_| key == "region")?;
    (!signing.region_env.is_empty()).then(|| signing.region_env.join(" or "))
}

fn print<'a>(secrets: impl IntoIterator<Item = Option<&'a SecretString>>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for secret in secrets {
        let secret = secret.map(ExposeSecret::expose_secret).unwrap_or_default();
        digest.update(secret.len().to_le_bytes());
        digest.update(secret);
    }
    digest.finalize().into()
}
