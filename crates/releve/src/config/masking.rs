//! Hides what must not be printed when a line of the configuration is shown beside an error.
//!
//! A file holds no secrets when it is right. These rules are for the file that is wrong: a key pasted where
//! `{ env = ... }` belongs must not travel into a log or a ticket together with the error that says so. The values of
//! `headers` are hidden in a right file too: a gateway's own header is a key as often as it is a version.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

/// Keys whose value is a secret unless it is a table.
const SECRET_KEYS: [&str; 10] = [
    "api_key",
    "signing_key",
    "admin_token",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "password",
    "secret",
    "token",
    "authorization",
];

/// Headers whose value nobody takes for a key. Any other may be one: `Ocp-Apim-Subscription-Key`, `X-Gateway-Token`.
const OPEN_HEADERS: [&str; 10] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "api-version",
    "content-type",
    "http-referer",
    "openai-beta",
    "user-agent",
    "x-goog-api-client",
    "x-title",
];

/// Whether what stands behind this header's name may be shown.
pub(super) fn is_open_header(name: &str) -> bool {
    OPEN_HEADERS.iter().any(|open| name.eq_ignore_ascii_case(open))
}

/// `text` with `secrets`, and the values of keys that hold secrets, replaced by stars. Every other byte keeps its
/// offset.
pub(crate) fn masked(text: &str, secrets: impl Iterator<Item = Range<usize>>) -> String {
    let mut hidden: Vec<Range<usize>> = secrets.collect();
    hidden.extend(literal_secrets(text));
    hidden.extend(url_passwords(text));
    hidden.extend(Places::of(text).headers);
    let mut shown = String::with_capacity(text.len());
    for (offset, letter) in text.char_indices() {
        if letter != '\n' && hidden.iter().any(|range| range.contains(&offset)) {
            shown.extend(std::iter::repeat_n('*', letter.len_utf8()));
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Values that follow `api_key =` and its like on the same line, up to a comma, a brace or the line's end.
fn literal_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for key in SECRET_KEYS {
        for (position, _) in text.match_indices(key) {
            let after = position + key.len();
            let inside_a_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
            if text[..position].ends_with(inside_a_word) {
                continue;
            }
            let rest = &text[after..];
            let line = rest.split('\n').next().unwrap_or_default();
            let Some((between, value)) = line.split_once('=') else { continue };
            if !between.chars().all(|letter| letter.is_whitespace() || "\"'".contains(letter)) {
                continue;
            }
            let value_start = after + between.len() + 1 + (value.len() - value.trim_start().len());
            let value = value.trim_start();
            if value.starts_with('{') {
                continue;
            }
            let length = value.find([',', '}']).unwrap_or(value.len());
            found.push(value_start..value_start + length);
        }
    }
    found
}

/// `user:password` in `http://user:password@host`.
fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (position, mark) in text.match_indices("://") {
        let start = position + mark.len();
        let ends = |letter: char| letter.is_whitespace() || "/\"'".contains(letter);
        let authority = text[start..].split(ends).next().unwrap_or_default();
        if let Some(at) = authority.rfind('@') {
            found.push(start..start + at);
        }
    }
    found
}

/// What people wrote behind each `#` of a text that is TOML; nothing of one that is not.
pub(crate) fn comments(text: &str) -> Vec<Range<usize>> {
    let words = Places::of(text).words;
    let mut found: Vec<Range<usize>> = Vec::new();
    for (mark, _) in text.match_indices('#') {
        let is_inside = |ranges: &[Range<usize>]| ranges.iter().any(|range| range.contains(&mark));
        if !words.is_empty() && !is_inside(&words) && !is_inside(&found) {
            let end = text[mark..].find('\n').map_or(text.len(), |length| mark + length);
            found.push(mark + 1..end);
        }
    }
    found
}

/// Where things stand in a text that is TOML.
#[derive(Debug, Default)]
struct Places {
    /// Keys, and values that hold no others: a `#` in them begins no comment.
    words: Vec<Range<usize>>,
    /// The values of `headers`, but for those of [`OPEN_HEADERS`].
    headers: Vec<Range<usize>>,
}

impl Places {
    fn of(text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(document) = Document::parse(text) {
            places.look(document.as_table(), false);
        }
        places
    }

    fn look(&mut self, table: &dyn TableLike, are_headers: bool) {
        for (name, item) in table.iter() {
            self.words.extend(table.key(name).and_then(toml_edit::Key::span));
            if are_headers && !is_open_header(name) {
                self.headers.extend(item.span());
            }
            match item {
                Item::ArrayOfTables(tables) => tables.iter().for_each(|table| self.look(table, false)),
                Item::Value(value) => self.value(value, name == "headers"),
                Item::Table(table) => self.look(table, name == "headers"),
                Item::None => {}
            }
        }
    }

    fn value(&mut self, value: &Value, are_headers: bool) {
        match value {
            Value::Array(array) => array.iter().for_each(|value| self.value(value, false)),
            Value::InlineTable(table) => self.look(table, are_headers),
            _ => self.words.extend(value.span()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g24_secrets_written_into_the_file_are_not_shown() {
        let text = concat!(
            "api_key = \"sk-canary-é1\"\n",
            "\"api_key\" = sk-canary-2\n",
            "openai = { api_key = 'canary3', region = \"eu\" }\n",
            "aws = { access_key_id = \"AKIAcanary5\", secret_access_key = 'canary6', session_token = canary7 }\n",
            "proxy = \"http://ada:canary4@proxy:3128\"\n",
            "ok = { env = \"OPENAI_API_KEY\" }\n",
            "api_key = { env = \"ACME_KEY\" }\n",
            "max_time_to_first_token = \"20s\"\n",
        );
        let shown = masked(text, std::iter::empty());
        assert_eq!(shown.len(), text.len());
        assert!(!shown.contains("canary"), "{shown}");
        for kept in ["region = \"eu\"", "proxy:3128", "OPENAI_API_KEY", "ACME_KEY", "20s"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn named_ranges_are_hidden_and_lines_stay() {
        assert_eq!(masked("env = \"sk-1\"\nb", std::iter::once(6..12)), "env = ******\nb");
    }

    #[test]
    fn g24_values_of_headers_are_hidden_in_every_form_that_toml_has() {
        let text = concat!(
            "[providers.a]\n",
            "headers = { \"X-Gateway-Token\" = \"canary1\", 'Ocp-Apim-Subscription-Key' = 'canary2', anthropic-version = \"2023-06-01\" }\n",
            "[providers.b.headers]\nHelicone-Auth = \"\"\"\ncanary3\ncanary4\"\"\"\n\"Content-Type\" = \"application/json\"\n",
            "[providers.c]\nheaders.cf-aig-authorization = \"canary5\"\nregion = \"eu\"\n",
            "[providers]\nd = { headers = { X-Auth = \"canary6\" }, region = \"us\" }\n",
        );
        let shown = masked(text, std::iter::empty());
        assert_eq!((shown.len(), shown.lines().count()), (text.len(), text.lines().count()));
        assert!(!shown.contains("canary"), "{shown}");
        for kept in
            ["X-Gateway-Token", "2023-06-01", "application/json", "region = \"eu\"", "region = \"us\""]
        {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn comments_are_found_and_a_mark_in_a_string_is_none() {
        let text = "a = \"x # y\" # canary1\n# canary2 # more\n[t.\"b#c\"] # canary3\nd = [\n  '#', # canary4\n]\n# canary5";
        let shown = masked(text, comments(text).into_iter());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.starts_with("a = \"x # y\" #****"), "{shown}");
        assert!(shown.contains("[t.\"b#c\"] #") && shown.contains("  '#', #"), "{shown}");
    }
}
