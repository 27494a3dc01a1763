//! Hides what must not be printed when a line of the configuration is shown beside an error.
//!
//! A file holds no secrets when it is right. These rules are for the file that is wrong: a key pasted where
//! `{ env = ... }` belongs must not travel into a log or a ticket together with the error that says so.

use std::ops::Range;

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

/// `text` with `secrets`, and the values of keys that hold secrets, replaced by stars. Every other byte keeps its
/// offset.
pub(crate) fn masked(text: &str, secrets: impl Iterator<Item = Range<usize>>) -> String {
    let mut hidden: Vec<Range<usize>> = secrets.collect();
    hidden.extend(literal_secrets(text));
    hidden.extend(url_passwords(text));
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
}
