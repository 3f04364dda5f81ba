//! `bpf_prog_test_run_skb`

use skep_abi::{Errno, ProgType};

use super::{CHECKSUM_COMPLETE, CPU, RunProgram, TestResult, TestRun, TestRunError, Tested};
use super::{ctx_in, ctx_out, data_out};
use crate::packet::{ETH_HLEN, Packet, SKB_CTX_SIZE, SkbField as F};
use crate::{Machine, Map};

/// Bytes of a packet at most: a page without `NET_SKB_PAD`, `NET_IP_ALIGN` and `struct skb_shared_info`.
const MAX_SIZE: usize = 3712;
/// `GSO_LEGACY_MAX_SIZE`, `GSO_MAX_SEGS`
const MAX_WIRE_LEN: u32 = 65536;
const MAX_SEGS: u32 = 65535;
/// The only device of the machine: loopback.
const LOOPBACK: u32 = 1;

/// The parts of `struct __sk_buff` that the caller may set.
const SETTABLE: &[(u64, u64)] = &[
    (F::MARK, F::MARK + 4),
    (F::PRIORITY, F::PRIORITY + 4),
    (F::INGRESS_IFINDEX, F::IFINDEX + 4),
    (F::CB, F::CB + 20),
    (F::TSTAMP, F::TSTAMP + 8),
    (F::WIRE_LEN, F::GSO_SEGS + 4),
    (F::GSO_SIZE, F::GSO_SIZE + 4),
    (F::HWTSTAMP, F::HWTSTAMP + 8),
];

pub(super) fn run<E>(
    machine: &Machine,
    tested: Tested,
    input: &TestRun<'_>,
    run: &mut RunProgram<'_, E>,
) -> Result<TestResult, TestRunError<E>> {
    if input.flags & !CHECKSUM_COMPLETE != 0 || input.cpu != 0 || input.batch_size != 0 {
        return Err(TestRunError::invalid("flags, a CPU and a batch are not for packets"));
    }
    if !(ETH_HLEN as usize..=MAX_SIZE).contains(&input.data.len()) {
        return Err(TestRunError::invalid(format!(
            "data has {} bytes, and a packet has {ETH_HLEN} to {MAX_SIZE}",
            input.data.len()
        )));
    }
    let is_l2 = matches!(tested.prog_type, ProgType::SchedCls | ProgType::SchedAct);
    let ctx = ctx_in(input, SKB_CTX_SIZE as usize)?;
    let packets = machine.packets();
    let packet = packets.skb(input.data, is_l2)?;
    let taken = match &ctx {
        Some(ctx) => take(&packet, ctx),
        None => Ok(()),
    };
    if let Err(refusal) = taken {
        packets.free(packet);
        return Err(refusal);
    }
    let at = packets.insert(packet);
    // Each test run has a cgroup's values of its own.
    machine.maps().for_each(Map::clear_cgroup_storage);
    let mut result = Ok(0);
    for _ in 0..input.times() {
        result = run(CPU, at);
        if result.is_err() {
            break;
        }
    }
    let Some(mut packet) = packets.remove(at) else {
        return Err(TestRunError::refused(Errno::EFAULT, "the packet is gone"));
    };
    let ended = result.map_err(TestRunError::Program).and_then(|r0| {
        // The kernel gives the frame back with a link layer header of zeroes.
        if !is_l2 && packet.push(ETH_HLEN) {
            packet.write(0, &[0; ETH_HLEN as usize]);
        }
        let ctx =
            ctx.map(|ctx| give(&packet, ctx)).map_or(Ok(Vec::new()), |c| ctx_out(input, c))?;
        let data = data_out(input, packet.bytes()[packet.metalen() as usize..].to_vec())?;
        Ok(TestResult { retval: r0 as u32, data, ctx })
    });
    packets.free(packet);
    ended
}

fn word(ctx: &[u8], offset: u64) -> u32 {
    let at = offset as usize;
    ctx.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// `convert___skb_to_skb`
fn take<E>(packet: &Packet, ctx: &[u8]) -> Result<(), TestRunError<E>> {
    if packet.is_empty() {
        return Err(TestRunError::invalid("nothing is left of the packet after its header"));
    }
    let is_settable = |at: u64| SETTABLE.iter().any(|(start, end)| (*start..*end).contains(&at));
    if let Some(at) = (0..ctx.len()).find(|at| ctx[*at] != 0 && !is_settable(*at as u64)) {
        return Err(TestRunError::invalid(format!("byte {at} of the context cannot be set")));
    }
    let ifindex = word(ctx, F::IFINDEX);
    if ifindex > LOOPBACK {
        return Err(TestRunError::refused(Errno::ENODEV, format!("there is no device {ifindex}")));
    }
    let wire_len = match word(ctx, F::WIRE_LEN) {
        0 => packet.len() as u32,
        len if u64::from(len) < packet.len() || len > MAX_WIRE_LEN => {
            return Err(TestRunError::invalid(format!("wire_len is {len}")));
        }
        len => len,
    };
    if word(ctx, F::GSO_SEGS) > MAX_SEGS {
        return Err(TestRunError::invalid("gso_segs is above 65535"));
    }
    packet.take_ctx(ctx, SETTABLE);
    packet.set_ctx_word(F::IFINDEX, LOOPBACK);
    packet.set_ctx_word(F::WIRE_LEN, wire_len);
    Ok(())
}

/// `convert_skb_to___skb`
fn give(packet: &Packet, mut ctx: Vec<u8>) -> Vec<u8> {
    let now = packet.ctx_bytes();
    for (start, end) in SETTABLE.iter().map(|(start, end)| (*start as usize, *end as usize)) {
        // The kernel does not write gso_size back.
        if start as u64 != F::GSO_SIZE {
            ctx[start..end].copy_from_slice(&now[start..end]);
        }
    }
    ctx
}
