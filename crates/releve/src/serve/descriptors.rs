//! File descriptors: as many as the process may have, shared out so that clients leave some for suppliers.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the ledger, the threads, the listeners and the configuration need, and some to spare.
const OWN: u64 = 128;
/// However few there are, so many clients are let in.
const FEWEST: u64 = 8;

/// Raises the limit of file descriptors from what shells and service managers give for the sake of old programs to what
/// they allow. Says how many connections of clients there is room for: each may need another one to a supplier, and each thread
/// keeps some of those for later.
pub(super) fn raise() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let current = if raised.is_ok() { limit.maximum } else { limit.current };
    current.map_or(usize::MAX, connections)
}

fn connections(descriptors: u64) -> usize {
    let part = descriptors.saturating_sub(OWN) / 3;
    usize::try_from(part.max(FEWEST)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_leave_twice_as_many_for_suppliers() {
        assert_eq!(connections(30_128), 10_000);
        assert_eq!(connections(1024), 298);
        assert_eq!(connections(0), 8);
    }
}
