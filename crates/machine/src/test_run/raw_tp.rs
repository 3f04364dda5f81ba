//! `bpf_prog_test_run_raw_tp`

use skep_abi::{Cpu, Errno};

use super::syscall::with_ctx;
use super::{CPU, ON_CPU, RunProgram, TestResult, TestRun, TestRunError, Tested};
use crate::Machine;

/// Bytes of arguments at most (`MAX_BPF_FUNC_ARGS`).
const MAX_ARGS: usize = 12 * 8;

pub(super) fn run<E>(
    machine: &Machine,
    tested: Tested,
    input: &TestRun<'_>,
    run: &mut RunProgram<'_, E>,
) -> Result<TestResult, TestRunError<E>> {
    let has_data = !input.data.is_empty() || input.data_out.is_some();
    if has_data || input.ctx_out.is_some() || input.repeat != 0 || input.batch_size != 0 {
        return Err(TestRunError::invalid("a raw tracepoint takes a context and nothing else"));
    }
    let ctx = input.ctx.unwrap_or_default();
    if ctx.len() < tested.max_ctx_offset as usize || ctx.len() > MAX_ARGS {
        return Err(TestRunError::invalid(format!(
            "the context has {} bytes, and the program wants {} to {MAX_ARGS}",
            ctx.len(),
            tested.max_ctx_offset
        )));
    }
    let is_on_cpu = input.flags & ON_CPU != 0;
    if !is_on_cpu && input.cpu != 0 {
        return Err(TestRunError::invalid("a CPU needs BPF_F_TEST_RUN_ON_CPU"));
    }
    if is_on_cpu && input.cpu >= machine.nr_cpu_ids() {
        let why = format!("there is no CPU {}", input.cpu);
        return Err(TestRunError::refused(Errno::ENXIO, why));
    }
    let cpu = if is_on_cpu { Cpu(input.cpu) } else { CPU };
    let (r0, _) = with_ctx(machine, ctx, |at| run(cpu, at))?;
    Ok(TestResult { retval: r0 as u32, ..TestResult::default() })
}
