//! Which account made what only it can use: responses that it keeps, signatures, encrypted reasoning.
//!
//! **For**: clients that speak their supplier's own protocol. They get these as they are, no byte of an answer changes, and
//! give them back later; then it has to be known whose they are, before somebody else is asked.
//!
//! **Promises**: keyed fingerprints only, in memory, at most [`MOST`]; the oldest go first. What two accounts have given
//! out is nobody's.
//!
//! **Never**: outlives the process. What is not known here goes to whoever is asked, who refuses what is not its own.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

use bytes::Bytes;
use smallvec::SmallVec;
use wire::framing::Frame;

/// How many are known at once: some 5 MiB.
const MOST: usize = 128 * 1024;
/// Parts with a lock each.
const SHARDS: usize = 16;
/// How much of each end of a long one its fingerprint covers, beside its length.
const END_BYTES: usize = 256;

/// An account, by its provider's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(u64);

/// See the module.
#[derive(Debug, Default)]
pub struct Makers {
    keys: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    /// `None`: of more than one.
    makers: HashMap<u64, Option<Account>>,
    /// The oldest first.
    order: VecDeque<u64>,
}

impl Makers {
    pub(crate) fn account(&self, provider: &str) -> Account {
        Account(self.keys.hash_one(("account", provider)))
    }

    /// Remembers the proofs in a whole answer of `account`.
    pub(crate) fn answered(&self, account: Account, body: &Bytes) {
        wire::proofs(body, || body, |proof| self.learn(self.proof(proof), account));
    }

    /// Remembers the proofs in one event of it.
    pub(crate) fn said(&self, account: Account, frame: &Frame) {
        wire::proofs(&frame.raw, || frame.data(), |proof| self.learn(self.proof(proof), account));
    }

    /// Who made the proofs in a request, as far as that is known; each once.
    pub(crate) fn of(&self, body: &[u8]) -> SmallVec<[Account; 2]> {
        let mut found = SmallVec::new();
        wire::proofs(
            body,
            || body,
            |proof| {
                if let Some(account) = self.of_proof(proof).filter(|account| !found.contains(account)) {
                    found.push(account);
                }
            },
        );
        found
    }

    pub(crate) fn of_proof(&self, proof: &[u8]) -> Option<Account> {
        self.find(self.proof(proof))
    }

    /// Remembers that `account` has been asked by `product` and answered with the response of this id.
    pub(crate) fn responded(&self, account: Account, product: &str, id: &str) {
        self.learn(self.response(product, id), account);
    }

    pub(crate) fn of_response(&self, product: &str, id: &str) -> Option<Account> {
        self.find(self.response(product, id))
    }

    fn proof(&self, proof: &[u8]) -> u64 {
        let first = &proof[..proof.len().min(END_BYTES)];
        let last = &proof[proof.len().saturating_sub(END_BYTES)..];
        self.keys.hash_one(("proof", proof.len(), first, last))
    }

    fn response(&self, product: &str, id: &str) -> u64 {
        self.keys.hash_one(("response", product, id))
    }

    fn shard(&self, key: u64) -> std::sync::MutexGuard<'_, Shard> {
        let place = usize::try_from(key % SHARDS as u64).expect("small");
        self.shards[place].lock().expect("nothing panics while it holds this lock")
    }

    fn learn(&self, key: u64, account: Account) {
        let mut shard = self.shard(key);
        if let Some(maker) = shard.makers.get_mut(&key) {
            *maker = maker.filter(|maker| *maker == account);
            return;
        }
        if shard.order.len() >= MOST / SHARDS
            && let Some(oldest) = shard.order.pop_front()
        {
            shard.makers.remove(&oldest);
        }
        shard.order.push_back(key);
        shard.makers.insert(key, Some(account));
    }

    fn find(&self, key: u64) -> Option<Account> {
        self.shard(key).makers.get(&key).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g22_what_two_gave_out_is_nobodys() {
        let makers = Makers::default();
        let (one, other) = (makers.account("a"), makers.account("b"));
        makers.responded(one, "office", "resp_1");
        assert_eq!(makers.of_response("office", "resp_1"), Some(one));
        assert_eq!(makers.of_response("shop", "resp_1"), None);
        makers.responded(other, "office", "resp_1");
        assert_eq!(makers.of_response("office", "resp_1"), None);
        makers.responded(one, "office", "resp_1");
        assert_eq!(makers.of_response("office", "resp_1"), None);
    }

    #[test]
    fn g22_the_oldest_are_forgotten() {
        let makers = Makers::default();
        let account = makers.account("a");
        for id in 0..2 * MOST {
            makers.responded(account, "office", &id.to_string());
        }
        assert_eq!(makers.of_response("office", "0"), None);
        assert_eq!(makers.of_response("office", &(2 * MOST - 1).to_string()), Some(account));
        let known = makers.shards.iter().map(|shard| shard.lock().unwrap().makers.len()).sum::<usize>();
        assert_eq!(known, MOST);
    }

    #[test]
    fn g22_a_proof_is_known_again_in_a_request() {
        let makers = Makers::default();
        let (one, other) = (makers.account("a"), makers.account("b"));
        let long = "x".repeat(2_000);
        for (account, signature) in [(one, "Eq\\/1"), (other, long.as_str())] {
            let body =
                format!(r#"{{"content":[{{"type":"thinking","thinking":"t","signature":"{signature}"}}]}}"#);
            makers.answered(account, &Bytes::from(body));
        }
        let body =
            format!(r#"{{"messages":[{{"content":[{{"signature":"Eq/1"}},{{"signature":"{long}"}}]}}]}}"#);
        assert_eq!(makers.of(body.as_bytes()).as_slice(), [one, other]);
        assert!(makers.of(br#"{"messages":[{"content":[{"signature":"Eq/2"}]}]}"#).is_empty());
    }
}
