//! What state of its connection a packet has where lists see it.

use portvakt_model::Ruleset;
use portvakt_space::State;

/// The state that a list sees of a packet whose state is `state` once it has been tracked. Until then
/// it belongs to no connection, which is INVALID (`xt_conntrack`, `nft_ct`), unless it has been taken
/// out of tracking.
pub fn seen(list: &Ruleset, state: State) -> State {
    if list.comes_before_tracking() && state != State::Untracked { State::Invalid } else { state }
}
