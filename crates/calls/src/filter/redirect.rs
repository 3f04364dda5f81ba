//! Where packets go, and how long they may be.

use skep_abi::{Errno, MapType, ProgType};
use skep_machine::Kernel;
use skep_macros::calls;

use super::packet;
use crate::arg::{Anything, ConstMap, Ctx, InOutU32, ReadMemOrNull, SizeOrZero};
use crate::ret::{Answer, Success};

/// `XDP_ABORTED`, `XDP_REDIRECT`
const XDP_ABORTED: i64 = 0;
const XDP_REDIRECT: i64 = 4;
/// `TC_ACT_SHOT`, `TC_ACT_REDIRECT`
const TC_ACT_SHOT: i64 = 2;
const TC_ACT_REDIRECT: i64 = 7;
/// Bits of `flags` that are an action (`BPF_F_ACTION_MASK`), `BPF_F_BROADCAST`, `BPF_F_EXCLUDE_INGRESS`
const ACTION_MASK: u64 = 3;
const BROADCAST: u64 = 8;
const EXCLUDE_INGRESS: u64 = 16;
/// `BPF_F_INGRESS`
const INGRESS: u64 = 1;
/// The loopback device and its `mtu`.
const LOOPBACK: u32 = 1;
const MTU: u64 = 65536;
/// `BPF_MTU_CHK_SEGS`
const CHECK_SEGS: u64 = 1;
/// Bytes of `struct bpf_redir_neigh`.
const NEIGH: u32 = 20;
/// Bytes of a link layer header.
const HEADER: i64 = 14;
/// `BPF_MTU_CHK_RET_FRAG_NEEDED`
const FRAG_NEEDED: i64 = 1;

/// Redirection.
pub(crate) struct Redirects;

#[calls(avail { TC, Xdp, LwtXmit })]
impl Redirects {
    /// Says that the packet goes to the device `ifindex`: returns what the program has to return for that.
    ///
    /// `flags`: `BPF_F_INGRESS` (1), but none for XDP; with others the packet is dropped.
    #[helper(23, since = "4.4")]
    fn bpf_redirect(k: &mut Kernel<'_, '_>, _ifindex: Anything, flags: Anything) -> i64 {
        let is_xdp = k.run.prog_type == ProgType::Xdp;
        match (is_xdp, flags.0 & !INGRESS) {
            (true, _) if flags.0 != 0 => XDP_ABORTED,
            (true, _) => XDP_REDIRECT,
            (false, 0) => TC_ACT_REDIRECT,
            (false, _) => TC_ACT_SHOT,
        }
    }

    /// Says that the packet goes to the peer of the device `ifindex`, in another network namespace: returns what the
    /// program has to return for that; with `flags` the packet is dropped.
    #[helper(155, since = "5.10", avail { TC })]
    fn bpf_redirect_peer(_k: &mut Kernel<'_, '_>, _ifindex: Anything, flags: Anything) -> i64 {
        if flags.0 == 0 { TC_ACT_REDIRECT } else { TC_ACT_SHOT }
    }

    /// Says that the packet goes to the device `ifindex`, with the link layer address of the next hop, which is that of
    /// `params` or what the routes say: returns what the program has to return for that. With `flags`, or fewer bytes than
    /// `struct bpf_redir_neigh` has, the packet is dropped.
    #[helper(152, since = "5.10", avail { TC })]
    fn bpf_redirect_neigh(
        _k: &mut Kernel<'_, '_>,
        _ifindex: Anything,
        _params: ReadMemOrNull,
        plen: SizeOrZero,
        flags: Anything,
    ) -> i64 {
        let is_short = plen.cut() != 0 && plen.cut() < NEIGH;
        if flags.0 == 0 && !is_short { TC_ACT_REDIRECT } else { TC_ACT_SHOT }
    }

    /// Sends a copy of the packet to the device `ifindex`, where nobody waits for it. Returns 0.
    ///
    /// `flags`: `BPF_F_INGRESS` (1).
    ///
    /// *Errors*: `EINVAL` for other flags, and where there is no such device.
    // DEVIATION(linux): the loopback device, the only one of the machine, takes every copy and delivers none.
    #[helper(13, since = "4.2", avail { TC, LwtXmit })]
    fn bpf_clone_redirect(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        ifindex: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        packet(k, |_| ())?;
        match flags.0 & !INGRESS == 0 && ifindex.0 as u32 == LOOPBACK {
            true => Ok(Success),
            false => Err(Errno::EINVAL.into()),
        }
    }

    /// Says that the packet goes to what a slot of a map holds: returns what the program has to return for that, or the
    /// lower two bits of `flags` where the slot is empty, which those of the machine are.
    ///
    /// With other flags than these, and `BPF_F_BROADCAST` (8) and `BPF_F_EXCLUDE_INGRESS` (16) for maps of devices, the
    /// packet is dropped.
    #[helper(51, since = "4.14", avail { Xdp }, effect = MapRedirect)]
    fn bpf_redirect_map(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        _key: Anything,
        flags: Anything,
    ) -> Answer<i64> {
        let map_type = k.run.machine.map_at(map.0)?.map_type();
        let is_devmap = matches!(map_type, MapType::Devmap | MapType::DevmapHash);
        let known = ACTION_MASK | if is_devmap { BROADCAST | EXCLUDE_INGRESS } else { 0 };
        if flags.0 & !known != 0 {
            return Ok(XDP_ABORTED);
        }
        if flags.0 & BROADCAST != 0 {
            return Ok(XDP_REDIRECT);
        }
        Ok((flags.0 & ACTION_MASK).cast_signed())
    }

    /// Tells whether the packet, longer by `len_diff` bytes, fits the device: 0, or 1 when it does not. `mtu_len` is the
    /// length to check where it is not 0, and becomes what the device takes.
    ///
    /// *Errors*: `EINVAL` for flags but `BPF_MTU_CHK_SEGS` (1), `ENODEV` where there is no device `ifindex`.
    #[helper(163, since = "5.12", avail { TC, Xdp }, gpl)]
    fn bpf_check_mtu(
        k: &mut Kernel<'_, '_>,
        _ctx: Ctx,
        ifindex: Anything,
        mtu_len: InOutU32,
        len_diff: Anything,
        flags: Anything,
    ) -> Answer<i64> {
        let is_xdp = k.run.prog_type == ProgType::Xdp;
        let known = if is_xdp { 0 } else { CHECK_SEGS };
        if flags.0 & !known != 0 {
            return Err(Errno::EINVAL.into());
        }
        let memory = k.run.memory();
        let mut given = [0; 4];
        memory.read(mtu_len.0, &mut given)?;
        let given = u32::from_le_bytes(given);
        let diff = i64::from(len_diff.0 as i32);
        if flags.0 & CHECK_SEGS != 0 && (diff != 0 || given != 0) {
            return Err(Errno::EINVAL.into());
        }
        if ifindex.0 as u32 > LOOPBACK {
            return Err(Errno::ENODEV.into());
        }
        let own = packet(k, |packet| packet.len().cast_signed())?;
        let len = if given != 0 { i64::from(given) + HEADER } else { own } + diff;
        memory.write(mtu_len.0, &(MTU as u32).to_le_bytes())?;
        Ok(if len > MTU.cast_signed() + HEADER { FRAG_NEEDED } else { 0 })
    }
}
