//! Holds `docs/configuration.md` against the keys that are read. Tests only.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::Config;
use super::problem::Problems;
use super::section::Section;
use crate::config::environment::Environment;
use crate::config::source::Source;
use crate::resolve::Context;
use crate::settings::read_text;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The example that holds every key.
fn example() -> &'static str {
    PAGE.split("```toml every-key\n").nth(1).unwrap().split("```").next().unwrap()
}

/// Every key that reading the example asks for, as `routes.NAME.policy.prefer`.
fn known() -> BTreeSet<String> {
    let (table, faults) = DeTable::parse_recoverable(example());
    assert!(faults.is_empty(), "{faults:?}");
    let problems = Problems::default();
    Section::root(&table, &problems, Config::read);
    problems.asked().iter().map(|key| general(key)).collect()
}

/// A name that is free becomes `NAME`.
fn general(key: &str) -> String {
    let mut parts: Vec<&str> = key.split('.').collect();
    if parts.len() > 1 && ["providers", "routes", "products", "rates"].contains(&parts[0]) {
        parts[1] = "NAME";
    }
    parts.join(".")
}

/// The page's rows: each key with its default's cell.
fn documented() -> BTreeMap<String, String> {
    let mut sections = vec![String::new()];
    let mut rows = BTreeMap::new();
    for line in PAGE.lines() {
        if line.starts_with("##") {
            let named: Vec<String> =
                quoted(line).map(|path| path.trim_matches(['[', ']']).to_owned()).collect();
            sections = if named.is_empty() { vec![String::new()] } else { named };
        } else if line.starts_with("| `") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 4, "key, type, default, meaning: {line}");
            let key = quoted(cells[0]).next().unwrap();
            for section in &sections {
                let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
                assert!(rows.insert(path, cells[2].to_owned()).is_none(), "twice: {line}");
            }
        }
    }
    rows
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// All keys of a table, general, with their values as written.
fn flat(path: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
    if !path.is_empty() {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        into.insert(general(path), shown);
    }
    let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                flat(&within(name), value, into);
            }
        }
        toml::Value::Array(list) => {
            for value in list.iter().filter(|value| value.is_table()) {
                flat(path, value, into);
            }
        }
        _ => {}
    }
}

fn flattened(text: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    flat("", &toml::Value::Table(text.parse().unwrap()), &mut keys);
    keys
}

#[test]
fn the_page_has_every_key_and_no_other() {
    let documented: BTreeSet<String> = documented().into_keys().collect();
    assert_eq!(documented, known());
}

/// Nobody asks for the keys of a table that is not there: were one missing here, the test above would not see them.
#[test]
fn the_pages_example_has_every_key() {
    let written = flattened(example());
    let shown = |key: &String| {
        let elsewhere = key.replace("routes.NAME.policy.", "policy.");
        written.contains_key(key) || written.contains_key(&elsewhere)
    };
    let absent: Vec<String> = known().into_iter().filter(|key| !shown(key)).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

#[test]
fn the_pages_defaults_are_those_that_act() {
    let environment = Environment::of([("OPENAI_API_KEY", "sk-test")]);
    let context = Context { environment: &environment, previous: None };
    let text = "[routes.r]\ndeployments = [\"openai/gpt-5.2\"]\n";
    let settings = read_text(Source::new("f", text), "".as_ref(), &context).unwrap();
    let acting = flattened(&toml::to_string(&settings.resolved.effective).unwrap());
    let mut compared = 0;
    for (key, default) in documented() {
        let steers = ["server.", "ledger.", "policy.", "routes.NAME.policy."]
            .iter()
            .any(|start| key.starts_with(start));
        let Some(acts) = acting.get(&key).filter(|_| steers) else { continue };
        assert_eq!(default, format!("`{acts}`"), "{key}");
        compared += 1;
    }
    assert_eq!(compared, 32);
}
