//! Targets as sentences.

use scenario::DomainKind;

use super::super::figures::{TargetResult, Wanted};
use super::super::page::{Language, say};
use super::{de, exactly, kind, listed, of, percent, the};
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
        Wanted::AtMost { kind, share, of: measure, over, product } => {
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
            let whose = product.as_ref().map_or_else(String::new, |name| {
                let whose = de(name);
                say!(language, " of {name}", " {whose}")
            });
            say!(
                language,
                "{nobody} has more than {share} {of}{whose}{over}",
                "{nobody} n'a plus de {share} {of}{whose}{over}"
            )
        }
    }
}

/// Who breaks it, or of whom it is not known whether they do.
pub(super) fn whom(target: &TargetResult, language: Language) -> String {
    if !target.shares.is_empty() {
        let share = |(name, part): &(Option<String>, f64)| {
            let name = name.clone().unwrap_or_else(|| say!(language, "unknown", "inconnu"));
            format!("{name} ({})", beside_the_most(target, *part, language))
        };
        return listed(language, &target.shares.iter().map(share).collect::<Vec<_>>());
    }
    if target.met.is_none() && target.unpriced > 0 {
        let number = super::count(language, target.unpriced);
        return say!(language, "{number} requests without a price", "{number} requêtes sans prix");
    }
    listed(language, if target.met.is_none() { &target.not_known_for } else { &target.broken_by })
}

/// A share with as many digits as it takes to tell it from the most that is wanted.
fn beside_the_most(target: &TargetResult, part: f64, language: Language) -> String {
    let shown = percent(language, part);
    let Wanted::AtMost { share: most, .. } = &target.wanted else { return shown };
    if percent(language, *most) != shown {
        return shown;
    }
    let with = |part: f64, digits: usize| format!("{:.digits$}", part * 100.0);
    let exact = (2..=6).find(|digits| with(part, *digits) != with(*most, *digits));
    let Some(exact) = exact.map(|digits| with(part, digits)) else { return shown };
    match language {
        Language::En => format!("{exact}\u{a0}%"),
        Language::Fr => format!("{}\u{a0}%", exact.replace('.', ",")),
    }
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
        let most = |kind, over| Wanted::AtMost { kind, share: 0.3, of: Measure::Money, over, product: None };
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
        let product = Some("office".into());
        let most =
            Wanted::AtMost { kind: DomainKind::Maker, share: 0.3, of: Measure::Money, over: days, product };
        assert_eq!(
            [Language::En, Language::Fr].map(|language| wanted(&most, language)),
            [
                "no maker has more than 30\u{a0}% of the money of office, over the last 30 days",
                "aucun éditeur n'a plus de 30\u{a0}% des dépenses d'office, sur 30 jours"
            ]
        );
    }

    #[test]
    fn a_share_above_the_most_never_reads_as_the_most() {
        let target = |part: f64| TargetResult {
            target: String::new(),
            wanted: Wanted::AtMost {
                kind: DomainKind::Maker,
                share: 0.48,
                of: Measure::Money,
                over: None,
                product: None,
            },
            met: Some(false),
            broken_by: vec!["openai".into()],
            not_known_for: Vec::new(),
            shares: vec![(Some("openai".into()), part)],
            unpriced: 0,
            names_nothing: false,
        };
        assert_eq!(whom(&target(0.561), Language::En), "openai (56.1\u{a0}%)");
        assert_eq!(whom(&target(0.480_03), Language::En), "openai (48.003\u{a0}%)");
        assert_eq!(whom(&target(0.480_03), Language::Fr), "openai (48,003\u{a0}%)");
    }
}
