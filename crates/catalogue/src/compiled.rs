//! The files of `catalogue/`, compiled in; each parsed when it is first asked for, and then kept.

use std::sync::{Arc, OnceLock};

use crate::entry::{ModelEntry, ProviderEntry};

struct Compiled {
    name: &'static str,
    text: &'static str,
    entry: OnceLock<Arc<ProviderEntry>>,
}

// `static COMPILED: [Compiled; N]`, sorted by name, and `const VERSION`.
include!(concat!(env!("OUT_DIR"), "/compiled.rs"));

impl Compiled {
    fn get(&'static self) -> &'static Arc<ProviderEntry> {
        self.entry.get_or_init(|| match ProviderEntry::parse(self.name, self.text) {
            Ok(entry) => Arc::new(entry),
            Err(error) => {
                unreachable!("catalogue/{}.toml passed this crate's tests, yet: {error:?}", self.name)
            }
        })
    }
}

/// The preset of that name. The first call for a name parses its file (a millisecond or so); later ones are a lookup.
pub fn provider(name: &str) -> Option<Arc<ProviderEntry>> {
    find(name).map(|compiled| Arc::clone(compiled.get()))
}

fn find(name: &str) -> Option<&'static Compiled> {
    let index = COMPILED.binary_search_by_key(&name, |compiled| compiled.name).ok()?;
    Some(&COMPILED[index])
}

/// The name of every preset, in alphabetical order. Parses nothing.
pub fn provider_names() -> impl Iterator<Item = &'static str> {
    COMPILED.iter().map(|compiled| compiled.name)
}

/// The version of the compiled-in data: a digest of all files. The same data has the same version on every machine.
pub fn version() -> &'static str {
    VERSION
}

/// Every model of every provider. A preset that is only `like` another is left out, so that each model comes once.
/// Parses all that was not parsed yet.
pub fn models() -> impl Iterator<Item = (&'static ProviderEntry, &'static ModelEntry)> {
    let own = COMPILED.iter().map(|compiled| &**compiled.get()).filter(|provider| provider.like.is_none());
    own.flat_map(|provider| provider.models.iter().map(move |model| (provider, model)))
}

/// The models that match every word of `query`, in any letter case: in `provider/id`, an alias, the name of the weights
/// or the maker. An empty query matches all.
pub fn search(query: &str) -> impl Iterator<Item = (&'static ProviderEntry, &'static ModelEntry)> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    models().filter(move |(provider, model)| {
        let mut haystack = format!("{}/{} {}", provider.name, model.id, model.maker);
        for name in model.aliases.iter().chain(&model.known_as) {
            haystack.push(' ');
            haystack.push_str(name);
        }
        let haystack = haystack.to_lowercase();
        words.iter().all(|word| haystack.contains(word.as_str()))
    })
}

#[cfg(test)]
mod tests;
