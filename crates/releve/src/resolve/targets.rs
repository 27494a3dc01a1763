//! Accounts become targets: secrets are read, certificates loaded, proxies chosen. All the I/O of resolving is here.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use catalogue::Auth;
use http::{HeaderName, HeaderValue};
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use upstream::{Credential, Proxies, Proxy, Target, TargetError, TargetOptions, TlsOptions};

use super::providers::Account;
use crate::config::Loaded;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::provider::ProxyPlace;
use crate::config::value::At;

/// The gateway's providers, in the order of the accounts.
pub(super) struct Targets(Vec<(gateway::snapshot::Provider, [u8; 32])>);

/// Builds all targets. On a problem the list is short, and nobody uses it.
pub(super) fn build(
    accounts: &[Account],
    loaded: &Loaded,
    environment: &Environment,
    problems: &Problems,
) -> Targets {
    let proxies =
        Proxies::from_variables(|name| environment.get(name).map(str::to_owned)).unwrap_or_else(|error| {
            problems.add(Problem::error(&(0..0), format!("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: {error}")));
            Proxies::default()
        });
    let mut builder = Builder { folder: &loaded.folder, environment, proxies, tls: HashMap::new(), problems };
    Targets(accounts.iter().filter_map(|account| builder.provider(account, loaded)).collect())
}

impl Targets {
    /// The providers, and by name a digest of what each is reached by.
    pub(super) fn into_providers(self) -> (Vec<gateway::snapshot::Provider>, BTreeMap<Arc<str>, [u8; 32]>) {
        let prints = self.0.iter().map(|(provider, print)| (Arc::clone(&provider.name), *print)).collect();
        (self.0.into_iter().map(|(provider, _)| provider).collect(), prints)
    }
}

struct Builder<'a> {
    folder: &'a Path,
    environment: &'a Environment,
    proxies: Proxies,
    /// Loading the system's roots takes milliseconds: once for all who want the same.
    tls: HashMap<TlsOptions, Arc<ClientConfig>>,
    problems: &'a Problems,
}

impl Builder<'_> {
    fn provider(
        &mut self,
        account: &Account,
        loaded: &Loaded,
    ) -> Option<(gateway::snapshot::Provider, [u8; 32])> {
        let body = &account.filled.body;
        let url = body.base_url.as_ref()?;
        self.refuse_itself(account, loaded)?;
        let secret = self.secret(account);
        let proxy = self.proxy(account);
        let tls_options = self.tls_options(account);
        let secure = url.starts_with("https://");
        let tls = if secure { self.tls(account, &tls_options) } else { Some(None) };
        let (secret, proxy, tls) = (secret?, proxy?, tls?);
        let credential = match &secret {
            Some(secret) => Some(self.credential(account, secret)?),
            None => None,
        };
        let print = fingerprint(account, &tls_options, proxy.as_ref(), secret.as_ref());
        let options = TargetOptions {
            tls,
            tls_identity: tls_options.identity(),
            proxy,
            credential,
            headers: headers(account),
        };
        let target = Target::new(url, options).map_err(|error| self.refuse_url(account, url, &error)).ok()?;
        let provider = gateway::snapshot::Provider {
            name: account.name().into(),
            target,
            stream_usage: body.stream_usage.as_ref().is_none_or(|usage| usage.value),
            stops_billing_on_abort: body.stops_billing_on_abort.as_ref().map(|stops| stops.value),
        };
        Some((provider, print))
    }

    /// The account's secret; `None` inside where it needs none.
    fn secret(&self, account: &Account) -> Option<Option<SecretString>> {
        let Some(place) = &account.filled.body.api_key else {
            if !account.needs_key() {
                return Some(None);
            }
            let variables =
                account.preset.as_ref().map(|preset| preset.key_env.join(" or ")).unwrap_or_default();
            let what = format!("providers.{} has no key", account.name());
            let mend = format!("set {variables}, or add api_key = {{ env = \"NAME\" }}");
            self.problems.add(Problem::error(&account.place(), what).mend(mend).consequence());
            return None;
        };
        match place.fetch(self.environment, self.folder) {
            Ok(secret) => Some(Some(secret)),
            Err(error) => {
                let what = format!("the key of providers.{}: {error}", account.name());
                self.problems.add(Problem::error(&or(&place.at, account), what));
                None
            }
        }
    }

    fn credential(&self, account: &Account, secret: &SecretString) -> Option<Credential> {
        let auth = account.manners.as_ref().map_or(&Auth::Bearer, |manners| &manners.auth);
        let made = match auth {
            // A server that wants no key by itself may be started with one; then it is a bearer's.
            Auth::Bearer | Auth::None => Credential::bearer(secret),
            Auth::Header(name) => {
                let name =
                    name.parse::<HeaderName>().expect("the catalogue's headers are checked by its tests");
                Credential::header(name, secret)
            }
        };
        made.map_err(|error| {
            let place = account.filled.body.api_key.as_ref().map_or(0..0, |key| key.at.clone());
            let what = format!("the key of providers.{}: {error}", account.name());
            self.problems.add(Problem::error(&or(&place, account), what));
        })
        .ok()
    }

    fn proxy(&self, account: &Account) -> Option<Option<Proxy>> {
        let url = match &account.filled.body.proxy {
            None => return Some(self.from_environment(account.base_url())),
            Some(At { value: ProxyPlace::Address(text), .. }) if text == ProxyPlace::OFF => {
                return Some(None);
            }
            Some(At { value: ProxyPlace::Address(text), .. }) => Ok(text.clone()),
            Some(At { value: ProxyPlace::Secret(place), .. }) => place
                .fetch(self.environment, self.folder)
                .map(|secret| secret.expose_secret().to_owned())
                .map_err(|error| error.to_string()),
        };
        let parsed = url.and_then(|url| Proxy::parse(&url).map_err(|error| error.to_string()));
        parsed
            .map_err(|error| {
                let place = account.filled.body.proxy.as_ref().map_or(0..0, |proxy| proxy.at.clone());
                let what = format!("the proxy of providers.{}: {error}", account.name());
                self.problems.add(Problem::error(&or(&place, account), what));
            })
            .map(Some)
            .ok()
    }

    fn from_environment(&self, url: &str) -> Option<Proxy> {
        let uri: http::Uri = url.parse().ok()?;
        self.proxies.for_host(url.starts_with("https://"), uri.host()?)
    }

    fn tls_options(&self, account: &Account) -> TlsOptions {
        let body = &account.filled.body;
        let path = |path: &std::path::PathBuf| self.folder.join(path);
        TlsOptions {
            ca_file: body.ca_file.as_ref().map(|file| path(file)),
            client: body
                .client_cert
                .as_ref()
                .zip(body.client_key.as_ref())
                .map(|(cert, key)| (path(cert), path(key))),
        }
    }

    fn tls(&mut self, account: &Account, options: &TlsOptions) -> Option<Option<Arc<ClientConfig>>> {
        if let Some(config) = self.tls.get(options) {
            return Some(Some(Arc::clone(config)));
        }
        let assumed = TlsOptions::default();
        let options_read = if self.environment.secrets_assumed() { &assumed } else { options };
        match upstream::client_config(options_read) {
            Ok(config) => {
                self.tls.insert(options.clone(), Arc::clone(&config));
                Some(Some(config))
            }
            Err(error) => {
                let body = &account.filled.body;
                let place =
                    body.ca_file.as_ref().or(body.client_cert.as_ref()).map_or(0..0, |file| file.at.clone());
                let cause =
                    std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                let what = format!("TLS to providers.{}: {error}{cause}", account.name());
                self.problems.add(Problem::error(&or(&place, account), what));
                None
            }
        }
    }

    fn refuse_url(&self, account: &Account, url: &At<String>, error: &TargetError) {
        let what = format!("providers.{}.base_url: {error}", account.name());
        let problem = Problem::error(&or(&url.at, account), what).mend(
            "write what the protocol's SDK takes as its base URL, such as \"https://api.example.com/v1\"",
        );
        let hides = matches!(error, TargetError::UserInfo);
        self.problems.add(if hides { problem.secret() } else { problem });
    }

    /// A provider at our own address would have each request come back until everything is full.
    fn refuse_itself(&self, account: &Account, loaded: &Loaded) -> Option<()> {
        let listen = &*loaded.config.server.listen;
        let uri: http::Uri = account.base_url().parse().unwrap_or_default();
        let port = uri.port_u16();
        let here = ["localhost", "127.0.0.1", "[::1]"];
        let ours = uri.host().is_some_and(|host| here.contains(&host) || host == listen.ip().to_string());
        if !ours || port != Some(listen.port()) || listen.port() == 0 {
            return Some(());
        }
        let place = account.filled.body.base_url.as_ref().map_or(0..0, |url| url.at.clone());
        let what = format!("providers.{} is at our own address {listen}", account.name());
        let mend = "name the supplier's address; a variable such as OPENAI_BASE_URL that points products here is not for us";
        self.problems.add(Problem::error(&or(&place, account), what).mend(mend));
        None
    }
}

/// `place`, or the account's where that is nowhere.
fn or(place: &Range<usize>, account: &Account) -> Range<usize> {
    if place.is_empty() { account.place() } else { place.clone() }
}

/// What the protocol wants in each request, then what the file says; the file's word wins.
fn headers(account: &Account) -> Vec<(HeaderName, HeaderValue)> {
    let usual =
        account.manners.iter().flat_map(|manners| &manners.headers).map(|(name, value)| (&**name, &**value));
    let own = account.filled.body.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (name, value) in usual.chain(own) {
        let (Ok(name), Ok(value)) = (name.to_lowercase().parse::<HeaderName>(), value.parse()) else {
            continue;
        };
        headers.retain(|(taken, _)| *taken != name);
        headers.push((name, value));
    }
    headers
}

fn fingerprint(
    account: &Account,
    tls: &TlsOptions,
    proxy: Option<&Proxy>,
    secret: Option<&SecretString>,
) -> [u8; 32] {
    let via = proxy.map(ToString::to_string).unwrap_or_default();
    let secret = secret.map(ExposeSecret::expose_secret).unwrap_or_default();
    let parts = [account.base_url(), account.protocol.as_str(), &tls.identity(), &via, secret];
    parts
        .iter()
        .fold(Sha256::new(), |digest, part| digest.chain_update(part.len().to_le_bytes()).chain_update(part))
        .finalize()
        .into()
}
