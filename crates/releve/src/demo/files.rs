//! What a demo leaves in the working folder: its ledger and its configuration. It replaces those of an earlier demo,
//! and nothing else.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use store::{Keys, Options, Sqlite, StoreError};

use super::cast::MARK;

/// The ledger's name.
pub(super) const LEDGER: &str = "releve-demo.db";
/// The configuration's name.
pub(super) const CONFIG: &str = "releve-demo.toml";
/// What a demo's keys are called: by it its ledger is known again.
pub(super) const KEY_NAME: &str = "releve demo";
/// What belongs to a ledger, beside the file itself.
const BESIDE: [&str; 5] = ["-wal", "-shm", ".day1", ".day2", ".lock"];

/// Why the demo leaves everything as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error("{} is not a demo's, and is left alone", .0.display())]
    NotOurs(PathBuf),
    #[error("another demo is running here: {0}")]
    Running(StoreError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Makes room in `folder`: an earlier demo's files go, anything else of these names is an error. Whether any went.
pub(super) fn make_room(folder: &Path) -> Result<bool, FilesError> {
    let (ledger, config) = (folder.join(LEDGER), folder.join(CONFIG));
    let configured = !is_absent(&config)?;
    if configured && !is_demo_config(&config)? {
        return Err(FilesError::NotOurs(config));
    }
    let recorded = !is_absent(&ledger)?;
    if recorded {
        if !is_demo_ledger(&ledger, configured) {
            return Err(FilesError::NotOurs(ledger));
        }
        // Whoever can open it to write knows that nobody else does.
        if let Err(error @ StoreError::InUse { .. }) = Sqlite::open(&Options::new(&ledger)) {
            return Err(FilesError::Running(error));
        }
    }
    for end in BESIDE {
        remove(&folder.join(format!("{LEDGER}{end}")))?;
    }
    remove(&ledger)?;
    remove(&config)?;
    Ok(configured || recorded)
}

fn is_absent(path: &Path) -> Result<bool, FilesError> {
    path.try_exists().map(|there| !there).map_err(|source| FilesError::Io { path: path.into(), source })
}

fn is_demo_config(path: &Path) -> Result<bool, FilesError> {
    let text = fs::read(path).map_err(|source| FilesError::Io { path: path.into(), source })?;
    Ok(text.starts_with(MARK.as_bytes()))
}

/// Its keys say so; where a demo was ended before it had made any, its configuration does.
fn is_demo_ledger(path: &Path, configured: bool) -> bool {
    let keys = Keys::open(path).and_then(|keys| keys.list());
    keys.is_ok_and(|keys| (configured || !keys.is_empty()) && keys.iter().all(|key| &*key.name == KEY_NAME))
}

fn remove(path: &Path) -> Result<(), FilesError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(FilesError::Io { path: path.into(), source: error })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_earlier_demos_files_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, config) = (folder.path().join(LEDGER), folder.path().join(CONFIG));
        assert!(!make_room(folder.path()).unwrap(), "there was nothing");

        let mut keys = Keys::open(&ledger).unwrap();
        keys.create("office", KEY_NAME).unwrap();
        fs::write(&config, format!("{MARK} And more.\n")).unwrap();
        let running = Sqlite::open(&Options::new(&ledger)).unwrap();
        assert!(matches!(make_room(folder.path()), Err(FilesError::Running(_))));
        drop(running);
        keys.create("office", "a person's own").unwrap();
        assert!(matches!(make_room(folder.path()), Err(FilesError::NotOurs(path)) if path == ledger));
        keys.revoke("a person's own").unwrap();
        assert!(make_room(folder.path()).is_err(), "it was somebody's, and may hold what they want");
        drop(keys);
        fs::remove_file(&ledger).unwrap();

        Keys::open(&ledger).unwrap().create("office", KEY_NAME).unwrap();
        assert!(make_room(folder.path()).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        fs::write(&config, "[server]\n").unwrap();
        assert!(matches!(make_room(folder.path()), Err(FilesError::NotOurs(path)) if path == config));
        assert_eq!(fs::read_to_string(&config).unwrap(), "[server]\n");
        fs::remove_file(&config).unwrap();
        fs::write(&ledger, "not a database at all").unwrap();
        assert!(make_room(folder.path()).is_err());
        assert_eq!(fs::read_to_string(&ledger).unwrap(), "not a database at all");
    }
}
