//! A deployment's changes in a Chat Completions request.

use catalogue::Quirks;

use crate::amend::{AmendTo, Amended, Amendments, Instructions, Members, Wanted, quoted, without_place};

/// The limit on output, in whichever name the client wrote it.
const LIMIT: &[&str] = &["max_tokens", "max_completion_tokens"];
const NEW_LIMIT: &[&str] = &["max_completion_tokens", "max_tokens"];

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let limit = if to.quirks.contains(Quirks::MAX_COMPLETION_TOKENS) { NEW_LIMIT } else { LIMIT };
    let mut losses = Vec::new();
    without_place(ours, &["top_k"], &mut losses);
    let mut members = Members::default();
    members
        .want(&["messages"], amendments.system_prefix.as_deref().map(conversation))
        .set(&["temperature"], ours.temperature.clone())
        .set(&["top_p"], ours.top_p.clone())
        .set(&["seed"], ours.seed.clone())
        .set(&["frequency_penalty"], ours.frequency_penalty.clone())
        .set(&["presence_penalty"], ours.presence_penalty.clone())
        .set(limit, ours.max_tokens_json(to.max_tokens))
        .set(&["stop"], ours.stop_json());
    let effort = ours.reasoning_effort.as_deref().map(quoted);
    if to.quirks.contains(Quirks::REASONING_OBJECT) {
        let mut object = Members::default();
        // Either says how much.
        object
            .set(&["effort"], effort.clone())
            .want(&["max_tokens"], effort.as_ref().map(|_| Wanted::Gone(None)));
        members.want(&["reasoning"], effort.and_then(|_| object.object()));
    } else {
        members.set(&["reasoning_effort"], effort);
    }
    Amended::of(body, members, losses)
}

/// Instructions are the first message; models with a template of their own often take no second one.
fn conversation(prefix: &str) -> Wanted {
    let message = [b"{\"role\":\"system\",\"content\":", &quoted(prefix)[..], b"}"].concat();
    Wanted::Conversation { message, front: Instructions::new(prefix, quoted, Some(block)) }
}

fn block(prefix: &str) -> Vec<u8> {
    [b"{\"type\":\"text\",\"text\":", &quoted(prefix)[..], b"}"].concat()
}
