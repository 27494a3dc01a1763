//! "Did you mean": the names that are like one that nobody knows.

use std::cmp::Reverse;

/// How like a name must be to be offered, from 0 to 1.
const LIKE_ENOUGH: f64 = 0.8;
/// How like a name is that holds what was written, or is held by it.
const INSIDE: f64 = 0.85;
/// The least that says something inside another name.
const SHORTEST_PART: usize = 3;
/// Comparing takes the product of both lengths, and what was written may be anything.
const MOST_CHARACTERS: usize = 100;

/// Those of `known` that `written` was probably meant to be, the likeliest first.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let written = folded(written);
    let mut near: Vec<(u64, &str)> = known
        .into_iter()
        .map(|name| (likeness(&written, &folded(name)), name))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        // Between 0 and 1, more bits are more.
        .map(|(likeness, name)| (likeness.to_bits(), name))
        .collect();
    near.sort_unstable_by_key(|(likeness, name)| (Reverse(*likeness), *name));
    near.into_iter().map(|(_, name)| name).collect()
}

fn folded(name: &str) -> String {
    name.chars().take(MOST_CHARACTERS).flat_map(char::to_lowercase).collect()
}

fn likeness(written: &str, name: &str) -> f64 {
    // `provider/model` is often meant by its model alone.
    let spelling = alike(written, name).max(alike(own_part(written), own_part(name)));
    let shorter = written.len().min(name.len());
    let inside = shorter >= SHORTEST_PART && (name.contains(written) || written.contains(name));
    if inside { spelling.max(INSIDE) } else { spelling }
}

/// How they begin counts for more, but not where there are versions: a family's name is what all its models share.
fn alike(written: &str, name: &str) -> f64 {
    let has_version = [written, name].iter().all(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
    if has_version { strsim::jaro(written, name) } else { strsim::jaro_winkler(written, name) }
}

fn own_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [&str; 5] =
        ["assistant", "gpt-5.2", "gpt-5.2-mini", "anthropic/claude-sonnet-4-5", "mistral/mistral-large"];

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        for (written, meant) in [
            ("asistant", "assistant"),
            ("assitsant", "assistant"),
            ("Asisstant", "assistant"),
            ("ssistant", "assistant"),
            ("gtp-5.2", "gpt-5.2"),
            ("gpt5.2", "gpt-5.2"),
            ("gpt-5.1", "gpt-5.2"),
            ("claud-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
            ("mistral-lrage", "mistral/mistral-large"),
        ] {
            assert_eq!(nearest(written, MODELS).first(), Some(&meant), "{written}");
        }
    }

    #[test]
    fn a_part_of_a_name_finds_it() {
        assert_eq!(nearest("sonnet", MODELS), ["anthropic/claude-sonnet-4-5"]);
        assert_eq!(nearest("openai/gpt-5.2-mini-2026", MODELS).first(), Some(&"gpt-5.2-mini"));
        assert_eq!(nearest("5", MODELS), Vec::<&str>::new());
    }

    #[test]
    fn another_model_of_the_family_is_not_what_was_meant() {
        assert_eq!(nearest("two/gpt-5.2", ["gpt-4o", "assistant"]), Vec::<&str>::new());
        assert_eq!(nearest("claude-opus-4-8", ["claude-haiku-3"]), Vec::<&str>::new());
    }

    #[test]
    fn what_is_like_nothing_finds_nothing() {
        for written in ["", "zebra", "embedding", &"x".repeat(10_000_000)] {
            assert_eq!(nearest(written, MODELS), Vec::<&str>::new());
        }
    }
}
