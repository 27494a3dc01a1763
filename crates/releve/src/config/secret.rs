//! Where a secret is found. The file names the place, never the secret.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Serialize;
use toml::de::DeValue;

use super::environment::Environment;
use super::value::{Read, Refusal};

/// The place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecretPlace {
    /// An environment variable.
    Env(String),
    /// A file, relative to the configuration's folder.
    File(PathBuf),
}

/// Why a secret cannot be had. Never says anything of what was found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Not set, or set to nothing.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The file has no text.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
}

impl SecretError {
    /// What to do about it.
    pub(crate) fn mend(&self) -> String {
        match self {
            Self::Unset(name) => {
                format!("set {name} where `releve` is started, or name another place: {{ file = \"PATH\" }}")
            }
            Self::Unreadable { .. } => "paths start from the configuration's folder".to_owned(),
            Self::Empty(_) => "write the secret in it, and nothing else".to_owned(),
        }
    }
}

impl SecretPlace {
    /// Reads the secret. White space around it (a line break at a file's end) is not part of it.
    pub(crate) fn fetch(
        &self,
        environment: &Environment,
        folder: &Path,
    ) -> Result<SecretString, SecretError> {
        if environment.secrets_assumed() {
            return Ok("assumed".into());
        }
        match self {
            Self::Env(name) => {
                let value = environment.get(name).ok_or_else(|| SecretError::Unset(name.clone()))?;
                Ok(value.trim().into())
            }
            Self::File(path) => {
                let path = folder.join(path);
                let text = match fs::read_to_string(&path) {
                    Ok(text) => text,
                    Err(source) => return Err(SecretError::Unreadable { path, source }),
                };
                if text.trim().is_empty() { Err(SecretError::Empty(path)) } else { Ok(text.trim().into()) }
            }
        }
    }
}

impl SecretPlace {
    /// As it is written in the file.
    pub(crate) fn in_file(&self) -> String {
        match self {
            Self::Env(name) => format!("{{ env = {name:?} }}"),
            Self::File(path) => format!("{{ file = {:?} }}", path.display().to_string()),
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "from {name}"),
            Self::File(path) => write!(formatter, "from {}", path.display()),
        }
    }
}

impl Read for SecretPlace {
    const WANTED: &'static str = "{ env = \"NAME\" } or { file = \"PATH\" }";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let literal = || Refusal::Secret {
            what: "holds a secret; a secret has no place in this file",
            mend: format!(
                "write {}, and change this key at the supplier if the file was ever shared",
                Self::WANTED
            ),
        };
        let table = match value {
            DeValue::String(_) => return Err(literal()),
            value => value.as_table().ok_or(Refusal::Kind)?,
        };
        let place = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
        match (place("env"), place("file")) {
            (Some(name), None) if table.len() == 1 => {
                if is_variable(name) {
                    Ok(Self::Env(name.to_owned()))
                } else {
                    Err(literal())
                }
            }
            (None, Some(path)) if table.len() == 1 && !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(Refusal::Secret {
                what: "does not say where the secret is",
                mend: format!("write {}", Self::WANTED),
            }),
        }
    }
}

/// Whether this can be a variable's name. A key pasted in its place cannot, almost always.
fn is_variable(name: &str) -> bool {
    let lawful = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.len() < 64
        && name.bytes().all(lawful)
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_read_from_its_place_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), "sk-1\n").unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        let environment = Environment::of([("KEY", "sk-2"), ("NOTHING", "")]);
        let fetch = |place: SecretPlace| place.fetch(&environment, folder.path());
        assert_eq!(fetch(SecretPlace::File("key".into())).unwrap().expose_secret(), "sk-1");
        assert_eq!(fetch(SecretPlace::Env("KEY".into())).unwrap().expose_secret(), "sk-2");
        assert!(matches!(fetch(SecretPlace::Env("NOTHING".into())), Err(SecretError::Unset(_))));
        assert!(matches!(fetch(SecretPlace::File("empty".into())), Err(SecretError::Empty(_))));
        assert!(matches!(fetch(SecretPlace::File("none".into())), Err(SecretError::Unreadable { .. })));
    }
}
