//! A deployment's changes in a Messages request.

use super::thread;
use crate::amend::claude::{Fit, Said, answers_tool};
use crate::amend::{AmendTo, Amended, Amendments, Instructions, Members, Wanted, member, quoted};

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let mut losses = Vec::new();
    let is_forced = || {
        let kind = member(body, "tool_choice").and_then(|choice| member(choice, "type"));
        kind.is_some_and(|kind| kind == b"\"any\"" || kind == b"\"tool\"")
    };
    let answers_tool = || answers_tool(body, |block| member(block, "type") == Some(b"\"tool_result\""));
    let said = Said { thinking: member(body, "thinking"), is_forced, answers_tool };
    let fit = Fit::new(ours, to, said, &mut losses);
    let front = |prefix: &str| Wanted::Front(Instructions::new(prefix, quoted, Some(block)));
    let mut members = Members::default();
    members
        .want(&["system"], amendments.system_prefix.as_deref().map(front))
        .want(&["temperature"], fit.temperature)
        .want(&["top_p"], fit.top_p)
        .want(&["top_k"], fit.top_k)
        .set(&["max_tokens"], fit.max_tokens)
        .set(&["stop_sequences"], ours.stop_json())
        .want(&["thinking"], fit.thinking)
        .want(&["output_config"], fit.output)
        .want(&[thread::NAME], (!to.keeps_threads).then_some(Wanted::Gone(Some(thread::NOT_KEPT))));
    Amended::of(body, members, losses)
}

fn block(prefix: &str) -> Vec<u8> {
    [b"{\"type\":\"text\",\"text\":", &quoted(prefix)[..], b"}"].concat()
}
