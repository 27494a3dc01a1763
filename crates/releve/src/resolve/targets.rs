//! Accounts become targets: secrets are read, certificates loaded, proxies chosen. All the I/O of resolving is here.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use upstream::{Proxies, Proxy, Target, TargetError, TargetOptions, TlsOptions};

use super::credentials::{self, Fetched};
use super::providers::Account;
use crate::config::Loaded;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::provider::ProxyPlace;

/// The gateway's providers, in the order of the accounts.
pub(super) struct Targets(Vec<(gateway::snapshot::Provider, [u8; 32])>);

/// Builds all targets. On a problem the list is short, and nobody uses it.
pub(super) fn build(
    accounts: &[Account],
    loaded: &Loaded,
    environment: &Environment,
    problems: &Problems,
) -> Targets {
    let proxies = Proxies::from_variables(|name| environment.get(name).map(str::to_owned));
    let mut builder = Builder { folder: &loaded.folder, environment, proxies, tls: HashMap::new(), problems };
    Targets(accounts.iter().filter_map(|account| builder.provider(account, loaded).ok()).collect())
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

/// The problem was added to the list: nothing more is to be said.
struct Reported;

impl Builder<'_> {
    fn provider(
        &mut self,
        account: &Account,
        loaded: &Loaded,
    ) -> Result<(gateway::snapshot::Provider, [u8; 32]), Reported> {
        let body = &account.filled.body;
        self.refuse_itself(account, loaded)?;
        self.warn_of_a_path_said_twice(account);
        // All three before any is given up on: each may have something to say.
        let (fetched, proxy, tls) = (self.credential(account), self.proxy(account), self.tls(account));
        let (fetched, proxy, tls) = (fetched?, proxy?, tls?);
        let tls_identity = self.tls_options(account).identity();
        let secrets = fetched.as_ref().map(|fetched| fetched.print).unwrap_or_default();
        let credential = fetched.map(|fetched| fetched.credential);
        let print = fingerprint(account, &tls_identity, proxy.as_ref(), &secrets);
        let options = TargetOptions { tls, tls_identity, proxy, credential, headers: headers(account) };
        let target =
            Target::new(account.base_url(), options).map_err(|error| self.refuse_url(account, &error))?;
        let provider = gateway::snapshot::Provider {
            name: account.name().into(),
            target,
            stream_usage: body.stream_usage.as_ref().is_none_or(|usage| usage.value),
            betas: account.betas(),
            stops_billing_on_abort: body.stops_billing_on_abort.as_ref().map(|stops| stops.value),
        };
        Ok((provider, print))
    }

    /// What is asked of a supplier is appended to its address: an address that ends in a part of it already leads nowhere.
    fn warn_of_a_path_said_twice(&self, account: &Account) {
        let Some(written) = account.filled.body.base_url.as_ref().filter(|url| !url.at.is_empty()) else {
            return;
        };
        let Some(codec) = wire::codec(account.protocol) else { return };
        let url = written.value.trim_end_matches('/');
        let path = codec.path("MODEL", false);
        let version = path.split('/').nth(1).filter(|first| first.starts_with('v')).unwrap_or_default();
        let twice = [path.to_string(), format!("/{version}")]
            .into_iter()
            .find(|part| part.len() > 1 && url.ends_with(part));
        if let Some(twice) = twice {
            let what =
                format!("providers.{}.base_url ends in {twice}, which is appended to it", account.name());
            let mend =
                format!("what the SDK of {} takes: {}", account.protocol, url.trim_end_matches(&*twice));
            self.problems.add(Problem::warning(&written.at, what).mend(mend));
        }
    }

    fn report(&self, place: Option<&Range<usize>>, account: &Account, what: String) -> Reported {
        self.problems.add(Problem::error(&or(place, account), what));
        Reported
    }

    /// The account's credential; `None` where it needs none.
    fn credential(&self, account: &Account) -> Result<Option<Fetched>, Reported> {
        let found = credentials::fetch(account, self.environment, self.folder).map_err(|missing| {
            let problem = Problem::error(&or(Some(&missing.at), account), missing.what);
            self.problems.add(problem.mend_if(missing.mend));
            Reported
        })?;
        if found.is_some() || !account.needs_key() {
            return Ok(found);
        }
        let variables = account.preset.as_ref().map(|preset| preset.key_env.join(" or ")).unwrap_or_default();
        let what = format!("providers.{} has no key", account.name());
        let keys = if account.preset.as_ref().is_some_and(|preset| preset.aws.is_some()) {
            ", or aws = { access_key_id = { env = \"NAME\" }, secret_access_key = { env = \"NAME\" } }"
        } else {
            ""
        };
        let mend = format!("set {variables}, or add api_key = {{ env = \"NAME\" }}{keys}");
        self.problems.add(Problem::error(&account.place(), what).mend(mend).consequence());
        Err(Reported)
    }

    fn proxy(&self, account: &Account) -> Result<Option<Proxy>, Reported> {
        let Some(place) = &account.filled.body.proxy else { return self.usual_proxy(account) };
        let url = match &place.value {
            ProxyPlace::Address(text) if text == ProxyPlace::OFF => return Ok(None),
            ProxyPlace::Address(text) => Ok(text.clone()),
            ProxyPlace::Secret(secret) => secret
                .fetch(self.environment, self.folder)
                .map(|secret| secret.expose_secret().to_owned())
                .map_err(|error| error.to_string()),
        };
        let parsed = url.and_then(|url| Proxy::parse(&url).map_err(|error| error.to_string()));
        parsed.map(Some).map_err(|error| {
            self.report(
                Some(&place.at),
                account,
                format!("the proxy of providers.{}: {error}", account.name()),
            )
        })
    }

    /// The environment's. An address that is none is told of where it is used.
    fn usual_proxy(&self, account: &Account) -> Result<Option<Proxy>, Reported> {
        let url = account.base_url();
        let Ok(uri) = url.parse::<http::Uri>() else { return Ok(None) };
        let secure = url.starts_with("https://");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        self.proxies.for_host(secure, host, port).map_err(|error| {
            let what = format!(
                "the way to providers.{}: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: {error}",
                account.name()
            );
            self.report(None, account, what)
        })
    }

    fn tls_options(&self, account: &Account) -> TlsOptions {
        let body = &account.filled.body;
        let client = body.client_cert.as_ref().zip(body.client_key.as_ref());
        TlsOptions {
            ca_file: body.ca_file.as_ref().map(|file| self.folder.join(&file.value)),
            client: client.map(|(cert, key)| (self.folder.join(&cert.value), self.folder.join(&key.value))),
        }
    }

    /// `None` where the address is not secure.
    fn tls(&mut self, account: &Account) -> Result<Option<Arc<ClientConfig>>, Reported> {
        if !account.base_url().starts_with("https://") {
            return Ok(None);
        }
        let assumed = self.environment.secrets_assumed();
        let options = if assumed { TlsOptions::default() } else { self.tls_options(account) };
        if let Some(config) = self.tls.get(&options) {
            return Ok(Some(Arc::clone(config)));
        }
        let config = upstream::client_config(&options).map_err(|error| {
            let body = &account.filled.body;
            let place = body.ca_file.as_ref().or(body.client_cert.as_ref()).map(|file| &file.at);
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            self.report(place, account, format!("TLS to providers.{}: {error}{cause}", account.name()))
        })?;
        self.tls.insert(options, Arc::clone(&config));
        Ok(Some(config))
    }

    fn refuse_url(&self, account: &Account, error: &TargetError) -> Reported {
        let place = account.filled.body.base_url.as_ref().map(|url| &url.at);
        let what = format!("providers.{}.base_url: {error}", account.name());
        let mend =
            "write what the protocol's SDK takes as its base URL, such as \"https://api.example.com/v1\"";
        let problem = Problem::error(&or(place, account), what).mend(mend);
        let hides = matches!(error, TargetError::UserInfo);
        self.problems.add(if hides { problem.secret() } else { problem });
        Reported
    }

    /// A provider at our own address would have each request come back until everything is full.
    fn refuse_itself(&self, account: &Account, loaded: &Loaded) -> Result<(), Reported> {
        let listen = &*loaded.config.server.listen;
        let uri: http::Uri = account.base_url().parse().unwrap_or_default();
        let port = uri.port_u16();
        let here = ["localhost", "127.0.0.1", "[::1]"];
        let ours = uri.host().is_some_and(|host| here.contains(&host) || host == listen.ip().to_string());
        if !ours || port != Some(listen.port()) || listen.port() == 0 {
            return Ok(());
        }
        let place = account.filled.body.base_url.as_ref().map(|url| &url.at);
        let what = format!("providers.{} is at our own address {listen}", account.name());
        let mend = "name the supplier's address; a variable such as OPENAI_BASE_URL that points products here is not for us";
        self.problems.add(Problem::error(&or(place, account), what).mend(mend));
        Err(Reported)
    }
}

/// `place`, or the account's where that is nowhere.
fn or(place: Option<&Range<usize>>, account: &Account) -> Range<usize> {
    place.filter(|place| !place.is_empty()).cloned().unwrap_or_else(|| account.place())
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

fn fingerprint(account: &Account, tls_identity: &str, proxy: Option<&Proxy>, secrets: &[u8; 32]) -> [u8; 32] {
    let via = proxy.map(ToString::to_string).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [account.base_url(), account.protocol.as_str(), tls_identity, &via] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.update(secrets);
    digest.finalize().into()
}
