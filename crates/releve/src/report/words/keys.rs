//! What a contract says, in words for somebody who never saw a configuration.

use super::super::page::{Language, say};
use super::listed;

/// Terms by the keys that the configuration has for them.
pub(super) fn terms(language: Language, keys: &[&str]) -> String {
    listed(language, &keys.iter().map(|key| term(language, key)).collect::<Vec<_>>())
}

/// One of them. A key that is not in the table is shown without its underscores rather than not at all.
fn term(language: Language, key: &str) -> String {
    known(language, key).unwrap_or_else(|| key.replace('_', " "))
}

fn known(language: Language, key: &str) -> Option<String> {
    Some(match key {
        "reference" => say!(language, "its number or file", "numéro ou dossier"),
        "entity" => say!(language, "legal entity", "entité juridique"),
        "owner" => say!(language, "owner", "propriétaire"),
        "country" => say!(language, "country", "pays"),
        "starts" => say!(language, "beginning", "début"),
        "ends" => say!(language, "end", "fin"),
        "notice" => say!(language, "notice", "préavis"),
        "renewal" => say!(language, "renewal", "reconduction"),
        "ramp_down_from" => say!(language, "start of the ramp-down", "début du retrait"),
        "price_until" => say!(language, "how long prices are promised", "durée de la garantie de prix"),
        "caps" => say!(language, "the most that may be spent", "plafonds de dépense"),
        "tiers" => say!(language, "discounts by volume", "remises par volume"),
        "commitment" => say!(language, "commitment", "engagement"),
        "committed_tokens_per_minute" => say!(language, "throughput paid for", "débit payé d'avance"),
        "sla" => say!(language, "promised availability", "disponibilité promise"),
        "transition" => say!(language, "transition after the end", "transition après la fin"),
        "retention" => {
            say!(language, "how long prompts and answers are kept", "durée de conservation des échanges")
        }
        "training_use" => {
            say!(language, "whether it may train on them", "droit de s'en servir pour l'entraînement")
        }
        "subprocessors" => say!(language, "subprocessors", "sous-traitants"),
        "change_of_control" => say!(language, "change of control", "changement de contrôle"),
        "deprecation_notice" => {
            say!(language, "warning before a model is switched off", "préavis avant l'arrêt d'un modèle")
        }
        "rights_until" => say!(language, "rights to the models", "droits sur les modèles"),
        "currency" => say!(language, "currency", "monnaie"),
        "contact" => say!(language, "whom to call", "qui appeler"),
        "notes" => say!(language, "notes", "notes"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::contract::Contract;

    #[test]
    fn every_term_of_a_contract_has_words_in_both_languages() {
        let keys = Contract::keys();
        assert!(keys.contains("price_until"), "{keys:?}");
        for key in &keys {
            for language in [Language::En, Language::Fr] {
                let words = known(language, key).unwrap_or_else(|| panic!("{key} has no words"));
                assert!(!words.contains('_'), "{key}: {words}");
            }
        }
        assert_eq!(terms(Language::En, &["ends", "notice"]), "end and notice");
    }
}
