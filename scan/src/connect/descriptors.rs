//! How many sockets may be open at once.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors left for everything else: files, the event loop, connections of other parts.
const RESERVED: u64 = 64;

/// Raises the soft limit on descriptors to the hard one, and tells how many of them may be sockets of
/// a scan: at least 1, at most `most`.
pub(crate) fn available(most: usize) -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1 };
    let wanted = hard.min(most as u64 + RESERVED).max(soft);
    let raised = wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok();
    let limit = if raised { wanted } else { soft };
    usize::try_from(limit.saturating_sub(RESERVED)).unwrap_or(most).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_exceeded() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(available(1), 1);
        assert!(available(usize::MAX / 2) as u64 <= hard);
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(available(100) as u64 <= soft - RESERVED || soft <= RESERVED);
    }
}
