//! What leaving a provider changes in the configuration's own text, as diffs that a person can apply, by hand where
//! they hide something. Comments and order stay as they are in what the diffs lead to.

use std::fmt;

use serde::Serialize;
use similar::TextDiff;
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::config::source::Source;
use crate::settings::Settings;

/// Says what `releve check` would refuse in a text.
pub(crate) type Reads<'a> = &'a dyn Fn(Source) -> Result<(), String>;

/// The changes, in the order in which they are made.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Changes {
    /// The file; `None` where the configuration comes from the environment alone.
    pub(crate) file: Option<String>,
    /// The provider is asked last, after all its fallbacks. `None` where that changes nothing.
    pub(crate) behind: Option<Change>,
    /// It is gone from every route that has another. `None` where no route has it.
    pub(crate) without: Option<Change>,
    /// Routes that have nobody else, and are left as they are.
    pub(crate) only_one: Vec<String>,
}

/// One change of the file.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// In the unified format of `diff -u`. Comments, values of headers and all that looks like a secret are hidden: a plan goes
    /// to people who may not read the configuration.
    pub(crate) diff: String,
    /// Whether stars stand in it for something hidden: then it is made by hand, for `patch` would not find those lines.
    pub(crate) hides: bool,
    /// Why `releve check` would refuse the changed file; `None` where it would not.
    pub(crate) refused: Option<String>,
}

impl Changes {
    /// Those that take `provider` out of the file that was read.
    pub(super) fn of(settings: &Settings, provider: &str, reads: Reads<'_>) -> Self {
        let Some(source) = &settings.loaded.source else { return Self::default() };
        let Ok(document) = source.text().parse::<DocumentMut>() else { return Self::default() };
        let mut behind = document.clone();
        for (_, deployments) in deployments(&mut behind) {
            if let Some(array) = deployments.as_array_mut() {
                put_last(array, provider);
            }
        }
        let mut without = document.clone();
        let only_one = take_out(&mut without, provider);
        Self {
            file: Some(source.name.clone()),
            behind: change(source, &behind, reads),
            without: change(source, &without, reads),
            only_one,
        }
    }
}

fn change(source: &Source, edited: &impl fmt::Display, reads: Reads<'_>) -> Option<Change> {
    let edited = Source::new(source.name.clone(), edited.to_string());
    if edited.text() == source.text() {
        return None;
    }
    let unified = |old: &str, new: &str| {
        let diff = TextDiff::from_lines(old, new);
        diff.unified_diff().context_radius(3).header(&source.name, &source.name).to_string()
    };
    let diff = unified(&source.quotable(), &edited.quotable());
    let hides = diff != unified(source.text(), edited.text());
    Some(Change { diff, hides, refused: reads(edited).err() })
}

/// Each route's name and list.
fn deployments(document: &mut DocumentMut) -> Vec<(String, &mut Item)> {
    let Some(routes) = document.get_mut("routes").and_then(Item::as_table_like_mut) else {
        return Vec::new();
    };
    let mut lists = Vec::new();
    for (name, route) in routes.iter_mut() {
        let name = name.get().to_owned();
        lists.extend(route.get_mut("deployments").map(|deployments| (name, deployments)));
    }
    lists
}

/// Takes it out of routes and approvals, and its section with them unless a route has nobody else. Those routes' names.
fn take_out(document: &mut DocumentMut, provider: &str) -> Vec<String> {
    let mut only_one = Vec::new();
    for (name, deployments) in deployments(document) {
        if count(deployments, |_| true) == count(deployments, |target| is_at(target, provider)) {
            if count(deployments, |_| true) > 0 {
                only_one.push(name);
            }
        } else {
            remove(deployments, provider);
        }
    }
    if let Some(products) = document.get_mut("products").and_then(Item::as_table_like_mut) {
        for (_, product) in products.iter_mut() {
            let Some(product) = product.as_table_like_mut() else { continue };
            let Some(approved) = product.get_mut("approved") else { continue };
            if count(approved, |target| !is_at(target, provider)) == 0 && only_one.is_empty() {
                product.remove("approved");
            } else if only_one.is_empty() {
                remove(approved, provider);
            }
        }
    }
    if only_one.is_empty()
        && let Some(providers) = document.get_mut("providers").and_then(Item::as_table_like_mut)
    {
        providers.remove(provider);
    }
    only_one
}

fn is_at(target: Option<&str>, provider: &str) -> bool {
    target.and_then(|target| target.split_once('/')).is_some_and(|(at, _)| at == provider)
}

/// `"provider/model"`, or `{ use = "provider/model" }`.
fn of_value(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.as_inline_table()?.get("use")?.as_str())
}

fn of_table(table: &Table) -> Option<&str> {
    table.get("use")?.as_str()
}

fn count(list: &Item, counts: impl Fn(Option<&str>) -> bool) -> usize {
    match list {
        Item::Value(Value::Array(array)) => array.iter().filter(|value| counts(of_value(value))).count(),
        Item::ArrayOfTables(tables) => tables.iter().filter(|table| counts(of_table(table))).count(),
        _ => 0,
    }
}

fn remove(list: &mut Item, provider: &str) {
    match list {
        Item::Value(Value::Array(array)) => {
            let first = array.get(0).map(|value| value.decor().clone());
            let was_first = array.get(0).is_some_and(|value| is_at(of_value(value), provider));
            array.retain(|value| !is_at(of_value(value), provider));
            // What follows the bracket stays as it was, unless it is a word about who is gone.
            if let (true, Some(first), Some(value)) = (was_first, first, array.get_mut(0))
                && !says_something(value)
            {
                *value.decor_mut() = first;
            }
        }
        Item::ArrayOfTables(tables) => tables.retain(|table| !is_at(of_table(table), provider)),
        _ => {}
    }
}

/// Puts the provider's behind the others. The spaces between stay where they are, unless comments stand in them.
fn put_last(array: &mut Array, provider: &str) {
    let values: Vec<Value> = array.iter().cloned().collect();
    let (mut first, last): (Vec<Value>, Vec<Value>) =
        values.iter().cloned().partition(|value| !is_at(of_value(value), provider));
    first.extend(last);
    let comments = values.iter().any(says_something);
    for ((place, old), mut new) in array.iter_mut().zip(&values).zip(first) {
        if !comments {
            *new.decor_mut() = old.decor().clone();
        }
        *place = new;
    }
}

/// Whether a comment stands beside it.
fn says_something(value: &Value) -> bool {
    let decor = value.decor();
    [decor.prefix(), decor.suffix()]
        .into_iter()
        .flatten()
        .any(|raw| raw.as_str().is_some_and(|text| text.contains('#')))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::environment::Environment;
    use crate::resolve::Context;
    use crate::settings::read_text;

    const TEXT: &str = r#"
[providers.openai]
api_key = { env = "OPENAI_API_KEY" }

[providers.mistral]
api_key = { env = "MISTRAL_API_KEY" }

# who answers people
[routes.assistant]
deployments = ["openai/gpt-5.4", "mistral/mistral-large-2512"]

[routes.long]
deployments = [
  { use = "openai/gpt-5.4", weight = 3 },
  "mistral/mistral-large-2512", # the fallback
]

[products.office]
approved = [{ use = "openai/gpt-5.4", by = "us", on = 2026-01-01, evidence = "tests" }]
"#;

    fn changes(text: &str, provider: &str) -> Changes {
        let environment = Environment::default().with_secrets_assumed();
        let read = |source| {
            let context = Context { environment: &environment, previous: None };
            read_text(source, Path::new(""), &context)
        };
        let settings = read(Source::new("releve.toml", text)).unwrap();
        Changes::of(&settings, provider, &|source| {
            read(source).map(|_| ()).map_err(|error| error.to_string())
        })
    }

    /// The lines that a diff takes away, and those that it adds.
    fn lines(change: &Change) -> (Vec<&str>, Vec<&str>) {
        let of = |sign: char| {
            let body = change.diff.lines().skip(2);
            body.filter_map(|line| line.strip_prefix(sign)).collect()
        };
        (of('-'), of('+'))
    }

    #[test]
    fn the_provider_is_asked_last_and_then_not_at_all() {
        let changes = changes(TEXT, "openai");
        let behind = changes.behind.unwrap();
        assert!(behind.diff.starts_with("--- releve.toml\n+++ releve.toml\n@@ "), "{}", behind.diff);
        assert_eq!((behind.refused.as_deref(), behind.hides), (None, true), "the comments in it are hidden");
        let (_, added) = lines(&behind);
        assert_eq!(added[0], "deployments = [\"mistral/mistral-large-2512\", \"openai/gpt-5.4\"]");
        let without = changes.without.unwrap();
        assert_eq!((without.refused.as_deref(), changes.only_one.len()), (None, 0));
        let (removed, added) = lines(&without);
        assert_eq!(added, ["deployments = [\"mistral/mistral-large-2512\"]"], "{}", without.diff);
        assert!(removed.contains(&"[providers.openai]"), "{}", without.diff);
        assert!(removed.iter().any(|line| line.starts_with("approved")), "{}", without.diff);
        assert!(removed.iter().all(|line| !line.starts_with('#')), "{}", without.diff);
    }

    #[test]
    fn a_route_with_nobody_else_is_named_and_left_alone() {
        let text = format!("{TEXT}\n[routes.alone]\ndeployments = [\"openai/gpt-5.4\"]\n");
        let changes = changes(&text, "openai");
        assert_eq!(changes.only_one, ["alone"]);
        let without = changes.without.unwrap();
        assert_eq!(without.refused, None);
        assert!(!without.diff.contains("-[providers.openai]"), "{}", without.diff);
    }

    #[test]
    fn g24_what_is_nobodys_business_is_not_quoted() {
        let own = "headers = { \"X-Gateway-Token\" = \"canary1\" } # canary2\n";
        let text =
            TEXT.replacen("\n\n[providers.mistral]", &format!("\n{own}# canary3\n[providers.mistral]"), 1);
        assert!(text.contains("canary3"));
        let changes = changes(&text, "openai");
        let without = changes.without.unwrap();
        assert!(without.hides, "{}", without.diff);
        for change in [changes.behind.unwrap(), without] {
            assert!(!change.diff.contains("canary"), "{}", change.diff);
        }
    }

    #[test]
    fn a_text_that_check_would_refuse_says_so() {
        let environment = Environment::default().with_secrets_assumed();
        let context = Context { environment: &environment, previous: None };
        let settings = read_text(Source::new("releve.toml", TEXT), Path::new(""), &context).unwrap();
        let refused = Changes::of(&settings, "openai", &|_| Err("no".to_owned()));
        assert_eq!(refused.without.unwrap().refused.as_deref(), Some("no"));
        let nobody = Changes::of(&settings, "nobody", &|_| Ok(()));
        assert!(nobody.without.is_none() && nobody.behind.is_none() && nobody.only_one.is_empty());
    }
}
