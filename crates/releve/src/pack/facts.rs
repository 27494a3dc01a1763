//! What is the same for every pack: program, configuration, catalogue.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use evidence::{Catalogue, Configuration, Digest, Program, Source};
use sha2::Digest as _;

use crate::resolve::known_of;
use crate::settings::Settings;

/// The running program's file. On Linux the one that runs, also when another was put in its place.
fn program_file() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

pub(super) fn program() -> io::Result<Program> {
    let mut file = File::open(program_file()?)?;
    let (mut hash, mut buffer) = (sha2::Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let sha256 = Digest::from_bytes(hash.finalize().into());
    Ok(Program { version: env!("CARGO_PKG_VERSION").to_owned(), sha256 })
}

pub(crate) fn configuration(settings: &Settings) -> Configuration {
    Configuration {
        version: settings.resolved.snapshot.version.to_string(),
        sha256: Digest::from_bytes(settings.resolved.digest()),
        quoted: None,
    }
}

/// The catalogue's version, and the sources of what is used of it: of each configured provider's preset, and of the
/// prices of its deployments.
pub(super) fn catalogue(settings: &Settings) -> Catalogue {
    let resolved = &settings.resolved;
    let mut sources = BTreeSet::new();
    for provider in &resolved.effective.providers {
        let Some(entry) = known_of(provider) else { continue };
        sources.extend(entry.sources.iter().map(|source| Source {
            preset: entry.name.clone(),
            from: source.from.clone(),
            read: source.read.clone(),
        }));
    }
    let snapshot = &resolved.snapshot;
    for (deployment, routing) in snapshot.deployments.iter().zip(&snapshot.routing) {
        let Some(prices) = &deployment.prices else { continue };
        let provider = &snapshot.providers[usize::from(routing.provider.0)].name;
        let from = format!("prices: {}", prices.version);
        sources.insert(Source { preset: provider.to_string(), from, read: String::new() });
    }
    Catalogue { version: snapshot.catalogue_version.to_string(), sources: sources.into_iter().collect() }
}
