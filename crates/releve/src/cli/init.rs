//! `releve init`: a first releve.toml, from what the environment offers. What it writes passes `check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use catalogue::ModelEntry;

use super::terminal::{Terminal, Tone};
use super::{CliError, Desk, Exit};
use crate::config::USUAL_NAME;
use crate::config::environment::Environment;
use crate::engine;
use crate::resolve::{Account, Context, found, found_in_vain};
use crate::settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to write; `-` is standard output.
    #[arg(default_value = USUAL_NAME, value_name = "PATH")]
    path: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, desk: &Desk<'_>, terminal: &mut Terminal) -> Result<Exit, CliError> {
    let accounts = found(desk.environment);
    let engines = models_of_engines(desk.environment);
    let text = written(&accounts, &engines);
    if arguments.path == Path::new("-") {
        terminal.line(text.trim_end())?;
        return Ok(Exit::Done);
    }
    write(&arguments.path, &text, arguments.force)?;
    let providers: Vec<&str> = accounts.iter().map(Account::name).collect();
    let path = arguments.path.display();
    if terminal.json() {
        terminal.answer(&serde_json::json!({ "file": path.to_string(), "providers": providers }))?;
        return Ok(Exit::Done);
    }
    terminal.line(format_args!("{} {path}", terminal.toned(Tone::Good, "wrote")))?;
    match providers.as_slice() {
        [] => terminal
            .line("found no keys in the environment: the providers in it are comments to start from")?,
        found => terminal.line(format_args!("found {}", found.join(", ")))?,
    }
    for reason in found_in_vain(desk.environment) {
        terminal.line(terminal.toned(Tone::Doubtful, reason))?;
    }
    if accounts.is_empty() {
        terminal.line(format_args!(
            "next: take the # from a provider and a route in {path}, then `releve check`"
        ))?;
    } else if deployments(&accounts, &engines).is_empty() {
        terminal.line(format_args!(
            "next: name a model in a route in {path} (nobody told us of one), then `releve check`"
        ))?;
    } else {
        terminal.line("next: `releve check`, then `releve serve`")?;
    }
    Ok(Exit::Done)
}

/// By provider, the model to begin with where the catalogue knows none and whoever is there says, as `openai/MODEL`.
fn models_of_engines(environment: &Environment) -> Engines {
    let context = Context { environment, previous: None };
    let Ok(settings) = settings::read(None, &context) else { return Engines::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Engines::new();
    };
    let snapshot = &settings.resolved.snapshot;
    let names =
        (0..snapshot.routes.len()).filter_map(|route| runtime.block_on(engine::first_name(snapshot, route)));
    names.filter_map(|name| Some((name.split_once('/')?.0.to_owned(), name))).collect()
}

type Engines = BTreeMap<String, String>;

/// Which deployments a first route would have.
fn deployments(accounts: &[Account], engines: &Engines) -> Vec<String> {
    let of = |account: &Account| match flagship(account) {
        Some(model) => Some(format!("{}/{}", account.name(), model.id)),
        None => engines.get(account.name()).cloned(),
    };
    accounts.iter().filter_map(of).collect()
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CliError::usage(format!("{} is already there", path.display()))
            .mend("--force replaces it; `-` writes to standard output"),
        _ => CliError::failed(format!("cannot write {}: {error}", path.display())),
    })
}

/// The file's text.
fn written(accounts: &[Account], engines: &Engines) -> String {
    let mut text = String::from(HEAD);
    let deployments = deployments(accounts, engines);
    for account in accounts {
        let body = &account.filled.body;
        let _ = writeln!(text, "\n[providers.{}]", account.name());
        if let Some(url) = body.base_url.as_ref().filter(|_| account.address_is_its_own()) {
            let _ = writeln!(text, "base_url = {:?}", url.value);
        }
        if let Some(preset) = account.preset.as_ref().filter(|_| account.is_likened()) {
            let _ = writeln!(
                text,
                "# preset = {:?}                # if its models are behind that address: their prices, windows and maker hold",
                preset.name
            );
        }
        if let Some(key) = &body.api_key {
            let _ = writeln!(text, "api_key = {}", key.in_file());
        }
        if body.region.is_none() {
            let _ = writeln!(
                text,
                "# region = \"eu/france\"          # products with a region rule skip providers that do not say"
            );
        }
    }
    if accounts.is_empty() {
        text.push_str(NOTHING_FOUND);
        return text;
    }
    if deployments.is_empty() {
        let _ = writeln!(text, "{NO_MODEL_KNOWN}# deployments = [\"{}/MODEL\"]", accounts[0].name());
        return text;
    }
    text.push_str(ROUTE_HEAD);
    for deployment in deployments {
        if engines.values().any(|of_engine| *of_engine == deployment) {
            let _ = writeln!(
                text,
                "  {deployment:?},      # unpriced; per million tokens: {{ use = {deployment:?}, price = {{ input = \"...\", output = \"...\" }} }}"
            );
        } else {
            let _ = writeln!(text, "  {deployment:?},");
        }
    }
    text.push_str(TAIL);
    text
}

/// The newest general model of a provider that is not on its way out.
fn flagship(account: &Account) -> Option<&ModelEntry> {
    let lasting = |model: &&ModelEntry| {
        model.kind == "chat"
            && model.status.is_none()
            && model.ends.is_none()
            && model.protocol.is_none_or(|protocol| protocol == account.protocol)
            && model.capabilities.yes.contains(catalogue::Needs::TOOLS)
            && model.price(None).is_some()
    };
    let models = account.preset.as_ref()?.models.iter().filter(lasting);
    models.max_by_key(|model| (&model.released, model.context_window, std::cmp::Reverse(model.id.len())))
}

#[cfg(test)]
mod tests;

const HEAD: &str = r#"# Relève's configuration. `releve check` says whether it is right, `releve config show` what it amounts to.
# A change is applied while Relève runs, without a dropped request; a wrong one changes nothing and is reported.

[server]
listen = "127.0.0.1:4100"          # products; elsewhere than on loopback they need keys: `releve keys create`
admin_listen = "127.0.0.1:4101"    # operators: /metrics, /api/config, /api/health, /livez, /readyz

[ledger]
url = "sqlite:releve.db"           # relative to this file
durability = "crash-safe"          # or "power-safe"

# Who serves. A name that the catalogue knows (`releve catalogue providers`) brings its address and protocol along.
# Secrets come from a variable, { env = "NAME" }, or a file, { file = "PATH" }; never from here.
"#;

const NOTHING_FOUND: &str = r#"
# [providers.openai]
# api_key = { env = "OPENAI_API_KEY" }

# [providers.house]                  # own models
# preset = "vllm"                    # or "ollama", "llamacpp", "sglang"
# base_url = "http://127.0.0.1:8000/v1"
# region = "eu/france"

# What products ask for in `model`. The first that can serve is asked; when it fails, the next takes over.
# [routes.assistant]
# aliases = ["gpt-4o"]
# deployments = [
#   "openai/gpt-5.2",
#   { use = "house/llama-3.3-70b", price = { input = "0.20", output = "0.20" } },   # per million tokens
# ]
"#;

const NO_MODEL_KNOWN: &str = r"
# What products ask for in `model`. Put a model that is there in place of MODEL; without a route it is asked for by that name.
# [routes.assistant]
";

const ROUTE_HEAD: &str = r#"
# What products ask for in `model`. The first that can serve is asked; when it fails, the next takes over.
# Where one speaks another API than the client, requests and answers are translated; `translate = false` below: it is passed over.
[routes.assistant]
# aliases = ["gpt-4o", "claude-sonnet-*"]
deployments = [
"#;

const TAIL: &str = r#"]

# [routes.assistant.policy]
# prefer = "weighted"                # listed is the default
# translate = false                  # only those that speak the client's own API
# max_time_to_first_token = "20s"    # past it the next one is tried

# Who asks. Each product has keys of its own: `releve keys create --product office`.
# [products.office]
# routes = ["assistant"]
# default_route = "assistant"
# regions = ["eu"]                   # a prefix of providers' regions
"#;
