//! `bpf_prog_test_run_syscall`

use skep_abi::Addr;

use super::{CPU, RunProgram, TestResult, TestRun, TestRunError, Tested};
use crate::Machine;
use crate::memory::{Label, SlabSpec, Window};

/// Bytes of a context at most (`U16_MAX`).
const MAX_CTX: usize = 0xffff;

pub(super) fn run<E>(
    machine: &Machine,
    tested: Tested,
    input: &TestRun<'_>,
    run: &mut RunProgram<'_, E>,
) -> Result<TestResult, TestRunError<E>> {
    let has_data = !input.data.is_empty() || input.data_out.is_some();
    let has_rest = input.repeat != 0 || input.flags != 0 || input.batch_size != 0;
    if has_data || has_rest || input.ctx_out.is_some() {
        return Err(TestRunError::invalid("a syscall program takes a context and nothing else"));
    }
    let ctx = input.ctx.unwrap_or_default();
    if ctx.len() < tested.max_ctx_offset as usize || ctx.len() > MAX_CTX {
        return Err(TestRunError::invalid(format!(
            "the context has {} bytes, and the program wants {} to {MAX_CTX}",
            ctx.len(),
            tested.max_ctx_offset
        )));
    }
    let (r0, ctx) = with_ctx(machine, ctx, |at| run(CPU, at))?;
    Ok(TestResult { retval: r0 as u32, data: Vec::new(), ctx })
}

/// Lets `act` have a copy of the context in the machine's memory; gives its bytes afterwards.
pub(super) fn with_ctx<T, E>(
    machine: &Machine,
    ctx: &[u8],
    act: impl FnOnce(Addr) -> Result<T, E>,
) -> Result<(T, Vec<u8>), TestRunError<E>> {
    if ctx.is_empty() {
        return act(Addr::NULL).map(|done| (done, Vec::new())).map_err(TestRunError::Program);
    }
    let memory = machine.memory();
    let label = Label::new("context", "a test run");
    let slab = memory.alloc(&SlabSpec::new(Window::Contexts, ctx.len() as u64, 1, label))?;
    slab.write(0, 0, ctx);
    let done = act(slab.addr(0));
    let after = slab.bytes(0);
    memory.free(&slab);
    done.map(|done| (done, after)).map_err(TestRunError::Program)
}
