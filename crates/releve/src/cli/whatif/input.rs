//! What a what-if starts from: the configuration, what was recorded, how suppliers are, and what is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use evidence::FileRecord;
use gateway::snapshot::Snapshot;
use jiff::civil::Date;
use ledger::Record;
use scenario::event::{Scenario, Target};
use scenario::fit::{Fitted, fit};
use scenario::maker::Meaning;
use scenario::replay::{Backtest, PlayedEstate, RESAMPLES, Reader, Recording, Reported, backtest};
use scenario::{DomainKind, PROVING_REQUESTS};
use store::{Act, Extent, StoreError};

use super::super::terminal::Terminal;
use super::super::{CliError, Desk};
use super::budgets::Budgets;
use super::meant::Shares;
use super::shipped::SCENARIOS;
use super::{Arguments, arrivals, estate, trace};
use crate::config::problem::nearest;
use crate::config::scenario as file;
use crate::config::source::Source;
use crate::posture::Held;
use crate::report;
use crate::settings::{Settings, SettingsError};

/// See the module.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) estate: PlayedEstate,
    /// What holds of whom, by decisions on record and contracts.
    pub(super) held: Held,
    pub(super) recording: Recording,
    pub(super) fitted: Fitted,
    pub(super) backtest: Option<Backtest>,
    /// What a report knows; `None` where nobody asks for the price of insurance.
    pub(super) reported: Option<Reported>,
    /// By product and deployment.
    pub(super) proven: Vec<Vec<bool>>,
    /// How long suppliers were watched, in milliseconds.
    pub(super) known_ms: u64,
    /// The file that the requests come from, without its folder.
    pub(super) source: String,
    /// The same file as it was read, where it is no ledger.
    pub(super) trace: Option<FileRecord>,
    /// The ledger, and the part of it that was read; `None` where there is none.
    pub(super) ledger: Option<(PathBuf, Extent)>,
    /// How budgets stand when the scenario begins.
    pub(super) budgets: Budgets,
    /// The day that dates are held against.
    pub(super) day: Date,
    /// The configuration that it was read with.
    pub(super) settings: Arc<Settings>,
}

/// A scenario, and the file that it was read from.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) scenario: Scenario,
    pub(super) file: Option<Source>,
    /// Why it takes nobody away, where it does not.
    pub(super) takes_nobody: Option<String>,
}

pub(super) fn read(
    arguments: &Arguments,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<Input, CliError> {
    let settings = desk.described()?;
    let day = arguments.day.day();
    names(arguments, &estate::of(&settings, &estate::held(&settings, &[], day)))?;
    terminal.doing("reading what was recorded")?;
    let held = estate::held(&settings, &decisions(arguments, desk)?, day);
    let mut estate = estate::of(&settings, &held);
    let from_ledger = ledger(arguments, desk, &estate);
    let configured = || report::estate(&settings.resolved, &held);
    let wants = !arguments.in_short && !arguments.backtest;
    let mut trace = None;
    // Suppliers are as the ledger knows them, if there is one: `known` where the requests are a file's.
    let (recording, path, ledger, known) = match &arguments.trace {
        Some(path) => {
            let (traced, file) = trace::read(path, &estate, &routes(&settings))?;
            trace = Some(file);
            let (known, ledger) = from_ledger.ok().map(|(known, path, read)| (known, (path, read))).unzip();
            (traced, path.clone(), ledger, known)
        }
        None => {
            from_ledger.map(|(recording, path, read)| (recording, path.clone(), Some((path, read)), None))?
        }
    };
    if recording.traffic.asks.is_empty() {
        return Err(CliError::failed(format!("{} holds no request to play again", path.display())).mend(
            "`releve demo` leaves a ledger, --trace takes arrivals from a file, --ledger names another",
        ));
    }
    let reported = match ledger.as_ref().filter(|_| wants) {
        Some((path, extent)) => {
            let (seen, traffic) = report::seen(&settings, &held, &store::Reader::open(path)?, extent)?;
            Some(if trace.is_some() {
                Reported::of_asks(seen, &estate, &recording.traffic)
            } else {
                Reported { estate: seen, traffic }
            })
        }
        None => wants.then(|| Reported::of_asks(configured(), &estate, &recording.traffic)),
    };
    let seen = known.as_ref().unwrap_or(&recording);
    estate.take_limits(&seen.samples);
    let length = seen.samples.list.iter().map(|sample| sample.at_ms + 1).max().unwrap_or(1);
    let fitted = fit(&seen.samples, &estate, length, seen.traffic.began_unix_ms);
    let proven = (0..estate.products.len())
        .map(|product| {
            let served = |index: usize| {
                seen.served.get(&(product, index)).is_some_and(|(count, _)| *count >= PROVING_REQUESTS)
            };
            let approved = &estate.products[product].approved;
            (0..estate.deployments.len()).map(|index| served(index) || approved.contains(&index)).collect()
        })
        .collect();
    // A file says who asks, not what came of it.
    let has_outcomes = trace.is_none() || known.is_some();
    let backtest = has_outcomes.then(|| backtest(seen, &estate, arguments.seed, RESAMPLES)).flatten();
    let source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let settings = Arc::new(settings);
    Ok(Input {
        budgets: Budgets::read(&settings, ledger.as_ref(), day)?,
        known_ms: seen.traffic.length_ms,
        estate,
        held,
        recording,
        fitted,
        backtest,
        reported,
        proven,
        source,
        trace,
        ledger,
        day,
        settings,
    })
}

/// What people have decided by the end of the period; nothing where there is no ledger, which is said where one is needed.
fn decisions(arguments: &Arguments, desk: &Desk<'_>) -> Result<Vec<Act>, CliError> {
    match store::Reader::open(&desk.ledger(&arguments.ledger)?) {
        Ok(ledger) => Ok(report::period(&ledger, arguments.period.period()?)?.1),
        Err(StoreError::Missing { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Losses to try, whoever carried most first; else why none can be told, where nothing is recorded yet.
pub(super) fn losses(
    arguments: &Arguments,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<Result<Vec<String>, String>, CliError> {
    // Who names what to read wants to hear that it is not there.
    let is_told = arguments.trace.is_some() || arguments.ledger.ledger.is_some();
    match read(arguments, desk, terminal) {
        Ok(input) => {
            let mut losses = Shares::of(&input.recording, &input.estate).losses();
            losses.retain(|loss| input.takes_somebody(loss));
            Ok(Ok(losses))
        }
        Err(none @ (CliError::Failed { .. } | CliError::Store { source: StoreError::Missing { .. } }))
            if !is_told =>
        {
            Ok(Err(none.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Refuses a name that there is not, before a ledger is read, which takes its time.
fn names(arguments: &Arguments, estate: &PlayedEstate) -> Result<(), CliError> {
    let shares = Shares::unread(estate);
    let is_maker = |target: &Target| target.kind() == Some(DomainKind::Maker);
    if arguments.meaning != Meaning::Gone && !arguments.lose.iter().any(is_maker) {
        return Err(CliError::usage("--as says what the loss of a maker means, and no maker is lost")
            .mend("name one: --lose maker:NAME"));
    }
    for target in &arguments.lose {
        known(target, &shares)?;
    }
    if let Some(name) = &arguments.scenario {
        named(name, &shares)?;
    }
    Ok(())
}

fn known(target: &Target, shares: &Shares) -> Result<Target, CliError> {
    let name = shares.meant(&target.to_string()).map_err(|mend| {
        CliError::usage(format!("there is no \"{target}\" in this configuration")).mend(mend)
    })?;
    name.parse().map_err(|error: scenario::InvalidDomain| CliError::usage(error.to_string()))
}

/// Why a loss takes nobody away, for whoever asked what it would do: that is an answer. And what to ask else.
fn nobody(meaning: Meaning) -> [&'static str; 2] {
    match meaning {
        Meaning::Frozen => [
            "nothing of it is switched off within a year, so today's traffic is served as before",
            "`releve whatif frozen-supplier` plays what comes of it in time",
        ],
        Meaning::ApiStops => {
            ["nothing is asked of its own API here", "host:NAME or provider:NAME takes who runs it"]
        }
        Meaning::HostsMayNot => [
            "nobody but itself runs it here, or by open weights or rights that last",
            "`--as api` takes its own API",
        ],
        Meaning::Gone => [
            "whoever runs it here has open weights, or rights that last",
            "host:NAME or provider:NAME takes who runs it",
        ],
        Meaning::TermsChange => [
            "its weights are open and run elsewhere, or prices are promised",
            "host:NAME or provider:NAME takes who runs it",
        ],
    }
}

fn ledger(
    arguments: &Arguments,
    desk: &Desk<'_>,
    estate: &PlayedEstate,
) -> Result<(Recording, PathBuf, Extent), CliError> {
    let path = desk.ledger(&arguments.ledger)?;
    let ledger = store::Reader::open(&path)?;
    let mut reader = Reader::new(estate);
    let (extent, _) = report::period(&ledger, arguments.period.period()?)?;
    for booked in ledger.export(extent.period)? {
        let booked = booked?;
        let record = booked.record().map_err(|source| StoreError::Record { seq: booked.seq, source })?;
        if let Record::Settlement(entry) = record {
            reader.add(&entry);
        }
    }
    Ok((reader.finish(), path, extent))
}

/// By product, the route of requests that name none.
fn routes(settings: &Settings) -> Vec<Option<u16>> {
    let snapshot: &Snapshot = &settings.resolved.snapshot;
    let of = |product: &gateway::snapshot::Product| {
        let only = product.routes.as_ref().and_then(|routes| routes.first().copied());
        product.default_route.or(only).and_then(|route| u16::try_from(route).ok())
    };
    snapshot.products.iter().map(of).collect()
}

impl Input {
    /// The same target, if the configuration has it.
    pub(super) fn known(&self, target: &Target) -> Result<Target, CliError> {
        known(target, &Shares::of(&self.recording, &self.estate))
    }

    /// What is asked.
    pub(super) fn scenario(&self, arguments: &Arguments) -> Result<Asked, CliError> {
        let shares = Shares::of(&self.recording, &self.estate);
        let mut asked = match &arguments.scenario {
            Some(name) => named(name, &shares)?,
            None => self.losses(&arguments.lose, arguments)?,
        };
        // A file without events asks how it goes on as it is.
        let is_calm = asked.file.is_some() && asked.scenario.events.is_empty();
        if !is_calm && asked.takes_nobody.is_none() && !self.does_something(&asked.scenario) {
            let name = &asked.scenario.name;
            if asked.file.is_some() {
                return Err(CliError::usage(format!("in {name} nothing happens to anybody who is here"))
                    .mend("look at its `on`, `times`, `slower` and `errors`, and whether weights are open"));
            }
            asked.takes_nobody = Some(format!(
                "{name} takes nobody away whom a route that was asked for lists (`releve routes` shows who is listed)"
            ));
        }
        if arguments.no_herd {
            asked.scenario.herd = None;
        }
        if let Some(nobody) = &mut asked.takes_nobody {
            let herd = "; what the crowd does that it sends to the others is all that is played";
            *nobody += if asked.scenario.herd.is_some() { herd } else { "; all is as before" };
        }
        arrivals::place(&mut asked.scenario, &self.estate, &self.settings.resolved.effective);
        Ok(asked)
    }

    /// By deployment, whether a route lists it that was asked for.
    fn listed(&self) -> Vec<bool> {
        let mut listed = vec![false; self.estate.deployments.len()];
        for ask in &self.recording.traffic.asks {
            for entry in &self.estate.routes[usize::from(ask.route)].entries {
                listed[entry.deployment.0 as usize] = true;
            }
        }
        listed
    }

    /// Whether a loss is one, for today's traffic.
    fn takes_somebody(&self, loss: &str) -> bool {
        let day = Duration::from_hours(24);
        loss.parse().is_ok_and(|target| {
            self.does_something(&Scenario::loss(&target, Meaning::Gone, day, &self.estate))
        })
    }

    /// Whether anything changes for anybody who is asked.
    fn does_something(&self, scenario: &Scenario) -> bool {
        scenario.does_something(&self.estate, &self.listed())
    }

    fn losses(&self, lost: &[Target], arguments: &Arguments) -> Result<Asked, CliError> {
        let mut whole: Option<Scenario> = None;
        for target in lost {
            let target = self.known(target)?;
            let loss = Scenario::loss(&target, arguments.meaning, arguments.span(), &self.estate);
            whole = Some(match whole {
                None => loss,
                Some(mut whole) => {
                    whole.name = format!("{} and {target}", whole.name);
                    whole.events.extend(loss.events);
                    whole.herd = whole.herd.or(loss.herd);
                    whole
                }
            });
        }
        let scenario = whole.ok_or_else(|| CliError::usage("nobody is lost"))?;
        let takes_nobody = scenario.events.is_empty().then(|| {
            let [why, mend] = nobody(arguments.meaning);
            format!("{} takes nobody away: {why} ({mend})", scenario.name)
        });
        Ok(Asked { scenario, file: None, takes_nobody })
    }
}

/// One that ships, or a file.
fn text(name: &str) -> Result<Source, CliError> {
    let shipped = SCENARIOS.iter().find(|(known, _)| *known == name);
    Ok(match shipped {
        Some((name, text)) => Source::new(format!("{name}.toml"), *text),
        None => match std::fs::read_to_string(name) {
            Ok(text) => Source::new(name, text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let near = nearest(name, SCENARIOS.iter().map(|(known, _)| *known));
                let mend = near.map_or_else(
                    || "`releve whatif` lists them".to_owned(),
                    |near| format!("did you mean \"{near}\"?"),
                );
                return Err(
                    CliError::usage(format!("there is no scenario and no file \"{name}\"")).mend(mend)
                );
            }
            Err(error) => return Err(CliError::usage(format!("cannot read {name}: {error}"))),
        },
    })
}

fn named(name: &str, shares: &Shares) -> Result<Asked, CliError> {
    let source = text(name)?;
    let read = file::read(&source, &|name| shares.meant(name)).map_err(SettingsError::Wrong)?;
    let usual = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    let scenario = if read.name.is_empty() { Scenario { name: usual.to_owned(), ..read } } else { read };
    Ok(Asked { scenario, file: Some(source), takes_nobody: None })
}
