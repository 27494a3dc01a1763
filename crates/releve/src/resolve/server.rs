//! What the listeners need: said before they are opened, and on every reload.

use std::fs::File;

use crate::config::Loaded;
use crate::config::environment::Environment;
use crate::config::problem::{Problem, Problems};

/// Reports files that cannot be read and a token that cannot be had.
pub(super) fn check(loaded: &Loaded, environment: &Environment, problems: &Problems) {
    if environment.secrets_assumed() {
        return;
    }
    let server = &loaded.config.server;
    if let Some(tls) = &server.tls {
        for (key, path) in [("cert", &tls.cert), ("key", &tls.key)] {
            let path = loaded.folder.join(path);
            if let Err(error) = File::open(&path) {
                let what = format!("server.tls.{key}: cannot read {}: {error}", path.display());
                problems
                    .add(Problem::error(&tls.at, what).mend("paths start from the configuration's folder"));
            }
        }
    }
    if let Some(place) = &server.admin_token
        && let Err(error) = place.fetch(environment, &loaded.folder)
    {
        problems.add(Problem::error(&place.at, format!("server.admin_token: {error}")));
    }
}
