//! Whether a deployment can serve a request at all. Nothing here changes with time or health.

use crate::deployment::{Deployment, Facts};
use crate::reason::Reason;

/// Why `deployment` cannot serve such a request; `None` where nothing known speaks against it.
///
/// What is unknown does not exclude (a supplier says no by itself, and the next candidate is taken), but for the
/// region: a rule about regions is a promise to somebody.
pub fn obstacle(facts: &Facts<'_>, deployment: &Deployment) -> Option<Reason> {
    let spoken = deployment.protocol_for(facts.protocol, facts.needs);
    if spoken != facts.protocol && !facts.translates.contains(spoken) {
        return Some(Reason::Protocol);
    }
    let is_translated = spoken != facts.protocol;
    region(facts, deployment)
        .or_else(|| abilities(facts, deployment, is_translated))
        .or_else(|| size(facts, deployment))
}

fn region(facts: &Facts<'_>, deployment: &Deployment) -> Option<Reason> {
    if facts.regions.is_empty() {
        return None;
    }
    match &deployment.region {
        None => Some(Reason::RegionUnknown),
        Some(place) if facts.regions.iter().any(|allowed| place.within(allowed)) => None,
        Some(_) => Some(Reason::Region),
    }
}

fn abilities(facts: &Facts<'_>, deployment: &Deployment, is_translated: bool) -> Option<Reason> {
    let mut lacking = deployment.capabilities.missing(facts.needs);
    if is_translated {
        lacking = lacking.difference(wire::translate::met_otherwise(deployment.capabilities.no));
    }
    (!lacking.is_empty()).then_some(Reason::Lacks(lacking))
}

fn size(facts: &Facts<'_>, deployment: &Deployment) -> Option<Reason> {
    let output = facts.max_tokens.unwrap_or(0);
    if deployment.max_output.is_some_and(|most| output > most) {
        return Some(Reason::OutputTooSmall);
    }
    // The input is an estimate and may be a fifth too high. Where that decides, the supplier is asked: it answers
    // "context exceeded" at once, and a larger window is tried next.
    let input = facts.estimated_input_tokens.saturating_add(deployment.prefix_tokens);
    let input = input - input / 5;
    let needed = input.saturating_add(output);
    deployment.context_window.is_some_and(|window| needed > window).then_some(Reason::WindowTooSmall)
}

#[cfg(test)]
mod tests {
    use catalogue::{Capabilities, Needs, Protocol};

    use super::*;
    use crate::fixture;

    fn facts() -> Facts<'static> {
        fixture::facts()
    }

    #[test]
    fn nothing_known_against_it() {
        let unknown = fixture::deployment("a/m", 0);
        assert_eq!(obstacle(&facts(), &unknown), None);
        let needy = Facts { needs: Needs::TOOLS | Needs::IMAGES, max_tokens: Some(1 << 40), ..facts() };
        assert_eq!(obstacle(&needy, &unknown), None);
    }

    #[test]
    fn a_region_rule_wants_a_known_region_inside() {
        let eu = ["eu".parse().unwrap()];
        let facts = Facts { regions: &eu, ..facts() };
        let place = |region: Option<&str>| {
            let region = region.map(|region| region.parse().unwrap());
            Deployment { region, ..fixture::deployment("a/m", 0) }
        };
        assert_eq!(obstacle(&facts, &place(Some("eu/france"))), None);
        assert_eq!(obstacle(&facts, &place(Some("us/east"))), Some(Reason::Region));
        assert_eq!(obstacle(&facts, &place(Some("europe"))), Some(Reason::Region));
        assert_eq!(obstacle(&facts, &place(None)), Some(Reason::RegionUnknown));
    }

    #[test]
    fn what_it_is_known_to_lack_excludes() {
        let no = Needs::IMAGES | Needs::AUDIO_IN;
        let capabilities = Capabilities { no, ..Capabilities::default() };
        let blind = Deployment { capabilities, ..fixture::deployment("a/m", 0) };
        let seeing = Facts { needs: Needs::IMAGES | Needs::TOOLS, ..facts() };
        assert_eq!(obstacle(&seeing, &blind), Some(Reason::Lacks(Needs::IMAGES)));
        assert_eq!(obstacle(&facts(), &blind), None);
    }

    #[test]
    fn b12_what_translation_says_in_other_ways_is_not_lacked() {
        let lacking = |no, protocol| {
            let capabilities = Capabilities { no, ..Capabilities::default() };
            Deployment { protocol, capabilities, ..fixture::deployment("a/m", 0) }
        };
        let asked = |needs| Facts {
            needs,
            translates: [Protocol::AnthropicMessages].into_iter().collect(),
            ..facts()
        };
        let structured = Needs::JSON_SCHEMA | Needs::JSON_MODE;
        let other = |no| lacking(no, Protocol::AnthropicMessages);
        assert_eq!(obstacle(&asked(Needs::JSON_SCHEMA), &other(structured)), None);
        assert_eq!(obstacle(&asked(Needs::JSON_MODE), &other(structured | Needs::TOOLS)), None);
        let toolless = other(structured | Needs::TOOLS);
        assert_eq!(obstacle(&asked(Needs::JSON_SCHEMA), &toolless), Some(Reason::Lacks(Needs::JSON_SCHEMA)));
        let images = Needs::JSON_SCHEMA | Needs::IMAGES;
        assert_eq!(obstacle(&asked(images), &other(images)), Some(Reason::Lacks(Needs::IMAGES)));
        // Of its own protocol its bytes stay its bytes.
        for needs in [Needs::JSON_SCHEMA, Needs::JSON_MODE] {
            let own = lacking(structured, Protocol::OpenaiChat);
            assert_eq!(obstacle(&asked(needs), &own), Some(Reason::Lacks(needs)));
        }
    }

    #[test]
    fn a_window_that_is_surely_too_small_excludes() {
        let small = Deployment { context_window: Some(8_000), ..fixture::deployment("a/m", 0) };
        let asking = |input, max_tokens| Facts { estimated_input_tokens: input, max_tokens, ..facts() };
        assert_eq!(obstacle(&asking(7_000, Some(1_000)), &small), None);
        assert_eq!(obstacle(&asking(9_500, None), &small), None, "within the error of the estimate");
        assert_eq!(obstacle(&asking(10_100, None), &small), Some(Reason::WindowTooSmall));
        assert_eq!(obstacle(&asking(5_000, Some(4_001)), &small), Some(Reason::WindowTooSmall));
        assert_eq!(obstacle(&asking(u64::MAX, Some(u64::MAX)), &small), Some(Reason::WindowTooSmall));
    }

    #[test]
    fn what_its_configuration_puts_before_the_prompt_takes_room_in_the_window() {
        let prefixed = |prefix_tokens| Deployment {
            context_window: Some(8_000),
            prefix_tokens,
            ..fixture::deployment("a/m", 0)
        };
        let facts = Facts { estimated_input_tokens: 5_000, max_tokens: Some(2_000), ..facts() };
        assert_eq!(obstacle(&facts, &prefixed(0)), None);
        assert_eq!(obstacle(&facts, &prefixed(2_500)), None);
        assert_eq!(obstacle(&facts, &prefixed(2_600)), Some(Reason::WindowTooSmall));
        assert_eq!(obstacle(&facts, &prefixed(u64::MAX)), Some(Reason::WindowTooSmall));
    }

    #[test]
    fn an_output_that_it_cannot_write_excludes() {
        let short = Deployment { max_output: Some(4_096), ..fixture::deployment("a/m", 0) };
        let asking = |max_tokens| Facts { max_tokens, ..facts() };
        assert_eq!(obstacle(&asking(Some(4_096)), &short), None);
        assert_eq!(obstacle(&asking(Some(4_097)), &short), Some(Reason::OutputTooSmall));
    }

    #[test]
    fn d13_a_search_is_made_in_responses_where_that_is_spoken_and_the_clients_own_is_not() {
        let also = [Protocol::OpenaiResponses].into_iter().collect();
        let openai = Deployment { also, ..fixture::deployment("a/m", 0) };
        let spoken = |client, needs| openai.protocol_for(client, needs);
        let search = Needs::WEB_SEARCH | Needs::TOOLS;
        assert_eq!(spoken(Protocol::AnthropicMessages, search), Protocol::OpenaiResponses);
        assert_eq!(spoken(Protocol::AnthropicMessages, Needs::TOOLS), Protocol::OpenaiChat);
        assert_eq!(spoken(Protocol::OpenaiChat, search), Protocol::OpenaiChat, "its bytes stay its bytes");
        assert_eq!(spoken(Protocol::OpenaiResponses, Needs::NONE), Protocol::OpenaiResponses);
        let chat_alone = fixture::deployment("a/m", 0);
        assert_eq!(chat_alone.protocol_for(Protocol::Gemini, search), Protocol::OpenaiChat);
    }

    #[test]
    fn another_protocol_excludes_unless_it_is_translated() {
        let other = Deployment { protocol: Protocol::AnthropicMessages, ..fixture::deployment("a/m", 0) };
        assert_eq!(obstacle(&facts(), &other), Some(Reason::Protocol));
        let translated = |protocol| Facts { translates: [protocol].into_iter().collect(), ..facts() };
        assert_eq!(obstacle(&translated(Protocol::AnthropicMessages), &other), None);
        assert_eq!(obstacle(&translated(Protocol::Gemini), &other), Some(Reason::Protocol));
        let both = Deployment { also: [Protocol::OpenaiChat].into_iter().collect(), ..other };
        assert_eq!(obstacle(&facts(), &both), None);
    }
}
