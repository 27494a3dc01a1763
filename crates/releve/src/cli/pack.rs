//! `--pack FILE.zip`: what a command answers, as evidence.

use std::io::Write;
use std::path::Path;

use super::terminal::Terminal;
use super::{CliError, Desk, output};
use crate::pack::{Contents, SealError, Signer, SignerError};
use crate::settings::Settings;

/// Writes a pack, and says beside the answer where it is and whose key shows that.
pub(super) fn write(
    path: &Path,
    contents: Contents,
    settings: &Settings,
    desk: &Desk<'_>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    terminal.doing("signing the pack")?;
    let signer = Signer::find_or_make(settings, desk.environment)?;
    let pack = contents.seal(settings, &signer.key)?;
    output::write(path, |file| Ok(file.write_all(&pack)?))?;
    if let Some(made) = &signer.made {
        terminal.remark(format_args!(
            "a signing key was made in {}: keep it, and keep it to yourself",
            made.display()
        ))?;
    }
    terminal.remark(format_args!(
        "the pack is in {}; give whoever is to verify it your public key another way: {}",
        path.display(),
        signer.key.public()
    ))
}

impl From<SignerError> for CliError {
    fn from(error: SignerError) -> Self {
        let failed = Self::failed(error.to_string());
        match error {
            SignerError::File { .. } => {
                failed.mend("[report] signing_key = { file = \"PATH\" } names a key elsewhere")
            }
            SignerError::Own { .. } => failed.mend("give the key back, or move the file away: the next pack is then signed with another key, which whoever verifies must be told"),
            SignerError::Secret(_) | SignerError::Configured(_) => failed,
        }
    }
}

impl From<SealError> for CliError {
    fn from(error: SealError) -> Self {
        Self::failed(error.to_string())
    }
}
