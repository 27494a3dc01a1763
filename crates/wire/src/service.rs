//! The class of service that served an answer, in `OpenAI`'s words, which two dialects share.
//!
//! Source: `types/responses/service_tier.py` and `types/chat/chat_completion.py` in openai 3.54.0, read 2026-11-29.

use catalogue::Service;

use crate::conversation::Loss;

/// Why a class is not told.
const NO_WORD: &str = "there is no word for it there";

/// Names a class that was stated and has no `word`.
pub(crate) fn unsaid(service: Option<Service>, word: Option<&str>) -> Option<Loss> {
    (service.is_some() && word.is_none()).then(|| Loss::new("service_tier", NO_WORD))
}

/// The class that a word names; `auto`, until it is known, names none.
pub(crate) fn of_openai(word: &str) -> Option<Service> {
    (word != "auto").then(|| Service::of_word(word))
}

/// The word for a class, where there is one.
pub(crate) const fn to_openai(service: Service) -> Option<&'static str> {
    match service {
        Service::Standard => Some("default"),
        Service::Flex => Some("flex"),
        Service::Priority => Some("priority"),
        Service::Batch | Service::Other => None,
    }
}
