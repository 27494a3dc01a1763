//! What `init` writes passes `check`, whatever the environment holds.

use super::*;
use crate::config::source::Source;
use crate::settings::read_text;

fn checked(environment: &Environment) -> String {
    let text = written(&found(environment), &Engines::new());
    let context = Context { environment, previous: None };
    let settings = match read_text(Source::new("releve.toml", text.clone()), Path::new(""), &context) {
        Ok(settings) => settings,
        Err(error) => panic!("{error}\n{text}"),
    };
    assert!(settings.warnings.problems().is_empty(), "{}", settings.warnings);
    text
}

#[test]
fn what_it_writes_is_right() {
    let keys: Vec<String> = ::catalogue::provider_names()
        .filter_map(::catalogue::provider)
        .flat_map(|preset| preset.key_env.clone())
        .collect();
    let mut all: Vec<(&str, &str)> = keys.iter().map(|name| (name.as_str(), "key-1")).collect();
    all.push(("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com"));
    let text = checked(&Environment::of(all));
    for expected in ["[providers.openai]", "\"openai/gpt-", "[providers.azure]", "contoso.openai.azure.com"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for name in &keys {
        checked(&Environment::of([(name.as_str(), "key-1")]));
    }
    assert!(!text.contains("key-1"));
}

#[test]
fn with_nothing_found_it_leaves_examples_that_are_right_once_uncommented() {
    let text = checked(&Environment::default());
    let uncommented: String = text
        .lines()
        .skip_while(|line| !line.starts_with("# [providers"))
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.starts_with(['[', ' ', ']']) || line.contains(" = "))
                .unwrap_or("")
        })
        .fold(String::new(), |all, line| all + line + "\n");
    let environment = Environment::of([("OPENAI_API_KEY", "sk-1")]);
    let context = Context { environment: &environment, previous: None };
    let settings = read_text(Source::new("releve.toml", uncommented.clone()), Path::new(""), &context);
    let settings = settings.unwrap_or_else(|error| panic!("{error}\n{uncommented}"));
    assert_eq!(settings.resolved.snapshot.providers.len(), 2);
}

#[test]
fn a_file_that_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("releve.toml");
    write(&path, "one", false).unwrap();
    assert!(matches!(write(&path, "two", false), Err(CliError::Usage { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    write(&path, "two", true).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
}
