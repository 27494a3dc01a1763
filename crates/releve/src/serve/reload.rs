//! A changed configuration file is read, checked and put in force while requests go on; a wrong one changes nothing.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use crate::config::environment::Environment;
use crate::resolve::Context;
use crate::settings::{self, Settings, SettingsError};

/// How often the file is looked at. Being told by the system would tell of each write to the ledger, too, which
/// usually lies in the same folder.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Editors write a file in several steps; the last one counts.
const SETTLE: Duration = Duration::from_millis(100);

/// Tells when a file may have changed.
#[derive(Debug)]
pub(crate) struct FileWatch {
    path: PathBuf,
    seen: Option<Look>,
}

/// What changes when a file is written, or another is put in its place, also behind a link.
type Look = (u64, u64, i64, i64, u64);

impl FileWatch {
    /// Watches `path`. At first it counts as changed: it may have been since it was read.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// Waits until the file has changed and come to rest. One that is not there at the moment is waited for.
    pub(crate) async fn changed(&mut self) {
        loop {
            let look = self.look();
            if look.is_some() && look != self.seen {
                sleep(SETTLE).await;
                self.seen = look;
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    fn look(&self) -> Option<Look> {
        let file = std::fs::metadata(&self.path).ok()?;
        Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
    }
}

/// Reads the configuration again when told to.
#[derive(Debug)]
pub(crate) struct Reloader {
    path: PathBuf,
    current: Settings,
    text: Option<String>,
}

/// What a reload came to.
#[derive(Debug)]
pub(crate) enum Reloaded {
    /// Nothing new.
    Same,
    /// Put this in force.
    New,
    /// Wrong; what runs goes on.
    Wrong(SettingsError),
}

impl Reloader {
    /// Starts from what runs.
    pub(crate) fn new(path: PathBuf, current: Settings) -> Self {
        // What was read, not what stands there now: it may have changed since.
        let text = current.loaded.source.as_ref().map(|source| source.text().to_owned());
        Self { path, current, text }
    }

    /// What runs.
    pub(crate) fn current(&self) -> &Settings {
        &self.current
    }

    /// Reads the file again. With `force`, also when its text is the same: secrets in files may have changed.
    pub(crate) fn reload(&mut self, environment: &Environment, force: bool) -> Reloaded {
        let text = std::fs::read_to_string(&self.path).ok();
        if !force && text == self.text {
            return Reloaded::Same;
        }
        self.text = text;
        let context = Context { environment, previous: Some(&self.current.resolved) };
        match settings::read(Some(&self.path), &context) {
            Ok(settings) => match settings.somebody() {
                Ok(()) => {
                    self.current = settings;
                    Reloaded::New
                }
                // An empty file is no wish to serve nobody: some editors empty a file before they write it.
                Err(nobody) => Reloaded::Wrong(nobody),
            },
            Err(error) => Reloaded::Wrong(error),
        }
    }
}
