//! Routes.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, Ctx, ReadMem, Size, WriteMem};
use crate::ret::Answer;

/// Bytes of `struct bpf_fib_lookup`, and where its `ifindex` is.
const PARAMS: u32 = 64;
const IFINDEX: usize = 8;
/// All flags that there are (`BPF_FIB_LOOKUP_MASK`).
const KNOWN: u64 = 0x3f;
/// `AF_INET`, `AF_INET6`
const FAMILIES: [u8; 2] = [2, 10];
/// The loopback device.
const LOOPBACK: u32 = 1;
/// `BPF_FIB_LKUP_RET_FWD_DISABLED`
const FWD_DISABLED: i64 = 5;

/// Routes.
pub(crate) struct Routes;

#[calls(avail { TC, Xdp }, gpl)]
impl Routes {
    /// Looks up the route of a packet that `params` describes: 0, or a positive number that says why there is none. The
    /// machine's only device does not forward, so that it is 5, `BPF_FIB_LKUP_RET_FWD_DISABLED`.
    ///
    /// *Errors*: `EINVAL` for fewer bytes than `struct bpf_fib_lookup` has and for unknown flags, `EAFNOSUPPORT` for
    /// another family than IPv4 and IPv6, `ENODEV` where there is no such device.
    #[helper(69, since = "4.18", proto { "6.14": fib_lookup_read })]
    fn bpf_fib_lookup(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        params: WriteMem,
        plen: Size,
        flags: Anything,
    ) -> Answer<i64> {
        if plen.cut() < PARAMS || flags.0 & 0xffff_ffff & !KNOWN != 0 {
            return Err(Errno::EINVAL.into());
        }
        let bytes = k.run.memory().read_vec(params.0, PARAMS.into())?;
        if !FAMILIES.contains(&bytes[0]) {
            return Err(Errno::EAFNOSUPPORT.into());
        }
        let ifindex = bytes[IFINDEX..IFINDEX + 4].iter().rev();
        let ifindex = ifindex.fold(0, |number, byte| number << 8 | u32::from(*byte));
        if ifindex == LOOPBACK { Ok(FWD_DISABLED) } else { Err(Errno::ENODEV.into()) }
    }

    fn fib_lookup_read(
        k: &mut Kernel<'_, '_>,
        ctx: Ctx,
        params: ReadMem,
        plen: Size,
        flags: Anything,
    ) -> Answer<i64> {
        Self::bpf_fib_lookup(k, ctx, WriteMem(params.0), plen, flags)
    }
}
