//! A changed configuration file is read, checked and put in force while requests go on; a wrong one changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::config::environment::Environment;
use crate::resolve::Context;
use crate::settings::{self, Settings, SettingsError};

/// Editors write a file in several steps; the last one counts.
const SETTLE: Duration = Duration::from_millis(100);

/// Tells when a file may have changed.
#[derive(Debug)]
pub(crate) struct FileWatch {
    changed: Arc<Notify>,
    _watcher: notify::RecommendedWatcher,
}

impl FileWatch {
    /// Watches the folder of `path`: many editors, and Kubernetes, put a new file in the old one's place.
    pub(crate) fn new(path: &Path) -> notify::Result<Self> {
        let changed = Arc::new(Notify::new());
        let notified = Arc::clone(&changed);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let reading = |event: &notify::Event| matches!(event.kind, EventKind::Access(_));
            if event.is_ok_and(|event| !reading(&event)) {
                notified.notify_one();
            }
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        // It may have changed before it was watched.
        changed.notify_one();
        Ok(Self { changed, _watcher: watcher })
    }

    /// Waits until the folder has changed and come to rest.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
        sleep(SETTLE).await;
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
            // An empty file is no wish to serve nobody: some editors empty a file before they write it.
            Ok(settings) if settings.resolved.effective.providers.is_empty() => {
                Reloaded::Wrong(SettingsError::Nobody)
            }
            Ok(settings) => {
                self.current = settings;
                Reloaded::New
            }
            Err(error) => Reloaded::Wrong(error),
        }
    }
}
