//! What everybody has carried here in a minute, and the estate in which nobody takes more.

use scenario::replay::{NOBODY, PlayedEstate, Traffic};

/// The most tokens that were carried here in a minute, by deployment: by its account's together, where one limit is for all of
/// them, else by itself. `traffic` is all that was recorded, also where less of it is played.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(super) fn per_minute(estate: &PlayedEstate, traffic: &Traffic) -> Vec<f64> {
    const MINUTE_MS: u64 = 60_000;
    let drawn: Vec<usize> = (0..estate.deployments.len()).map(|index| first_to_draw(estate, index)).collect();
    let mut most = vec![0_u64; drawn.len()];
    let mut current = vec![(0_u64, 0_u64); drawn.len()];
    for ask in traffic.asks.iter().filter(|ask| ask.counted_by != NOBODY) {
        let of = drawn[usize::from(ask.counted_by)];
        let minute = ask.at_ms / MINUTE_MS;
        let (counted, tokens) = &mut current[of];
        if *counted != minute {
            (*counted, *tokens) = (minute, 0);
        }
        *tokens += u64::from(ask.input) + u64::from(ask.output);
        most[of] = most[of].max(*tokens);
    }
    let minutes = (traffic.length_ms as f64 / MINUTE_MS as f64).clamp(1e-6, 1.0);
    drawn.into_iter().map(|of| most[of] as f64 / minutes).collect()
}

/// The first of those with whom a deployment shares its account's tokens; else itself.
fn first_to_draw(estate: &PlayedEstate, index: usize) -> usize {
    let shares = |other: usize| estate.backing[other].shares_tokens;
    let account = estate.deployments[index].provider;
    let first = (0..index).find(|other| shares(*other) && estate.deployments[*other].provider == account);
    first.filter(|_| shares(index)).unwrap_or(index)
}

/// The estate in which nobody takes more a minute than it has carried here, nor more than it is known to take: suppliers'
/// headers often name far more than was ever asked of them. Own machines queue what is more, as ever. Whoever arrives with
/// the scenario has carried nothing yet and stays as described.
pub(super) fn bounded(estate: &PlayedEstate, carried: &[f64]) -> PlayedEstate {
    let mut bounded = estate.clone();
    for (index, carried) in carried.iter().enumerate() {
        let is_own = estate.is_own(index);
        let backing = &mut bounded.backing[index];
        let limit = if is_own { &mut backing.works_off_per_minute } else { &mut backing.tokens_per_minute };
        *limit = Some(limit.unwrap_or(f64::INFINITY).min(carried.max(1.0)));
    }
    bounded
}

#[cfg(test)]
mod tests {
    use catalogue::{Needs, Protocol};
    use routing::{Deployment, ProviderIndex};
    use scenario::replay::{Ask, Backing, Shape};

    use super::*;

    /// Two deployments of one account with one limit, one with a header's limit, one with a small one, own machines.
    fn estate() -> PlayedEstate {
        let deployment = |(name, account, host): (&str, u16, &str)| Deployment {
            host: host.into(),
            ..Deployment::unknown(name, ProviderIndex(account), Protocol::OpenaiChat)
        };
        let all = [("a/x", 0, "a"), ("a/y", 0, "a"), ("b/x", 1, "b"), ("c/x", 2, "c"), ("own/x", 3, "own")];
        let let_through = |limit| Backing { tokens_per_minute: Some(limit), ..Backing::default() };
        let shared = Backing { shares_tokens: true, ..let_through(5_000.0) };
        let own = Backing { works_off_per_minute: Some(90_000.0), ..Backing::default() };
        PlayedEstate {
            day: "2026-11-28".into(),
            deployments: all.into_iter().map(deployment).collect(),
            backing: vec![shared.clone(), shared, let_through(10_000_000.0), let_through(500.0), own],
            providers: ["a", "b", "c", "own"].map(Into::into).to_vec(),
            routes: Vec::new(),
            products: Vec::new(),
        }
    }

    /// In each of two minutes one request to each, the second twice as large.
    fn traffic() -> Traffic {
        let mut traffic = Traffic { length_ms: 120_000, ..Traffic::default() };
        let shape = traffic.shape(Shape {
            protocol: Protocol::OpenaiChat,
            needs: Needs::NONE,
            stream: true,
            regions: std::sync::Arc::default(),
        });
        let ask = |number: u16| Ask {
            at_ms: u64::from(number / 5) * 60_000 + u64::from(number % 5),
            product: 0,
            route: 0,
            shape,
            counted_by: number % 5,
            estimated_input: 1_000,
            input: if number < 5 { 400 } else { 900 },
            cached: 0,
            output: 100,
            max_tokens: u32::MAX,
        };
        traffic.asks = (0..10).map(ask).collect();
        traffic
    }

    #[test]
    fn nobody_takes_more_than_it_has_carried_however_much_its_headers_say() {
        let estate = estate();
        let carried = per_minute(&estate, &traffic());
        assert_eq!(carried, [2_000.0, 2_000.0, 1_000.0, 1_000.0, 1_000.0], "a limit of two is held by both");
        let bounded = bounded(&estate, &carried);
        let limits: Vec<_> = bounded.backing.iter().map(|backing| backing.tokens_per_minute).collect();
        assert_eq!(
            limits,
            [Some(2_000.0), Some(2_000.0), Some(1_000.0), Some(500.0), None],
            "what is known to be less binds as ever"
        );
        assert_eq!(bounded.backing[4].works_off_per_minute, Some(1_000.0), "own machines queue");
    }

    #[test]
    fn whoever_is_not_there_yet_and_whoever_has_carried_nothing() {
        let mut estate = estate();
        estate.backing[2].tokens_per_minute = None;
        let none = per_minute(&estate, &Traffic::default());
        let bounded = bounded(&estate, &none[..3]);
        assert_eq!(bounded.backing[2].tokens_per_minute, Some(1.0));
        assert_eq!(bounded.backing[3].tokens_per_minute, Some(500.0), "it arrives with the scenario");
    }
}
