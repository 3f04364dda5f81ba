//! Changes of an skb beyond its bytes: its length, its kind, its hash.

use skep_abi::{Errno, KernelVersion};
use skep_machine::Kernel;
use skep_machine::packet::{ETH_HLEN, SkbField};
use skep_macros::calls;

use super::packet;
use crate::arg::{Anything, Ctx};
use crate::ret::{Answer, Success};

/// Bytes of a packet of the loopback device at most: its `mtu` and a link layer header (`BPF_SKB_MAX_LEN`).
const MAX_LEN: u64 = 65536 + ETH_HLEN;
/// `PACKET_OTHERHOST`, the last kind that programs may set.
const OTHERHOST: u32 = 3;
/// Offset of the transport header in a packet that nobody has parsed: that of the network header.
const FLAGS: u64 = 0;

/// `skb->protocol` of IPv4 and IPv6, whose first byte is the lower one.
const IP: [u32; 2] = [0x0008, 0xdd86];
/// `BPF_SKB_CLOCK_*`
const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const TAI: u32 = 2;
/// First release whose packets tell one clock from another.
const CLOCKS_SINCE: KernelVersion = KernelVersion::new(6, 11);

/// Changes.
pub(crate) struct SkbChange;

#[calls(avail { TC, SkSkb, LwtXmit })]
impl SkbChange {
    /// Sets the time at which the packet was, or is to be, sent, and by which clock: real time (0), monotonic (1), TAI (2).
    /// Returns 0.
    ///
    /// *Errors*: `EOPNOTSUPP` for packets that are not of IP, `EINVAL` for other clocks, and for time 0 by a clock but real
    /// time. Before 6.11 clock 0 is none, which takes no time, and TAI is unknown.
    #[helper(192, since = "5.18", avail { TC })]
    fn bpf_skb_set_tstamp(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        tstamp: Anything,
        tstamp_type: Anything,
    ) -> Answer<Success> {
        let has_clocks = k.run.machine.version() >= CLOCKS_SINCE;
        let clock = tstamp_type.0 as u32;
        packet(k, |packet| {
            if !IP.contains(&packet.ctx_word(SkbField::PROTOCOL)) {
                return Err(Errno::EOPNOTSUPP);
            }
            let is_taken = match clock {
                REALTIME => has_clocks || tstamp.0 == 0,
                MONOTONIC => tstamp.0 != 0,
                TAI => has_clocks && tstamp.0 != 0,
                _ => false,
            };
            if !is_taken {
                return Err(Errno::EINVAL);
            }
            packet.set_ctx_word(SkbField::TSTAMP, tstamp.0 as u32);
            packet.set_ctx_word(SkbField::TSTAMP + 4, (tstamp.0 >> 32) as u32);
            packet.set_ctx_word(SkbField::TSTAMP_TYPE, clock);
            Ok(())
        })??;
        Ok(Success)
    }

    /// Sets the length of the packet to `len`: cuts it, or adds zeroes. Returns 0.
    ///
    /// *Errors*: `EINVAL` for flags, for more than the device takes, and for less than the headers.
    #[helper(38, since = "4.9")]
    fn bpf_skb_change_tail(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        len: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        let len = u64::from(len.0 as u32);
        packet(k, |packet| {
            let least = packet.network_offset().max(0).cast_unsigned();
            if flags.0 != FLAGS || len > MAX_LEN || len < least {
                return Err(Errno::EINVAL);
            }
            let all = packet.len();
            let done = packet.may_pull(all) && packet.resize(len);
            done.then_some(()).ok_or(Errno::ENOMEM)
        })??;
        Ok(Success)
    }

    /// Adds `len` zeroes before the packet; a link layer header is expected there. Returns 0.
    ///
    /// *Errors*: `EINVAL` for flags, and where the packet becomes longer than the device takes.
    #[helper(43, since = "4.10")]
    fn bpf_skb_change_head(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        len: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        let len = u64::from(len.0 as u32);
        packet(k, |packet| {
            if flags.0 != FLAGS || packet.len() + len > MAX_LEN {
                return Err(Errno::EINVAL);
            }
            if !packet.push(len) {
                return Err(Errno::ENOMEM);
            }
            packet.write(0, &vec![0; len as usize]);
            packet.set_mac_offset(0);
            Ok(())
        })??;
        Ok(Success)
    }

    /// Sets `pkt_type`. Returns 0.
    ///
    /// *Errors*: `EINVAL` where the packet's kind, or the new one, is not among those of received packets.
    #[helper(32, since = "4.8", avail { TC })]
    fn bpf_skb_change_type(k: &mut Kernel<'_, '_>, _skb: Ctx, r#type: Anything) -> Answer<Success> {
        let wanted = r#type.0 as u32;
        packet(k, |packet| {
            if packet.ctx_word(SkbField::PKT_TYPE) > OTHERHOST || wanted > OTHERHOST {
                return Err(Errno::EINVAL);
            }
            packet.set_ctx_word(SkbField::PKT_TYPE, wanted);
            Ok(())
        })??;
        Ok(Success)
    }

    /// Forgets the packet's hash. Returns 0.
    #[helper(41, since = "4.9", avail { TC, LwtXmit })]
    fn bpf_set_hash_invalid(k: &mut Kernel<'_, '_>, _skb: Ctx) -> Answer<Success> {
        packet(k, |packet| packet.set_ctx_word(SkbField::HASH, 0))?;
        Ok(Success)
    }

    /// Sets the packet's hash. Returns 0.
    #[helper(48, since = "4.13", avail { TC })]
    fn bpf_set_hash(k: &mut Kernel<'_, '_>, _skb: Ctx, hash: Anything) -> Answer<Success> {
        packet(k, |packet| packet.set_ctx_word(SkbField::HASH, hash.0 as u32))?;
        Ok(Success)
    }
}
