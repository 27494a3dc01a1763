//! Errors of our own, before a codec words them in the client's dialect.

/// An error to tell a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorReply<'a> {
    /// The HTTP status. SDKs choose the exception by it.
    pub status: u16,
    /// What kind of error; becomes the dialect's `type`.
    pub kind: ErrorKind,
    /// What is wrong and what to do, in a sentence or two. Never holds a secret.
    pub message: &'a str,
    /// Our id of the request.
    pub request_id: &'a str,
    /// A code for programs, where the dialect has a place for it, such as `model_not_found`.
    pub code: Option<&'a str>,
    /// The field of the request that is wrong, where the dialect has a place for it.
    pub param: Option<&'a str>,
}

/// The kinds of errors that clients can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong.
    InvalidRequest,
    /// No key, or an unknown one.
    Authentication,
    /// A known key that may not do this.
    Permission,
    /// What was asked for does not exist.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// A limit was reached; a later try may succeed.
    RateLimited,
    /// What may be spent is spent: until that changes no later try succeeds.
    Spent,
    /// No candidate has room; a later try may succeed.
    Overloaded,
    /// No candidate answered in time.
    Timeout,
    /// Anything else on our side or beyond.
    Internal,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::InvalidRequest,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::TooLarge,
        Self::RateLimited,
        Self::Spent,
        Self::Overloaded,
        Self::Timeout,
        Self::Internal,
    ];

    /// What a supplier's status means to its client.
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }

    /// The HTTP status that fits, when there is no better one. 502 for [`Internal`](Self::Internal), since what fails
    /// behind a gateway is mostly not the gateway.
    pub const fn default_status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Authentication => 401,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimited | Self::Spent => 429,
            Self::Overloaded => 503,
            Self::Timeout => 504,
            Self::Internal => 502,
        }
    }
}
