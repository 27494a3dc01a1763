//! How long a deployment may serve, before anything happens: what people have decided about it, what its contract's dates
//! come to, and when its model is switched off by the catalogue. The router keeps to the first two by itself. It goes on asking for a model
//! that is past the third, for the catalogue may be wrong; nothing that is worked out here counts on one.

use routing::{Instant, Posture};

use crate::event::Target;

/// A decision, or what a contract's dates come to, for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// On whom it was decided; `None` is the account's contract.
    pub on: Option<Target>,
    /// From when, in milliseconds since the moment that the estate is of.
    pub from_ms: u64,
    /// Until when, likewise; `None` is for good.
    pub until_ms: Option<u64>,
    /// What it comes to. A drain's moments are of the same clock.
    pub posture: Posture,
}

/// See the module. The default is somebody whom nothing holds back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tenure {
    /// What holds, and what will by itself.
    pub holds: Vec<Hold>,
    /// When its model is switched off, in milliseconds since the moment that the estate is of: 0 where it was. `None` where
    /// nobody says.
    pub off_ms: Option<u64>,
}

impl Tenure {
    /// The strictest of what holds at a moment. What was decided on one of `but` does not count: somebody decides anew; nor
    /// what its contract comes to, where that is `renewed`.
    pub fn posture(&self, at_ms: u64, but: &[&Target], renewed: bool) -> Posture {
        let holds = |hold: &&Hold| {
            let is_on = hold.from_ms <= at_ms && hold.until_ms.is_none_or(|until| at_ms < until);
            is_on && hold.on.as_ref().map_or(!renewed, |on| !but.contains(&on))
        };
        let all = self.holds.iter().filter(holds).map(|hold| hold.posture);
        all.fold(Posture::Normal, |one, other| one.and(other, Instant(at_ms)))
    }

    /// Whether its model is switched off at a moment.
    pub fn is_off(&self, at_ms: u64) -> bool {
        self.off_ms.is_some_and(|off| off <= at_ms)
    }

    /// Whether nothing is served there to begin with, whatever else fails.
    pub fn is_over(&self) -> bool {
        self.is_off(0) || matches!(self.posture(0, &[], false), Posture::Leave(_))
    }

    /// The moments at which it turns, in no order.
    pub fn turns(&self) -> impl Iterator<Item = u64> {
        let holds = self.holds.iter().flat_map(|hold| [Some(hold.from_ms), hold.until_ms]);
        holds.chain([self.off_ms]).flatten()
    }
}

#[cfg(test)]
mod tests {
    use routing::Ground;

    use super::*;

    #[test]
    fn the_strictest_holds_for_as_long_as_it_does() {
        let on: Target = "maker:acme".parse().unwrap();
        let hold = |on: Option<&Target>, from_ms, until_ms, posture| Hold {
            on: on.cloned(),
            from_ms,
            until_ms,
            posture,
        };
        let left = Posture::Leave(Ground::Decision(3));
        let tenure = Tenure {
            holds: vec![
                hold(Some(&on), 0, Some(10), left),
                hold(None, 0, None, Posture::Watch),
                hold(None, 20, None, Posture::Leave(Ground::Untold)),
            ],
            off_ms: Some(30),
        };
        assert_eq!(tenure.posture(0, &[], false), left);
        assert_eq!(tenure.posture(0, &[&on], false), Posture::Watch, "somebody decides anew on it");
        assert_eq!(tenure.posture(10, &[], false), Posture::Watch, "it has expired");
        assert_eq!(
            tenure.posture(20, &[&on], false),
            Posture::Leave(Ground::Untold),
            "no word lifts a contract's end"
        );
        assert_eq!(tenure.posture(20, &[&on], true), Posture::Normal, "but another contract does");
        assert_eq!(tenure.posture(0, &[], true), left, "which lifts no decision");
        assert!(tenure.is_over() && !tenure.is_off(29) && tenure.is_off(30));
        assert!(!Tenure::default().is_over());
        let off = Tenure { off_ms: Some(0), ..Tenure::default() };
        assert!(off.is_over());
    }
}
