//! `releve demo`: a weekend in a minute. Five products ask, six simulated suppliers answer, some of them fail, and the
//! real gateway stands between: its own listeners, its own ledger, its own configuration file.
//!
//! **For**: seeing what Relève does before connecting anything to it. Needs no key and no network.
//!
//! **Promises**: nothing is counted by the gateway alone. Products judge answers as SDKs do, suppliers write invoices of
//! their own, and the end holds both against the ledger. Writes two files into the working folder, and replaces only
//! those of an earlier demo. It measures how late the machine was, and says so where the times it shows may be the machine's.
//!
//! **Never**: talks to anything but this machine, or plays a trick on the gateway: what is served is [`crate::serve`].

mod cast;
mod files;
mod lateness;
mod money;
mod picture;
mod play;
mod report;
mod screen;
mod stage;
mod story;
mod tally;
mod traffic;
mod view;

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use ledger::Summary;
use secrecy::SecretString;
use store::{Keys, Period, Reader, StoreError};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};

pub(crate) use self::files::FilesError;
pub(crate) use self::report::Report;
pub(crate) use self::screen::{Say, Shown};

use self::cast::{Addresses, PRODUCTS};
use self::files::{CONFIG, KEY_NAME, LEDGER};
use self::lateness::Lateness;
use self::play::Play;
use self::report::Asked;
use self::screen::Screen;
use self::stage::{Stage, StageError};
use self::tally::Tally;
use self::traffic::Traffic;
use crate::client::NoClient;
use crate::config::environment::Environment;
use crate::config::source::Source;
use crate::resolve::Context;
use crate::serve::{self, Plan, Running, StartError};
use crate::settings::{self, Settings, SettingsError};

/// The gateway has little to do here; the suppliers and products need the other cores.
const GATEWAY_THREADS: usize = 2;
/// Ports are found free and taken a moment later; another program may come first.
const START_TRIES: usize = 5;
/// The longest that the last answers are waited for.
const LONGEST_END: Duration = Duration::from_secs(70);

/// What is wanted of a demo.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    /// How long the story takes; the last answers come on top.
    pub(crate) length: Duration,
    pub(crate) seed: u64,
    /// Requests a second, of all products together.
    pub(crate) rate: f64,
    pub(crate) shown: Shown,
    /// How this program was called, for the commands to go on with.
    pub(crate) program: String,
}

/// Why there was no demo, or no end to it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Ledger(#[from] StoreError),
    #[error(transparent)]
    Unwritten(#[from] store::Unwritten),
    #[error(transparent)]
    Client(#[from] NoClient),
    #[error("{0} within {LONGEST_END:?}")]
    Endless(&'static str),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Plays the weekend in `folder`. `say` takes the lines, where it is shown in lines.
pub(crate) fn run(wishes: &Wishes, folder: &Path, say: &mut Say<'_>) -> Result<Report, DemoError> {
    if files::make_room(folder)? {
        say(&format!("An earlier demo's {CONFIG} and {LEDGER} were here; this one takes their place."))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, weekend(wishes, folder, say))
}

async fn weekend(wishes: &Wishes, folder: &Path, say: &mut Say<'_>) -> Result<Report, DemoError> {
    let stage = Stage::open(wishes.seed).await?;
    // Before the gateway starts: without any key it would take everybody for one product.
    let keys = issue_keys(&folder.join(LEDGER))?;
    let (running, settings) = open_gateway(&stage, folder)?;
    let tally = Rc::new(RefCell::new(Tally::new(&settings.resolved.snapshot)));
    let traffic = Traffic::new(running.listen, &keys, wishes.seed, wishes.rate)?;
    let (stop, stopped) = watch::channel(false);
    let late = Lateness::measured();
    let traffic = spawn_local(traffic.run(Rc::clone(&tally), stopped));

    // The screen is given back before anything else is said.
    let played = {
        let screen = Screen::open(wishes.shown, wishes.length / 10, say)?;
        let mut play = Play::new(stage, Rc::clone(&tally), running.shared.clone(), screen, wishes.length);
        let played = play.run().await;
        stop.send_replace(true);
        match played {
            Ok(()) => play.end(traffic).await,
            Err(error) => Err(error),
        }
    };
    let took = tally.borrow().elapsed();
    running.stop().await?;
    played?;
    let summary = read_ledger(&folder.join(LEDGER))?;
    let asked = Asked { seed: wishes.seed, took, late: late.get(), program: &wishes.program };
    Ok(Report::new(&tally.borrow(), &summary, &asked))
}

/// Starts the gateway as `serve` would, on free ports, with the configuration that stays behind.
fn open_gateway(stage: &Stage, folder: &Path) -> Result<(Running, Settings), DemoError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let [listen, admin_listen] = free_ports()?;
        let addresses = Addresses { listen, admin_listen, suppliers: stage.addresses() };
        let text = cast::configuration(&addresses, LEDGER);
        let path = folder.join(CONFIG);
        std::fs::write(&path, &text).map_err(|source| FilesError::Io { path: path.clone(), source })?;
        // The person's own keys and proxies are no business of a demo.
        let environment = Environment::default();
        let context = Context { environment: &environment, previous: None };
        let settings = settings::read_text(Source::new(path.display().to_string(), text), folder, &context)?;
        let plan = Plan { threads: NonZero::new(GATEWAY_THREADS), ..Plan::of(&settings, &environment)? };
        match serve::start(plan, &settings.resolved) {
            Ok(running) => return Ok((running, settings)),
            Err(StartError::Listen { .. }) if tries < START_TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Two ports of loopback that nobody listens on.
fn free_ports() -> io::Result<[SocketAddr; 2]> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (TcpListener::bind(any)?, TcpListener::bind(any)?);
    Ok([one.local_addr()?, other.local_addr()?])
}

/// One virtual key a product, in their order.
fn issue_keys(ledger: &Path) -> Result<Vec<SecretString>, StoreError> {
    let mut keys = Keys::open(ledger)?;
    let secret = |product: &cast::Product| Ok(keys.create(product.name, KEY_NAME)?.secret.reveal().into());
    PRODUCTS.iter().map(secret).collect()
}

fn read_ledger(path: &Path) -> Result<Summary, StoreError> {
    Reader::open(path)?.summary(Period::default())
}
