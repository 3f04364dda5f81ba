//! What each `ld_imm64` loads (`resolve_pseudo_ldimm64`), and whether the maps suit the program.

pub(crate) mod ksym;
pub(crate) mod map;
mod opcode_table;

use skep_isa::{Insn, opcode};

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::fields;
use crate::insn::Shape;

pub(crate) use ksym::REJECTIONS as KSYM_REJECTIONS;
pub use ksym::is_percpu_var;
pub(crate) use map::REJECTIONS as MAP_REJECTIONS;

rejections! {
    /// A load has a mode that does not exist, or a field set that must be zero.
    LdxReservedFields("ldx-reserved-fields", EINVAL, help: "none: compilers never write this; the object is damaged or was assembled by hand") {
    } => "BPF_LDX uses reserved fields";

    /// A 64-bit load of a constant lacks its second half, or the second half has fields set that must be zero.
    LdImm64Halves("ld-imm64-halves", EINVAL, help: "none: compilers never write this; the object is damaged or was assembled by hand") {
    } => "invalid bpf_ld_imm64 insn";

    /// A 64-bit load of a constant has a source that does not exist.
    ///
    /// The source register says what is loaded: a number, a map, a variable, a function.
    LdImm64Source("ld-imm64-source", EINVAL, help: "none: compilers never write this; the object is damaged or was assembled by hand") {
    } => "unrecognized bpf_ld_imm64 insn";

    /// A map is named by an index into an array that the loader did not pass.
    FdIndexWithoutArray("fd-index-without-array", EPROTO, help: "use a loader that passes the maps by file descriptor") {
    } => "fd_idx without fd_array is invalid";

    /// The kernel does not know this opcode.
    ///
    /// It is damaged, or of a newer instruction set than the kernel's.
    UnknownOpcode("unknown-opcode", EINVAL, help: "compile with an older `-mcpu`, such as `-mcpu=v3`") {
        code: u8,
    } => "unknown opcode {code:02x}";
}

/// Resolves them into `InsnAux::imm64`, parses the fields of the maps, checks reserved fields of all insns.
pub(crate) fn resolve(env: &mut Env<'_>) -> Step {
    fields::init(env);
    let mut maps = map::Used::default();
    let mut at = 0;
    while let Some(&insn) = env.insns.get(at) {
        let mode = insn.code & opcode::MODE_MASK;
        let loads = mode == opcode::MEM || mode == opcode::MEMSX && env.features.has_cpu_v4();
        let is_load = loads && insn.imm == 0;
        if insn.class() == opcode::LDX && !is_load {
            return Err(LdxReservedFields {}.into());
        }
        if insn.is_ld_imm64() {
            let second = env.insns.get(at + 1).copied();
            resolve_one(env, &mut maps, at, insn, second)?;
        } else if !opcode_table::knows(env.features, insn.code) {
            return Err(UnknownOpcode { code: insn.code }.into());
        }
        at += insn.slots() as usize;
    }
    Ok(())
}

fn resolve_one(
    env: &mut Env<'_>,
    maps: &mut map::Used,
    at: usize,
    insn: Insn,
    second: Option<Insn>,
) -> Step {
    let is_half =
        |half: &Insn| half.code == 0 && half.dst.0 == 0 && half.src.0 == 0 && half.off == 0;
    let Some(second) = second.filter(is_half) else {
        return Err(LdImm64Halves {}.into());
    };
    env.aux[at].imm64 = match insn.src.0 {
        0 | opcode::PSEUDO_FUNC => return Ok(()),
        opcode::PSEUDO_BTF_ID => ksym::resolve(env, insn.imm, second.imm)?,
        opcode::PSEUDO_MAP_FD if second.imm == 0 => maps.address(env, insn.imm)?,
        opcode::PSEUDO_MAP_VALUE => maps.value(env, insn.imm, second.imm.cast_unsigned())?,
        opcode::PSEUDO_MAP_IDX if second.imm == 0 => return Err(FdIndexWithoutArray {}.into()),
        opcode::PSEUDO_MAP_IDX_VALUE => return Err(FdIndexWithoutArray {}.into()),
        _ => return Err(LdImm64Source {}.into()),
    };
    Ok(())
}
