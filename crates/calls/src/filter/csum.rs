//! Internet checksums.

use skep_abi::{Errno, KernelVersion};
use skep_machine::Kernel;
use skep_macros::calls;

use super::{MAX_OFFSET, load, packet};
use crate::arg::{Anything, Ctx, ReadMemOrNull, SizeOrZero};
use crate::ret::{Answer, Success};

/// First release in which differences are folded to 16 bits on all architectures.
const FOLDED_SINCE: KernelVersion = KernelVersion::new(6, 13);
/// `BPF_F_HDR_FIELD_MASK`, `BPF_F_PSEUDO_HDR`, `BPF_F_MARK_MANGLED_0`, `BPF_F_MARK_ENFORCE`, `BPF_F_IPV6`
const FIELD: u64 = 0xf;
const PSEUDO_HDR: u64 = 1 << 4;
const MARK_MANGLED_0: u64 = 1 << 5;
const MARK_ENFORCE: u64 = 1 << 6;
const IPV6: u64 = 1 << 7;
/// What stands for a checksum of zero (`CSUM_MANGLED_0`).
const MANGLED: u16 = 0xffff;

/// Checksums.
pub(crate) struct Csum;

/// The one's complement sum of 32 bits.
fn add(a: u32, b: u32) -> u32 {
    let (sum, carry) = a.overflowing_add(b);
    sum + u32::from(carry)
}

/// `csum_partial`: a sum of 32 bits that is the same modulo 2^16 - 1 in whatever order it is taken.
fn partial(bytes: &[u8], seed: u32) -> u32 {
    bytes.chunks(4).fold(seed, |sum, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        add(sum, u32::from_le_bytes(word))
    })
}

/// `csum_from32to16`
fn from_32_to_16(sum: u32) -> u32 {
    add(sum, sum.rotate_left(16)) >> 16
}

/// `csum_fold`
fn fold(sum: u32) -> u16 {
    !(from_32_to_16(sum) as u16)
}

/// `csum_replace4` and `csum_replace_by_diff`: a stored checksum after a change of what it covers.
fn replace_by_diff(sum: u16, diff: u32) -> u16 {
    fold(add(diff, !u32::from(sum)))
}

/// `csum_replace2`
fn replace2(sum: u16, old: u16, new: u16) -> u16 {
    let add16 = |a: u16, b: u16| {
        let (sum, carry) = a.overflowing_add(b);
        sum + u16::from(carry)
    };
    !add16(add16(!sum, !old), new)
}

fn replace4(sum: u16, from: u32, to: u32) -> u16 {
    fold(add(add(!u32::from(sum), !from), to))
}

#[calls(avail { TC, LwtXmit })]
impl Csum {
    /// Returns the checksum of `to` less that of `from`, added to `seed`.
    ///
    /// *Errors*: `EINVAL` when a size is no multiple of 4.
    #[helper(28, since = "4.6", avail { TC, Xdp, LWT })]
    fn bpf_csum_diff(
        k: &mut Kernel<'_, '_>,
        from: ReadMemOrNull,
        from_size: SizeOrZero,
        to: ReadMemOrNull,
        to_size: SizeOrZero,
        seed: Anything,
    ) -> Answer<i64> {
        let (from_size, to_size) = (from_size.cut(), to_size.cut());
        if !from_size.is_multiple_of(4) || !to_size.is_multiple_of(4) {
            return Err(Errno::EINVAL.into());
        }
        let memory = k.run.memory();
        let old = memory.read_vec(from.0, from_size.into())?;
        let new = memory.read_vec(to.0, to_size.into())?;
        let seed = seed.0 as u32;
        let sum = match (old.is_empty(), new.is_empty()) {
            (true, true) => seed,
            (true, false) => partial(&new, seed),
            (false, true) => !partial(&old, !seed),
            (false, false) => add(partial(&new, seed), !partial(&old, 0)),
        };
        // DEVIATION(linux): before 6.13 the sum's 32 bits depend on how the architecture adds; here they are the sum
        // of words of 32 bits.
        let is_folded = k.run.machine.version() >= FOLDED_SINCE;
        Ok(i64::from(if is_folded { from_32_to_16(sum) } else { sum }))
    }

    /// Adds to the checksum of a packet that the device has summed up (`CHECKSUM_COMPLETE`).
    ///
    /// *Errors*: `ENOTSUPP` for packets that it has not, which are all of the machine's.
    #[helper(40, since = "4.9")]
    fn bpf_csum_update(_k: &mut Kernel<'_, '_>, _skb: Ctx, _csum: Anything) -> Answer<i64> {
        // DEVIATION(linux): no packet of the machine carries the device's checksum.
        Err(Errno::ENOTSUPP.into())
    }

    /// Changes the checksum of the network header at `offset` from `from` to `to`, which have the size in `flags`: 2 or
    /// 4 bytes, or 0 where `to` is a difference of checksums. Returns 0.
    ///
    /// *Errors*: `EINVAL` for other flags, `EFAULT` for an offset that is odd or outside of the packet.
    #[helper(10, since = "4.1")]
    fn bpf_l3_csum_replace(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        offset: Anything,
        from: Anything,
        to: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        if flags.0 & !FIELD != 0 {
            return Err(Errno::EINVAL.into());
        }
        let at = u64::from(offset.0 as u32);
        replace(k, at, |sum| match flags.0 & FIELD {
            0 if from.0 != 0 => None,
            0 => Some(replace_by_diff(sum, to.0 as u32)),
            2 => Some(replace2(sum, from.0 as u16, to.0 as u16)),
            4 => Some(replace4(sum, from.0 as u32, to.0 as u32)),
            _ => None,
        })
    }

    /// The same for the checksum of the transport header.
    ///
    /// `flags` further: `BPF_F_PSEUDO_HDR` (16), `BPF_F_MARK_MANGLED_0` (32): a checksum of zero is none and stays so,
    /// `BPF_F_MARK_ENFORCE` (64), `BPF_F_IPV6` (128).
    ///
    /// *Errors*: as for `bpf_l3_csum_replace`.
    #[helper(11, since = "4.1")]
    fn bpf_l4_csum_replace(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        offset: Anything,
        from: Anything,
        to: Anything,
        flags: Anything,
    ) -> Answer<Success> {
        let known = FIELD | PSEUDO_HDR | MARK_MANGLED_0 | MARK_ENFORCE | IPV6;
        if flags.0 & !known != 0 {
            return Err(Errno::EINVAL.into());
        }
        let may_be_none = flags.0 & MARK_MANGLED_0 != 0;
        let at = u64::from(offset.0 as u32);
        replace(k, at, |sum| {
            if may_be_none && flags.0 & MARK_ENFORCE == 0 && sum == 0 {
                return Some(sum);
            }
            let sum = match flags.0 & FIELD {
                0 if from.0 != 0 => return None,
                0 => replace_by_diff(sum, to.0 as u32),
                2 => replace2(sum, from.0 as u16, to.0 as u16),
                4 => replace4(sum, from.0 as u32, to.0 as u32),
                _ => return None,
            };
            Some(if may_be_none && sum == 0 { MANGLED } else { sum })
        })
    }
}

/// Changes a checksum of 16 bits in the packet; `change` gives none for flags that make no sense.
fn replace(
    k: &Kernel<'_, '_>,
    at: u64,
    change: impl FnOnce(u16) -> Option<u16>,
) -> Answer<Success> {
    if at > 0xffff || at & 1 != 0 || at > MAX_OFFSET {
        return Err(Errno::EFAULT.into());
    }
    packet(k, |packet| {
        let bytes = load(packet, at, 2)?;
        let sum = u16::from_le_bytes([bytes[0], bytes[1]]);
        let sum = change(sum).ok_or(Errno::EINVAL)?;
        packet.write(at, &sum.to_le_bytes());
        Ok::<_, Errno>(())
    })??;
    Ok(Success)
}

#[cfg(test)]
mod tests {
    use super::{fold, from_32_to_16, partial, replace2, replace4};

    #[test]
    fn a_replaced_checksum_is_that_of_the_replaced_bytes() {
        let sum = |bytes: &[u8]| fold(partial(bytes, 0));
        let (old, new) = ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 9, 6, 7, 200]);
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes[4..8].try_into().unwrap());
        assert_eq!(replace4(sum(&old), word(&old), word(&new)), sum(&new));
        let half = |bytes: &[u8]| u16::from_le_bytes(bytes[4..6].try_into().unwrap());
        let mut short = old;
        short[4] = 9;
        assert_eq!(replace2(sum(&old), half(&old), half(&short)), sum(&short));
        assert_eq!(from_32_to_16(0xffff_0001), 1);
    }
}
