//! The names of the headers by which clients and we talk, beside their protocols' own. `docs/http.md` has them all.

use http::HeaderName;

/// One constant a header, and the list of them.
macro_rules! headers {
    ($(#[$about:meta])* $all:ident: $($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        $($(#[$doc])* pub(crate) static $name: HeaderName = HeaderName::from_static($text);)*
        $(#[$about])*
        #[cfg(test)]
        pub(crate) const $all: &[&str] = &[$($text),*];
    };
}

headers! {
    /// What a client may say.
    ASKED:
    /// Which conversation a request belongs to, for the ledger, which keeps a hash.
    SESSION = "x-releve-session",
    /// Words for the ledger.
    TAGS = "x-releve-tags",
    /// How long the client is willing to wait.
    DEADLINE = "x-releve-deadline",
    /// Whether the plan is wanted in place of an answer.
    EXPLAIN = "x-releve-explain",
    /// The official SDKs count their own retries here.
    CLIENT_RETRIES = "x-stainless-retry-count",
}

headers! {
    /// What an answer says beside what its supplier said.
    ANSWERED:
    /// Who served.
    DEPLOYMENT = "x-releve-deployment",
    /// How many tries it took.
    ATTEMPTS = "x-releve-attempts",
    /// That another stepped in, and how far the answer was by then.
    TAKEOVER = "x-releve-takeover",
    /// What the supplier was not told.
    DROPPED = "x-releve-dropped",
    /// What was changed in the request.
    EDITS = "x-releve-edits",
    /// That a count of tokens is an estimate.
    ESTIMATE = "x-releve-estimate",
    /// The official SDKs try again, or do not, as this says.
    SHOULD_RETRY = "x-should-retry",
}

/// Where SDKs put their key, beside `authorization` and Gemini's query parameter.
pub(crate) const KEYS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];
