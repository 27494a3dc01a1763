//! What the listeners need: said before they are opened, and on every reload.

use std::fs::File;

use secrecy::ExposeSecret;

use crate::config::Loaded;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};
use crate::tls;

/// Reports certificates and keys that cannot be read or used, and a token that cannot be had.
pub(super) fn check(loaded: &Loaded, environment: &Environment, problems: &Problems) {
    if environment.secrets_assumed() {
        return;
    }
    if let Some(place) = &loaded.config.state.key {
        let key = place.fetch(environment, &loaded.folder);
        let wrong = match key {
            Ok(key) => key.expose_secret().parse::<store::StateKey>().err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(wrong) = wrong {
            problems.add(Problem::error(&place.at, format!("state.key: {wrong}")));
        }
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
        if readable && let Err(error) = tls::acceptor(chain, key) {
            problems.add(Problem::error(&tls.at, format!("server.tls: {error}")));
        }
    }
    if let Some(place) = &server.admin_token
        && let Err(error) = place.fetch(environment, &loaded.folder)
    {
        problems.add(Problem::error(&place.at, format!("server.admin_token: {error}")));
    }
}
