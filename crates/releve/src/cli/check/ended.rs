//! Models that are past their day in the catalogue.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::config::problem::Problem;
use crate::resolve::Resolved;

/// Models that the catalogue calls switched off, where a route lists them: asked all the same, and counted on by no report.
pub(super) fn models(resolved: &Resolved, today: Date) -> Vec<Problem> {
    let entries = resolved.effective.routes.iter().flat_map(|route| &route.body.deployments);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let ended = entries.filter_map(|entry| {
        let target = entry.target.as_ref()?;
        let (provider, _) = target.value.split_once('/')?;
        let name = entry.id.as_ref().map_or_else(|| target.value.clone(), |id| format!("{provider}/{}", id.value));
        let day = resolved.ended(&name, today).filter(|_| seen.insert(&target.value))?;
        let what = format!(
            "the model of {name} ended on {day} by the catalogue: no report counts on it. It is still asked, and its \
             supplier's own answer decides"
        );
        Some(Problem::warning(&target.at, what).mend("list what takes its place"))
    });
    ended.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cli::Desk;
    use crate::config::environment::Environment;
    use crate::config::problem::Severity;

    /// The router goes on asking for it, so that it must be said.
    #[test]
    fn a_model_past_its_day_in_the_catalogue_is_warned_of_where_it_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("releve.toml");
        let text = "[routes.chat]\ndeployments = [\"anthropic/claude-opus-4-8\", \"anthropic/claude-sonnet-4-5\"]\n\
                    [routes.other]\ndeployments = [\"anthropic/claude-sonnet-4-5\"]\n";
        fs::write(&path, text).unwrap();
        let environment = Environment::of([("ANTHROPIC_API_KEY", "sk-canary")]);
        let settings = Desk { environment: &environment, config: Some(path) }.settings().unwrap();
        let name = "anthropic/claude-sonnet-4-5";
        let last: Date = settings.resolved.ends[name].parse().unwrap();
        let of_it = |today: Date| -> Vec<Problem> {
            let all = models(&settings.resolved, today).into_iter();
            all.filter(|problem| problem.what.contains(name)).collect()
        };
        assert!(of_it(last).is_empty(), "on its last day it serves");
        let warned = of_it(last.tomorrow().unwrap());
        let [problem] = &warned[..] else { panic!("once, however many routes list it: {warned:?}") };
        assert_eq!(problem.severity, Severity::Warning);
        assert!(problem.what.contains(&format!("ended on {last} by the catalogue")), "{}", problem.what);
        assert!(problem.what.contains("It is still asked"), "{}", problem.what);
        assert!(text[problem.at.clone().unwrap()].contains("claude-sonnet-4-5"), "at its entry");
        assert_eq!(settings.resolved.ended(name, last), None);
        assert_eq!(settings.resolved.ended("nobody/nothing", last.tomorrow().unwrap()), None);
    }
}
