//! One server per ledger: whoever serves holds `<ledger>.lock`.
//!
//! The lock is the operating system's, so it ends with the process, however that ends. The file stays; its content is
//! only there to name the holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::schema::OWNERS;

/// How long to wait for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The right to serve with a ledger, until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, or says who has it. Waits a moment: a reader may have it that finishes what a killed server left.
    pub(crate) fn take(ledger: &Path) -> Result<Self, StoreError> {
        let mut file = open(ledger)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(PATIENCE / 50),
                Err(TryLockError::WouldBlock) => return Err(in_use(ledger, &mut file)),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }

    /// Whether somebody has it.
    pub(crate) fn is_taken(ledger: &Path) -> Result<bool, StoreError> {
        let file = match File::open(path(ledger)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Whether a gateway runs with this ledger.
///
/// # Errors
/// That cannot be seen.
pub fn is_served(ledger: &Path) -> Result<bool, StoreError> {
    Lock::is_taken(ledger)
}

fn path(ledger: &Path) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn open(ledger: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(OWNERS);
    Ok(options.open(path(ledger))?)
}

fn in_use(ledger: &Path, file: &mut File) -> StoreError {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    StoreError::InUse { path: ledger.to_owned(), pid: read.ok().and_then(|_| text.trim().parse().ok()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("releve.db");
        assert!(!Lock::is_taken(&ledger).unwrap());
        let first = Lock::take(&ledger).unwrap();
        let refused = Lock::take(&ledger).unwrap_err().to_string();
        assert!(
            refused.ends_with(&format!("releve.db is in use by another process ({})", std::process::id()))
        );
        assert!(Lock::is_taken(&ledger).unwrap());
        drop(first);
        assert!(!Lock::is_taken(&ledger).unwrap());
        Lock::take(&ledger).unwrap();
    }
}
