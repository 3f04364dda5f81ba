//! Source lines (`check_btf_line`).

use skep_btf::Btf;

use crate::diag::{Step, rejections};
use crate::env::Env;

rejections! {
    /// The insns of `line_info` are not in ascending order, or lie outside the program.
    LineInfoOrder("line-info-order", EINVAL, help: "none: the object's line info is damaged") {
        at: usize, insn: u32, previous: u32, len: usize,
    } => "Invalid line_info[{at}].insn_off:{insn} (prev_offset:{previous} prog->len:{len})";

    /// An entry of `line_info` lies on the second half of a 64-bit load.
    LineInfoWithinInsn("line-info-within-insn", EINVAL, help: "none: the object's line info is damaged") {
        at: usize,
    } => "Invalid insn code at line_info[{at}].insn_off";

    /// An entry of `line_info` names text that does not exist.
    LineInfoText("line-info-text", EINVAL, help: "none: the object's line info is damaged") {
        at: usize,
    } => "Invalid line_info[{at}].line_off or .file_name_off";

    /// A function has no source line at its first insn.
    LineInfoMissing("line-info-missing", EINVAL, help: "none: the object's line info is damaged") {
        func: usize,
    } => "missing bpf_line_info for func#{func}";

    /// The last functions have no source lines.
    LineInfoMissingAtEnd("line-info-missing-at-end", EINVAL, help: "none: the object's line info is damaged") {
        count: usize, func: usize,
    } => "missing bpf_line_info for {count} funcs starting from func#{func}";
}

/// Checks that lines ascend, have texts, and that each function begins with one.
pub(super) fn check(env: &Env<'_>, btf: &Btf) -> Step {
    if env.prog.lines.is_empty() {
        return Ok(());
    }
    let len = env.insns.len();
    let (mut func, mut previous) = (0, 0);
    for (at, line) in env.prog.lines.iter().enumerate() {
        let Some(insn) =
            env.insns.get(line.insn as usize).filter(|_| at == 0 || line.insn > previous)
        else {
            return Err(LineInfoOrder { at, insn: line.insn, previous, len }.into());
        };
        if insn.code == 0 {
            return Err(LineInfoWithinInsn { at }.into());
        }
        if btf.str_at(line.text_off).is_none() || btf.str_at(line.file_off).is_none() {
            return Err(LineInfoText { at }.into());
        }
        if let Some(subprog) = env.subprogs.get(func) {
            if subprog.start == line.insn {
                func += 1;
            } else if subprog.start < line.insn {
                return Err(LineInfoMissing { func }.into());
            }
        }
        previous = line.insn;
    }
    let count = env.subprogs.len() - func;
    if count > 0 {
        return Err(LineInfoMissingAtEnd { count, func }.into());
    }
    Ok(())
}
