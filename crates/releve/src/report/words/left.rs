//! Who could serve and may not: whom people left, whose contract is over, whose model is off.

use jiff::civil::Date;

use super::super::page::{Language, say};
use super::{listed, moment};
use crate::posture::{Left, Why};

/// What was done with them, a sentence for the method: also where there is nobody.
pub(super) fn method(left: &[Left], day: Date, language: Language) -> String {
    let rule = say!(
        language,
        "Whom the router sends nothing on {day} serves nobody here, whatever routes list: those that people left (posture leave) and those whose contract is over. Nor is a model counted on that the catalogue calls switched off by then; it is still asked, for the catalogue may be wrong, and its supplier's answer decides. Whoever is drained stays the last fallback.",
        "Celui à qui le routeur n'envoie rien le {day} ne sert personne ici, quoi que listent les routes : ceux que l'on a quittés (posture leave) et ceux dont le contrat est échu. On ne compte pas non plus sur un modèle que le catalogue dit éteint à cette date ; il est encore sollicité, car le catalogue peut se tromper, et la réponse de son fournisseur décide. Celui que l'on vide reste le dernier secours."
    );
    if left.is_empty() {
        return rule + &say!(language, " There is nobody like that.", " Il n'y en a aucun.");
    }
    format!("{rule} {}.", each(left, language).join("; "))
}

/// Each reason, with those that it concerns.
pub(super) fn each(left: &[Left], language: Language) -> Vec<String> {
    let mut whys: Vec<&Why> = Vec::new();
    for Left { why, .. } in left {
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    let sentence = |why: &Why| {
        let of_it = left.iter().filter(|left| left.why == *why);
        let names: Vec<String> = of_it.map(|left| left.deployment.to_string()).collect();
        let (names, why) = (listed(language, &names), words(why, language));
        say!(language, "{names}: {why}", "{names} : {why}")
    };
    whys.into_iter().map(sentence).collect()
}

fn words(why: &Why, language: Language) -> String {
    match why {
        Why::Decided { target, reason, author, until_us } => {
            let until = until_us.map(moment).map_or_else(String::new, |until| {
                say!(language, ", until {until} (UTC)", ", jusqu'au {until} (UTC)")
            });
            say!(
                language,
                "posture leave on {target}, by {author}{until} ({reason})",
                "posture leave sur {target}, par {author}{until} ({reason})"
            )
        }
        Why::Untold => say!(language, "posture leave", "posture leave"),
        Why::ContractEnded { on } => {
            say!(language, "its contract ended on {on}", "son contrat a pris fin le {on}")
        }
        Why::SwitchedOff { on } => {
            say!(
                language,
                "its model ended on {on} by the catalogue: not counted on, though still asked",
                "son modèle a pris fin le {on} selon le catalogue : on ne compte pas dessus, bien qu'il soit encore sollicité"
            )
        }
    }
}
