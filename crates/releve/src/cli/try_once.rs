//! `releve try`: one request from the terminal, streamed, and then who served it, why, and what it cost.
//!
//! It goes through the gateway like any product's: through the one that runs with this ledger, else through one that is
//! started for it and ended after it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::rc::Rc;

use catalogue::Protocol;
use gateway::snapshot::{Product, Route, RouteIndex, Snapshot};
use secrecy::{ExposeSecret, SecretString};
use store::{KeyHash, Keys, Reader, StoreError, Story};
use tokio::task::LocalSet;
use upstream::{Pool, TargetOptions, TcpDial, TlsOptions};

use super::eligibility::protocols;
use super::terminal::Terminal;
use super::{CliError, Desk, Exit, admin, explain};
use crate::client::{Answer, Client, NoClient, Question, Unanswered};
use crate::engine;
use crate::serve::{self, Plan, StartError};
use crate::settings::Settings;

/// The variable that holds a product's key.
const KEY_VARIABLE: &str = "RELEVE_API_KEY";

/// What to ask, and whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to ask.
    text: String,
    /// A route, an alias, PROVIDER/MODEL or a bare model id; without it the default route, or the first.
    #[arg(long, short, value_name = "NAME")]
    model: Option<String>,
    /// The protocol to speak, openai-chat or anthropic-messages; without it, that of the route's deployments where it is one of
    /// them.
    #[arg(long, value_name = "NAME")]
    protocol: Option<Protocol>,
    /// A product's key, once keys exist; `RELEVE_API_KEY` keeps it out of the shell's history.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The most that the model may write, in tokens.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// Instructions that go before the text.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// A running gateway's address, where it is not the one of the configuration.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// Asks, shows the answer as it comes, then tells its story.
pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = settings(arguments, desk)?;
    if settings.resolved.effective.providers.is_empty() {
        let none = CliError::usage("no provider: there is nobody to ask");
        return Err(none.mend("set a key such as OPENAI_API_KEY, or write releve.toml (`releve init`)"));
    }
    let key = arguments.key.as_deref().or_else(|| desk.environment.get(KEY_VARIABLE)).map(SecretString::from);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asking = runtime.block_on(Asking::of(arguments, &settings, key))?;
    LocalSet::new().block_on(&runtime, asking.run(arguments, &settings, desk, terminal))
}

/// A gateway that runs has the suppliers' secrets: who only asks it needs none of them.
fn settings(arguments: &Arguments, desk: &Desk<'_>) -> Result<Settings, CliError> {
    if arguments.url.is_some() || is_served(&desk.described()?) { desk.shown() } else { desk.settings() }
}

fn is_served(settings: &Settings) -> bool {
    let ledger = settings.loaded.config.ledger.url.path(&settings.loaded.folder);
    // Where that cannot be seen, trying to serve says why.
    store::is_served(&ledger).unwrap_or(false)
}

/// What the request will be.
struct Asking {
    model: String,
    protocol: Protocol,
    key: Option<SecretString>,
    ledger: PathBuf,
}

impl Asking {
    async fn of(
        arguments: &Arguments,
        settings: &Settings,
        key: Option<SecretString>,
    ) -> Result<Self, CliError> {
        let snapshot = &settings.resolved.snapshot;
        let ledger = settings.loaded.config.ledger.url.path(&settings.loaded.folder);
        let product = product(snapshot, &ledger, key.as_ref(), arguments.url.is_some())?;
        let route = match &arguments.model {
            Some(model) => snapshot.names.find(model).or_else(|| product?.default_route),
            None => Some(usual_route(snapshot, product)?),
        };
        let guessed = || route.and_then(|route| protocol_of(snapshot, route));
        let model = match (&arguments.model, route) {
            (Some(model), _) => model.clone(),
            (None, Some(route)) => name_to_ask_for(snapshot, route).await?,
            (None, None) => String::new(),
        };
        let protocol = arguments.protocol.or_else(guessed).unwrap_or(Protocol::OpenaiChat);
        Ok(Self { model, protocol, key, ledger })
    }

    async fn run(
        &self,
        arguments: &Arguments,
        settings: &Settings,
        desk: &Desk<'_>,
        terminal: &mut Terminal,
    ) -> Result<Exit, CliError> {
        let gateway = Gateway::reach(arguments, settings, desk)?;
        let mut text = String::new();
        let answered = self.ask(arguments, &gateway, &mut text, terminal).await?;
        gateway.let_go().await?;
        let id = match &answered {
            Ok(answer) => answer.head.request_id.as_deref(),
            Err(why) => why.head.request_id.as_deref(),
        };
        let story = id.map(|id| self.story(id)).transpose()?.flatten();
        if terminal.json() {
            return answer_in_json(answered, &text, story.as_ref(), terminal);
        }
        if !text.is_empty() {
            terminal.line(if text.ends_with('\n') { "" } else { "\n" })?;
        }
        if let Some(story) = &story {
            explain::tell(story, terminal)?;
        }
        match answered {
            Ok(_) if story.is_some() => Ok(Exit::Done),
            Ok(answer) => told_elsewhere(&answer, terminal),
            Err(why) => Err(failed(&why, story.is_some())),
        }
    }

    async fn ask(
        &self,
        arguments: &Arguments,
        gateway: &Gateway,
        text: &mut String,
        terminal: &mut Terminal,
    ) -> Result<Result<Answer, Unanswered>, CliError> {
        let pool = Rc::new(Pool::new(TcpDial));
        let client = Client::new(pool, &gateway.url, self.protocol, self.key.as_ref(), gateway.options()?)?;
        let question = Question {
            model: &self.model,
            system: arguments.system.as_deref(),
            user: &arguments.text,
            stream: true,
            max_tokens: arguments.max_tokens,
        };
        let json = terminal.json();
        let mut written: io::Result<()> = Ok(());
        let answered = client.ask(&question, |piece| {
            text.push_str(piece);
            if !json && written.is_ok() {
                let out = terminal.out();
                written = out.write_all(piece.as_bytes()).and_then(|()| out.flush());
            }
        });
        let answered = answered.await;
        written?;
        Ok(answered)
    }

    /// What the ledger says of the request; `None` where another ledger holds it, or none.
    fn story(&self, id: &str) -> Result<Option<Story>, CliError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        match Reader::open(&self.ledger) {
            Ok(reader) => Ok(reader.get(id)?),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The product that will ask: the key's; while there are no keys, the one that stands for everybody. Of a gateway
/// elsewhere nothing is known.
fn product<'a>(
    snapshot: &'a Snapshot,
    ledger: &std::path::Path,
    key: Option<&SecretString>,
    elsewhere: bool,
) -> Result<Option<&'a Product>, CliError> {
    if elsewhere {
        return Ok(None);
    }
    let in_force = Keys::open(ledger)?.in_force()?;
    if !in_force.any_issued {
        return Ok(snapshot.keyless.map(|index| &snapshot.products[index]));
    }
    let how =
        format!("give one with --key or in {KEY_VARIABLE}; `releve keys create --product NAME` makes one");
    let Some(key) = key else {
        return Err(CliError::usage("products have keys here, so a request needs one").mend(how));
    };
    let hash = KeyHash::of(key.expose_secret().as_bytes());
    let Some(known) = in_force.keys.iter().find(|known| known.hash == hash) else {
        return Err(CliError::usage("this key is not in force").mend(how));
    };
    Ok(snapshot.products.iter().find(|product| product.name == known.product))
}

/// The route's name; of an open one (`house/*`) the first model that is there.
async fn name_to_ask_for(snapshot: &Snapshot, route: RouteIndex) -> Result<String, CliError> {
    let name = &snapshot.routes[route].name;
    if !name.contains('*') {
        return Ok(name.to_string());
    }
    engine::first_name(snapshot, route).await.ok_or_else(|| {
        let provider = name.trim_end_matches("/*");
        CliError::usage(format!("{provider} does not say which models it has"))
            .mend(format!("name one with --model {provider}/MODEL"))
    })
}

/// The product's default route, else the first that it may use.
fn usual_route(snapshot: &Snapshot, product: Option<&Product>) -> Result<RouteIndex, CliError> {
    let usable = |route: &RouteIndex| product.is_none_or(|product| snapshot.may_use(product, *route));
    // A pattern is nothing to ask for, unless somebody can be asked what there is.
    let first = |direct, pattern| {
        let mut routes =
            (0..snapshot.routes.len()).filter(usable).map(|route| (route, &snapshot.routes[route]));
        let fits = |route: &Route| route.direct == direct && route.name.contains('*') == pattern;
        routes.find(|(_, route)| fits(route)).map(|(index, _)| index)
    };
    let default = product.and_then(|product| product.default_route);
    let any = default.or_else(|| first(false, false)).or_else(|| first(true, false));
    any.or_else(|| first(true, true)).ok_or_else(|| {
        CliError::usage("there is no route to ask").mend("name a model with --model, or add [routes.NAME]")
    })
}

/// The first protocol of the route's deployments that we speak.
fn protocol_of(snapshot: &Snapshot, route: RouteIndex) -> Option<Protocol> {
    protocols(snapshot, route).into_iter().find(|protocol| Client::speaks(*protocol))
}

/// The gateway that is asked.
struct Gateway {
    url: String,
    /// Started for this request alone.
    own: Option<serve::Running>,
}

impl Gateway {
    /// The one that runs with this ledger, else a new one on a free port of loopback.
    fn reach(arguments: &Arguments, settings: &Settings, desk: &Desk<'_>) -> Result<Self, CliError> {
        if let Some(url) = &arguments.url {
            return Ok(Self { url: url.trim_end_matches('/').to_owned(), own: None });
        }
        if is_served(settings) {
            return Self::running(settings);
        }
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let usual = Plan::of(settings, desk.environment)?;
        let plan = Plan {
            listen: any,
            admin_listen: any,
            tls: None,
            admin_token: None,
            threads: NonZero::new(1),
            ..usual
        };
        match serve::start(plan, &settings.resolved) {
            Ok(running) => Ok(Self { url: format!("http://{}", running.listen), own: Some(running) }),
            Err(StartError::Ledger(StoreError::InUse { .. })) => Self::running(settings),
            Err(error) => Err(error.into()),
        }
    }

    fn running(settings: &Settings) -> Result<Self, CliError> {
        let server = &settings.loaded.config.server;
        if server.tls.is_some() {
            let error = CliError::usage("a gateway runs with this ledger, and wants TLS");
            return Err(error.mend("say where, by the name in its certificate: --url https://HOST:PORT"));
        }
        Ok(Self { url: format!("http://{}", admin::reachable(*server.listen)), own: None })
    }

    fn options(&self) -> Result<TargetOptions, CliError> {
        if !self.url.starts_with("https://") {
            return Ok(TargetOptions::default());
        }
        let tls = upstream::client_config(&TlsOptions::default())
            .map_err(|error| CliError::failed(error.to_string()))?;
        Ok(TargetOptions { tls: Some(tls), ..TargetOptions::default() })
    }

    async fn let_go(self) -> Result<(), CliError> {
        match self.own {
            Some(running) => {
                running.stop().await.map_err(|unwritten| CliError::failed(unwritten.to_string()))
            }
            None => Ok(()),
        }
    }
}

fn answer_in_json(
    answered: Result<Answer, Unanswered>,
    text: &str,
    story: Option<&Story>,
    terminal: &mut Terminal,
) -> Result<Exit, CliError> {
    let answer = answered.map_err(|why| failed(&why, story.is_some()))?;
    let documents = story.map(explain::Documents::of).transpose()?;
    terminal.answer(&serde_json::json!({
        "text": text,
        "finish": answer.finish,
        "request_id": answer.head.request_id,
        "deployment": answer.head.deployment,
        "takeover": answer.head.takeover,
        "ledger": documents,
    }))?;
    Ok(Exit::Done)
}

/// All that is known where the entry is in a ledger that we cannot read.
fn told_elsewhere(answer: &Answer, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let by = answer.head.deployment.as_deref().unwrap_or("a deployment that was not named");
    let id = answer.head.request_id.as_deref().unwrap_or("without an id");
    terminal.line(format_args!("{id}  answered by {by}; its entry is in that gateway's own ledger"))?;
    Ok(Exit::Done)
}

fn failed(why: &Unanswered, is_entered: bool) -> CliError {
    let error = CliError::failed(format!("no answer: {why}"));
    match why.head.request_id.as_ref().filter(|_| is_entered) {
        Some(id) => error.mend(format!("`releve explain {id}` tells who was asked")),
        None if why.trouble.is_of_trust() => {
            error.mend("SSL_CERT_FILE=ca.pem names the authorities to trust, where they are not the system's")
        }
        None => error.mend("`releve check` says what each product could use"),
    }
}

impl From<NoClient> for CliError {
    fn from(error: NoClient) -> Self {
        Self::usage(error.to_string())
    }
}
