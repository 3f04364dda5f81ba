//! What is printed along a path (`do_check`, `print_insn_state`, `verbose_linfo`).

use core::fmt::Write as _;

use skep_isa::{Insn, Reg, opcode as op};

use super::names;
use crate::call::clobber;
use crate::env::Env;
use crate::explore::NO_INSN;
use crate::state::{Frame, Printer, RegState, Shown, State};

/// Columns before the state is appended to an insn's line (`BPF_LOG_ALIGNMENT`, `BPF_LOG_MIN_ALIGNMENT`).
const ALIGN: usize = 40;
const ALIGN_MIN: usize = 8;

/// The insn that is looked at, and what is known before it.
#[inline]
pub(crate) fn insn(env: &mut Env<'_>) {
    if env.log.is_on() {
        print_insn(env);
    }
}

fn print_insn(env: &mut Env<'_>) {
    let at = env.insn_idx;
    if env.log.is_verbose() && core::mem::take(&mut env.log.whole_state) {
        let state = state_text(env, Shown::ALL);
        let _ = writeln!(env.log.text, "\nfrom {} to {at}:{state}", Prev(env.prev_insn_idx));
    }
    print_touched(env);
    print_line(env);
    let begin = env.log.text.len();
    let text = names::current(env);
    let _ = writeln!(env.log.text, "{at}: {text}");
    env.log.line_end = env.log.text.len();
    env.log.line_len = env.log.text.len() - begin;
    touch_operands(env);
}

/// The line of the insn that is looked at, without what is known before it.
pub(crate) fn insn_line(env: &Env<'_>) -> String {
    if env.at_insn { format!("{}: {}", env.insn_idx, names::current(env)) } else { String::new() }
}

/// The state before an insn, to be compared with the one after it; nothing without a log.
#[inline]
pub(crate) fn before_insn(env: &Env<'_>) -> Option<Box<Before>> {
    env.log
        .is_on()
        .then(|| Box::new(Before { state: env.state.clone(), pending: env.explored.pending() }))
}

/// What an insn is compared with.
pub(crate) struct Before {
    state: State,
    /// Branches that waited.
    pending: usize,
}

/// After an insn: notes which slots it changed; calls and returns show both frames.
#[inline]
pub(crate) fn after_insn(env: &mut Env<'_>, before: Option<Box<Before>>) {
    if let Some(before) = before {
        compare(env, &before);
    }
}

fn compare(env: &mut Env<'_>, before: &Before) {
    let is_branch = is_branch(env.insn());
    if is_call(env.insn()) {
        // Of what a call reads, only objects are shown.
        env.log.touched.slots = core::mem::take(&mut env.log.objects);
    }
    for (was, is) in before.state.frames.iter().zip(&env.state.frames) {
        if !is_branch {
            env.log.touched.slots |= changed_slots(was, is);
        }
    }
    if env.explored.pending() > before.pending && env.aux[env.insn_idx as usize].calls_callback {
        env.log.touched = Shown::ALL;
    }
    if is_branch {
        print_touched(env);
    }
    let before = &before.state;
    print_global_call(env);
    let printer = Printer::new(env.prog, env.kernel);
    let frame = |state: &State, at: usize| printer.frame(state, at, Shown::ALL);
    let (was, is) = (before.frames.len(), env.state.frames.len());
    if is > was {
        let (caller, callee) = (frame(&env.state, is - 2), frame(&env.state, is - 1));
        let _ = write!(env.log.text, "caller:\n{caller}\ncallee:\n{callee}\n");
        env.log.touched = Shown::ALL;
    } else if is < was {
        let callee = &before.frames[was - 1];
        let next = callee.callsite + u32::from(!callee.is_sync_callback());
        let mut left = before.clone();
        if env.insns.get(left.insn_idx as usize).copied().is_some_and(is_call) {
            // A tail call that fails returns as every call does, before its function is left.
            clobber::caller_saved(left.frame_mut());
            *left.reg_mut(Reg::R0) = RegState::unknown();
        }
        let (callee, caller) = (frame(&left, was - 1), frame(&env.state, is - 1));
        let _ = write!(
            env.log.text,
            "returning from callee:\n{callee}\nto caller at {next}:\n{caller}\n"
        );
    }
}

/// A kept state covers the path.
#[inline]
pub(crate) fn safe(env: &mut Env<'_>) {
    if !env.log.is_on() {
        return;
    }
    let at = env.insn_idx;
    let prev = Prev(env.prev_insn_idx);
    if core::mem::take(&mut env.log.whole_state) {
        let _ = writeln!(env.log.text, "\nfrom {prev} to {at}: safe");
    } else {
        let _ = writeln!(env.log.text, "{at}: safe");
    }
}

/// A global subprogram is explored.
pub(crate) fn validating(env: &mut Env<'_>, subprog: u32) {
    if env.log.is_on() {
        let name = &env.subprogs[subprog as usize].name;
        let _ = writeln!(env.log.text, "Validating {name}() func#{subprog}...");
    }
}

/// A global subprogram is fine.
pub(crate) fn subprog_is_safe(env: &mut Env<'_>, subprog: u32) {
    if env.log.is_on() {
        let name = &env.subprogs[subprog as usize].name;
        let _ = writeln!(
            env.log.text,
            "Func#{subprog} ('{name}') is safe for any args that match its prototype"
        );
    }
}

/// An insn before; -1 for none.
struct Prev(u32);

impl core::fmt::Display for Prev {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.0 == NO_INSN { f.write_str("-1") } else { self.0.fmt(f) }
    }
}

fn state_text(env: &Env<'_>, shown: Shown) -> String {
    let printer = Printer::new(env.prog, env.kernel);
    printer.frame(&env.state, env.state.frames.len() - 1, shown)
}

/// Appends what the last insns touched to the last line, or begins a line of its own.
fn print_touched(env: &mut Env<'_>) {
    let touched = core::mem::replace(&mut env.log.touched, Shown::NONE);
    if touched.regs == 0 && touched.slots == 0 {
        return;
    }
    let state = state_text(env, touched);
    let log = &mut env.log;
    if log.line_end > 0 && log.line_end == log.text.len() {
        log.text.pop();
        let len = log.line_len;
        let column = (len + ALIGN_MIN / 2).max(ALIGN).next_multiple_of(ALIGN_MIN);
        let pad = column - len - 1;
        let _ = writeln!(log.text, "{:pad$};{state}", "");
    } else {
        let _ = writeln!(log.text, "{}:{state}", env.insn_idx);
    }
}

/// The source line of the insn, unless it was printed last.
fn print_line(env: &mut Env<'_>) {
    let lines = env.prog.lines;
    let next = lines.partition_point(|line| line.insn <= env.insn_idx);
    let (Some(line), Some(btf)) = (next.checked_sub(1).map(|at| lines[at]), env.prog.btf) else {
        return;
    };
    let is_same = env.log.line.is_some_and(|last| {
        last == line || last.file_off == line.file_off && last.line == line.line
    });
    if is_same {
        return;
    }
    let text = btf.str_at(line.text_off).unwrap_or("").trim_start();
    let file = btf.str_at(line.file_off).unwrap_or("");
    let file = file.rsplit('/').next().unwrap_or(file);
    let _ = writeln!(env.log.text, "; {text} @ {file}:{}", line.line);
    env.log.line = Some(line);
}

/// Registers that the insn reads or writes are printed after it.
fn touch_operands(env: &mut Env<'_>) {
    let insn = env.insn();
    let bit = |reg: Reg| 1_u16 << (reg.0 & 0xf);
    let operands = if insn.code & op::SRC_MASK == op::X {
        bit(insn.dst) | bit(insn.src)
    } else {
        bit(insn.dst)
    };
    env.log.touched.regs |= match insn.code & op::CLASS_MASK {
        op::ALU | op::ALU64 => operands,
        op::JMP | op::JMP32 => match insn.code & op::OP_MASK {
            op::CALL => 0b11_1111,
            op::EXIT | op::JA => 0,
            _ => operands,
        },
        op::LDX | op::STX => bit(insn.dst) | bit(insn.src),
        op::ST => bit(insn.dst),
        _ if insn.code == op::LD_IMM64 => bit(insn.dst),
        _ => 0b11_1111,
    };
}

fn is_call(insn: Insn) -> bool {
    insn.code == op::JMP | op::CALL
}

/// A call of a global function says that it is judged on its own.
fn print_global_call(env: &mut Env<'_>) {
    let insn = env.insn();
    if !is_call(insn) || insn.src.0 != op::PSEUDO_CALL {
        return;
    }
    let target = (env.insn_idx + 1).wrapping_add_signed(insn.imm);
    let Some(subprog) = env.subprog_at(target) else {
        return;
    };
    let info = &env.subprogs[subprog as usize];
    if info.is_global {
        let name = &info.name;
        let _ = writeln!(env.log.text, "Func#{subprog} ('{name}') is global and assumed valid.");
    }
}

/// Whether an insn is a conditional jump: those show what they learned at once.
fn is_branch(insn: Insn) -> bool {
    let is_jump = matches!(insn.code & op::CLASS_MASK, op::JMP | op::JMP32);
    is_jump && !matches!(insn.code & op::OP_MASK, op::CALL | op::EXIT | op::JA | op::JCOND)
}

/// Slots that differ.
fn changed_slots(before: &Frame, now: &Frame) -> u64 {
    let slots = now.stack.iter().enumerate();
    let changed = slots.filter(|&(spi, slot)| before.stack.get(spi) != Some(slot));
    changed.fold(0, |mask, (spi, _)| mask | 1 << spi)
}
