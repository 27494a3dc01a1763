//! Wrong configurations, each with what is said about it; and what right ones mean.

use std::fs;
use std::path::Path;

use crate::config::environment::Environment;
use crate::config::report::Drawing;
use crate::config::source::Source;
use crate::resolve::Context;
use crate::settings::{Settings, SettingsError, read_text};

const WHOLE: &str = include_str!("../../tests/configs/whole.toml");

/// Everything that the examples ask the environment for.
pub(crate) fn environment() -> Environment {
    Environment::of([("OPENAI_API_KEY", "sk-canary-openai"), ("ANTHROPIC_API_KEY", "sk-canary-anthropic")])
}

fn read(text: &str, environment: &Environment) -> Result<Settings, SettingsError> {
    let context = Context { environment, previous: None };
    read_text(Source::new("releve.toml", text), Path::new("/nowhere"), &context)
}

#[test]
fn wrong_configurations_are_refused_in_words_that_help() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs/wrong");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the table of wrong configurations is there");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let Err(SettingsError::Wrong(report)) = read(&text, &environment()) else {
            panic!("{} was accepted", path.display());
        };
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let shown = format!("{}\n{report}", report.draw(Drawing::Plain, 100));
        assert!(!shown.contains("canary"), "{shown}");
        insta::assert_snapshot!(name, shown);
    }
}

fn accepted(text: &str, environment: &Environment) -> Settings {
    match read(text, environment) {
        Ok(settings) => settings,
        Err(error) => panic!("{error}"),
    }
}

fn names(settings: &Settings, route: &str) -> Vec<String> {
    let snapshot = &settings.resolved.snapshot;
    let route = snapshot.names.find(route).unwrap_or_else(|| panic!("no route {route}"));
    let name = |entry: &routing::RouteEntry| snapshot.deployment(entry.deployment).name.to_string();
    snapshot.routes[route].entries.iter().map(name).collect()
}

#[test]
fn the_whole_example_is_resolved() {
    let settings = accepted(WHOLE, &Environment::default().with_secrets_assumed());
    let snapshot = &settings.resolved.snapshot;
    let expected =
        ["openai/gpt-5.2", "anthropic/claude-sonnet-4-5", "azure-sweden/prod-gpt52", "house/llama-3.3-70b"];
    assert_eq!(names(&settings, "assistant"), expected);
    assert_eq!(names(&settings, "claude-sonnet-9"), expected);
    let azure = snapshot.routes[0].entries[2];
    assert_eq!(azure.weight, 3);
    assert_eq!(
        snapshot.deployment(azure.deployment).model.as_ref().map(|model| &*model.id),
        Some("prod-gpt52")
    );
    let known = &snapshot.routing[azure.deployment.0 as usize];
    assert_eq!((&*known.maker, &*known.host), ("openai", "azure"));
    assert_eq!(known.region.as_ref().unwrap().as_str(), "eu/sweden");
    let target = &snapshot.provider_of(azure.deployment).target;
    assert_eq!(target.uri("/chat/completions"), "/openai/v1/chat/completions");
    let house = snapshot.deployment(snapshot.routes[0].entries[3].deployment);
    let usage = catalogue::Usage { input_uncached: 1_000_000, ..catalogue::Usage::default() };
    assert_eq!(house.prices.as_ref().unwrap().cost(&usage).total, Some("0.2".parse().unwrap()));
    assert_eq!(snapshot.routes[0].policy.max_time_to_first_token, Some(std::time::Duration::from_secs(20)));
    let office = &snapshot.products[0];
    assert_eq!((&*office.name, office.direct, office.default_route), ("office", false, Some(0)));
    let keyless = &snapshot.products[snapshot.keyless.unwrap()];
    assert_eq!((&*keyless.name, keyless.direct, keyless.regions.len()), ("office", true, 1));
}

#[test]
fn g24_values_of_headers_change_the_version_and_are_not_shown() {
    let environment = Environment::default().with_secrets_assumed();
    let of = |value: &str| {
        let headers = format!("headers = {{ X-Auth = \"{value}\", anthropic-version = \"2023-06-01\" }}");
        accepted(&format!("[providers.anthropic]\n{headers}\n"), &environment).resolved
    };
    let (one, other) = (of("canary1"), of("canary2"));
    assert_ne!(one.snapshot.version, other.snapshot.version);
    let shown = one.shown()["config"].clone();
    assert_eq!(shown, other.shown()["config"]);
    let headers = &shown["providers"]["anthropic"]["headers"];
    assert_eq!((&headers["X-Auth"], &headers["anthropic-version"]), (&"****".into(), &"2023-06-01".into()));
}

#[test]
fn the_effective_configuration_reads_back_as_the_same() {
    let environment = Environment::default().with_secrets_assumed();
    let first = accepted(WHOLE, &environment);
    let text = toml::to_string_pretty(&first.resolved.effective).unwrap();
    let again = accepted(&text, &environment);
    assert_eq!(again.resolved.snapshot.version, first.resolved.snapshot.version);
    assert_eq!(toml::to_string_pretty(&again.resolved.effective).unwrap(), text);
}

#[test]
fn without_a_file_the_environment_says_who_serves() {
    let environment = Environment::of([
        ("OPENAI_API_KEY", "sk-1"),
        ("GROQ_API_KEY", "gsk-1"),
        ("TOGETHER_API_KEY", "t-1"),
        ("MISTRAL_API_KEY", " "),
        ("CO_API_KEY", "co-1"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9000/v1"),
    ]);
    let settings = accepted("", &environment);
    let snapshot = &settings.resolved.snapshot;
    let providers: Vec<_> = snapshot.providers.iter().map(|provider| &*provider.name).collect();
    assert_eq!(providers, ["cohere", "groq", "openai", "together"]);
    assert_eq!(snapshot.providers[2].target.port(), 9000);
    assert_eq!(names(&settings, "openai/gpt-5.2"), ["openai/*"], "its address is not OpenAI's");
    // The same weights at two hosts: each can take over from the other.
    assert_eq!(
        names(&settings, "gpt-oss-120b"),
        ["groq/openai/gpt-oss-120b", "together/openai/gpt-oss-120b"]
    );
    let keyless = &snapshot.products[snapshot.keyless.unwrap()];
    assert!(keyless.direct && keyless.routes.is_none());
    assert_eq!(super::found_in_vain(&environment), [""; 0]);
}

#[test]
fn a_key_that_fits_several_presets_counts_once_and_for_one_that_is_spoken() {
    let settings = accepted("", &Environment::of([("GEMINI_API_KEY", "g-1")]));
    let snapshot = &settings.resolved.snapshot;
    assert_eq!(snapshot.providers.len(), 1);
    let spoken = snapshot.routing.iter().all(|deployment| wire::codec(deployment.protocol).is_some());
    assert!(spoken && !snapshot.routing.is_empty());
}

#[test]
fn bedrock_is_where_its_region_is_and_signs_or_bears_a_key() {
    let route = "[routes.r]\ndeployments = [\"bedrock/amazon.nova-pro-v1:0\"]\n";
    let provider = |text: &str, variables: &[(&'static str, &'static str)]| {
        let settings = accepted(text, &Environment::of(variables.iter().copied()));
        let shown = toml::to_string(&settings.resolved.effective).unwrap();
        let target = &settings.resolved.snapshot.providers[0].target;
        (target.host().to_owned(), format!("{target:?}"), shown)
    };
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDCANARY"), ("AWS_SECRET_ACCESS_KEY", "canary")];
    let region = ("AWS_DEFAULT_REGION", "eu-west-3");
    let (host, target, shown) = provider(route, &[&keys[..], &[region]].concat());
    assert_eq!(host, "bedrock-runtime.eu-west-3.amazonaws.com");
    assert!(target.contains("Credential(signature"), "{target}");
    assert!(shown.contains("AWS_SECRET_ACCESS_KEY") && !shown.to_lowercase().contains("canary"), "{shown}");
    // A key made for the place goes before keys that may be there for anything.
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "b-1");
    let text = format!("[providers.bedrock]\naws = {{ region = \"us-east-2\" }}\n{route}");
    let (host, target, _) = provider(&text, &[&keys[..], &[region, bearer]].concat());
    assert_eq!(host, "bedrock-runtime.us-east-2.amazonaws.com");
    assert!(target.contains("Credential(authorization"), "{target}");
    // What the file names goes before both.
    let named = "access_key_id = { env = \"AWS_ACCESS_KEY_ID\" }, secret_access_key = { env = \"AWS_SECRET_ACCESS_KEY\" }";
    let text = format!("[providers.bedrock]\naws = {{ {named} }}\n{route}");
    assert!(provider(&text, &[&keys[..], &[region, bearer]].concat()).1.contains("Credential(signature"));
    // Nobody asked for Bedrock: keys for all of AWS are no wish to use it, its own key is.
    assert_eq!(super::found(&Environment::of([keys[0], keys[1], region])).len(), 0);
    assert_eq!(super::found(&Environment::of([bearer, region])).len(), 1);
}

#[test]
fn an_own_engine_serves_any_model_and_a_listed_supplier_those_it_has() {
    let text = "[providers.house]\npreset = \"vllm\"\n[providers.mine]\nprotocol = \"openai-chat\"\n\
                base_url = \"http://127.0.0.1:9/v1\"\n[providers.openai]\n\
                [routes.r]\naliases = [\"mine/special-*\"]\ndeployments = [\"openai/gpt-5.2\"]\n";
    let settings = accepted(text, &environment());
    assert_eq!(names(&settings, "house/org/some-model:7b"), ["house/*"]);
    assert_eq!(names(&settings, "mine/anything"), ["mine/*"]);
    assert_eq!(names(&settings, "mine/special-one"), ["openai/gpt-5.2"], "an alias keeps its meaning");
    assert_eq!(names(&settings, "openai/gpt-5.2"), ["openai/gpt-5.2"]);
    assert_eq!(settings.resolved.snapshot.names.find("openai/anything"), None);
    let local = [("OPENAI_API_KEY", "none"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")];
    let settings = accepted("", &Environment::of(local));
    assert_eq!(names(&settings, "openai/qwen3:4b"), ["openai/*"], "an engine that imitates OpenAI");
}

#[test]
fn a_routes_own_names_win_over_models() {
    let text =
        "[routes.\"gpt-5.2\"]\naliases = [\"gpt-4*\"]\ndeployments = [\"anthropic/claude-sonnet-4-5\"]\n";
    let settings = accepted(text, &environment());
    let routes = &settings.resolved.snapshot.routes;
    for name in ["gpt-5.2", "gpt-4o", "gpt-4-anything"] {
        let route = settings.resolved.snapshot.names.find(name).unwrap();
        assert!(!routes[route].direct, "{name}");
    }
    assert!(settings.resolved.snapshot.names.find("gpt-5.2").is_some());
}

#[test]
fn away_from_loopback_nobody_is_served_without_a_key() {
    let text =
        "[server]\nlisten = \"0.0.0.0:4100\"\n[routes.a]\ndeployments = [\"openai/gpt-5.2\"]\n[products.p]\n";
    let settings = accepted(text, &environment());
    let snapshot = &settings.resolved.snapshot;
    assert_eq!(snapshot.keyless, None);
    assert!(snapshot.routes.iter().all(|route| !route.direct), "no product may name deployments");
}

#[test]
fn health_survives_a_reload_and_a_new_key_gets_a_pardon() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "[providers.openai]\napi_key = { file = \"key\" }\n[routes.a]\ndeployments = [\"openai/gpt-5.2\"]\n";
    fs::write(folder.path().join("key"), "sk-old").unwrap();
    let environment = Environment::default();
    let read = |previous| {
        let context = Context { environment: &environment, previous };
        read_text(Source::new("releve.toml", text), folder.path(), &context).unwrap().resolved
    };
    let first = read(None);
    let refuse = |resolved: &crate::resolve::Resolved| {
        let snapshot = &resolved.snapshot;
        let view = routing::View { deployments: &snapshot.routing, world: &snapshot.world };
        let policy = routing::Policy::default();
        let candidate = routing::Candidate {
            deployment: routing::DeploymentIndex(0),
            standing: routing::Standing::Eligible,
            trouble: None,
        };
        let claimed = routing::claim(&view, &policy, &candidate, routing::Cost::First, routing::Instant(1));
        let failure = routing::Outcome::Failed(wire::Failure::Credential);
        routing::observe(claimed.unwrap(), failure, routing::Instant(2));
    };
    let state = |resolved: &crate::resolve::Resolved| {
        resolved.snapshot.world.health(routing::DeploymentIndex(0), routing::Instant(3)).state
    };
    refuse(&first);
    assert_eq!(state(&first), routing::State::Benched);
    let same = read(Some(&first));
    assert_eq!(state(&same), routing::State::Benched);
    fs::write(folder.path().join("key"), "sk-new").unwrap();
    assert_eq!(state(&read(Some(&same))), routing::State::Healthy);
}

#[test]
fn policies_are_layered_and_off_means_one_attempt() {
    let text = r#"
[policy]
max_attempts = 5
total_timeout = "90s"
max_request_body = "1MiB"
[routes.one]
deployments = ["openai/gpt-5.2"]
[routes.two]
deployments = ["openai/gpt-5.2"]
[routes.two.policy]
takeover = "off"
max_request_body = "2MiB"
"#;
    let settings = accepted(text, &environment());
    let snapshot = &settings.resolved.snapshot;
    let [one, two] = [0, 1].map(|index| &snapshot.routes[index].policy);
    assert_eq!([one.max_attempts, two.max_attempts], [5, 1]);
    assert_eq!([one, two].map(|policy| policy.total_timeout.as_secs()), [90, 90]);
    assert_eq!([one, two].map(|policy| policy.max_request_body), [1 << 20, 2 << 20]);
    assert_eq!(snapshot.limits.max_request_body, 2 << 20, "before the route is known");
    assert!(settings.warnings.problems().is_empty(), "{}", settings.warnings);
}

/// Whether OpenAI's models, prices and machines are taken to be at the address.
fn is_taken_for_openai(section: &str, variables: &[(&str, &str)]) -> bool {
    let text = match section {
        "" => String::new(),
        section => format!("{section}[routes.r]\ndeployments = [\"openai/gpt-5.2\"]\n"),
    };
    let variables = variables.iter().copied().chain([("OPENAI_API_KEY", "sk-1")]);
    let settings = accepted(&text, &Environment::of(variables));
    let snapshot = &settings.resolved.snapshot;
    let route = snapshot.names.find("openai/gpt-5.2").unwrap();
    let index = snapshot.routes[route].entries[0].deployment;
    let (known, kept) = (snapshot.routing_of(index), snapshot.deployment(index));
    let facts = [&*known.maker == "openai", &*known.host == "openai", kept.prices.is_some()];
    assert!(facts == [true; 3] || facts == [false; 3], "{section}: {known:?}");
    assert!(facts[0] || (&*known.maker, &*known.host) == ("unknown", "unknown"), "{section}: {known:?}");
    // What it amounts to says so too.
    let text = toml::to_string_pretty(&settings.resolved.effective).unwrap();
    let again = accepted(&text, &Environment::of([("OPENAI_API_KEY", "sk-1")]));
    assert_eq!(again.resolved.snapshot.version, snapshot.version, "{text}");
    let prices = |settings: &Settings| -> Vec<bool> {
        settings.resolved.snapshot.deployments.iter().map(|deployment| deployment.prices.is_some()).collect()
    };
    assert_eq!(prices(&again), prices(&settings), "{text}");
    facts[0]
}

#[test]
fn p6_a_name_alone_books_nobody_elses_models_at_a_suppliers_price() {
    let own = "http://127.0.0.1:8000/v1";
    assert!(is_taken_for_openai("", &[]));
    assert!(!is_taken_for_openai("", &[("OPENAI_BASE_URL", own)]));
    assert!(is_taken_for_openai("", &[("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")]), "in a region");
    assert!(!is_taken_for_openai("", &[("OPENAI_BASE_URL", "https://api.openai.com.example/v1")]));
    let section = |more: &str| format!("[providers.openai]\n{more}base_url = \"{own}\"\n");
    assert!(!is_taken_for_openai(&section(""), &[]));
    assert!(is_taken_for_openai(&section("preset = \"openai\"\n"), &[]), "the file says who is there");
}

#[test]
fn one_warning_is_for_all_that_is_unpriced_however_often_it_is_named() {
    let text = "[providers.house]\npreset = \"vllm\"\n\
                [routes.one]\ndeployments = [\"house/a\", \"house/later\"]\n\
                [routes.two]\ndeployments = [\"house/a\", \"house/b\", \"openai/gpt-99\"]\n\
                [routes.three]\ndeployments = [\"openai/gpt-99\", \"house/a\", \
                { use = \"house/later\", price = { input = \"1\", output = \"1\" } }]\n";
    let settings = accepted(text, &environment());
    let said: Vec<&str> = settings.warnings.problems().iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        said,
        [
            "no price is known for house/a, house/b and openai/gpt-99: their cost is recorded as unpriced",
            "the catalogue does not know \"gpt-99\" at openai: windows and abilities unknown",
        ],
        "a price that is stated once holds in every route"
    );
}

#[test]
fn an_address_that_says_a_path_twice_is_warned_of() {
    let warned = |protocol: &str, url: &str| {
        let text = format!(
            "[providers.own]\nprotocol = \"{protocol}\"\nbase_url = \"{url}\"\n\
             [routes.r]\ndeployments = [{{ use = \"own/m\", price = {{ input = \"1\", output = \"1\" }} }}]"
        );
        let settings = accepted(&text, &Environment::default());
        let problems = settings.warnings.problems().iter();
        problems.filter(|problem| problem.what.contains("appended to it")).count()
    };
    for (protocol, url) in [
        ("openai-chat", "http://own/v1/chat/completions"),
        ("openai-chat", "http://own/v1/chat/completions/"),
        ("anthropic-messages", "http://own/v1"),
        ("anthropic-messages", "http://own/v1/messages"),
        ("gemini", "http://own/v1beta"),
    ] {
        assert_eq!(warned(protocol, url), 1, "{protocol} {url}");
    }
    for (protocol, url) in [
        ("openai-chat", "http://own/v1"),
        ("openai-chat", "http://own"),
        ("openai-responses", "http://own/api/v3"),
        ("anthropic-messages", "http://own/anthropic"),
        ("gemini", "http://own"),
    ] {
        assert_eq!(warned(protocol, url), 0, "{protocol} {url}");
    }
}
