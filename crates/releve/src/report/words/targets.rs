//! Targets as sentences.

use scenario::DomainKind;

use super::super::figures::{TargetResult, Wanted};
use super::super::page::{Language, say};
use super::{exactly, kind, listed, of, percent, the};
use crate::config::product::Measure;

/// What is wanted, as a part of a sentence: `every product survives the loss of the maker openai`.
pub(super) fn wanted(wanted: &Wanted, language: Language) -> String {
    match wanted {
        Wanted::Survives(domain) => {
            let (whose, name) = (of(language, &the(language, domain.kind)), &domain.name);
            say!(
                language,
                "every product survives the loss {whose} {name}",
                "chaque produit survit à la perte {whose} {name}"
            )
        }
        Wanted::AtMost { kind, share, of: measure, over } => {
            let (nobody, share) = (none(*kind, language), percent(language, *share));
            let of = match measure {
                Measure::Requests => say!(language, "of the requests", "des requêtes"),
                Measure::Tokens => say!(language, "of the tokens", "des jetons"),
                Measure::Money => say!(language, "of the money", "des dépenses"),
            };
            let over = over.map_or_else(String::new, |over| {
                let over = exactly(language, over);
                say!(language, ", over the last {over}", ", sur {over}")
            });
            say!(
                language,
                "{nobody} has more than {share} {of}{over}",
                "{nobody} n'a plus de {share} {of}{over}"
            )
        }
    }
}

/// Who breaks it, or of whom it is not known whether they do.
pub(super) fn whom(target: &TargetResult, language: Language) -> String {
    if !target.shares.is_empty() {
        let share = |(name, part): &(Option<String>, f64)| {
            let name = name.clone().unwrap_or_else(|| say!(language, "unknown", "inconnu"));
            format!("{name} ({})", percent(language, *part))
        };
        return listed(language, &target.shares.iter().map(share).collect::<Vec<_>>());
    }
    if target.met.is_none() && target.unpriced > 0 {
        let number = super::count(language, target.unpriced);
        return say!(language, "{number} requests without a price", "{number} requêtes sans prix");
    }
    listed(language, if target.met.is_none() { &target.not_known_for } else { &target.broken_by })
}

/// `no maker`.
fn none(domain: DomainKind, language: Language) -> String {
    match (language, domain) {
        (Language::En, _) => format!("no {}", kind(language, domain).to_lowercase()),
        (Language::Fr, DomainKind::Maker) => "aucun éditeur".to_owned(),
        (Language::Fr, DomainKind::Region) => "aucune région".to_owned(),
        (Language::Fr, _) => format!("aucun {}", kind(language, domain).to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use scenario::Domain;

    use super::*;

    #[test]
    fn targets_are_sentences_in_both_languages() {
        let survives = Wanted::Survives(Domain::new(DomainKind::Host, "azure"));
        assert_eq!(wanted(&survives, Language::En), "every product survives the loss of the host azure");
        assert_eq!(wanted(&survives, Language::Fr), "chaque produit survit à la perte de l'hébergeur azure");
        let most = |kind, over| Wanted::AtMost { kind, share: 0.3, of: Measure::Money, over };
        let days = Some(Duration::from_hours(720));
        assert_eq!(
            wanted(&most(DomainKind::Region, days), Language::En),
            "no region has more than 30\u{a0}% of the money, over the last 30 days"
        );
        assert_eq!(
            wanted(&most(DomainKind::Region, days), Language::Fr),
            "aucune région n'a plus de 30\u{a0}% des dépenses, sur 30 jours"
        );
        assert_eq!(
            wanted(&most(DomainKind::Account, None), Language::Fr),
            "aucun compte n'a plus de 30\u{a0}% des dépenses"
        );
    }
}
