//! A deployment's changes in a Gemini request. Clients write names in either of the two ways that the API reads.

use catalogue::Quirks;

use crate::amend::{AmendTo, Amended, Amendments, Instructions, Members, Parameters, Wanted, quoted};
use crate::conversation::Loss;

/// The largest budget that each model with budgets takes; see `request/effort.rs`.
const MOST: u64 = 24_576;

pub(super) fn amend(body: &[u8], amendments: &Amendments, to: &AmendTo<'_>) -> Amended {
    let ours = &amendments.parameters;
    let mut losses = Vec::new();
    let mut config = Members::default();
    config
        .set(&["temperature"], ours.temperature.clone())
        .set(&["topP", "top_p"], ours.top_p.clone())
        .set(&["topK", "top_k"], ours.top_k.clone())
        .set(&["seed"], ours.seed.clone())
        .set(&["frequencyPenalty", "frequency_penalty"], ours.frequency_penalty.clone())
        .set(&["presencePenalty", "presence_penalty"], ours.presence_penalty.clone())
        .set(&["maxOutputTokens", "max_output_tokens"], ours.max_tokens_json(to.max_tokens))
        .set(&["stopSequences", "stop_sequences"], ours.stop_json())
        .want(&["thinkingConfig", "thinking_config"], thinking(ours, to, &mut losses));
    let mut members = Members::default();
    members
        .want(
            &["systemInstruction", "system_instruction"],
            amendments.system_prefix.as_deref().and_then(front),
        )
        .want(&["generationConfig", "generation_config"], config.object());
    Amended::of(body, members, losses)
}

fn front(prefix: &str) -> Option<Wanted> {
    let alone = |prefix: &str| [b"[", &part(prefix)[..], b"]"].concat();
    let mut content = Members::default();
    content.want(&["parts"], Some(Wanted::Front(Instructions::new(prefix, alone, Some(part)))));
    content.object()
}

fn part(prefix: &str) -> Vec<u8> {
    [b"{\"text\":", &quoted(prefix)[..], b"}"].concat()
}

/// A level or a budget: the API refuses both together, so that the client's goes.
fn thinking(ours: &Parameters, to: &AmendTo<'_>, losses: &mut Vec<Loss>) -> Option<Wanted> {
    let effort = ours.effort()?;
    let (level, budget): (&[&str], &[&str]) =
        (&["thinkingLevel", "thinking_level"], &["thinkingBudget", "thinking_budget"]);
    let mut config = Members::default();
    if to.quirks.contains(Quirks::THINKING_LEVEL) {
        let word = match effort.word() {
            Some("none") => {
                let why = "thinking cannot be switched off there: as little as every model takes";
                losses.push(Loss::new("reasoning_effort", why));
                "LOW"
            }
            Some("minimal" | "low") => "LOW",
            Some("medium") => "MEDIUM",
            _ => "HIGH",
        };
        config.set(level, Some(quoted(word))).want(budget, Some(Wanted::Gone(None)));
    } else {
        let tokens = effort.budget().map(|budget| budget.min(MOST).to_string());
        config.set(budget, tokens).want(level, Some(Wanted::Gone(None)));
    }
    config.object()
}
