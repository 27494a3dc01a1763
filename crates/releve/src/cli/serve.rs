//! `releve serve`: the gateway in front of real suppliers, until it is told to stop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit, words};
use crate::config::problem::Problem;
use crate::engine;
use crate::log;
use crate::serve::{self, FileWatch, Plan, Reloaded, Reloader, Running, StartError};
use crate::settings::Settings;

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Threads that serve requests; one a core if not said.
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        let failed = Self::failed(error.to_string());
        match error {
            StartError::OpenToAll(_) => failed.mend(serve::CREATE_A_KEY),
            StartError::State(_) => failed.mend(serve::GIVE_THE_KEY_BACK),
            _ => failed,
        }
    }
}

/// Serves until SIGTERM or SIGINT; reads the configuration again when its file changes and on SIGHUP.
pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let settings = desk.settings()?;
    let _log = log::start(desk.environment, terminal.json()).map_err(|error| {
        CliError::usage(format!("{} is no filter: {error}", log::VARIABLES[0]))
            .mend("write a level (error, warn, info, debug), or one for each part: warn,upstream=debug")
    })?;
    serve::ready(&settings, desk.environment)?;
    terminal.report(&settings.warnings)?;
    let plan = Plan { threads: arguments.threads, ..Plan::of(&settings, desk.environment)? };
    // Signals first: one that comes while starting must not kill what has begun.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let running = serve::start(plan, &settings.resolved)?;
    runtime.block_on(greet(&running, &settings, terminal))?;
    runtime.block_on(async {
        let told = watch(&running, settings, desk, terminal, &mut signals).await?;
        terminal.line("stopping: open answers go on to their end; once more to end them now")?;
        let stopping = async {
            if told == Told::Terminate {
                running.leave().await;
            }
            running.stop().await
        };
        let stopped = tokio::select! {
            stopped = stopping => stopped,
            _ = signals.stop() => return Ok(Exit::Failed),
        };
        match stopped {
            Ok(()) => Ok(Exit::Done),
            Err(unwritten) => Err(CliError::failed(unwritten.to_string())),
        }
    })
}

/// How it was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// By whoever runs it, who may still send it requests.
    Terminate,
    /// By a person at the terminal, who waits.
    Interrupt,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Terminate,
            _ = self.interrupt.recv() => Told::Interrupt,
        }
    }
}

/// Reloads until told to stop.
async fn watch(
    running: &Running,
    settings: Settings,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
    signals: &mut Signals,
) -> Result<Told, CliError> {
    let Some(path) = settings.loaded.source.as_ref().map(|source| source.name.clone()) else {
        return Ok(signals.stop().await);
    };
    let path = PathBuf::from(path);
    let mut file = FileWatch::new(path.clone());
    let mut reloader = Reloader::new(path, settings);
    loop {
        let force = tokio::select! {
            () = file.changed() => false,
            _ = signals.hangup.recv() => true,
            _ = signals.terminate.recv() => return Ok(Told::Terminate),
            _ = signals.interrupt.recv() => return Ok(Told::Interrupt),
        };
        let before = reloader.current().warnings.clone();
        match reloader.reload(desk.environment, force) {
            Reloaded::Same => {}
            Reloaded::New => {
                let settings = reloader.current();
                running.apply(&settings.resolved);
                let known =
                    |problem: &Problem| before.problems().iter().any(|old| old.says_the_same(problem));
                terminal
                    .report(&settings.warnings.only(|problem| !problem.until_restart && !known(problem)))?;
                terminal
                    .line(format_args!("configuration {} is in force", settings.resolved.snapshot.version))?;
                tell_of_certificate(running, terminal)?;
                // Last, where it is seen, and for as long as it stands.
                terminal.report(&settings.warnings.only(|problem| problem.until_restart))?;
            }
            Reloaded::Wrong(error) => {
                terminal.complain(&error.into())?;
                terminal.line("the configuration in force is unchanged")?;
            }
        }
    }
}

/// A certificate that was renewed in its place is shown from now on; one that cannot be read changes nothing.
fn tell_of_certificate(running: &Running, terminal: &mut Terminal) -> Result<(), CliError> {
    match running.renew_certificate() {
        Ok(true) => terminal.line("a new certificate is shown to clients")?,
        Ok(false) => {}
        Err(error) => {
            terminal.complain(&CliError::failed(error.to_string()))?;
            terminal.line("clients are shown the certificate from before")?;
        }
    }
    Ok(())
}

async fn greet(running: &Running, settings: &Settings, terminal: &mut Terminal) -> Result<(), CliError> {
    let secure = if settings.loaded.config.server.tls.is_some() { "https" } else { "http" };
    let url = format!("{secure}://{}", running.listen);
    let from_here = format!("{secure}://{}", reached(running.listen));
    if terminal.json() {
        return terminal.answer(&serde_json::json!({
            "listen": url, "admin": format!("http://{}", running.admin_listen),
            "version": settings.resolved.snapshot.version,
        }));
    }
    let snapshot = &settings.resolved.snapshot;
    terminal.line(format_args!("Relève listens on {}", terminal.toned(Tone::Strong, &url)))?;
    terminal.line(format_args!("  metrics and health on http://{}", running.admin_listen))?;
    let providers = snapshot.providers.iter().map(|provider| &*provider.name);
    terminal.line(format_args!("  providers: {}", words::some_of(providers)))?;
    let known = engine::first_name(snapshot, 0).await;
    let model = known.unwrap_or_else(|| {
        snapshot.routes.first().map_or_else(|| "MODEL".to_owned(), |route| route.name.replace('*', "MODEL"))
    });
    // In double quotes, for the shell to fill in.
    let key = if running.shared.keys.load().none_issued() {
        ""
    } else {
        " -H \"authorization: Bearer $RELEVE_API_KEY\""
    };
    terminal.line(format_args!(
        "  try: curl {from_here}/v1/chat/completions{key} -H 'content-type: application/json' \\\n         \
         -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'"
    ))?;
    if model.ends_with("MODEL") {
        terminal
            .line("       with the name of a model that is there in place of MODEL: nobody told us of one")?;
    }
    Ok(())
}

/// Where a program on this machine reaches who listens on `listen`: "every address" is none to connect to.
fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_to_try_can_be_connected_to() {
        for (listens, tried) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(reached(listens.parse().unwrap()).to_string(), tried);
        }
    }
}
