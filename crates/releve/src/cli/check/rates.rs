//! Currencies of which nobody has written down what they are worth.

use crate::config::Config;
use crate::config::problem::Problem;
use crate::config::value::{At, Currency};

/// Each place where money stands that a report cannot work out, or was asked to be shown in.
pub(super) fn missing(config: &Config) -> Vec<Problem> {
    let shown = config.report.iter().filter_map(|report| report.currency.as_ref());
    let shown = shown.map(|currency| (currency, "reports show US dollars"));
    let costs = config.providers.iter().flat_map(|provider| {
        let contract = provider.body.contract.as_ref();
        let commitment = contract.and_then(|contract| contract.commitment.as_ref());
        commitment.into_iter().chain(provider.body.fixed_cost.as_ref())
    });
    let costs = costs.map(|cost| (&cost.currency, "reports leave this sum out"));
    let declared = config.declared.iter().filter_map(|declared| declared.cost.as_ref());
    let declared =
        declared.map(|cost| (&cost.currency, "reports show this sum as it is written, beside no other"));
    let is_unknown = |currency: &At<Currency>| {
        let code = &currency.value.0;
        code != "USD" && !config.rates.iter().any(|rate| rate.name.value == *code)
    };
    shown
        .chain(costs)
        .chain(declared)
        .filter(|(currency, _)| is_unknown(currency))
        .map(|(currency, so)| {
            let code = &currency.value.0;
            Problem::warning(&currency.at, format!("nobody says what {code} is worth: {so}"))
                .mend(format!("add [rates.{code}] with usd = \"...\" and on = ..."))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::source::Source;
    use crate::resolve::Context;
    use crate::settings;

    fn warned(more: &str) -> Vec<String> {
        let text = format!(
            "[report]\ncurrency = \"EUR\"\n{more}\n[providers.house]\npreset = \"vllm\"\nbase_url = \"http://127.0.0.1:1/v1\"\n\
             fixed_cost = {{ amount = \"5\", currency = \"CHF\", per = \"day\" }}\n\
             contract = {{ commitment = {{ amount = \"5\", currency = \"USD\", per = \"day\" }} }}\n\
             [routes.chat]\ndeployments = [\"house/m\"]\n"
        );
        let context = Context { environment: &Environment::default(), previous: None };
        let settings = settings::read_text(Source::new("t", text), Path::new(""), &context).unwrap();
        missing(&settings.resolved.effective).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_currency_without_a_rate_is_warned_of_where_it_stands() {
        let all = warned("");
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].contains("EUR") && all[0].contains("US dollars"), "{all:?}");
        assert!(all[1].contains("CHF") && all[1].contains("leave this sum out"), "{all:?}");
        assert_eq!(warned("[rates.EUR]\nusd = \"1.08\"\non = 2026-01-01").len(), 1, "dollars need none");
    }
}
