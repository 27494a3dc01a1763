//! Targets whose names are nowhere: a slip, or something that nobody has said yet.

use std::collections::BTreeSet;

use jiff::civil::Date;
use scenario::{Domain, DomainKind, Estate};

use crate::config::problem::{Problem, nearest};
use crate::posture::Held;
use crate::report::{estate, is_nowhere};
use crate::resolve::Resolved;

/// Each name in `must_survive` that nothing which is configured has: a report cannot say that it is survived.
pub(super) fn nowhere(resolved: &Resolved, today: Date) -> Vec<Problem> {
    let Some(targets) = &resolved.effective.targets else { return Vec::new() };
    // Names are asked for, so whom people have left counts as well.
    let estate = estate(resolved, &Held::on(today, resolved, &[]));
    let today = today.to_string();
    let nowhere = targets.must_survive.iter().filter(|loss| is_nowhere(&loss.value.0, &estate, &today));
    nowhere
        .map(|loss| {
            let domain = &loss.value.0;
            let what = format!("\"{domain}\" is nowhere here: no report can say that its loss is survived");
            Problem::warning(&loss.at, what).mend(mend(domain, &estate))
        })
        .collect()
}

fn mend(domain: &Domain, estate: &Estate) -> String {
    let kind = domain.kind;
    let members = || 0..estate.members.len();
    let known: BTreeSet<_> = members().filter_map(|member| estate.domain_of(member, kind)).collect();
    if let Some(near) = nearest(&domain.name, known.iter().map(AsRef::as_ref)) {
        return format!("did you mean \"{kind}:{near}\"?");
    }
    // Owner and country are the contract's to say, of each provider.
    let unsaid = members().filter(|member| estate.domain_of(*member, kind).is_none());
    let unsaid: BTreeSet<_> =
        unsaid.map(|member| &*estate.accounts[estate.account_of(member)].name).collect();
    let unsaid: Vec<&str> = unsaid.into_iter().collect();
    let contract =
        if matches!(kind, DomainKind::Owner | DomainKind::Country) { ", in its contract" } else { "" };
    if unsaid.is_empty() {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        return format!("there are {}", known.join(", "));
    }
    format!("nobody says it of {}: write `{kind}` there{contract}", unsaid.join(", "))
}
