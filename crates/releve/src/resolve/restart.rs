//! What is read at a start and never again. A reload that changes it applies the rest, keeps this as it runs, and says so.

use serde::Serialize;

use crate::config::Config;
use crate::config::problem::{Problem, Problems};
use crate::config::value::At;

/// `written` with what `running` was started with; a warning for each key that differs.
pub(super) fn keep_started(written: &Config, running: &Config, problems: &Problems) -> Config {
    let mut kept = written.clone();
    let (server, ledger) = (&mut kept.server, &mut kept.ledger);
    keep("server.listen", &mut server.listen, &running.server.listen, problems);
    keep("server.admin_listen", &mut server.admin_listen, &running.server.admin_listen, problems);
    keep_optional("server.tls", &mut server.tls, running.server.tls.as_ref(), problems);
    keep_optional(
        "server.admin_token",
        &mut server.admin_token,
        running.server.admin_token.as_ref(),
        problems,
    );
    keep("ledger.url", &mut ledger.url, &running.ledger.url, problems);
    keep("ledger.durability", &mut ledger.durability, &running.ledger.durability, problems);
    keep_optional("state.key", &mut kept.state.key, running.state.key.as_ref(), problems);
    keep_optional("server.region", &mut kept.server.region, running.server.region.as_ref(), problems);
    if !running.products.iter().any(|product| product.body.keeps_responses()) {
        keep_none(&mut kept, problems);
    }
    kept
}

/// Where responses are kept is opened at a start only, and only for somebody.
fn keep_none(written: &mut Config, problems: &Problems) {
    for product in written.products.iter_mut().filter(|product| product.body.keeps_responses()) {
        if let Some(store) = product.body.store.take() {
            let what = format!("needs a restart: products.{}.store", product.name.value);
            problems.add(
                Problem::warning(&store.at, what)
                    .mend("until then its responses are not kept")
                    .until_restart(),
            );
        }
    }
}

fn keep<T: Clone + Serialize>(key: &str, written: &mut At<T>, running: &At<T>, problems: &Problems) {
    let (wanted, stays) = (shown(written), shown(running));
    if wanted != stays {
        let warning = Problem::warning(&written.at, format!("needs a restart: {key}"));
        problems.add(warning.mend(format!("until then {stays} stays in force")).until_restart());
        written.value = running.value.clone();
    }
}

fn keep_optional<T: Clone + Serialize>(
    key: &str,
    written: &mut Option<At<T>>,
    running: Option<&At<T>>,
    problems: &Problems,
) {
    match (written.as_mut(), running) {
        (Some(written), Some(running)) => keep(key, written, running, problems),
        (None, None) => {}
        (written, running) => {
            let at = written.map_or(0..0, |written| written.at.clone());
            let stays = running.map_or_else(|| "none".to_owned(), shown);
            let warning = Problem::warning(&at, format!("needs a restart: {key}"));
            problems.add(warning.mend(format!("until then {stays} stays in force")).until_restart());
        }
    }
    *written = running.cloned();
}

/// As the file would say it; secrets by their place only.
fn shown<T: Serialize>(value: &At<T>) -> String {
    serde_json::to_string(value).expect("what was read can be written")
}
