//! `bpf_prog_test_run_flow_dissector`

use skep_abi::Errno;

use super::{CPU, RunProgram, TestResult, TestRun, TestRunError, data_out};
use crate::Machine;
use crate::packet::{ETH_HLEN, FLOW_KEYS_SIZE};

/// Bytes of a packet at most: a page.
const MAX_SIZE: usize = 4096;
/// `struct bpf_flow_keys`: offset of `flags`, and those that exist.
const FLAGS: std::ops::Range<usize> = 48..52;
const KNOWN_FLAGS: u32 = 7;

pub(super) fn run<E>(
    machine: &Machine,
    input: &TestRun<'_>,
    run: &mut RunProgram<'_, E>,
) -> Result<TestResult, TestRunError<E>> {
    if input.flags != 0 || input.cpu != 0 || input.batch_size != 0 || input.ctx_out.is_some() {
        return Err(TestRunError::invalid("flags, a CPU and a batch are not for packets"));
    }
    let size = input.data.len();
    if !(ETH_HLEN as usize..=MAX_SIZE).contains(&size) {
        return Err(TestRunError::invalid(format!(
            "data has {size} bytes, and a packet has {ETH_HLEN} to {MAX_SIZE}"
        )));
    }
    let flags = match super::ctx_in(input, FLOW_KEYS_SIZE as usize)? {
        Some(mut keys) => {
            let flags = u32::from_le_bytes(std::array::from_fn(|at| keys[FLAGS.start + at]));
            keys[FLAGS].fill(0);
            if keys.iter().any(|byte| *byte != 0) || flags & !KNOWN_FLAGS != 0 {
                return Err(TestRunError::invalid("of the keys only flags can be set"));
            }
            flags
        }
        None => 0,
    };
    let packets = machine.packets();
    let at = packets.insert(packets.flow(input.data)?);
    let mut result = Ok((0, Vec::new()));
    for _ in 0..input.times() {
        // Each run begins with fresh keys (`bpf_flow_dissect`).
        let begun = packets.with(at, |packet| packet.begin_flow(flags));
        if begun.is_err() {
            return Err(TestRunError::refused(Errno::EFAULT, "the packet is gone"));
        }
        result =
            run(CPU, at).map(|r0| (r0, packets.with(at, |p| p.end_flow()).unwrap_or_default()));
        if result.is_err() {
            break;
        }
    }
    if let Some(packet) = packets.remove(at) {
        packets.free(packet);
    }
    let (r0, keys) = result.map_err(TestRunError::Program)?;
    Ok(TestResult { retval: r0 as u32, data: data_out(input, keys)?, ctx: Vec::new() })
}
