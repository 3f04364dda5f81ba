//! Linux's verdict on a program, for any release that skep knows, without a kernel.
//!
//! The analysis walks every path of a program as `kernel/bpf/verifier.c` does, in the kernel's order, so that the
//! verdict, the last line of the log and the number of insns looked at agree with the kernel's. It knows no call by
//! name: [`skep_abi::CallTable`] answers for them. It does no IO, holds no globals and reads no clock.

mod access;
mod attach;
mod call;
mod call_summary;
mod cfg;
mod check_btf;
pub mod diag;
mod env;
mod explore;
mod features;
pub mod fields;
mod fixups;
mod input;
mod insn;
mod ld_imm64;
mod liveness;
mod precision;
mod prune;
mod scalar;
mod scc;
mod stack_depth;
mod state;
mod subprog;
mod transfer;
mod verdict;

pub use input::{FuncInfo, Kernel, LineInfo, Map, Program};
pub use ld_imm64::is_percpu_var;
pub use verdict::{Aux, Cost, Rejection, Report, Verdict};

use diag::{Reject, Step, Stop};
use env::Env;

/// What to do besides judging.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keep the log as the kernel would print it at this level: 1 is the path at fault, 2 every path.
    pub log_level: u32,
}

/// Judges a program.
#[must_use]
pub fn verify(program: &Program<'_>, kernel: &Kernel<'_>, options: Options) -> Report {
    let mut env = Env::new(program, kernel, options);
    let outcome = judge(&mut env);
    let sentence = match outcome.as_ref().map_err(|stop| &**stop) {
        Err(Stop::Reject(reject)) => Some(reject.message.clone()),
        _ => None,
    };
    let log = env.log.finish(sentence.as_deref(), env.cost);
    let verdict = match outcome {
        Ok(()) => Verdict::Accepted,
        Err(stop) => match *stop {
            Stop::Reject(reject) => Verdict::Rejected(Box::new(rejection(&env, reject))),
            Stop::Unsupported(what) => Verdict::Unsupported(what),
            Stop::Bug(what) => Verdict::Bug(what),
        },
    };
    let aux = Aux {
        max_ctx_offset: env.max_ctx_offset,
        calls_stack_walk: env.calls_stack_walk,
        ctx_ptrs: env.ctx_ptrs,
    };
    Report { verdict, cost: env.cost, log, aux }
}

/// The kernel's order of things (`bpf_check`).
fn judge(env: &mut Env<'_>) -> Step {
    check_btf::check_early(env)?;
    subprog::find(env)?;
    diag::log::functions(env);
    subprog::check(env)?;
    check_btf::check(env)?;
    ld_imm64::resolve(env)?;
    cfg::check(env)?;
    cfg::postorder(env);
    liveness::init(env)?;
    attach::check(env)?;
    scc::compute(env);
    liveness::compute_registers(env)?;
    diag::log::live_registers(env);
    fixups::mark_fastcall(env)?;
    explore::main_program(env)?;
    explore::global_subprogs(env)?;
    fixups::remove_fastcall(env)?;
    stack_depth::check(env)?;
    fixups::finish(env)
}

fn rejection(env: &Env<'_>, reject: Reject) -> Rejection {
    let mut lines: Vec<String> = reject.message.trim_end().lines().map(str::to_owned).collect();
    // Where the kernel gives no reason, its log ends with the insn.
    let message = lines.pop().unwrap_or_else(|| diag::log::insn_line(env));
    Rejection {
        kind: reject.kind,
        errno: reject.errno,
        message,
        lines_before: lines,
        insn: env.at_insn.then_some(env.insn_idx),
        path: precision::path(env),
    }
}
