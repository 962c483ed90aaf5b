//! Receiving through a ring of memory that is shared with the kernel (TPACKET_V3).

use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use socket2::{SockFilter, Socket};

use super::{packet_socket, set_option};

/// Size of a block: what the kernel hands over at once.
const BLOCK: usize = 256 << 10;
/// 8 MB in all: about 50,000 answers, a quarter of a second at the highest rate.
const BLOCKS: usize = 32;
const RING: usize = BLOCK * BLOCKS;
/// After this many milliseconds a block is handed over though it is not full.
const RETIRE_MS: u32 = 5;
/// Where the link's address stands behind the header of a packet.
const ADDRESS_AT: usize = size_of::<libc::tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    /// From the network header on; the filter cuts its end off.
    pub(crate) bytes: &'a [u8],
    /// EtherType.
    pub(crate) ethertype: u16,
    /// When it came, since 1970.
    pub(crate) at: Duration,
    /// Index of the interface that it came by.
    pub(crate) interface: u32,
}

impl Received<'_> {
    /// Whether this is the same packet once more: it is seen by an interface and again by the VLAN, bond or
    /// bridge above it, one right after the other.
    fn is_handed_up(&self, before: &Self) -> bool {
        self.interface != before.interface && self.bytes == before.bytes
    }
}

/// A socket that only receives.
pub(crate) struct Ring {
    socket: Socket,
    memory: NonNull<u8>,
    next: usize,
}

// SAFETY: the memory belongs to this value alone, and is reached through `&mut self` only.
#[expect(unsafe_code, reason = "a pointer to shared memory is not sent between threads by itself")]
unsafe impl Send for Ring {}

impl Ring {
    /// Opens a ring on all interfaces. Needs `CAP_NET_RAW`.
    pub(crate) fn open(filter: &[SockFilter]) -> io::Result<Self> {
        let socket = packet_socket()?;
        socket.attach_filter(filter)?;
        let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
        set_option(&socket, libc::PACKET_VERSION, &version)?;
        let on: libc::c_int = 1;
        // Without it each packet of our own would be looked at too.
        set_option(&socket, libc::PACKET_IGNORE_OUTGOING, &on)?;
        set_option(&socket, libc::PACKET_RX_RING, &request())?;
        let memory = map(&socket)?;
        let ring = Self { socket, memory, next: 0 };
        ring.bind()?;
        Ok(ring)
    }

    /// Hands each packet that has come to `each`, and says how many there were. Waits for the first at most
    /// `wait`.
    pub(crate) fn read(
        &mut self,
        wait: Duration,
        each: &mut dyn FnMut(Received<'_>),
    ) -> io::Result<usize> {
        if !self.is_ready() {
            self.wait(wait)?;
        }
        let mut count = 0;
        // Not more than the ring holds, so that a flood does not keep us from looking at the clock.
        for _ in 0..BLOCKS {
            if !self.is_ready() {
                break;
            }
            count += self.walk(each);
            self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.next = (self.next + 1) % BLOCKS;
        }
        Ok(count)
    }

    /// How many packets the kernel had no room for since this was last asked.
    #[expect(unsafe_code, reason = "socket2 knows no statistics of packet sockets")]
    pub(crate) fn dropped(&self) -> io::Result<u64> {
        let mut counts = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        let mut size = size_of_val(&counts) as libc::socklen_t;
        // SAFETY: both pointers are to values that live through the call, and the size is that of the first.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut counts).cast(),
                &raw mut size,
            )
        };
        if result == 0 { Ok(u64::from(counts.tp_drops)) } else { Err(io::Error::last_os_error()) }
    }

    #[expect(unsafe_code, reason = "socket2 makes no address of the link layer by itself")]
    fn bind(&self) -> io::Result<()> {
        let any = libc::sockaddr_ll {
            sll_family: libc::AF_PACKET as u16,
            sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
            sll_ifindex: 0,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 0,
            sll_addr: [0; 8],
        };
        // SAFETY: the pointer and size are those of a value that lives through the call.
        let result = unsafe {
            libc::bind(
                self.socket.as_raw_fd(),
                (&raw const any).cast(),
                size_of_val(&any) as libc::socklen_t,
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    #[expect(unsafe_code, reason = "the standard library cannot wait for a descriptor")]
    fn wait(&self, most: Duration) -> io::Result<()> {
        let mut polled =
            libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let most = libc::c_int::try_from(most.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: one descriptor, in a value that lives through the call.
        let result = unsafe { libc::poll(&raw mut polled, 1, most) };
        if result >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
    }

    fn is_ready(&self) -> bool {
        self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    fn block(&self) -> NonNull<u8> {
        #[expect(unsafe_code, reason = "blocks lie behind each other in the ring")]
        // SAFETY: `next` is below the number of blocks, so this stays within the mapping.
        unsafe {
            self.memory.add(self.next * BLOCK)
        }
    }

    /// The word by which the kernel and we hand a block to each other.
    #[expect(unsafe_code, reason = "the kernel writes this word while we look at it")]
    fn status(&self) -> &AtomicU32 {
        let header = self.block().cast::<libc::tpacket_block_desc>();
        // SAFETY: a block starts with this header and is aligned to a page.
        let at = unsafe { &raw mut (*header.as_ptr()).hdr.bh1.block_status };
        // SAFETY: the word is aligned, mapped as long as the ring lives, and reached as an atomic only.
        unsafe { AtomicU32::from_ptr(at) }
    }

    /// Walks the packets of the block that is ours now.
    fn walk(&self, each: &mut dyn FnMut(Received<'_>)) -> usize {
        #[expect(unsafe_code, reason = "the block is memory that the kernel wrote")]
        // SAFETY: the status said that the block is ours: the kernel leaves it alone until it is given
        // back, which is after this borrow ends. The whole block is mapped.
        let block = unsafe { std::slice::from_raw_parts(self.block().as_ptr(), BLOCK) };
        let count = word(block, std::mem::offset_of!(libc::tpacket_block_desc, hdr) + 4);
        let mut at = word(block, std::mem::offset_of!(libc::tpacket_block_desc, hdr) + 8) as usize;
        let mut before: Option<Received<'_>> = None;
        for _ in 0..count {
            let Some(header) = block.get(at..at + PACKET_HEADER) else { break };
            if let Some(received) = packet(header, block, at) {
                if !before.is_some_and(|before| received.is_handed_up(&before)) {
                    each(received);
                }
                before = Some(received);
            }
            let step = word(header, std::mem::offset_of!(libc::tpacket3_hdr, tp_next_offset));
            if step == 0 {
                break;
            }
            at = at.saturating_add(step as usize).min(BLOCK);
        }
        count as usize
    }
}

impl Drop for Ring {
    #[expect(unsafe_code, reason = "mapped memory is given back by hand")]
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this address and length, and nothing borrows it any more.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), RING) };
    }
}

/// The header of a packet with the link's address behind it.
const PACKET_HEADER: usize = ADDRESS_AT + size_of::<libc::sockaddr_ll>();

fn packet<'b>(header: &[u8], block: &'b [u8], at: usize) -> Option<Received<'b>> {
    use std::mem::offset_of;
    let length = word(header, offset_of!(libc::tpacket3_hdr, tp_snaplen)) as usize;
    let network = offset_of!(libc::tpacket3_hdr, tp_net);
    let start = at + usize::from(u16::from_ne_bytes([header[network], header[network + 1]]));
    let ethertype = ADDRESS_AT + offset_of!(libc::sockaddr_ll, sll_protocol);
    let interface = ADDRESS_AT + offset_of!(libc::sockaddr_ll, sll_ifindex);
    let seconds = word(header, offset_of!(libc::tpacket3_hdr, tp_sec));
    let nanos = word(header, offset_of!(libc::tpacket3_hdr, tp_nsec));
    Some(Received {
        bytes: block.get(start..start.checked_add(length)?)?,
        ethertype: u16::from_be_bytes([header[ethertype], header[ethertype + 1]]),
        at: Duration::new(u64::from(seconds), nanos.min(999_999_999)),
        interface: word(header, interface),
    })
}

/// A number of the kernel, in the machine's byte order.
fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
    word.map_or(0, u32::from_ne_bytes)
}

fn request() -> libc::tpacket_req3 {
    libc::tpacket_req3 {
        tp_block_size: BLOCK as u32,
        tp_block_nr: BLOCKS as u32,
        // Of no meaning for TPACKET_V3 but that it divides the block.
        tp_frame_size: 2048,
        tp_frame_nr: (RING / 2048) as u32,
        tp_retire_blk_tov: RETIRE_MS,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    }
}

#[expect(unsafe_code, reason = "the ring is memory of the kernel")]
fn map(socket: &Socket) -> io::Result<NonNull<u8>> {
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            RING,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            socket.as_raw_fd(),
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(memory.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}
