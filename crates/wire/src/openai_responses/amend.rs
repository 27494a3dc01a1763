//! A deployment's changes in a Responses request.

use crate::amend::{AmendTo, Amended, Amendments, Instructions, Members, Wanted, quoted, without_place};

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let mut losses = Vec::new();
    let absent = ["top_k", "seed", "frequency_penalty", "presence_penalty", "stop"];
    without_place(ours, &absent, &mut losses);
    let front = |prefix: &str| Wanted::Front(Instructions::new(prefix, quoted, None));
    let mut reasoning = Members::default();
    reasoning.set(&["effort"], ours.reasoning_effort.as_deref().map(quoted));
    let mut members = Members::default();
    members
        .want(&["instructions"], amendments.system_prefix.as_deref().map(front))
        .set(&["temperature"], ours.temperature.clone())
        .set(&["top_p"], ours.top_p.clone())
        .set(&["max_output_tokens"], ours.max_tokens_json(to.max_tokens))
        .want(&["reasoning"], reasoning.object());
    Amended::of(body, members, losses)
}
