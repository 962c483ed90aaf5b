//! Giving up what a process may do, for good.

use std::io;

/// Version 3 of the structure, two words of 32 capabilities each (capget(2)).
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Takes every capability from the calling thread, and from those that it starts later.
#[expect(unsafe_code, reason = "the system call has no safe form")]
pub(crate) fn drop_all() -> io::Result<()> {
    let header = Header { version: VERSION, pid: 0 };
    let data = [Data::default(); 2];
    // SAFETY: both pointers are to values in the kernel's layout that live through the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What this thread starts later can never gain a right (prctl(2)).
#[expect(unsafe_code, reason = "the system call has no safe form")]
pub(crate) fn gain_none() -> io::Result<()> {
    // SAFETY: takes numbers only.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
