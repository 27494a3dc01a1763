//! The key that kept responses are under: given, or made once.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;

use super::cipher::Cipher;
use super::{StateError, StateOptions};

/// 256 bits that nobody else has. Written as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct StateKey([u8; 32]);

/// Text that is no key. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key of kept responses is 64 hexadecimal digits (openssl rand -hex 32)")]
pub struct NoStateKey;

impl StateKey {
    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn made() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the operating system has randomness");
        Self(key)
    }

    fn digits(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl FromStr for StateKey {
    type Err = NoStateKey;

    fn from_str(text: &str) -> Result<Self, NoStateKey> {
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoStateKey);
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NoStateKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NoStateKey)?;
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StateKey")
    }
}

/// The given key, else the one that lies beside the state; made where there is neither.
pub(super) fn find(options: &StateOptions) -> Result<Cipher, StateError> {
    if let Some(key) = &options.key {
        return Ok(Cipher::new(key));
    }
    let path = options.key_file();
    let failed = |source| StateError::Io { path: path.clone(), source };
    let key = match fs::read_to_string(&path) {
        Ok(text) => text.parse().map_err(|source| StateError::BadKey { key_file: path.clone(), source })?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Err(_) if options.path.try_exists().map_err(failed)? => {
            return Err(StateError::KeyGone { path: options.path.clone(), key_file: path });
        }
        Err(_) => {
            let key = StateKey::made();
            write(&path, &key).map_err(failed)?;
            key
        }
    };
    Ok(Cipher::new(&key))
}

/// For its owner's eyes only, and on the disk before anything is encrypted with it.
fn write(path: &Path, key: &StateKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", key.digits())?;
    file.sync_all()
}
