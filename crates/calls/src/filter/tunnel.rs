//! Tunnel metadata of packets.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_machine::packet::tunnel::{MAX_OPTIONS, flag};
use skep_machine::packet::{Tunnel, TunnelAddrs};
use skep_macros::calls;

use super::packet;
use crate::arg::{Anything, Ctx, ReadMem, Size, UninitMem};
use crate::ret::{Answer, Success};

/// Bytes of `struct bpf_tunnel_key`, and of its older forms.
const KEY: usize = 44;
const OLDER: [usize; 4] = [28, 24, 22, IPV4_ONLY];
/// The oldest form, which has no room for IPv6.
const IPV4_ONLY: usize = 8;

/// Where its members lie.
mod at {
    pub(super) const ID: usize = 0;
    pub(super) const REMOTE: usize = 4;
    pub(super) const TOS: usize = 20;
    pub(super) const TTL: usize = 21;
    pub(super) const FLAGS: usize = 22;
    pub(super) const LABEL: usize = 24;
    pub(super) const LOCAL: usize = 28;
}

/// `BPF_F_TUNINFO_IPV6`
const IPV6: u64 = 1 << 0;
/// `BPF_F_ZERO_CSUM_TX`, `BPF_F_DONT_FRAGMENT`, `BPF_F_SEQ_NUMBER`, `BPF_F_NO_TUNNEL_KEY`
const ZERO_CSUM_TX: u64 = 1 << 1;
const DONT_FRAGMENT: u64 = 1 << 2;
const SEQ_NUMBER: u64 = 1 << 3;
const NO_TUNNEL_KEY: u64 = 1 << 4;
/// `BPF_F_TUNINFO_FLAGS`
const FLAGS: u64 = 1 << 4;
/// Bits of a flow label.
const LABEL: u32 = 0xf_ffff;

/// Tunnels.
pub(crate) struct Tunnels;

#[calls(avail { TC, LwtXmit })]
impl Tunnels {
    /// Fills `to` with the tunnel metadata of the packet, as a packet that comes from there would have it: what was set
    /// as the remote address is the local one. Returns 0.
    ///
    /// `flags`: `BPF_F_TUNINFO_IPV6` (1), and `BPF_F_TUNINFO_FLAGS` (16) for the tunnel's flags.
    ///
    /// *Errors*: `EINVAL` without metadata, for other flags and for sizes that `struct bpf_tunnel_key` never had,
    /// `EPROTO` where it is of the other IP version; `to` is zeroed then.
    #[helper(20, since = "4.3")]
    fn bpf_skb_get_tunnel_key(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        to: UninitMem,
        size: Size,
        flags: Anything,
    ) -> Answer<Success> {
        let size = size.cut() as usize;
        let found = packet(k, |packet| match packet.tunnel() {
            Some(tunnel) => get(tunnel, size, flags.0),
            None => Err(Errno::EINVAL),
        })?;
        let memory = k.run.memory();
        match found {
            Ok(key) => memory.write(to.0, &key[..size])?,
            Err(errno) => {
                memory.fill(to.0, size as u64, 0)?;
                return Err(errno.into());
            }
        }
        Ok(Success)
    }

    /// Gives the packet tunnel metadata. Returns 0.
    ///
    /// `flags`: `BPF_F_TUNINFO_IPV6` (1), `BPF_F_ZERO_CSUM_TX` (2), `BPF_F_DONT_FRAGMENT` (4), `BPF_F_SEQ_NUMBER` (8),
    /// `BPF_F_NO_TUNNEL_KEY` (16, since 6.4).
    ///
    /// *Errors*: `EINVAL` for other flags, for sizes that `struct bpf_tunnel_key` never had, for `tunnel_ext` and for a
    /// flow label over IPv4.
    #[helper(21, since = "4.3")]
    fn bpf_skb_set_tunnel_key(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        key: ReadMem,
        size: Size,
        flags: Anything,
    ) -> Answer<Success> {
        let size = size.cut() as usize;
        if size != KEY && !OLDER.contains(&size) {
            return Err(Errno::EINVAL.into());
        }
        let mut bytes = [0; KEY];
        k.run.memory().read(key.0, &mut bytes[..size])?;
        let tunnel = made(&bytes, flags.0)?;
        packet(k, |packet| *packet.tunnel_mut() = Some(tunnel))?;
        Ok(Success)
    }

    /// Fills `opt` with the options of the tunnel metadata, zeroes after them, and returns how many bytes they are.
    ///
    /// *Errors*: `ENOENT` where there are none, `ENOMEM` for less room; `opt` is zeroed then.
    #[helper(29, since = "4.6")]
    fn bpf_skb_get_tunnel_opt(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        opt: UninitMem,
        size: Size,
    ) -> Answer<i64> {
        let size = size.cut() as usize;
        let found = packet(k, |packet| {
            let tunnel = packet.tunnel().filter(|tunnel| tunnel.flags & flag::OPTIONS != 0);
            let options = &tunnel.ok_or(Errno::ENOENT)?.options;
            if size < options.len() { Err(Errno::ENOMEM) } else { Ok(options.clone()) }
        })?;
        let memory = k.run.memory();
        memory.fill(opt.0, size as u64, 0)?;
        let options = found?;
        memory.write(opt.0, &options)?;
        Ok(options.len() as i64)
    }

    /// Sets the options of the tunnel metadata that the program has given the packet before. Returns 0.
    ///
    /// *Errors*: `EINVAL` without such metadata, and for a size that is no multiple of 4, `ENOMEM` for more than 255 bytes.
    #[helper(30, since = "4.6")]
    fn bpf_skb_set_tunnel_opt(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        opt: ReadMem,
        size: Size,
    ) -> Answer<Success> {
        let size = size.cut() as usize;
        let has_tunnel = packet(k, |packet| packet.tunnel().is_some())?;
        if !has_tunnel || !size.is_multiple_of(4) {
            return Err(Errno::EINVAL.into());
        }
        if size > MAX_OPTIONS {
            return Err(Errno::ENOMEM.into());
        }
        let mut options = vec![0; size];
        k.run.memory().read(opt.0, &mut options)?;
        packet(k, |packet| {
            if let Some(tunnel) = packet.tunnel_mut() {
                tunnel.options = options;
                tunnel.flags |= flag::OPTIONS;
            }
        })?;
        Ok(Success)
    }
}

fn bytes<const N: usize>(key: &[u8; KEY], at: usize) -> [u8; N] {
    let mut found = [0; N];
    found.copy_from_slice(&key[at..at + N]);
    found
}

/// The metadata that a program describes.
fn made(key: &[u8; KEY], flags: u64) -> Result<Tunnel, Errno> {
    let known = IPV6 | ZERO_CSUM_TX | DONT_FRAGMENT | SEQ_NUMBER | NO_TUNNEL_KEY;
    let label = u32::from_le_bytes(bytes(key, at::LABEL));
    let is_v6 = flags & IPV6 != 0;
    if flags & !known != 0 || (label != 0 && !is_v6) || bytes::<2>(key, at::FLAGS) != [0; 2] {
        return Err(Errno::EINVAL);
    }
    let mut kept = flag::NOCACHE;
    for (given, wanted, bit) in [
        (DONT_FRAGMENT, true, flag::DONT_FRAGMENT),
        (ZERO_CSUM_TX, false, flag::CSUM),
        (SEQ_NUMBER, true, flag::SEQ),
        (NO_TUNNEL_KEY, false, flag::KEY),
    ] {
        kept |= if (flags & given != 0) == wanted { bit } else { 0 };
    }
    let addrs = if is_v6 {
        let (src, dst) = (bytes(key, at::LOCAL), bytes(key, at::REMOTE));
        TunnelAddrs::V6 { src, dst, label: label & LABEL }
    } else {
        TunnelAddrs::V4 { src: bytes(key, at::LOCAL), dst: bytes(key, at::REMOTE) }
    };
    Ok(Tunnel {
        id: u32::from_le_bytes(bytes(key, at::ID)),
        tos: key[at::TOS],
        ttl: key[at::TTL],
        flags: kept,
        addrs,
        options: Vec::new(),
    })
}

/// What a program sees of the metadata.
fn get(tunnel: &Tunnel, size: usize, flags: u64) -> Result<[u8; KEY], Errno> {
    if flags & !(IPV6 | FLAGS) != 0 {
        return Err(Errno::EINVAL);
    }
    let is_v6 = matches!(tunnel.addrs, TunnelAddrs::V6 { .. });
    if is_v6 != (flags & IPV6 != 0) {
        return Err(Errno::EPROTO);
    }
    if (size != KEY && !OLDER.contains(&size)) || (size == IPV4_ONLY && is_v6) {
        return Err(Errno::EINVAL);
    }
    let mut key = [0; KEY];
    let mut put = |at: usize, bytes: &[u8]| key[at..at + bytes.len()].copy_from_slice(bytes);
    put(at::ID, &tunnel.id.to_le_bytes());
    put(at::TOS, &[tunnel.tos, tunnel.ttl]);
    if flags & FLAGS != 0 {
        put(at::FLAGS, &(tunnel.flags as u16).to_be_bytes());
    }
    match &tunnel.addrs {
        TunnelAddrs::V4 { src, dst } => {
            put(at::REMOTE, src);
            put(at::LOCAL, dst);
        }
        TunnelAddrs::V6 { src, dst, label } => {
            put(at::REMOTE, src);
            put(at::LOCAL, dst);
            put(at::LABEL, &label.to_le_bytes());
        }
    }
    Ok(key)
}
