//! The key that packs are signed with: the one that the configuration names, else one that lies beside the ledger and is
//! made when the first pack is.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use evidence::{NoSigningKey, SigningKey};
use secrecy::ExposeSecret;

use crate::config::environment::Environment;
use crate::config::secret::SecretError;
use crate::settings::Settings;

/// What the ledger's name is followed by.
pub(crate) const SIGNING_KEY_ENDING: &str = ".signing.key";

/// A key, and where it lies.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    /// The file that it was written to just now.
    pub(crate) made: Option<PathBuf>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignerError {
    /// It is not where the configuration says.
    #[error("report.signing_key: {0}")]
    Secret(#[from] SecretError),
    /// That is no key.
    #[error("report.signing_key: {0}")]
    Configured(#[source] NoSigningKey),
    /// The file beside the ledger cannot be read or made.
    #[error("cannot use {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// There is something else in it.
    #[error("{}: {source}", path.display())]
    Own { path: PathBuf, source: NoSigningKey },
}

impl Signer {
    /// The key; `None` where the configuration names none and no pack was made yet.
    pub(crate) fn find(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Option<SigningKey>, SignerError> {
        let report = settings.loaded.config.report.as_ref();
        if let Some(place) = report.and_then(|report| report.signing_key.as_ref()) {
            let text = place.fetch(environment, &settings.loaded.folder)?;
            return text.expose_secret().parse().map(Some).map_err(SignerError::Configured);
        }
        let path = own_file(settings);
        match fs::read_to_string(&path) {
            Ok(text) => match text.parse() {
                Ok(key) => Ok(Some(key)),
                Err(source) => Err(SignerError::Own { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SignerError::File { path, source }),
        }
    }

    /// The key; made where there is none.
    pub(crate) fn find_or_make(settings: &Settings, environment: &Environment) -> Result<Self, SignerError> {
        if let Some(key) = Self::find(settings, environment)? {
            return Ok(Self { key, made: None });
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the operating system has randomness");
        let path = own_file(settings);
        let digits = seed.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        match write(&path, &digits) {
            Ok(()) => Ok(Self { key: SigningKey::from_seed(&seed), made: Some(path) }),
            Err(source) => Err(SignerError::File { path, source }),
        }
    }
}

/// Beside the configured ledger, whichever ledger was asked about: the key is the house's.
fn own_file(settings: &Settings) -> PathBuf {
    let loaded = &settings.loaded;
    let mut name = OsString::from(loaded.config.ledger.url.path(&loaded.folder));
    name.push(SIGNING_KEY_ENDING);
    name.into()
}

/// For its owner's eyes only, whole or not at all, and on the disk before anything is signed with it. Never over another.
fn write(path: &Path, digits: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut name = OsString::from(path);
    name.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(name);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(file, "{digits}")?;
        file.sync_all()?;
        fs::hard_link(&draft, path)?;
        fs::File::open(folder)?.sync_all()
    })();
    let removed = fs::remove_file(&draft);
    written.and(removed)
}
