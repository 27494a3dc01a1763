//! Which accounts there are, with everything filled in that their presets and the environment say. No I/O yet.

use std::net::IpAddr;
use std::sync::Arc;

use catalogue::{Auth, Protocol, Protocols, ProviderEntry, Quirks};
use routing::ProviderIndex;

use super::credentials::{self, Places};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems, did_you_mean, nearest};
use crate::config::provider::Provider;
use crate::config::value::{At, Named};

/// A provider that is declared, used or found.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// As the file would say it if it said all.
    pub(crate) filled: Named<Provider>,
    /// The catalogue's entry that it starts from.
    pub(crate) preset: Option<Arc<ProviderEntry>>,
    /// How its protocol is spoken to where no preset says.
    pub(crate) manners: Option<Arc<ProviderEntry>>,
    pub(crate) protocol: Protocol,
}

/// The index of the provider at `position` of the list.
pub(crate) fn index(position: usize) -> ProviderIndex {
    ProviderIndex(u16::try_from(position).expect("fewer than 65,536 providers"))
}

/// All accounts: those of the file in its order, then those that a route uses undeclared; with neither providers nor
/// routes in the file, those that the environment has keys for.
pub(crate) fn accounts(config: &Config, environment: &Environment, problems: &Problems) -> Vec<Account> {
    if config.says_nothing_of_suppliers() {
        return found(environment);
    }
    let mut accounts: Vec<Account> =
        config.providers.iter().filter_map(|provider| declared(provider, environment, problems)).collect();
    for target in config.routes.iter().flat_map(|route| &route.body.deployments) {
        let Some((name, at)) = target.target.as_ref().and_then(provider_of) else { continue };
        let known = |named: &Named<Provider>| named.name.value == name;
        if config.providers.iter().any(known) || accounts.iter().any(|account| known(&account.filled)) {
            continue;
        }
        match undeclared(name, environment) {
            Ok(account) => accounts.push(account),
            Err(mend) => {
                let declared = config.providers.iter().map(|provider| provider.name.as_str());
                let near = nearest(name, declared).map(|near| format!("did you mean \"{near}\"?"));
                let what = format!("there is no provider \"{name}\"");
                problems.add(Problem::error(&at, what).mend(near.unwrap_or(mend)));
            }
        }
    }
    accounts
}

/// `provider` of `provider/model`, with its place.
fn provider_of(target: &At<String>) -> Option<(&str, std::ops::Range<usize>)> {
    let (name, _) = target.split_once('/')?;
    Some((name, target.at.clone()))
}

fn declared(provider: &Named<Provider>, environment: &Environment, problems: &Problems) -> Option<Account> {
    let Named { name, body } = provider;
    if name.contains('/') || name.is_empty() {
        let what = format!("a provider cannot be called \"{}\"", name.value);
        let mend = if name.is_empty() {
            "give it a name, which goes before the slash in PROVIDER/MODEL"
        } else {
            "leave the slash out: it ends the provider's name in PROVIDER/MODEL"
        };
        problems.add(Problem::error(&name.at, what).mend(mend));
        return None;
    }
    let preset = catalogue::provider(body.preset.as_ref().map_or(name.as_str(), |preset| preset.as_str()));
    if let (Some(written), None) = (&body.preset, &preset) {
        let what = format!("there is no preset \"{}\"", written.value);
        let mend = did_you_mean(written, catalogue::provider_names()).unwrap_or_else(|| {
            "`releve catalogue providers` lists them; without one, write protocol and base_url".to_owned()
        });
        problems.add(Problem::error(&written.at, what).mend(mend));
        return None;
    }
    let protocol = body.protocol.as_ref().map(|protocol| protocol.value);
    let Some(protocol) = protocol.or(preset.as_ref().map(|preset| preset.protocol)) else {
        let near = nearest(name, catalogue::provider_names());
        let mend = match near {
            Some(near) => format!(
                "if it is like the catalogue's, add preset = \"{near}\"; else add protocol and base_url"
            ),
            None => "add preset = \"NAME\", or protocol and base_url".to_owned(),
        };
        let what = format!("nothing says how to speak to providers.{}", name.value);
        problems.add(Problem::error(&name.at, what).mend(mend).consequence());
        return None;
    };
    let written = body.base_url.as_ref().map(|url| url.value.clone());
    let preset_url = || preset.as_ref().and_then(|preset| preset.base_url.clone());
    let variable = || url_from(preset.as_deref()?, environment);
    let regional = || credentials::regional_url(body, preset.as_deref()?, environment);
    let Some(url) = written.or_else(preset_url).or_else(variable).or_else(regional) else {
        let what = format!("providers.{}.base_url is missing", name.value);
        let mend = where_to_write_the_address(preset.as_deref(), protocol);
        problems.add(Problem::error(&name.at, what).mend(mend).consequence());
        return None;
    };
    Some(fill(name.clone(), body.clone(), preset, protocol, url, environment))
}

fn where_to_write_the_address(preset: Option<&ProviderEntry>, protocol: Protocol) -> String {
    let variables = preset.map(|preset| preset.base_url_env.join(" or ")).filter(|names| !names.is_empty());
    let set = variables.map(|names| format!("set {names}, or ")).unwrap_or_default();
    if let Some(aws) = preset.and_then(|preset| preset.aws.as_ref()).filter(|aws| aws.base_url.is_some()) {
        let names = aws.region_env.join(" or ");
        return format!("set {names}, or add aws = {{ region = \"eu-central-1\" }}; or {set}add base_url");
    }
    format!("{set}add base_url = \"https://...\", what the SDK of {protocol} takes as its base URL")
}

/// A provider that only its usual variables speak of; otherwise how to mend that.
fn undeclared(name: &str, environment: &Environment) -> Result<Account, String> {
    let Some(preset) = catalogue::provider(name) else {
        return Err(format!("add [providers.{name}] with preset, or with protocol and base_url"));
    };
    let variables = preset.key_env.join(" or ");
    if !credentials::is_in(environment, &preset) && !environment.secrets_assumed() {
        let mend = if variables.is_empty() { String::new() } else { format!("set {variables}, or ") };
        return Err(format!("{mend}add [providers.{name}]"));
    }
    from_variables(&preset, environment).ok_or_else(|| {
        let set = usual_addresses(&preset);
        format!("set {set}, or add [providers.{name}] with base_url")
    })
}

/// Every provider that the environment has a key for and that can be spoken to. A key that fits several presets counts
/// for the one with the shortest name.
pub(crate) fn found(environment: &Environment) -> Vec<Account> {
    let mut names: Vec<_> = catalogue::provider_names().collect();
    names.sort_by_key(|name| (name.len(), *name));
    let mut variables: Vec<String> = Vec::new();
    let mut found: Vec<Account> = Vec::new();
    for preset in names.into_iter().filter_map(catalogue::provider) {
        let Some(variable) = environment.first_set(&preset.key_env) else { continue };
        if wire::codec(preset.protocol).is_none() || variables.iter().any(|taken| taken == variable) {
            continue;
        }
        if let Some(account) = from_variables(&preset, environment) {
            variables.push(variable.to_owned());
            found.push(account);
        }
    }
    // A maker's own machines first: the usual choice, from where others take over.
    found.sort_by_key(|account| (!account.is_makers_own(), account.filled.name.value.clone()));
    found
}

/// What the environment has a key for but cannot be used, and why; for people who wonder.
pub(crate) fn found_in_vain(environment: &Environment) -> Vec<String> {
    let used = found(environment);
    let variable_of = |account: &Account| {
        account.preset.as_ref().and_then(|preset| environment.first_set(&preset.key_env).map(str::to_owned))
    };
    let used: Vec<String> = used.iter().filter_map(variable_of).collect();
    let mut reasons = Vec::new();
    for preset in
        catalogue::provider_names().filter_map(catalogue::provider).filter(|preset| preset.like.is_none())
    {
        let Some(variable) = environment.first_set(&preset.key_env) else { continue };
        if used.iter().any(|used| used == variable) {
            continue;
        }
        let why = if wire::codec(preset.protocol).is_none() {
            format!("{} is not spoken yet", preset.protocol)
        } else {
            format!("no address: set {}", usual_addresses(&preset))
        };
        reasons.push(format!("{variable} is set, but {} cannot be used: {why}", preset.name));
    }
    reasons
}

/// An account that only the usual variables describe. `None` without an address.
fn from_variables(preset: &Arc<ProviderEntry>, environment: &Environment) -> Option<Account> {
    let regional = || credentials::regional_url(&Provider::default(), preset, environment);
    let url = url_from(preset, environment).or_else(|| preset.base_url.clone()).or_else(regional)?;
    let name = At::nowhere(preset.name.clone());
    Some(fill(name, Provider::default(), Some(Arc::clone(preset)), preset.protocol, url, environment))
}

/// The variables that say where a preset is.
fn usual_addresses(preset: &ProviderEntry) -> String {
    let by_region = preset.aws.iter().filter(|aws| aws.base_url.is_some()).flat_map(|aws| &aws.region_env);
    preset.base_url_env.iter().chain(by_region).map(String::as_str).collect::<Vec<_>>().join(" or ")
}

fn url_from(preset: &ProviderEntry, environment: &Environment) -> Option<String> {
    let variable = environment.first_set(&preset.base_url_env)?;
    environment.get(variable).map(str::to_owned)
}

/// Writes out all that is known of an account.
fn fill(
    name: At<String>,
    written: Provider,
    preset: Option<Arc<ProviderEntry>>,
    protocol: Protocol,
    url: String,
    environment: &Environment,
) -> Account {
    let is_likened =
        written.preset.is_none() && preset.as_deref().is_some_and(|preset| is_elsewhere(preset, &url));
    let preset = if is_likened { preset.map(manners_alone) } else { preset };
    let manners = preset.clone().filter(|preset| preset.protocol == protocol).or_else(|| reference(protocol));
    let known = preset.as_deref();
    let url = with_base_path(url, known.and_then(|preset| preset.base_path.as_deref()));
    let Places { api_key, aws } = credentials::places(&written, known, manners.as_deref(), environment);
    let text = |text: &Option<String>| text.clone().map(At::nowhere);
    let filled = Provider {
        // Written out it would be the user's word for who is there.
        preset: written
            .preset
            .or_else(|| known.filter(|_| !is_likened).map(|preset| At::nowhere(preset.name.clone()))),
        protocol: Some(At { value: protocol, at: written.protocol.map_or(0..0, |protocol| protocol.at) }),
        base_url: Some(At { value: url, at: written.base_url.map_or(0..0, |url| url.at) }),
        also: Some(written.also.unwrap_or_else(|| {
            // What the preset says holds for the protocol that it says it of.
            let same = known.filter(|preset| preset.protocol == protocol);
            let also = same.map(|preset| preset.also).unwrap_or_default();
            also.iter().map(At::nowhere).collect()
        })),
        betas: Some(written.betas.unwrap_or_else(|| {
            // Whoever speaks a maker's protocol at an own address is taken for the maker.
            let betas = known.or(manners.as_deref()).map(|entry| entry.betas.clone()).unwrap_or_default();
            betas.into_iter().map(At::nowhere).collect()
        })),
        api_key,
        aws,
        region: written.region.or_else(|| known.and_then(|preset| preset.region.clone()).map(At::nowhere)),
        maker: written.maker.or_else(|| known.and_then(|preset| text(&preset.maker))),
        host: Some(written.host.unwrap_or_else(|| {
            At::nowhere(known.map_or_else(|| name.value.clone(), |preset| preset.host.clone()))
        })),
        stream_usage: Some(
            written
                .stream_usage
                .unwrap_or_else(|| At::nowhere(known.is_none_or(|preset| preset.stream_usage))),
        ),
        stops_billing_on_abort: written
            .stops_billing_on_abort
            .or_else(|| known.and_then(|preset| preset.stops_billing_on_abort).map(At::nowhere)),
        ..written
    };
    Account { filled: Named { name, body: filled }, preset, manners, protocol }
}

/// What the catalogue knows of a provider: all that its preset says, but only manners where nothing but its name says that
/// the preset's supplier is at its address.
pub(crate) fn known_of(provider: &Named<Provider>) -> Option<Arc<ProviderEntry>> {
    let body = &provider.body;
    let written = body.preset.as_ref().map(|preset| preset.as_str());
    let preset = catalogue::provider(written.unwrap_or(provider.name.as_str()))?;
    let url = body.base_url.as_ref().map(|url| url.as_str());
    let is_likened = written.is_none() && url.is_some_and(|url| is_elsewhere(&preset, url));
    Some(if is_likened { manners_alone(preset) } else { preset })
}

/// Whether `url` leads elsewhere than to the preset's supplier, whose own addresses in other regions lie below the usual one's
/// name (`eu.api.openai.com`). Accounts with an address of their own (Azure) and own engines are wherever they are.
fn is_elsewhere(preset: &ProviderEntry, url: &str) -> bool {
    const OWN_MACHINES: &str = "own";
    let usual = preset.base_url.as_deref().filter(|_| preset.host != OWN_MACHINES).and_then(host_of);
    let Some((usual, here)) = usual.zip(host_of(url)) else { return false };
    here != usual && !here.ends_with(&format!(".{usual}"))
}

fn host_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    uri.host().map(str::to_ascii_lowercase)
}

/// How a supplier of that name is spoken to, without what only the supplier itself has: models, prices, maker, machines, and
/// what else it takes.
fn manners_alone(preset: Arc<ProviderEntry>) -> Arc<ProviderEntry> {
    let preset = Arc::unwrap_or_clone(preset);
    Arc::new(ProviderEntry {
        also: Protocols::NONE,
        host: "unknown".to_owned(),
        maker: None,
        region: None,
        stops_billing_on_abort: None,
        quirks: Quirks::default(),
        models: Vec::new(),
        ..preset
    })
}

/// The preset whose supplier the protocol is named after: it says which header holds the key, or for what AWS signs, where
/// nothing else does.
fn reference(protocol: Protocol) -> Option<Arc<ProviderEntry>> {
    const MAKERS_OWN: [(Protocol, &str); 6] = [
        (Protocol::OpenaiChat, "openai"),
        (Protocol::OpenaiResponses, "openai"),
        (Protocol::AnthropicMessages, "anthropic"),
        (Protocol::Gemini, "gemini"),
        (Protocol::BedrockConverse, "bedrock"),
        (Protocol::CohereChat, "cohere"),
    ];
    let (_, name) = MAKERS_OWN.iter().find(|(named, _)| *named == protocol)?;
    catalogue::provider(name)
}

/// A bare address gets the path that the account's kind has there; one with a path is taken as it is.
fn with_base_path(url: String, base_path: Option<&str>) -> String {
    let Some(base_path) = base_path else { return url };
    let bare = url.trim_end_matches('/');
    let has_path = bare.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { url } else { format!("{bare}{base_path}") }
}

impl Account {
    /// The name in the configuration.
    pub(crate) fn name(&self) -> &str {
        &self.filled.name.value
    }

    /// The address, with its path.
    pub(crate) fn base_url(&self) -> &str {
        self.filled.body.base_url.as_ref().map_or("", |url| url.value.as_str())
    }

    /// What else is spoken at its address.
    pub(crate) fn also(&self) -> Protocols {
        self.filled.body.also.iter().flatten().map(|protocol| protocol.value).collect()
    }

    /// Whether `protocol` is spoken at its address.
    pub(crate) fn speaks(&self, protocol: Protocol) -> bool {
        protocol == self.protocol || self.also().contains(protocol)
    }

    /// The beta features that it takes.
    pub(crate) fn betas(&self) -> gateway::snapshot::Betas {
        let betas: Vec<&str> = self.filled.body.betas.iter().flatten().map(|beta| beta.as_str()).collect();
        gateway::snapshot::Betas::of(&betas)
    }

    /// How its models want to be spoken to.
    pub(crate) fn quirks(&self) -> Quirks {
        let usual = self.preset.as_ref().map(|preset| preset.quirks).unwrap_or_default();
        self.filled.body.quirks.iter().fold(usual, |set, quirk| set.union(quirk.value))
    }

    /// Whether the catalogue does not know its address.
    pub(crate) fn address_is_its_own(&self) -> bool {
        self.preset.as_ref().is_none_or(|preset| preset.base_url.as_deref() != Some(self.base_url()))
    }

    /// Whether only its name says that a supplier of the catalogue is there, and its address says otherwise: an own engine that
    /// speaks as that supplier does, or something on the way to it.
    pub(crate) fn is_likened(&self) -> bool {
        self.preset.is_some() && self.filled.body.preset.is_none()
    }

    /// Where to point when something is wrong with the account: what the file says of it.
    pub(crate) fn place(&self) -> std::ops::Range<usize> {
        self.filled.name.at.clone()
    }

    fn is_makers_own(&self) -> bool {
        let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
        self.filled.body.maker.is_some() && text(&self.filled.body.maker) == text(&self.filled.body.host)
    }

    /// Whether a request without a key is sure to be refused.
    pub(crate) fn needs_key(&self) -> bool {
        let keyed = self
            .preset
            .as_ref()
            .is_some_and(|preset| preset.auth != Auth::None && !preset.key_env.is_empty());
        keyed && !self.is_local()
    }

    /// Whether it runs on this machine.
    fn is_local(&self) -> bool {
        let host = host_of(self.base_url()).unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}
