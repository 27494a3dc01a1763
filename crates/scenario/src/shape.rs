//! Requests by their shape: what can be told apart by who may serve it, and nothing else.
//!
//! Two requests of one shape have the same candidates in a given configuration, so millions of entries become a few
//! dozen shapes and every question about candidates is asked once for each. That is exact: sizes are cut only where a
//! deployment's window or output limit lies, which is all that [`routing::obstacle`] compares them with.

use std::sync::Arc;

use catalogue::{Needs, Protocol, Region};
use routing::{Deployment, Facts, obstacle};

use crate::estate::{Estate, Product, Route};
use crate::set::Set;

/// What requests of one shape have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Who asked.
    pub product: Arc<str>,
    /// The route that it came to.
    pub route: Arc<str>,
    /// What the client speaks.
    pub protocol: Protocol,
    /// Whether it asked for a stream.
    pub stream: bool,
    /// What it needs of a model.
    pub needs: Needs,
    /// Where the answer might be made when it was asked.
    pub regions: Arc<[Region]>,
    /// How large, as far as that decides.
    pub size: SizeClass,
    /// Deployments in whose protocol it could not be said.
    pub unsayable: Set,
}

/// Between which of the configuration's limits a request lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SizeClass {
    /// How many different windows are too small for it.
    pub window: u16,
    /// How many different output limits are.
    pub output: u16,
}

/// Sizes of one request, in tokens; any request of a [`SizeClass`] stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// The prompt, estimated beforehand.
    pub estimated_input_tokens: u64,
    /// The most that the answer may have.
    pub max_tokens: Option<u64>,
}

/// Where sizes begin to matter: the different limits of the deployments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    windows: Vec<u64>,
    outputs: Vec<u64>,
}

impl Limits {
    /// Those of the deployments.
    pub fn of<'a>(deployments: impl Iterator<Item = &'a Deployment>) -> Self {
        let (mut windows, mut outputs) = (Vec::new(), Vec::new());
        for deployment in deployments {
            windows.extend(deployment.context_window);
            outputs.extend(deployment.max_output);
        }
        for limits in [&mut windows, &mut outputs] {
            limits.sort_unstable();
            limits.dedup();
        }
        Self { windows, outputs }
    }

    /// The class of a size.
    pub fn class(&self, size: Size) -> SizeClass {
        let output = size.max_tokens.unwrap_or(0);
        let input = size.estimated_input_tokens;
        // As in `routing`: the estimate may be a fifth too high.
        let needed = (input - input / 5).saturating_add(output);
        let below = |limits: &[u64], wanted| {
            u16::try_from(limits.partition_point(|limit| *limit < wanted)).unwrap_or(u16::MAX)
        };
        SizeClass { window: below(&self.windows, needed), output: below(&self.outputs, output) }
    }
}

impl Shape {
    /// The deployments that can serve it in this configuration, but for those that the router refuses whatever is asked:
    /// they were left, or their contract is over. `None` where its route is gone.
    ///
    /// A product that is still there has today's rule about regions; one that is gone, that of its requests.
    pub fn candidates(&self, size: Size, estate: &Estate) -> Option<Set> {
        let route = estate.routes.iter().find(|route| route.name == self.route)?;
        let product = estate.products.iter().find(|product| product.name == self.product);
        let facts = Facts {
            protocol: self.protocol,
            translates: wire::translations(self.protocol).filter(|_| route.policy.translate).collect(),
            needs: self.needs,
            estimated_input_tokens: size.estimated_input_tokens,
            max_tokens: size.max_tokens,
            regions: product.map_or(&self.regions, |product| &product.regions),
            stream: self.stream,
        };
        Some(self.eligible(&facts, route, product, estate))
    }

    fn eligible(&self, facts: &Facts<'_>, route: &Route, product: Option<&Product>, estate: &Estate) -> Set {
        let priced_only = product.is_some_and(|product| product.priced_only);
        let entries = route.entries.iter().filter(|entry| !route.is_weighted() || entry.weight > 0);
        entries
            .map(|entry| entry.deployment.0 as usize)
            .filter(|index| {
                let member = &estate.members[*index];
                let unpriced = priced_only && member.prices.is_none();
                let barred = unpriced || member.tenure.is_over() || self.unsayable.contains(*index);
                !barred && obstacle(facts, &member.routing).is_none()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use catalogue::Weights;
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{account, estate, member};
    use crate::tenure::{Hold, Tenure};

    fn shape(size: SizeClass) -> Shape {
        Shape {
            product: "p".into(),
            route: "r".into(),
            protocol: Protocol::OpenaiChat,
            stream: true,
            needs: Needs::NONE,
            regions: Arc::default(),
            size,
            unsayable: Set::default(),
        }
    }

    proptest! {
        /// The promise of the module: whatever two requests share a class, the same deployments can serve them.
        #[test]
        fn requests_of_one_size_class_have_the_same_candidates(
            limits in proptest::collection::vec((proptest::option::of(1_u64..60), proptest::option::of(1_u64..40)), 1..6),
            one in (0_u64..80, proptest::option::of(0_u64..50)),
            two in (0_u64..80, proptest::option::of(0_u64..50)),
        ) {
            let members = limits.iter().enumerate().map(|(index, (window, output))| {
                let mut member = member(&format!("a/{index}"), 0, "m", "h", Weights::Unknown);
                member.routing.context_window = *window;
                member.routing.max_output = *output;
                member
            });
            let estate = estate(members.collect(), vec![account("a")]);
            let limits = Limits::of(estate.members.iter().map(|member| &member.routing));
            let size = |(estimated_input_tokens, max_tokens)| Size { estimated_input_tokens, max_tokens };
            let (one, two) = (size(one), size(two));
            if limits.class(one) == limits.class(two) {
                let shape = shape(limits.class(one));
                prop_assert_eq!(shape.candidates(one, &estate), shape.candidates(two, &estate));
            }
        }
    }

    #[test]
    fn a_route_that_is_gone_has_no_candidates_to_tell_of() {
        let estate = estate(vec![member("a/x", 0, "m", "h", Weights::Unknown)], vec![account("a")]);
        let gone = Shape { route: "gone".into(), ..shape(SizeClass::default()) };
        assert_eq!(gone.candidates(Size::default(), &estate), None);
        let barred = Shape { unsayable: [0].into_iter().collect(), ..shape(SizeClass::default()) };
        assert_eq!(barred.candidates(Size::default(), &estate), Some(Set::default()));
        assert_eq!(
            shape(SizeClass::default()).candidates(Size::default(), &estate),
            Some([0].into_iter().collect())
        );
    }

    #[test]
    fn whom_the_router_refuses_is_nobodys_candidate() {
        use routing::{Ground, Posture};

        let mut estate = estate(
            ["a/drained", "a/left", "b/off", "b/to-end"]
                .iter()
                .zip([0, 0, 1, 1])
                .map(|(name, account)| member(name, account, "m", "h", Weights::Unknown))
                .collect(),
            vec![account("a"), account("b")],
        );
        let held = |posture| Tenure {
            holds: vec![Hold { on: None, from_ms: 0, until_ms: None, posture }],
            off_ms: None,
        };
        // Who is drained stays the last fallback, even when nothing is left of its share.
        estate.members[0].tenure = held(Posture::drain_from(-36_000_000, 1.0));
        estate.members[1].tenure = held(Posture::Leave(Ground::Untold));
        estate.members[2].tenure = Tenure { off_ms: Some(0), ..Tenure::default() };
        estate.members[3].tenure = Tenure { off_ms: Some(1), ..Tenure::default() };
        let candidates = |estate: &Estate| shape(SizeClass::default()).candidates(Size::default(), estate);
        assert_eq!(candidates(&estate), Some([0, 3].into_iter().collect()));
        estate.readmit(0);
        assert_eq!(candidates(&estate), Some([0, 1, 3].into_iter().collect()));
    }
}
