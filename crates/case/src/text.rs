//! Insns of a case: names to numbers, then the assembler.

use skep_btf::{Btf, Kind};
use skep_isa::{Insn, Reg, assemble_lines, opcode};

use crate::head::number;
use crate::types::Built;
use crate::{Case, CaseError};

/// Most insns that `repeat` writes.
const MOST: u32 = 2_000_000;

/// The insns, and the line of the file that each slot is from.
pub(crate) fn assemble(
    case: &Case,
    types: &Built,
    kernel: &Btf,
) -> Result<Vec<(Insn, u32)>, CaseError> {
    let mut text = String::new();
    // The line of the file that each line of the text is from, and the insns that the assembler cannot write.
    let mut numbers = Vec::new();
    let mut raw = Vec::new();
    for (at, line) in &case.code {
        let wrong = |what: String| case.error(format!("line {at}: {what}"));
        let code = line.split(';').next().unwrap_or("").trim();
        let (count, code) = match code.strip_prefix("repeat ").and_then(|it| it.split_once(": ")) {
            None => (1, code),
            Some((count, code)) => (number::<u32>(count).map_err(wrong)?, code),
        };
        if count > MOST {
            return Err(wrong(format!("repeats more than {MOST} times")));
        }
        if let Some(count) = code.strip_prefix("kcalls ") {
            let (count, prefix) = count.split_once(' ').unwrap_or((count, ""));
            let is_called = |id: &skep_btf::TypeId| {
                kernel.kind(*id) == Kind::Func && kernel.name(*id).starts_with(prefix)
            };
            let functions = kernel.ids().filter(is_called);
            for id in functions.take(number::<u16>(count).map_err(wrong)?.into()) {
                numbers.push(*at);
                text.push_str(&format!("call kernel-function#{}\n", id.0));
            }
            continue;
        }
        let plain = with_numbers(code, types, kernel).map_err(wrong)?;
        for round in 0..count {
            numbers.push(*at);
            let plain = plain.replace('$', &round.to_string());
            if let Some(fields) = plain.strip_prefix(".insn") {
                raw.push((numbers.len(), insn(fields).map_err(wrong)?));
                text.push_str("r0 = 0\n");
            } else {
                text.push_str(&plain);
                text.push('\n');
            }
        }
    }
    let place = |line: u32| numbers.get((line as usize).wrapping_sub(1)).copied().unwrap_or(0);
    let mut insns = assemble_lines(&text)
        .map_err(|error| case.error(format!("line {}: {}", place(error.line), error.kind)))?;
    let mut raw = raw.into_iter().peekable();
    for (insn, line) in &mut insns {
        if let Some((_, other)) = raw.next_if(|(at, _)| *at == *line as usize) {
            *insn = other;
        }
        *line = place(*line);
    }
    Ok(insns)
}

/// Offsets of members as the assembler takes them: `koff:tcp_sock.snd_cwnd`.
fn with_offsets(code: &str, kernel: &Btf) -> Result<String, String> {
    let Some((before, rest)) = code.split_once("koff:") else { return Ok(code.to_owned()) };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'));
    let (path, after) = rest.split_at(end.unwrap_or(rest.len()));
    let wrong = || format!("the kernel has no `{path}`");
    let (name, member) = path.split_once('.').ok_or_else(wrong)?;
    let id = kernel.find(name, Kind::Struct).ok_or_else(wrong)?;
    let field = kernel.field(id, member).map_err(|_| wrong())?;
    Ok(format!("{before}{}{after}", field.byte_offset()))
}

/// Names of kfuncs, structs and variables as the assembler takes them.
fn with_numbers(code: &str, types: &Built, kernel: &Btf) -> Result<String, String> {
    let code = &*with_offsets(code, kernel)?;
    let of_kernel = |name: &str, kinds: &[Kind]| {
        let found = kinds.iter().find_map(|kind| kernel.find(name, *kind));
        found.map(|id| id.0).ok_or_else(|| format!("the kernel has no `{name}`"))
    };
    if let Some(name) = code.strip_prefix("kcall ") {
        return Ok(format!("call kernel-function#{}", of_kernel(name.trim(), &[Kind::Func])?));
    }
    let structs = [Kind::Struct, Kind::Union, Kind::Int, Kind::Typedef, Kind::Func];
    if let Some((before, name)) = code.split_once("ktype:") {
        return Ok(format!("{before}{}", of_kernel(name.trim(), &structs)?));
    }
    if let Some((before, name)) = code.split_once("ksym:") {
        let id = of_kernel(name.trim(), &[Kind::Var, Kind::Func, Kind::Struct])?;
        return Ok(format!("{before}btf[fd:0][id:{id}]"));
    }
    if let Some((before, name)) = code.split_once("type:") {
        // In two slots, as the assembler has it.
        let (name, wide) = name.strip_suffix(" ll").map_or((name, ""), |name| (name, " ll"));
        let id = types.of(name.trim()).ok_or_else(|| format!("no struct is called `{name}`"))?;
        return Ok(format!("{before}{}{wide}", id.0));
    }
    Ok(code.to_owned())
}

/// An insn by its fields: `code=0x07 dst=1 src=0 off=0 imm=5`; those that are not named are zero.
fn insn(fields: &str) -> Result<Insn, String> {
    let mut insn = Insn { code: opcode::LD, dst: Reg(0), src: Reg(0), off: 0, imm: 0 };
    for field in fields.split_whitespace() {
        let (key, value) = field.split_once('=').ok_or_else(|| format!("`{field}`: no ="))?;
        let signed = |digits: &str| number::<u32>(digits).map(|n| n.cast_signed().wrapping_neg());
        let wide = match value.strip_prefix('-') {
            Some(digits) => signed(digits)?,
            None => number::<u32>(value)?.cast_signed(),
        };
        match key {
            "code" => insn.code = number(value)?,
            "dst" => insn.dst = Reg(number(value)?),
            "src" => insn.src = Reg(number(value)?),
            "off" => insn.off = i16::try_from(wide).map_err(|_| format!("`{field}`: too far"))?,
            "imm" => insn.imm = wide,
            _ => return Err(format!("`{key}` is no field of an insn")),
        }
    }
    Ok(insn)
}

/// First insns of functions, as the insns say, in order.
#[must_use]
pub fn functions(insns: &[Insn]) -> Vec<u32> {
    let mut starts = vec![0];
    for (at, insn) in (0_i64..).zip(insns) {
        let calls = insn.code == opcode::JMP | opcode::CALL && insn.src.0 == opcode::PSEUDO_CALL;
        let takes = insn.code == opcode::LD_IMM64 && insn.src.0 == opcode::PSEUDO_FUNC;
        let target = u32::try_from(at + i64::from(insn.imm) + 1);
        if let (true, Ok(target)) = (calls || takes, target)
            && (target as usize) < insns.len()
        {
            starts.push(target);
        }
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}
