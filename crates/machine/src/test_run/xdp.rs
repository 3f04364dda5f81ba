//! `bpf_prog_test_run_xdp`, without live frames.

use skep_abi::{AttachType, Errno};

use super::{CPU, RunProgram, TestResult, TestRun, TestRunError, Tested};
use super::{ctx_in, ctx_out, data_out};
use crate::Machine;
use crate::packet::{ETH_HLEN, Packet, XDP_CTX_SIZE};

/// `BPF_F_TEST_XDP_LIVE_FRAMES`
const LIVE_FRAMES: u32 = 2;
/// Offsets in `struct xdp_md`.
const DATA: usize = 0;
const DATA_END: usize = 4;
const DATA_META: usize = 8;
const INGRESS_IFINDEX: usize = 12;
const RX_QUEUE_INDEX: usize = 16;
const EGRESS_IFINDEX: usize = 20;
/// The only device of the machine, which has one queue.
const LOOPBACK: u32 = 1;
/// Bytes of a packet at most: the linear part and `MAX_SKB_FRAGS` pages.
const MAX_SIZE: usize = 3520 + 17 * 4096;

pub(super) fn run<E>(
    machine: &Machine,
    tested: Tested,
    input: &TestRun<'_>,
    run: &mut RunProgram<'_, E>,
) -> Result<TestResult, TestRunError<E>> {
    if input.flags & LIVE_FRAMES != 0 {
        // DEVIATION(linux): packets of live frames really travel, which needs devices.
        let why = "skep does not run XDP programs on live frames yet";
        return Err(TestRunError::refused(Errno::ENOTSUPP, why));
    }
    if input.flags != 0 || input.cpu != 0 || input.batch_size != 0 {
        return Err(TestRunError::invalid("flags, a CPU and a batch are not for packets"));
    }
    if matches!(tested.attach_type, Some(AttachType::XdpDevmap | AttachType::XdpCpumap)) {
        return Err(TestRunError::invalid("programs of device and CPU maps run only there"));
    }
    let size = input.data.len();
    if !(ETH_HLEN as usize..=MAX_SIZE).contains(&size) {
        return Err(TestRunError::invalid(format!(
            "data has {size} bytes, and a packet has {ETH_HLEN} to {MAX_SIZE}"
        )));
    }
    let ctx = ctx_in(input, XDP_CTX_SIZE as usize)?;
    let mut metalen = 0;
    if let Some(ctx) = &ctx {
        let (data, data_end) = (word(ctx, DATA), word(ctx, DATA_END));
        if word(ctx, DATA_META) != 0
            || data_end as usize != size
            || data > data_end
            || crate::packet::is_bad_metalen(data.into())
        {
            return Err(TestRunError::invalid(
                "the context's data, data_end and data_meta do not fit the packet",
            ));
        }
        metalen = u64::from(data);
        device(ctx)?;
    }
    let packets = machine.packets();
    let packet = packets.xdp(input.data, metalen)?;
    packet.set_ctx_word(INGRESS_IFINDEX as u64, LOOPBACK);
    let at = packets.insert(packet);
    let mut result = Ok(0);
    for _ in 0..input.times() {
        result = run(CPU, at);
        if result.is_err() {
            break;
        }
    }
    let Some(packet) = packets.remove(at) else {
        return Err(TestRunError::refused(Errno::EFAULT, "the packet is gone"));
    };
    let ended = result.map_err(TestRunError::Program).and_then(|r0| {
        let ctx =
            ctx.map(|ctx| give(&packet, ctx)).map_or(Ok(Vec::new()), |c| ctx_out(input, c))?;
        Ok(TestResult { retval: r0 as u32, data: data_out(input, packet.bytes())?, ctx })
    });
    packets.free(packet);
    ended
}

fn word(ctx: &[u8], at: usize) -> u32 {
    ctx.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// `xdp_convert_md_to_buff`
fn device<E>(ctx: &[u8]) -> Result<(), TestRunError<E>> {
    let (ingress, queue) = (word(ctx, INGRESS_IFINDEX), word(ctx, RX_QUEUE_INDEX));
    if word(ctx, EGRESS_IFINDEX) != 0 {
        return Err(TestRunError::invalid("egress_ifindex cannot be set"));
    }
    match (ingress, queue) {
        (0 | LOOPBACK, 0) => Ok(()),
        (0 | LOOPBACK, _) => Err(TestRunError::invalid(format!("there is no queue {queue}"))),
        _ => Err(TestRunError::refused(Errno::ENODEV, format!("there is no device {ingress}"))),
    }
}

/// `xdp_convert_buff_to_md`
fn give(packet: &Packet, mut ctx: Vec<u8>) -> Vec<u8> {
    let data = packet.metalen() as u32;
    ctx[DATA..DATA + 4].copy_from_slice(&data.to_le_bytes());
    let data_end = data + packet.headlen() as u32;
    ctx[DATA_END..DATA_END + 4].copy_from_slice(&data_end.to_le_bytes());
    ctx
}
