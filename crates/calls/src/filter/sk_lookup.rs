//! Sockets: those that packets belong to, and those that are looked up.
// DEVIATION(linux): the machine has no sockets but the one that a test's packet belongs to, so that looking one up by
// its addresses finds none.

use skep_abi::{Addr, Errno};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, Ctx, ReadMem, SizeOrZero, Sock, SockRef};
use crate::ret::{Answer, SockCommonOrNull, SocketOrNull, Success, TcpSockOrNull};

/// Sockets.
pub(crate) struct SkLookups;

#[calls(avail { SK_LOOKUPS })]
impl SkLookups {
    /// Looks a TCP socket up by its addresses in `tuple`: a reference that must be given up, or null.
    #[helper(84, since = "4.20")]
    fn bpf_sk_lookup_tcp(
        _k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        _tuple: ReadMem,
        _tuple_size: SizeOrZero,
        _netns: Anything,
        _flags: Anything,
    ) -> SocketOrNull {
        SocketOrNull(None)
    }

    /// Looks a UDP socket up by its addresses in `tuple`: a reference that must be given up, or null.
    #[helper(85, since = "4.20")]
    fn bpf_sk_lookup_udp(
        _k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        _tuple: ReadMem,
        _tuple_size: SizeOrZero,
        _netns: Anything,
        _flags: Anything,
    ) -> SocketOrNull {
        SocketOrNull(None)
    }

    /// Looks a TCP socket up, also one that is only about to be: a reference that must be given up, or null.
    #[helper(99, since = "5.2")]
    fn bpf_skc_lookup_tcp(
        _k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        _tuple: ReadMem,
        _tuple_size: SizeOrZero,
        _netns: Anything,
        _flags: Anything,
    ) -> SockCommonOrNull {
        SockCommonOrNull(None)
    }

    /// Gives a reference to a socket up. Returns 0.
    #[helper(86, since = "4.20", avail { SK_LOOKUPS, SkLookup })]
    fn bpf_sk_release(k: &mut Kernel<'_, '_>, sock: SockRef) -> Answer<Success> {
        if sock.0 == Addr::NULL {
            return Err(Errno::EINVAL.into());
        }
        // It must at least be an object that is alive.
        let mut head = [0; 4];
        k.run.memory().kernel_read(sock.0, &mut head)?;
        Ok(Success)
    }

    /// Returns the socket when it is a whole one, neither a request nor a remnant; else null.
    #[helper(95, since = "5.1", avail { CgroupSkb, TC })]
    fn bpf_sk_fullsock(_k: &mut Kernel<'_, '_>, sk: Sock) -> SocketOrNull {
        SocketOrNull(Some(sk.0).filter(|sk| *sk != Addr::NULL))
    }

    /// Returns the socket when it is a TCP socket; else null.
    #[helper(96, since = "5.1", avail { CgroupSkb, TC, SockOps, CgroupSockopt })]
    fn bpf_tcp_sock(_k: &mut Kernel<'_, '_>, _sk: Sock) -> TcpSockOrNull {
        TcpSockOrNull(None)
    }

    /// Returns the listening socket that a socket belongs to; else null.
    #[helper(98, since = "5.1", avail { CgroupSkb, TC })]
    fn bpf_get_listener_sock(_k: &mut Kernel<'_, '_>, _sk: Sock) -> SocketOrNull {
        SocketOrNull(None)
    }
}
