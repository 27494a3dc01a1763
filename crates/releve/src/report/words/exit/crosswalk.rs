//! Which part of the plan speaks to what the rules ask, and what is in none of it.
//!
//! After Regulation (EU) 2022/2554 (DORA), article 28(7) and (8), whose subparagraphs were held against its text on
//! 2026-11-28; and EBA/GL/2019/02, paragraphs 106 to 108, whose text could not be had then: the page says so. The rows say
//! in our words what they ask; whether the plan is enough is for lawyers.

use super::super::super::exit::Plan;
use super::super::super::page::{Cell, Language, Section, Table, Tone, say};

pub(super) fn section(plan: &Plan, language: Language) -> Section {
    let mut section = Section::new(
        "crosswalk",
        say!(
            language,
            "Crosswalk to DORA and the EBA's guidelines",
            "Table de correspondance : DORA et orientations de l'ABE"
        ),
    );
    section.text(say!(
        language,
        "Where this plan speaks to what DORA article 28(8) and the EBA's guidelines on outsourcing (EBA/GL/2019/02) ask of exit strategies. It is material for a review, and no judgement.",
        "Où ce plan répond à ce que demandent l'article 28(8) de DORA et les orientations de l'ABE sur l'externalisation (EBA/GL/2019/02) pour les stratégies de sortie. C'est une base d'examen, non un avis."
    ));
    let heads = [
        say!(language, "asked", "demandé"),
        "DORA".to_owned(),
        "EBA/GL/2019/02".to_owned(),
        say!(language, "in this plan", "dans ce plan"),
    ];
    let caption = say!(language, "What is asked, and where it stands", "Ce qui est demandé, et où");
    let mut table = Table::new(caption, heads);
    for (asked, dora, eba, part) in rows(language) {
        let missing = || {
            Cell::toned(
                Tone::Doubtful,
                say!(language, "not in Relève: legal review", "pas dans Relève : examen juridique"),
            )
        };
        table.row([asked.into(), dora.into(), eba.into(), part.map_or_else(missing, Cell::from)]);
    }
    section.table(table);
    section.text(say!(
        language,
        "Numbers after a comma are subparagraphs of article 28(8), as in its text. The paragraphs of the EBA's guidelines were not checked against theirs: look them up before you quote them.",
        "Les nombres après une virgule sont les alinéas de l'article 28(8), d'après son texte. Les paragraphes des orientations de l'ABE n'ont pas été vérifiés : consultez-les avant de les citer."
    ));
    let gaps = plan.gaps.len();
    section.text(say!(
        language,
        "A part that is named is there, not whole: see the {gaps} open gaps.",
        "Une partie citée existe, sans être complète : voir les {gaps} lacunes."
    ));
    section
}

type Row = (String, &'static str, &'static str, Option<String>);

fn rows(language: Language) -> Vec<Row> {
    let first = "28(8), 1";
    let mut rows = risks(language, first);
    rows.extend([
        (
            say!(language, "leaving without disruption of the business", "sortir sans perturber l'activité"),
            "28(8), 2 (a)",
            "107",
            Some(say!(language, "products and substitutes; schedule", "produits et substituts ; calendrier")),
        ),
        (
            say!(
                language,
                "without limiting what supervision requires",
                "sans limiter les obligations réglementaires"
            ),
            "28(8), 2 (b)",
            "107",
            None,
        ),
        (
            say!(
                language,
                "without harm to continuity and quality for clients",
                "sans nuire à la continuité et à la qualité pour les clients"
            ),
            "28(8), 2 (c)",
            "107",
            Some(say!(
                language,
                "continuity: substitutes; quality: approvals on file only",
                "continuité : substituts ; qualité : seulement les approbations inscrites"
            )),
        ),
        (
            say!(language, "documented and tested", "documenté et testé"),
            "28(8), 3",
            "107 (a)",
            Some(say!(language, "this plan; last test", "ce plan ; dernier essai")),
        ),
        (say!(language, "reviewed periodically", "revu périodiquement"), "28(8), 3", "106", None),
        (
            say!(
                language,
                "alternatives identified, transition planned",
                "solutions de rechange et transition prévues"
            ),
            "28(8), 4",
            "107 (b)",
            Some(say!(language, "substitutes; steps; schedule", "substituts ; étapes ; calendrier")),
        ),
        (
            say!(
                language,
                "data removed and transferred safely",
                "données retirées et transférées en sécurité"
            ),
            "28(8), 4",
            "107 (b)",
            Some(say!(
                language,
                "state to move or delete, as far as it is seen",
                "état à déplacer ou à effacer, pour ce qui est visible"
            )),
        ),
    ]);
    rows.extend(making(language));
    rows
}

/// How a strategy is made.
fn making(language: Language) -> Vec<Row> {
    vec![
        (
            say!(language, "contingency measures", "mesures d'urgence"),
            "28(8), 5",
            "106",
            Some(say!(language, "triggers: fallbacks and postures", "déclencheurs : substituts et postures")),
        ),
        (say!(language, "objectives of the exit", "objectifs de la sortie"), "", "108 (a)", None),
        (
            say!(language, "impact, cost and time", "impact, coût et délai"),
            "",
            "107 (a), 108 (b)",
            Some(say!(language, "substitutes; cost; schedule", "substituts ; coût ; calendrier")),
        ),
        (say!(language, "people and money for it", "moyens humains et financiers"), "", "108 (b), (c)", None),
        (
            say!(language, "roles and responsibilities", "rôles et responsabilités"),
            "",
            "108 (c)",
            Some(say!(
                language,
                "contacts: owners of products only",
                "contacts : responsables des produits seulement"
            )),
        ),
        (say!(language, "criteria of success", "critères de réussite"), "", "108 (d)", None),
        (
            say!(language, "indicators that trigger it", "indicateurs qui la déclenchent"),
            "",
            "108 (e)",
            Some(say!(
                language,
                "triggers: longest tolerable outage, promised availability",
                "déclencheurs : interruption maximale tolérable, disponibilité promise"
            )),
        ),
    ]
}

/// The risks that a strategy must take into account.
fn risks(language: Language, first: &'static str) -> Vec<Row> {
    vec![
        (
            say!(language, "failure of the provider", "défaillance du prestataire"),
            first,
            "106 (b)",
            Some(say!(
                language,
                "triggers: persistent interruption, unexpected end",
                "déclencheurs : interruption persistante, fin inattendue"
            )),
        ),
        (
            say!(language, "worse quality, failed delivery", "baisse de qualité, prestation défaillante"),
            first,
            "106 (c)",
            Some(say!(language, "triggers: failed delivery", "déclencheurs : prestation défaillante")),
        ),
        (
            say!(language, "material risks to continuous use", "risques majeurs pour l'usage continu"),
            first,
            "106 (d)",
            Some(say!(language, "substitutes: what falls with it", "substituts : ce qui tombe avec lui")),
        ),
        (
            say!(language, "termination of the contract", "résiliation du contrat"),
            first,
            "106 (a)",
            Some(say!(language, "schedule", "calendrier")),
        ),
        (
            say!(language, "the legal grounds to terminate", "motifs légaux de résiliation"),
            "28(7), 28(8), 1",
            "106 (a)",
            None,
        ),
    ]
}
