//! Why a supplier cannot be reached, said where somebody looks for it: in the request's entry, and once in the log.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use upstream::SendError;

/// How often the log says the same of a supplier: a host that is down is tried again and again.
const SAID_EVERY: Duration = Duration::from_mins(1);
/// The longest account that is kept: it goes into each entry.
const MOST_CHARS: usize = 300;

/// What went wrong last on the way to each supplier, and when the log said so.
#[derive(Debug, Default)]
pub struct Troubles {
    /// By provider.
    last: Mutex<HashMap<Arc<str>, Said>>,
}

#[derive(Debug)]
struct Said {
    words: Arc<str>,
    at: Instant,
}

impl Troubles {
    /// What `error` and all that led to it say. The log gets it where that is news of `provider`.
    pub(crate) fn tell(&self, provider: &Arc<str>, error: &SendError) -> Arc<str> {
        let (words, now) = (account(error), Instant::now());
        let mut last = self.last.lock().expect("nothing panics while it holds this lock");
        match last.get(provider) {
            Some(said) if said.words == words && now - said.at < SAID_EVERY => {}
            _ => {
                tracing::warn!("{provider} did not answer: {words}");
                last.insert(Arc::clone(provider), Said { words: Arc::clone(&words), at: now });
            }
        }
        words
    }
}

/// An error in its own words, and its causes' behind it.
pub fn account(error: &SendError) -> Arc<str> {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words.chars().take(MOST_CHARS).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use std::io;

    use upstream::DialError;

    use super::*;

    #[test]
    fn p10_an_account_names_each_cause_once() {
        let tls = DialError::Tls(io::Error::other("invalid peer certificate: UnknownIssuer"));
        let said = account(&SendError::Dial(tls));
        assert_eq!(&*said, "TLS handshake failed: invalid peer certificate: UnknownIssuer");
        let long = DialError::Connect(io::Error::other("x".repeat(1000)));
        assert_eq!(account(&SendError::Dial(long)).chars().count(), MOST_CHARS);
    }
}
