//! Giving up rights once the sockets that need them are open.

use std::io;

use nix::unistd::{self, Gid, Uid, User};

use crate::raw::capabilities;

/// The user that has no rights, where the distribution knows none by name.
const NOBODY: u32 = 65_534;

/// Becomes an ordinary user for good: the one who called sudo, else nobody; without capabilities.
///
/// Call it when [`crate::syn::Engine`] is open, before other threads start: rights that came with
/// the file (setcap) are taken from the calling thread and those that it starts. Returns the user's number.
pub fn drop_privileges() -> io::Result<u32> {
    let user = unistd::geteuid();
    if user.is_root() {
        let (user, group) = ordinary();
        unistd::setgroups(&[])?;
        unistd::setresgid(group, group, group)?;
        unistd::setresuid(user, user, user)?;
    }
    capabilities::drop_all()?;
    capabilities::gain_none()?;
    // A kernel that says yes and does nothing would be worse than one that refuses.
    if user.is_root() && unistd::setuid(Uid::from_raw(0)).is_ok() {
        return Err(io::Error::other("the rights of root could be taken back"));
    }
    Ok(unistd::geteuid().as_raw())
}

/// Who called sudo, unless it was root; else nobody.
fn ordinary() -> (Uid, Gid) {
    let number = |name| std::env::var(name).ok()?.parse::<u32>().ok().filter(|n| *n != 0);
    if let (Some(user), Some(group)) = (number("SUDO_UID"), number("SUDO_GID")) {
        return (Uid::from_raw(user), Gid::from_raw(group));
    }
    match User::from_name("nobody") {
        Ok(Some(nobody)) => (nobody.uid, nobody.gid),
        _ => (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY)),
    }
}
