//! What the listeners need: said before they are opened, and on every reload.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;

use secrecy::ExposeSecret;

use crate::config::Loaded;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};
use crate::config::secret::SecretPlace;
use crate::tls::Certificate;

/// Reports certificates and keys that cannot be read or used, and a token that cannot be had.
pub(super) fn check(loaded: &Loaded, environment: &Environment, problems: &Problems) {
    if environment.secrets_assumed() {
        return;
    }
    if let Some(place) = &loaded.config.state.key
        && let Some(wrong) = fault::<store::StateKey>(place, environment, &loaded.folder)
    {
        problems.add(Problem::error(&place.at, format!("state.key: {wrong}")));
    }
    // A gateway serves without: only whoever makes a pack needs it.
    if let Some(place) = loaded.config.report.as_ref().and_then(|report| report.signing_key.as_ref())
        && let Some(wrong) = fault::<evidence::SigningKey>(place, environment, &loaded.folder)
    {
        let what = format!("report.signing_key: {wrong}: no evidence pack can be made here");
        problems.add(Problem::warning(&place.at, what));
    }
    let server = &loaded.config.server;
    if let Some(tls) = &server.tls {
        let files =
            [("cert", &tls.cert), ("key", &tls.key)].map(|(key, path)| (key, loaded.folder.join(path)));
        let mut readable = true;
        for (key, path) in &files {
            if let Err(error) = File::open(path) {
                readable = false;
                let what = format!("server.tls.{key}: cannot read {}: {error}", path.display());
                problems
                    .add(Problem::error(&tls.at, what).mend("paths start from the configuration's folder"));
            }
        }
        let [(_, chain), (_, key)] = &files;
        if readable && let Err(error) = Certificate::read(chain, key) {
            problems.add(Problem::error(&tls.at, format!("server.tls: {error}")));
        }
    }
    if let Some(place) = &server.admin_token
        && let Err(error) = place.fetch(environment, &loaded.folder)
    {
        let what = format!("server.admin_token: {error}");
        problems.add(Problem::error(&place.at, what).mend(error.mend()));
    }
}

/// Why the secret at a place cannot be had, or is no key of that kind.
fn fault<K: FromStr<Err: Display>>(
    place: &SecretPlace,
    environment: &Environment,
    folder: &Path,
) -> Option<String> {
    match place.fetch(environment, folder) {
        Ok(text) => text.expose_secret().parse::<K>().err().map(|wrong| wrong.to_string()),
        Err(wrong) => Some(wrong.to_string()),
    }
}
