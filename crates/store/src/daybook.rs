//! The daybook: where each record is written first, so that it can be acknowledged at once.
//!
//! In bookkeeping, what happens is first noted in a daybook, in the order in which it happens, and later posted to the
//! ledger. So here: a commit is one write to the end of a file (and one sync, where that is asked for), whatever
//! number of records it holds; the database, which has to be queried and so costs ten times as much per commit, is
//! filled from behind in large steps ([`posting`](crate::posting)). A database that is slow, locked or full delays
//! nobody.
//!
//! Two volumes are written in turn. One is begun anew when everything in it has been posted and the database has been
//! synced since. What the volumes hold beyond the end of the journal is posted at the next start.
//!
//! Each record carries its link of the journal's chain, which also tells where a volume ends that was cut off, or that
//! was begun anew over an older one.

pub(crate) mod frame;
mod leftovers;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub(crate) use leftovers::{Leftover, last_seq, leftovers};

use crate::options::{Durability, Options};
use crate::schema::OWNERS;

/// A volume that has grown to so many times its usual length gives its room back.
const LARGE: u64 = 4;

/// The two volumes.
#[derive(Debug)]
pub(crate) struct Daybook {
    volumes: [Volume; 2],
    current: usize,
    /// From this length on the next volume is begun, once it is free.
    volume_bytes: u64,
    syncs: bool,
}

#[derive(Debug)]
struct Volume {
    file: File,
    end: u64,
    last_seq: i64,
}

impl Daybook {
    /// Opens the volumes of a ledger to begin them anew: what they hold must have been posted.
    pub(crate) fn open(options: &Options) -> io::Result<Self> {
        let ledger = &*options.path;
        let syncs = options.durability == Durability::PowerSafe;
        let volumes = [Volume::open(ledger, 0)?, Volume::open(ledger, 1)?];
        if syncs {
            let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        let volume_bytes = (options.checkpoint_bytes / 2) as u64;
        Ok(Self { volumes, current: 0, volume_bytes, syncs })
    }

    /// Turns to the other volume if this one is full, and what the other holds is in the synced database up to
    /// `synced_seq`.
    pub(crate) fn turn_when_full(&mut self, synced_seq: i64) -> io::Result<()> {
        let other = 1 - self.current;
        if self.volumes[self.current].end < self.volume_bytes || self.volumes[other].last_seq > synced_seq {
            return Ok(());
        }
        let volume = &mut self.volumes[other];
        if volume.end > self.volume_bytes * LARGE {
            volume.file.set_len(0)?;
        }
        volume.end = 0;
        self.current = other;
        Ok(())
    }

    /// Whether the next write begins a volume.
    pub(crate) const fn begins(&self) -> bool {
        self.volumes[self.current].end == 0
    }

    /// Adds to the end. After an error nothing counts as added: the same can be tried again.
    pub(crate) fn write(&mut self, bytes: &[u8], last_seq: i64) -> io::Result<()> {
        let volume = &mut self.volumes[self.current];
        volume.file.write_all_at(bytes, volume.end)?;
        if self.syncs {
            volume.file.sync_data()?;
        }
        volume.end += bytes.len() as u64;
        volume.last_seq = last_seq;
        Ok(())
    }

    /// Forgets everything: it is all in the synced database.
    pub(crate) fn clear(&self) -> io::Result<()> {
        self.volumes.iter().try_for_each(|volume| volume.file.set_len(0))
    }
}

/// Whether there is anything that may have to be posted.
pub(crate) fn holds_anything(ledger: &Path) -> io::Result<bool> {
    for number in 0..2 {
        match std::fs::metadata(volume_path(ledger, number)) {
            Ok(volume) if volume.len() > 0 => return Ok(true),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(false)
}

impl Volume {
    fn open(ledger: &Path, number: usize) -> io::Result<Self> {
        let path = volume_path(ledger, number);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(OWNERS).open(path)?;
        Ok(Self { file, end: 0, last_seq: 0 })
    }
}

fn volume_path(ledger: &Path, number: usize) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push([".day1", ".day2"][number]);
    path.into()
}
